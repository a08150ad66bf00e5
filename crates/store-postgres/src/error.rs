//! What PostgreSQL says when it does not do what it should.

use std::error::Error as _;

use kabar_store_sql::sql::{Error, Kind};
use tokio_postgres::error::{Severity, SqlState};

/// Why a realm on PostgreSQL could not be opened. Nothing was changed in it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one.
    #[error("the address of the database: {0}")]
    Address(String),
    /// The certificates cannot be read.
    #[error("{}: {what}", path.display())]
    Certificates {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A setting of the server breaks a promise.
    #[error("PostgreSQL's setting {setting} is {found}, so what was accepted may be lost; {mend}")]
    Unsafe {
        /// Which.
        setting: &'static str,
        /// As it stands.
        found: String,
        /// What to do.
        mend: &'static str,
    },
    /// The server is too old, or the database is not for texts in Unicode.
    #[error("{0}")]
    Unfit(String),
    /// A later kabar has been here.
    #[error("the database has schema {found}, this kabar knows up to {known}: run the newer kabar")]
    Newer {
        /// The schema there.
        found: i64,
        /// The latest schema that this program knows.
        known: i64,
    },
    /// The database belongs to something else.
    #[error("the database holds tables, but none of kabar's; give kabar a database of its own")]
    NotOurs,
    /// A realm is being moved to here, and the move has not ended.
    #[error("the database holds a move that has not ended; end it with kabar migrate")]
    Unfinished,
    /// Somebody uses the realm that is to be moved, or the database that it is to be moved to.
    #[error("the database is in use by another kabar")]
    InUse,
    /// There is no realm to be moved.
    #[error("the database holds no realm")]
    NoRealm,
    /// An earlier kabar wrote the realm that is to be moved.
    #[error("the database has schema {found}, this kabar moves schema {known}")]
    Older {
        /// The schema there.
        found: i64,
        /// The schema that this program works with.
        known: i64,
    },
    /// The server cannot be reached, or refused.
    #[error("PostgreSQL: {0}")]
    Database(#[from] Error),
    /// The system gave no thread.
    #[error("the system: {0}")]
    System(#[from] std::io::Error),
}

/// Sorts what the client library says. What the server's message names of the data (`detail`) is left out.
pub(crate) fn sorted(error: &tokio_postgres::Error) -> Error {
    let Some(said) = error.as_db_error() else {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        return Error::database(Kind::Lost, format!("{error}{cause}"));
    };
    let what = format!("{} ({})", said.message(), said.code().code());
    Error::database(kind(said.code(), said.parsed_severity()), what)
}

/// A connection that says nothing, or is none any more.
pub(crate) fn lost(what: &str) -> Error {
    Error::database(Kind::Lost, what)
}

fn kind(code: &SqlState, severity: Option<Severity>) -> Kind {
    let kind = kind_of(code);
    // With such an answer the server ends the connection.
    let is_end = matches!(severity, Some(Severity::Fatal | Severity::Panic));
    if is_end && kind != Kind::Fatal { Kind::Lost } else { kind }
}

fn kind_of(code: &SqlState) -> Kind {
    match code {
        // It answers, but no longer as a server that can be written to, or its locks are held for too long.
        &SqlState::READ_ONLY_SQL_TRANSACTION
        | &SqlState::LOCK_NOT_AVAILABLE
        | &SqlState::TOO_MANY_CONNECTIONS
        | &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        // Another node has brought the schema up to date: statements must be prepared anew.
        | &SqlState::FEATURE_NOT_SUPPORTED
        | &SqlState::INVALID_SQL_STATEMENT_NAME => Kind::Lost,
        &SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED => Kind::Fatal,
        code => match code.code() {
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => Kind::Lost,
            other => match other.get(..2) {
                Some("08" | "28" | "3D") => Kind::Lost,
                Some("23") => Kind::Constraint,
                _ => Kind::Failed,
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_ends_the_connection_leaves_it_lost() {
        for (code, severity, expected) in [
            ("58030", None, Kind::Failed),
            ("58030", Some(Severity::Error), Kind::Failed),
            ("58030", Some(Severity::Fatal), Kind::Lost),
            ("XX000", Some(Severity::Panic), Kind::Lost),
            ("23505", Some(Severity::Fatal), Kind::Lost),
            ("23505", Some(Severity::Error), Kind::Constraint),
            ("XX001", Some(Severity::Panic), Kind::Fatal),
            ("57P01", Some(Severity::Fatal), Kind::Lost),
        ] {
            let found = kind(&SqlState::from_code(code), severity);
            assert_eq!(found, expected, "{code} {severity:?}");
        }
    }
}
