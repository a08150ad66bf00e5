//! Conversations written down as text, replayed against the real thing.
//!
//! ```text
//! # a comment; blank lines are skipped too
//! ! directive words            handed to the stage
//! ana> auth ana rahasia\x20    a line ana sends, without its line ending
//! ana< {"tokenid":"<token>"}   one reply to it, directly below
//! ana> logout <token>
//! ana< (closed)                the connection ended
//! ```
//!
//! A placeholder `<name>` in a reply stands for one value of the characters `0-9 A-Z a-z : . + _ -`.
//! It is bound where it first appears; everywhere below it must be equal, and in a sent line it
//! stands for that value. A literal `<` is written `<<`. Sent lines, and they alone, know the
//! escapes `\r` `\n` `\t` `\\` `\xNN` (one byte) and `\u{…}` (one character), so that strange bytes
//! can be sent.
//!
//! With the environment variable `UPDATE=1` the replies that came are written into the file.

mod script;
mod template;

use std::fmt::Write as _;
use std::path::Path;

use script::{Entry, Script, Turn};
use template::Values;

/// What a transcript is played on: a server, or a part of one, and the connections of its people.
// Only tests wait for a stage, on one thread: nobody needs the futures to be `Send`.
#[allow(async_fn_in_trait)]
pub trait Stage {
    /// Carries out a directive. An error ends the replay.
    async fn direct(&mut self, words: &[&str]) -> Result<(), String>;

    /// Sends `line`, to which the stage adds the line ending, over the connection of `who`, opened
    /// at the first line. All replies to it in order, without line endings, and `(closed)` when the
    /// connection ended.
    async fn say(&mut self, who: &str, line: &[u8]) -> Vec<String>;
}

/// Plays the transcript in the file at `path`. An error names the file and the line and shows what
/// was expected beside what came; with `UPDATE=1` the file is rewritten instead.
pub async fn replay(path: &Path, stage: &mut impl Stage) -> Result<(), String> {
    let update = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
    let on_difference = if update { OnDifference::Record } else { OnDifference::Fail };
    replay_file(path, stage, on_difference).await
}

async fn replay_file(
    path: &Path,
    stage: &mut impl Stage,
    on_difference: OnDifference,
) -> Result<(), String> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let played = play(&text, stage, on_difference).await;
    let recorded = played.map_err(|(line, error)| format!("{name}:{line}: {error}"))?;
    if on_difference == OnDifference::Record && recorded != text {
        std::fs::write(path, recorded).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// Whether `text` is a transcript, without playing it. An error begins with the line number.
pub fn check(text: &str) -> Result<(), String> {
    Script::parse(text).map(|_| ()).map_err(|(line, error)| format!("{line}: {error}"))
}

/// What to do when other replies came than were expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnDifference {
    Fail,
    Record,
}

/// A line number, counted from 1, and what is wrong there.
type Fault = (usize, String);

/// Plays a whole transcript; its text with the replies that came.
async fn play(
    text: &str,
    stage: &mut impl Stage,
    on_difference: OnDifference,
) -> Result<String, Fault> {
    let mut values = Values::default();
    let mut recorded = String::with_capacity(text.len());
    for entry in Script::parse(text)?.entries {
        match entry {
            Entry::Silent(source) => add_line(&mut recorded, source),
            Entry::Directive { number, source } => {
                let words: Vec<&str> = source[1..].split_whitespace().collect();
                stage.direct(&words).await.map_err(|error| (number, error))?;
                add_line(&mut recorded, source);
            }
            Entry::Turn(turn) => {
                let line = turn.sent.fill(&values).map_err(|error| (turn.number, error))?;
                let replies = stage.say(turn.who, &line).await;
                let outcome = compare(&turn, &replies, &mut values);
                if outcome.differs && on_difference == OnDifference::Fail {
                    return Err((turn.number, difference(&turn, &outcome.lines)));
                }
                if replies.iter().any(|reply| reply.contains(['\r', '\n'])) {
                    return Err((turn.number, "a reply holds a line break".to_owned()));
                }
                add_line(&mut recorded, turn.source);
                for line in &outcome.lines {
                    add_line(&mut recorded, line);
                }
            }
        }
    }
    Ok(recorded)
}

fn add_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// The replies of one turn as a transcript has them: the expected line where it matched, else what
/// came.
struct Outcome {
    lines: Vec<String>,
    differs: bool,
}

fn compare(turn: &Turn<'_>, replies: &[String], values: &mut Values) -> Outcome {
    let mut lines = Vec::with_capacity(replies.len());
    let mut differs = replies.len() != turn.replies.len();
    for (index, reply) in replies.iter().enumerate() {
        let expected = turn.replies.get(index);
        if let Some(expected) = expected.filter(|line| line.template.matches(reply, values)) {
            lines.push(expected.source.to_owned());
            continue;
        }
        differs = true;
        let text = template::record(expected.map(|line| &line.template), reply, values);
        lines.push(format!("{}< {text}", turn.who).trim_end().to_owned());
    }
    Outcome { lines, differs }
}

/// Lines that are only expected are marked `-`, lines that only came `+`.
fn difference(turn: &Turn<'_>, came: &[String]) -> String {
    let mut shown = format!("other replies than expected\n    {}", turn.source);
    for index in 0..turn.replies.len().max(came.len()) {
        let expected = turn.replies.get(index).map(|line| line.source);
        let came = came.get(index).map(String::as_str);
        if expected == came {
            let _ = write!(shown, "\n    {}", came.unwrap_or_default());
            continue;
        }
        for (mark, line) in [('-', expected), ('+', came)] {
            if let Some(line) = line {
                let _ = write!(shown, "\n  {mark} {line}");
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests;
