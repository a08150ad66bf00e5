//! The data directory of a node whose realm is kept elsewhere: its control socket, and files that are on their way.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

const LOCK: &str = "node.lock";

/// Held for as long as this process is the node of that directory.
#[derive(Debug)]
pub(crate) struct PlaceLock {
    _file: File,
}

impl PlaceLock {
    /// Takes a directory, which is made if it is not there. `None`: another process has it.
    pub(crate) fn take(directory: &Path) -> io::Result<Option<Self>> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(directory.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_one_nodes() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("node");
        let lock = PlaceLock::take(&place).unwrap().unwrap();
        assert!(PlaceLock::take(&place).unwrap().is_none());
        drop(lock);
        assert!(PlaceLock::take(&place).unwrap().is_some());
    }
}
