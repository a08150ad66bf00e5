//! A database that a realm is moved from, or to.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use kabar_store_sql::copy::{Numbers, Side, Table};
use kabar_store_sql::sql::{Connection, Result};

use crate::driver::{PostgresDriver, Role};
use crate::error::OpenError;
use crate::settings::{Address, Settings};
use crate::{checks, schema};

/// "kabm": the lock of who moves a realm from or to the database.
const LOCK: i64 = 0x6b61_626d;

/// Servers that have just ended get so long to be gone.
const GONE_PATIENCE: Duration = Duration::from_secs(6);
const GONE_PAUSE: Duration = Duration::from_millis(200);

/// Up to so many rows are counted; of more the server has an estimate.
const ROWS_COUNTED: i64 = 1_000_000;

/// A server that has been here in the last 5 s by this database's clock.
const LIVES: &str = "SELECT 1 FROM node
    WHERE seen_at > CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) - 5000000 LIMIT 1";

/// Connections to this database that call themselves as servers do.
const CONNECTED: &str = "SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = ?1 LIMIT 1";

/// Opens a realm to move it elsewhere. For as long as it is open nobody can write to it.
pub fn move_from(settings: &Settings) -> std::result::Result<Box<dyn Side>, OpenError> {
    let (connection, nodes) = connect(settings)?;
    let known = schema::known();
    match schema::found(&connection)? {
        None => return Err(OpenError::NoRealm),
        Some(found) if found < known => return Err(OpenError::Older { found, known }),
        Some(found) if found > known => return Err(OpenError::Newer { found, known }),
        Some(_) => {}
    }
    is_at_rest(&connection, &nodes)?;
    let opened = Opened { connection };
    opened.batch("BEGIN ISOLATION LEVEL REPEATABLE READ")?;
    // A server that comes back from a pause finds the lock of all who write taken.
    opened.connection.query_row("SELECT turn FROM head WHERE id = 1 FOR UPDATE", (), |_| Ok(()))?;
    Ok(Box::new(opened))
}

/// Opens a database to move a realm to it, and makes the tables if they are not there.
pub fn move_to(settings: &Settings) -> std::result::Result<Box<dyn Side>, OpenError> {
    let (connection, nodes) = connect(settings)?;
    is_at_rest(&connection, &nodes)?;
    checks::check(&connection, settings.accept_unsafe)?;
    if let Some(driver) = connection.driver::<PostgresDriver>() {
        schema::migrate(&connection, driver)?;
    }
    Ok(Box::new(Opened { connection }))
}

/// Connects; says also how the connections of servers are called.
fn connect(settings: &Settings) -> std::result::Result<(Connection, String), OpenError> {
    let mut address = Address::parse(&settings.url)?;
    let nodes = address.config.get_application_name().unwrap_or_default().to_owned();
    address.config.application_name(format!("{nodes} migrate"));
    let driver = PostgresDriver::open(Arc::new(address), Role::Mover)?;
    Ok((Connection::new(driver), nodes))
}

/// Whether nobody else uses the realm, nor moves it.
fn is_at_rest(connection: &Connection, nodes: &str) -> std::result::Result<(), OpenError> {
    let lock = format!("SELECT pg_try_advisory_lock({LOCK})");
    let (started, mut is_ours) = (Instant::now(), false);
    loop {
        is_ours = is_ours || connection.query_row(&lock, (), |row| row.get::<bool>(0))?;
        let is_used = connection.prepare_cached(CONNECTED)?.exists([nodes])?
            || (schema::has(connection, "node")? && connection.prepare_cached(LIVES)?.exists(())?);
        if is_ours && !is_used {
            return Ok(());
        }
        if started.elapsed() > GONE_PATIENCE {
            return Err(OpenError::InUse);
        }
        thread::sleep(GONE_PAUSE);
    }
}

/// A database that nobody else uses.
struct Opened {
    connection: Connection,
}

impl Opened {
    fn batch(&self, sql: &str) -> Result<()> {
        match self.connection.driver::<PostgresDriver>() {
            Some(driver) => driver.batch(sql),
            None => Ok(()),
        }
    }
}

impl Side for Opened {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn begin(&mut self) -> Result<()> {
        self.batch("BEGIN")
    }

    fn commit(&mut self) -> Result<()> {
        self.batch("COMMIT")
    }

    fn is_unfinished(&self) -> Result<bool> {
        schema::is_unfinished(&self.connection)
    }

    fn rows_about(&self, table: &Table) -> Result<u64> {
        let counted = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM {} LIMIT {ROWS_COUNTED}) AS counted",
            table.name
        );
        let rows: i64 = self.connection.query_row(&counted, (), |row| row.get(0))?;
        let estimate = "SELECT CAST(reltuples AS BIGINT) FROM pg_class
            WHERE oid = to_regclass('public.' || CAST(?1 AS TEXT))";
        let rows = if rows < ROWS_COUNTED {
            rows
        } else {
            self.connection.query_row(estimate, [table.name], |row| row.get::<i64>(0))?.max(rows)
        };
        Ok(rows.unsigned_abs())
    }

    fn last_given(&self, table: &Table) -> Result<i64> {
        let (sql, name) = match table.numbers {
            Numbers::None => return Ok(0),
            Numbers::Arrival => ("SELECT arrival FROM head WHERE id = 1", None),
            Numbers::Given | Numbers::GivenOnce => (
                "SELECT COALESCE(pg_sequence_last_value(
                     CAST(pg_get_serial_sequence(CAST(?1 AS TEXT), 'id') AS REGCLASS)), 0)",
                Some(table.name),
            ),
        };
        match name {
            Some(name) => self.connection.query_row(sql, [name], |row| row.get(0)),
            None => self.connection.query_row(sql, (), |row| row.get(0)),
        }
    }

    fn give_after(&self, table: &Table, last: i64) -> Result<()> {
        match table.numbers {
            Numbers::None => Ok(()),
            Numbers::Arrival => self
                .connection
                .execute(
                    "UPDATE head SET turn = turn + 1, changes = changes + 1, arrival = ?1 WHERE id = 1",
                    [last],
                )
                .map(drop),
            Numbers::Given | Numbers::GivenOnce => self.connection.query_row(
                "SELECT setval(CAST(pg_get_serial_sequence(CAST(?1 AS TEXT), 'id') AS REGCLASS), ?2)",
                (table.name, last),
                |_| Ok(()),
            ),
        }
    }

    fn settle(&self) -> Result<()> {
        self.batch("ANALYZE")
    }

    fn close(self: Box<Self>) {}
}
