//! Nothing unfinished, nothing left from debugging, and white space that no editor changes.

use super::files::{File, VERBATIM};

/// Macros that must not stay in the sources; written without their `!`, so that this file passes.
const UNFINISHED: &[&str] = &["todo", "unimplemented", "dbg"];

/// No macro of [`UNFINISHED`] is in a Rust file, comments included.
pub(super) fn unfinished(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        for (number, line) in file.lines() {
            let names = UNFINISHED.iter().filter(|name| calls(line, name));
            found
                .extend(names.map(|name| format!("{}:{number}: `{name}!` left behind", file.path)));
        }
    }
    found
}

/// Whether the line holds `name!`, and not as the end of a longer name.
fn calls(line: &str, name: &str) -> bool {
    let word = format!("{name}!");
    line.match_indices(&word).any(|(at, _)| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
    })
}

/// No white space at the end of a line, no tab in Rust, a line end at the end of every file.
pub(super) fn white_space(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !file.path.starts_with(VERBATIM)) {
        let text = file.text.as_deref().unwrap_or("");
        // `lines` would take a carriage return for a part of the line end.
        for (at, line) in text.split('\n').enumerate() {
            let place = format!("{}:{}", file.path, at + 1);
            if line.ends_with(char::is_whitespace) {
                found.push(format!("{place}: white space at the end of the line"));
            }
            if file.is_rust() && line.contains('\t') {
                found.push(format!("{place}: a tab"));
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            found.push(format!("{}: no line end at the end of the file", file.path));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::files::planted;
    use super::*;

    #[test]
    fn macros_left_behind_are_found() {
        for name in UNFINISHED {
            let text = format!("fn a() {{\n    {name}!();\n}}\n");
            assert_eq!(unfinished(&[planted("a.rs", &text)]).len(), 1, "{name}");
            assert!(unfinished(&[planted("a.rs", &text)])[0].starts_with("a.rs:2: "));
            assert_eq!(unfinished(&[planted("a.md", &text)]).len(), 0, "{name}");
            let longer = format!("my_{name}!(); {name}();\n");
            assert_eq!(unfinished(&[planted("a.rs", &longer)]).len(), 0, "{name}");
        }
    }

    #[test]
    fn stray_white_space_is_found() {
        let count = |path, text| white_space(&[planted(path, text)]).len();
        assert_eq!(count("a.rs", "fn a() {\n\n    1\n}\n"), 0);
        for text in ["a \n", "a\t\n", "a\r\nb\n", "a\u{3000}\n", "a"] {
            assert_eq!(count("a.md", text), 1, "{text:?}");
            assert_eq!(count("fuzz/corpus/x/a", text), 0, "{text:?}");
        }
        assert_eq!(count("a.rs", "\tx\n"), 1);
        assert_eq!(count("Makefile", "\tx\n"), 0);
    }
}
