//! The shape of source files: a crate says what it answers, and no file grows without end.

use super::files::File;

/// Tests at the bottom included.
const RUST_FILE_LINES_MAX: usize = 500;

/// The main file of every crate and program starts with a `//!` header.
pub(super) fn headers(files: &[File]) -> Vec<String> {
    let bare = |file: &&File| {
        let first = file.lines().next().map_or("", |(_, line)| line);
        is_main(&file.path) && first.strip_prefix("//! ").is_none_or(str::is_empty)
    };
    let told = |file: &File| {
        format!("{}:1: no `//!` header that says which question it answers", file.path)
    };
    files.iter().filter(bare).map(told).collect()
}

fn is_main(path: &str) -> bool {
    let in_bin = path.rsplit_once('/').is_some_and(|(folder, _)| folder.ends_with("src/bin"));
    path.ends_with("src/lib.rs") || path.ends_with("src/main.rs") || in_bin
}

/// No Rust file is longer than [`RUST_FILE_LINES_MAX`].
pub(super) fn lengths(files: &[File]) -> Vec<String> {
    let rust = files.iter().filter(|file| file.is_rust());
    rust.filter_map(|file| {
        let lines = file.lines().count();
        (lines > RUST_FILE_LINES_MAX)
            .then(|| format!("{}: {lines} lines, at most {RUST_FILE_LINES_MAX}", file.path))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::files::planted;
    use super::*;

    #[test]
    fn a_crate_without_header_is_found() {
        for path in ["crates/a/src/lib.rs", "crates/a/src/main.rs", "fuzz/src/bin/a.rs"] {
            assert_eq!(headers(&[planted(path, "//! What?\nmod b;\n")]).len(), 0, "{path}");
            for text in ["", "mod b;\n//! Late.\n", "//! \n", "//!\n", "// No.\n"] {
                assert_eq!(headers(&[planted(path, text)]).len(), 1, "{path} {text:?}");
            }
        }
        assert_eq!(headers(&[planted("crates/a/src/b.rs", "mod c;\n")]).len(), 0);
    }

    #[test]
    fn a_file_may_have_the_limit_and_not_one_line_more() {
        let file = |path, lines| [planted(path, &"//\n".repeat(lines))];
        assert_eq!(lengths(&file("a.rs", RUST_FILE_LINES_MAX)).len(), 0);
        assert_eq!(lengths(&file("a.rs", RUST_FILE_LINES_MAX + 1)).len(), 1);
        assert_eq!(lengths(&file("a.md", RUST_FILE_LINES_MAX + 1)).len(), 0);
    }
}
