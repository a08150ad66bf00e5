//! Connections to the database file, and the settings that durability stands on.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

/// When a commit counts as durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(
    clippy::manual_non_exhaustive,
    reason = "the hidden one is used, by the test that hides it"
)]
pub enum Durability {
    /// After a sync.
    #[default]
    Full,
    /// Without one. Planted so that the power-cut test can show that it would notice.
    #[doc(hidden)]
    PlantedNormal,
}

/// Statements that a connection keeps ready; more than there are in this crate.
const STATEMENTS_KEPT: usize = 512;

/// How long a reader waits for recovery at the start.
const READER_PATIENCE: Duration = Duration::from_secs(5);

/// How long the writer waits for another program that writes to the file.
pub(crate) const WRITER_PATIENCE: Duration = Duration::from_secs(1);

/// Opens the file, and makes it if it is not there. Nothing is written to it yet.
pub(crate) fn open_for_writing(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    keep_statements(&connection)?;
    connection.busy_timeout(WRITER_PATIENCE)?;
    // Only a clean close may remove the log: one that is missing after a crash is then a loss.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// Statements are prepared once. Without the guarantee SQLite prepares one anew at each use whose value is compared with
/// what a partial index covers: a third of the time of taking in what another realm sends.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Makes commits durable, and makes sure that they are.
pub(crate) fn make_durable(
    connection: &Connection,
    durability: Durability,
) -> rusqlite::Result<()> {
    let (synchronous, level) = match durability {
        Durability::Full => ("FULL", "2"),
        Durability::PlantedNormal => ("NORMAL", "1"),
    };
    for (pragma, value, expected) in [
        ("journal_mode", "WAL", "wal"),
        ("synchronous", synchronous, level),
        ("foreign_keys", "ON", "1"),
        ("trusted_schema", "OFF", "0"),
        ("wal_autocheckpoint", "0", "0"),
    ] {
        set(connection, pragma, value, expected)?;
    }
    Ok(())
}

/// Opens the file for reading alone.
pub(crate) fn open_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    keep_statements(&connection)?;
    connection.busy_timeout(READER_PATIENCE)?;
    set(&connection, "query_only", "ON", "1")?;
    set(&connection, "trusted_schema", "OFF", "0")?;
    Ok(connection)
}

/// Sets a pragma and reads it back: SQLite passes over what it does not like without a word.
fn set(connection: &Connection, pragma: &str, value: &str, expected: &str) -> rusqlite::Result<()> {
    // Some answer with a row when they are set, some do not.
    connection.pragma_update_and_check(None, pragma, value, |_| Ok(())).or_else(no_row_is_fine)?;
    let found = match connection.pragma_query_value(None, pragma, |row| row.get(0))? {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text,
        other => format!("{other:?}"),
    };
    if found == expected {
        return Ok(());
    }
    let message = format!("{pragma} is {found}, wanted {expected}");
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR);
    Err(rusqlite::Error::SqliteFailure(code, Some(message)))
}

fn no_row_is_fine(error: rusqlite::Error) -> rusqlite::Result<()> {
    match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(()),
        other => Err(other),
    }
}
