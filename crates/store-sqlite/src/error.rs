//! What can go wrong: at the start, in a change, with the disk.

use std::io;
use std::path::{Path, PathBuf};

use kabar_engine::Error;
use kabar_model::Refusal;
use rusqlite::ErrorCode;

/// Why a data directory could not be opened. Nothing in it was deleted.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the data directory is in use by another kabar{}", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Locked {
        /// That process, when it has said so already.
        pid: Option<u32>,
    },
    /// The file belongs to something else.
    #[error("{} is not a kabar database, or its first page is damaged; move it away or restore a backup", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// A later kabar wrote it.
    #[error("the database has schema {found}, this kabar knows up to {known}: run the newer kabar")]
    Newer {
        /// The schema in the file.
        found: i64,
        /// The latest schema that this program knows.
        known: i64,
    },
    /// The file is damaged, or a part is missing.
    #[error("{} is damaged ({what}); keep a copy of the directory and restore a backup", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("the database cannot be opened: {0}")]
    Sqlite(rusqlite::Error),
}

impl OpenError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }

    /// Sorts what SQLite said about this file.
    pub(crate) fn sqlite(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.to_owned();
        |error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotOurs { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, what: error.to_string() },
            _ => Self::Sqlite(error),
        }
    }
}

/// Why a change did not happen.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The wish was denied.
    Refused(Refusal),
    /// SQLite could not.
    Sqlite(rusqlite::Error),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refusal) => Self::Refused(refusal),
            Trouble::Sqlite(error) => Self::failed(error),
        }
    }
}

/// The outcome of a change.
pub(crate) type Outcome<T> = Result<T, Trouble>;

/// Whether what the disk holds is uncertain after this error, so that only a new start can tell.
/// A full disk is not such an error: the change was not made, and the next may be.
pub(crate) fn is_fatal(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::InternalMalfunction
        )
    )
}
