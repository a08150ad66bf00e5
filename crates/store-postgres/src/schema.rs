//! The schema: an append-only list of migrations.

use kabar_store_sql::copy::MIGRATION;
use kabar_store_sql::sql::{Connection, Result};

use crate::driver::PostgresDriver;
use crate::error::OpenError;

/// Migration `n` leads from schema `n - 1` to schema `n`. A released one is never changed.
const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("../migrations/001_realm.sql")),
    (2, include_str!("../migrations/002_nodes.sql")),
    (3, include_str!("../migrations/003_search.sql")),
    (4, include_str!("../migrations/004_hints.sql")),
];

/// "kabr": the lock of who brings the schema up to date.
const LOCK: i64 = 0x6b61_6272;

/// How long a node waits for another that is at it. The lock goes with that node's connection.
const LOCK_PATIENCE: &str = "10min";

/// Brings the schema up to date; nodes that start together take turns. Each step is one transaction together with its
/// number, so that a start that was cut short goes on where it stopped.
pub(crate) fn migrate(
    connection: &Connection,
    driver: &PostgresDriver,
) -> std::result::Result<(), OpenError> {
    driver.batch_in_its_time(&format!(
        "SET statement_timeout = 0; SET lock_timeout = '{LOCK_PATIENCE}'; SELECT pg_advisory_lock({LOCK})"
    ))?;
    // After a failure the lock goes with the connection.
    migrate_by(MIGRATIONS, connection, driver)?;
    Ok(driver.batch(&format!("SELECT pg_advisory_unlock({LOCK})"))?)
}

fn migrate_by(
    migrations: &[(i64, &str)],
    connection: &Connection,
    driver: &PostgresDriver,
) -> std::result::Result<(), OpenError> {
    let found = found(connection)?;
    let known = migrations.last().map_or(0, |(number, _)| *number);
    match found {
        Some(found) if found > known => return Err(OpenError::Newer { found, known }),
        Some(_) => {}
        None if has_tables(connection)? => return Err(OpenError::NotOurs),
        None => driver.batch(
            "CREATE TABLE schema_version (number BIGINT NOT NULL);
             INSERT INTO schema_version (number) VALUES (0)",
        )?,
    }
    let found = found.unwrap_or(0);
    for (number, migration) in migrations.iter().filter(|(number, _)| *number > found) {
        driver.batch_in_its_time(&format!(
            "BEGIN; {migration}; UPDATE schema_version SET number = {number}; COMMIT"
        ))?;
        tracing::info!(schema = number, "migrated the database");
    }
    Ok(())
}

/// The schema that this program works with.
pub(crate) fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |(number, _)| *number)
}

/// Whether the database holds a move that has not ended.
pub(crate) fn is_unfinished(connection: &Connection) -> Result<bool> {
    has(connection, MIGRATION)
}

/// Whether there is such a table.
pub(crate) fn has(connection: &Connection, table: &str) -> Result<bool> {
    let sql = "SELECT to_regclass('public.' || CAST(?1 AS TEXT)) IS NOT NULL";
    connection.query_row(sql, [table], |row| row.get(0))
}

/// The schema that is there; `None`: none.
pub(crate) fn found(connection: &Connection) -> Result<Option<i64>> {
    let is_there: bool = connection.query_row(
        "SELECT to_regclass('public.schema_version') IS NOT NULL",
        (),
        |row| row.get(0),
    )?;
    if !is_there {
        return Ok(None);
    }
    connection.query_row("SELECT number FROM schema_version", (), |row| row.get(0)).map(Some)
}

fn has_tables(connection: &Connection) -> Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1")?
        .exists(())
}
