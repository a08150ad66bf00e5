//! What can go wrong: at the start, and with the disk.

use std::io;
use std::path::{Path, PathBuf};

use kabar_store_sql::sql::{self, Kind};
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
    /// A realm is being moved to here, and the move has not ended.
    #[error("the data directory holds a move that has not ended; end it with kabar migrate")]
    Unfinished,
    /// There is no realm to be moved.
    #[error("the data directory holds no realm")]
    NoRealm,
    /// An earlier kabar wrote the realm that is to be moved.
    #[error("the database has schema {found}, this kabar moves schema {known}")]
    Older {
        /// The schema in the file.
        found: i64,
        /// The schema that this program works with.
        known: i64,
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

    /// As [`OpenError::sqlite`], what the rules met.
    pub(crate) fn rules(path: &Path) -> impl FnOnce(sql::Error) -> Self {
        let path = path.to_owned();
        |error| match error {
            sql::Error::Database { source, .. } => match source.downcast() {
                Ok(error) => Self::sqlite(&path)(*error),
                Err(other) => Self::Io { path, source: io::Error::other(other) },
            },
            other => Self::Corrupt { path, what: other.to_string() },
        }
    }
}

/// An error of SQLite, as the rules know it.
pub(crate) fn of_sqlite(error: rusqlite::Error) -> sql::Error {
    match error {
        rusqlite::Error::QueryReturnedNoRows => sql::Error::NoRow,
        error => sql::Error::database(kind(&error), error),
    }
}

/// What an error of SQLite means.
pub(crate) fn kind(error: &rusqlite::Error) -> Kind {
    match error.sqlite_error_code() {
        // What the disk holds is uncertain, so that only a new start can tell. A full disk is not such an error: the
        // change was not made, and the next may be.
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::InternalMalfunction,
        ) => Kind::Fatal,
        Some(ErrorCode::ConstraintViolation) => Kind::Constraint,
        _ => Kind::Failed,
    }
}
