//! The page for who writes a client tells the truth: its table of commands is the one that the commands
//! are run from, and its table of errors holds every error of the transcripts. `UPDATE=1` writes the
//! commands anew; read the difference before you commit it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dialect-form.md")
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
    let mut table = String::from("| command | also called | what it does |\n|---|---|---|\n");
    for help in kabar_dialect_form::help() {
        let also: Vec<_> = help.also.iter().map(|name| format!("`{name}`")).collect();
        writeln!(table, "| `{}` | {} | {} |", help.usage, also.join(", "), help.summary).unwrap();
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
    let rows = table.lines().skip(2);
    let worded: Vec<&str> = rows.map(|row| row.split('|').nth(2).unwrap().trim()).collect();
    let errors = errors();
    assert!(errors.len() >= 25, "{errors:?}");
    for error in &errors {
        assert!(worded.iter().any(|words| stands_for(words, error)), "{error}");
    }
    assert!(!worded.iter().any(|words| stands_for(words, "Password tidak benar!")));
}

/// Every error in the transcripts.
fn errors() -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut errors = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap() {
        let transcript = fs::read_to_string(entry.unwrap().path()).unwrap();
        let replies = transcript.lines().filter_map(|line| {
            let after = line.split_once(r#"{"status":"ERROR","message":""#)?.1;
            Some(after.split_once(r#"","error":""#).unwrap().0)
        });
        errors.extend(replies.map(str::to_owned));
    }
    errors
}

/// Whether these words are that error; each `…` stands for what depends on the request.
fn stands_for(words: &str, error: &str) -> bool {
    let mut fixed = words.split('…');
    let Some(mut rest) = error.strip_prefix(fixed.next().unwrap_or_default()) else { return false };
    for part in fixed {
        let Some(at) = (if part.is_empty() { Some(rest.len()) } else { rest.find(part) }) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}
