//! A local file on its way out.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::Failure;

/// Read at a time; divisible by three, so that pieces of base64 join without padding between them.
pub(in crate::shell) const PIECE_BYTES: usize = 48 * 1024;

/// An open file, of which the size it had when it was opened is sent.
#[derive(Debug)]
pub(in crate::shell) struct Outgoing {
    file: File,
    path: String,
    /// The last component of its path.
    pub(in crate::shell) name: String,
    pub(in crate::shell) size: u64,
    left: u64,
}

impl Outgoing {
    /// Opens `path`, which begins in `directory` unless it is absolute.
    pub(in crate::shell) fn open(directory: &Path, path: &str) -> Result<Self, Failure> {
        let unreadable = |error| Failure::Unreadable(path.to_owned(), error);
        let full = directory.join(path);
        // Looked at first: opening a pipe would wait for its other end.
        if !full.metadata().map_err(unreadable)?.is_file() {
            return Err(Failure::Irregular(path.to_owned()));
        }
        let file = File::open(&full).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        let name = full.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.ok_or_else(|| Failure::Irregular(path.to_owned()))?;
        Ok(Self { file, path: path.to_owned(), name, size, left: size })
    }

    /// The next piece; all but the last have [`PIECE_BYTES`]. Empty at the end.
    pub(in crate::shell) fn piece(&mut self) -> Result<Vec<u8>, Failure> {
        let size = usize::try_from(self.left).unwrap_or(usize::MAX).min(PIECE_BYTES);
        let mut piece = vec![0; size];
        self.file.read_exact(&mut piece).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => Failure::Changed(self.path.clone()),
            _ => Failure::Unreadable(self.path.clone(), error),
        })?;
        self.left -= size as u64;
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_comes_in_pieces_and_one_that_became_shorter_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let contents = vec![7; PIECE_BYTES + 5];
        fs::write(directory.path().join("a b.bin"), &contents).unwrap();
        let open = || Outgoing::open(directory.path(), "./a b.bin").unwrap();
        let mut file = open();
        assert_eq!((&*file.name, file.size), ("a b.bin", contents.len() as u64));
        assert_eq!(file.piece().unwrap().len(), PIECE_BYTES);
        assert_eq!(file.piece().unwrap(), [7; 5]);
        assert!(file.piece().unwrap().is_empty());

        let mut file = open();
        fs::write(directory.path().join("a b.bin"), [7; 5]).unwrap();
        assert!(matches!(file.piece(), Err(Failure::Changed(path)) if path == "./a b.bin"));
    }

    #[test]
    fn only_a_file_can_be_sent() {
        let directory = tempfile::tempdir().unwrap();
        for (path, irregular) in [(".", true), ("/dev/null", true), ("nothing", false)] {
            match Outgoing::open(directory.path(), path).unwrap_err() {
                Failure::Irregular(told) => assert!(irregular && told == path),
                Failure::Unreadable(told, _) => assert!(!irregular && told == path),
                other => panic!("{other:?}"),
            }
        }
    }
}
