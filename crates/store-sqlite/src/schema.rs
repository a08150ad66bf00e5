//! The schema: an append-only list of migrations.

use std::path::Path;

use kabar_store_sql::copy::MIGRATION;
use rusqlite::{Connection, TransactionBehavior};

use crate::error::OpenError;

/// "kabr": tells our files from others'.
const APPLICATION_ID: i64 = 0x6b61_6272;

/// Migration `n` leads from schema `n - 1` to schema `n`. A released one is never changed.
const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("../migrations/001_realm.sql")),
    (2, include_str!("../migrations/002_rooms_contacts.sql")),
    (3, include_str!("../migrations/003_files.sql")),
    (4, include_str!("../migrations/004_messages.sql")),
    (5, include_str!("../migrations/005_groups_programs.sql")),
    (6, include_str!("../migrations/006_links.sql")),
];

/// The schema that this program works with.
pub(crate) const KNOWN: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Makes sure that the file is ours and not from the future, before anything is written to it.
pub(crate) fn inspect(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get(0));
    let application: i64 = number("application_id").map_err(OpenError::sqlite(path))?;
    let found: i64 = number("user_version").map_err(OpenError::sqlite(path))?;
    let objects: i64 = connection
        .query_row("SELECT COUNT(*) FROM sqlite_schema", (), |row| row.get(0))
        .map_err(OpenError::sqlite(path))?;
    let is_empty = application == 0 && found == 0 && objects == 0;
    if application != APPLICATION_ID && !is_empty {
        return Err(OpenError::NotOurs { path: path.to_owned() });
    }
    if found > KNOWN {
        return Err(OpenError::Newer { found, known: KNOWN });
    }
    Ok(())
}

/// Whether the file holds a move that has not ended.
pub(crate) fn is_unfinished(connection: &Connection, path: &Path) -> Result<bool, OpenError> {
    connection.table_exists(None, MIGRATION).map_err(OpenError::sqlite(path))
}

/// Brings the schema up to date. Each step is one transaction together with its number, so that a
/// start that was cut short goes on where it stopped.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    migrate_by(MIGRATIONS, connection)
}

fn migrate_by(migrations: &[(i64, &str)], connection: &mut Connection) -> rusqlite::Result<()> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (number, migration) in migrations.iter().filter(|(number, _)| *number > found) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step.execute_batch(migration)?;
        step.pragma_update(None, "application_id", APPLICATION_ID)?;
        step.pragma_update(None, "user_version", number)?;
        step.commit()?;
        tracing::info!(schema = number, "migrated the database");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
