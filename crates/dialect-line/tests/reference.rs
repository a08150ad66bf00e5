//! The page for who writes a client tells the truth: its table of commands is the one that `help` comes
//! from, and its table of errors holds every error of the transcripts. `UPDATE=1` writes the commands
//! anew; read the difference before you commit it.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const PROFILES: [&str; 3] = ["line-en", "line-id", "realm"];

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dialect-line.md")
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
    let mut table = String::from("| command | what it does |\n|---|---|\n");
    for help in kabar_dialect_line::help() {
        writeln!(table, "| `{}` | {} |", help.usage, help.summary).unwrap();
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
fn the_page_words_every_error_that_a_transcript_shows() {
    let text = fs::read_to_string(page()).unwrap();
    let [_, table, _] = parts(&text, "wording");
    let rows: Vec<Vec<&str>> =
        table.lines().skip(2).map(|row| row.split('|').map(str::trim).collect()).collect();
    for (column, profile) in PROFILES.iter().enumerate() {
        // Before the first bar there is nothing, and then comes the outcome.
        let worded: Vec<&str> = rows.iter().map(|row| row[column + 2]).collect();
        let errors = errors_of(profile);
        assert!(errors.len() >= 20, "{profile}: {errors:?}");
        for error in &errors {
            assert!(worded.iter().any(|words| stands_for(words, error)), "{profile}: {error}");
        }
    }
}

/// Every error in the transcripts of a profile.
fn errors_of(profile: &str) -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(profile);
    let mut errors = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap() {
        let transcript = fs::read_to_string(entry.unwrap().path()).unwrap();
        let replies = transcript.lines().filter_map(|line| {
            line.split_once(r#"{"status":"ERROR","message":""#)?.1.strip_suffix(r#""}"#)
        });
        errors.extend(replies.map(str::to_owned));
    }
    errors
}

/// Whether these words are that error; `…` stands for what depends on the request.
fn stands_for(words: &str, error: &str) -> bool {
    match words.split_once('…') {
        None => words == error,
        Some((start, end)) => error
            .strip_prefix(start)
            .is_some_and(|rest| rest.len() > end.len() && rest.ends_with(end)),
    }
}
