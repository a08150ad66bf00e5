//! The files of the repository, as the checks see them: all that git would take, and no other.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::ignored::Ignored;

/// Seeds of the fuzz targets are kept to the byte; rules about text do not apply to them.
pub(super) const VERBATIM: &str = "fuzz/corpus/";

pub(super) struct File {
    /// From the root of the repository, with `/` between names.
    pub(super) path: String,
    /// Nothing for what is not UTF-8, and for symbolic links.
    pub(super) text: Option<String>,
}

impl File {
    pub(super) fn is_rust(&self) -> bool {
        self.extension() == "rs"
    }

    /// What follows the last dot of the name, or nothing.
    pub(super) fn extension(&self) -> &str {
        Path::new(&self.path).extension().and_then(|end| end.to_str()).unwrap_or("")
    }

    /// The lines with their numbers, counted from one as editors do.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.as_deref().unwrap_or("").lines().enumerate().map(|(at, line)| (at + 1, line))
    }
}

/// Reads every file below the root that the root's `.gitignore` does not name, sorted by path.
pub(super) fn read(root: &Path) -> Result<Vec<File>> {
    let rules = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
    let mut files = Vec::new();
    walk(root, "", &Ignored::parse(&rules)?, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(root: &Path, folder: &str, ignored: &Ignored, files: &mut Vec<File>) -> Result<()> {
    let here = root.join(folder);
    let entries = fs::read_dir(&here).with_context(|| format!("cannot list {}", here.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if name == ".git" || ignored.names(&path) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(root, &path, ignored, files)?;
        } else {
            let text = if kind.is_file() { text(&entry.path())? } else { None };
            files.push(File { path, text });
        }
    }
    Ok(())
}

fn text(path: &Path) -> Result<Option<String>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')))
}

/// A file that is not on the disk, for the tests of the checks.
#[cfg(test)]
pub(super) fn planted(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: Some(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_read_without_what_git_ignores() {
        let root = crate::root();
        let files = read(&root).unwrap();
        assert!(files.iter().any(|file| file.path == "xtask/src/main.rs" && file.is_rust()));
        assert!(files.iter().any(|file| file.path == ".ci/run" && file.extension().is_empty()));
        for outside in [".git/", "target/", "fuzz/target/"] {
            assert!(!files.iter().any(|file| file.path.starts_with(outside)), "{outside}");
        }
    }

    #[test]
    fn lines_are_counted_from_one() {
        let file = planted("a", "x\ny\n");
        assert_eq!(file.lines().collect::<Vec<_>>(), [(1, "x"), (2, "y")]);
    }
}
