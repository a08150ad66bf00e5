//! The lock on the data directory, which also remembers whether the last shutdown was clean.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// Held for as long as this process may write. The file holds our process number while the database is
/// open and is empty otherwise: text in a file that nobody has locked tells of a crash.
#[derive(Debug)]
pub(crate) struct DirLock {
    file: File,
    path: PathBuf,
    /// Whether the last one to hold it closed the database.
    pub(crate) was_clean: bool,
}

impl DirLock {
    pub(crate) fn take(path: PathBuf) -> Result<Self, OpenError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(OpenError::io(&path))?;
        let locked = file.try_lock();
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(OpenError::io(&path))?;
        match locked {
            Ok(()) => Ok(Self { file, path, was_clean: text.is_empty() }),
            Err(TryLockError::WouldBlock) => {
                Err(OpenError::Locked { pid: text.trim().parse().ok() })
            }
            Err(TryLockError::Error(error)) => Err(OpenError::io(&path)(error)),
        }
    }

    /// From here on the end of this process without [`DirLock::mark_clean`] is a crash.
    pub(crate) fn mark_open(&mut self) -> Result<(), OpenError> {
        let pid = format!("{}\n", std::process::id());
        self.replace(&pid).map_err(OpenError::io(&self.path))
    }

    /// The database is whole without its log.
    pub(crate) fn mark_clean(&mut self) -> io::Result<()> {
        self.replace("")
    }

    fn replace(&mut self, text: &str) -> io::Result<()> {
        self.file.rewind()?;
        self.file.set_len(0)?;
        self.file.write_all(text.as_bytes())?;
        self.file.sync_all()
    }
}

/// Makes names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Result<(), OpenError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(OpenError::io(path))
}
