//! The page for who writes a client tells the truth: its table of commands is the one that `HELP` comes
//! from, and its table of errors holds every failure of the transcripts. `UPDATE=1` writes the commands
//! anew; read the difference before you commit it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dialect-keyword.md")
}

/// The page before, between and after the comments `<!-- name -->` and `<!-- /name -->`.
fn parts<'a>(page: &'a str, name: &str) -> [&'a str; 3] {
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
    let [start, end] = [page.find(&start).unwrap() + start.len(), page.find(&end).unwrap()];
    [&page[..start], &page[start..end], &page[end..]]
}

#[test]
fn the_page_lists_every_command() {
    let text = fs::read_to_string(page()).unwrap();
    let [before, listed, after] = parts(&text, "commands");
    let mut table = String::from("| command | keys | also called | what it does |\n");
    table.push_str("|---|---|---|---|\n");
    let quoted = |names: &[&str]| {
        let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(", ")
    };
    for help in kabar_dialect_keyword::help() {
        let (keys, also) = (quoted(&help.keys), quoted(help.also));
        writeln!(table, "| `{}` | {keys} | {also} | {} |", help.usage, help.summary).unwrap();
    }
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        // Moved into place whole: the other test reads the page meanwhile.
        let new = page().with_extension("md.new");
        fs::write(&new, format!("{before}{table}{after}")).unwrap();
        fs::rename(new, page()).unwrap();
    } else {
        assert_eq!(listed, table, "UPDATE=1 writes the table anew");
    }
}

#[test]
fn the_page_words_every_failure_that_a_transcript_shows() {
    let text = fs::read_to_string(page()).unwrap();
    let [_, table, _] = parts(&text, "wording");
    let rows = table.lines().skip(2);
    let worded: Vec<&str> = rows.map(|row| row.split('|').nth(2).unwrap().trim()).collect();
    for form in ["text", "object"] {
        let failures = failures(form);
        assert!(failures.len() >= 20, "{form}: {failures:?}");
        for failure in &failures {
            assert!(worded.iter().any(|words| stands_for(words, failure)), "{form}: {failure}");
        }
    }
    assert!(!worded.iter().any(|words| stands_for(words, "wrong password!")));
}

/// Every failure in the transcripts of a form.
fn failures(form: &str) -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(form);
    let mut failures = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap() {
        let transcript = fs::read_to_string(entry.unwrap().path()).unwrap();
        let replies = transcript.lines().filter_map(|line| match form {
            // The first line of the reply.
            "text" => line.split_once("< failed ")?.1.split(" ⏎ ").next(),
            _ => line.split_once(r#""status":"failed","message":""#)?.1.strip_suffix(r#""}"#),
        });
        failures.extend(replies.map(str::to_owned));
    }
    failures
}

/// Whether these words are that failure; `…` stands for what depends on the request.
fn stands_for(words: &str, failure: &str) -> bool {
    match words.split_once('…') {
        None => words == failure,
        Some((start, end)) => failure
            .strip_prefix(start)
            .is_some_and(|rest| rest.len() > end.len() && rest.ends_with(end)),
    }
}
