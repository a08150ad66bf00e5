//! A directory that a realm is moved from, or to.

use std::path::Path;
use std::sync::Arc;

use kabar_store_sql::Upkeep;
use kabar_store_sql::copy::{MIGRATION, Numbers, Side, Table};
use kabar_store_sql::sql::{Connection, OptionalExtension, Result};

use crate::connection::{Durability, open_for_reading};
use crate::driver::for_rules;
use crate::error::OpenError;
use crate::lock::DirLock;
use crate::open::{FILE, LOCK, Opened, Purpose, nothing_is_damaged, nothing_is_missing, open_for};
use crate::pool::Readers;
use crate::schema;
use crate::upkeep::FileUpkeep;

/// Opens the realm in that directory to move it elsewhere. Nothing is written to it, and nobody else has it meanwhile.
pub fn move_from(dir: &Path) -> std::result::Result<Box<dyn Side>, OpenError> {
    let path = dir.join(FILE);
    if !path.try_exists().map_err(OpenError::io(&path))? {
        return Err(OpenError::NoRealm);
    }
    let lock = DirLock::take(dir.join(LOCK))?;
    nothing_is_missing(dir, lock.was_clean)?;
    let connection = open_for_reading(&path).map_err(OpenError::sqlite(&path))?;
    schema::inspect(&connection, &path)?;
    nothing_is_damaged(&connection, dir)?;
    let found = connection.pragma_query_value(None, "user_version", |row| row.get(0));
    match found.map_err(OpenError::sqlite(&path))? {
        0 => return Err(OpenError::NoRealm),
        found if found < schema::KNOWN => {
            return Err(OpenError::Older { found, known: schema::KNOWN });
        }
        _ => {}
    }
    let connection = for_rules(connection);
    connection.execute("BEGIN", ()).map_err(OpenError::rules(&path))?;
    Ok(Box::new(From { connection, _lock: lock }))
}

/// Opens a directory to move a realm to it, and makes it if it is not there.
pub fn move_to(dir: &Path) -> std::result::Result<Box<dyn Side>, OpenError> {
    let Opened { connection, log, path, lock } = open_for(dir, Durability::Full, Purpose::Move)?;
    let upkeep = FileUpkeep { log, lock, readers: Arc::new(Readers::new(path)) };
    Ok(Box::new(To { connection, upkeep: Box::new(upkeep) }))
}

/// Where a realm is. The connection goes before the lock.
struct From {
    connection: Connection,
    _lock: DirLock,
}

/// Where a realm comes to.
struct To {
    connection: Connection,
    upkeep: Box<FileUpkeep>,
}

fn is_unfinished(connection: &Connection) -> Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    connection.prepare_cached(sql)?.exists([MIGRATION])
}

fn rows(connection: &Connection, table: &Table) -> Result<u64> {
    connection.query_row(&format!("SELECT COUNT(*) FROM {}", table.name), (), |row| row.get(0))
}

fn last_given(connection: &Connection, table: &Table) -> Result<i64> {
    let last: Option<i64> = match table.numbers {
        Numbers::None => None,
        Numbers::GivenOnce => connection
            .query_row("SELECT seq FROM sqlite_sequence WHERE name = ?1", [table.name], |row| {
                row.get(0)
            })
            .optional()?,
        Numbers::Given | Numbers::Arrival => {
            let sql = format!("SELECT MAX(id) FROM {}", table.name);
            connection.query_row(&sql, (), |row| row.get(0))?
        }
    };
    Ok(last.unwrap_or(0))
}

impl Side for From {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn begin(&mut self) -> Result<()> {
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        Ok(())
    }

    fn is_unfinished(&self) -> Result<bool> {
        is_unfinished(&self.connection)
    }

    fn rows_about(&self, table: &Table) -> Result<u64> {
        rows(&self.connection, table)
    }

    fn last_given(&self, table: &Table) -> Result<i64> {
        last_given(&self.connection, table)
    }

    fn give_after(&self, _: &Table, _: i64) -> Result<()> {
        Ok(())
    }

    fn settle(&self) -> Result<()> {
        Ok(())
    }

    fn close(self: Box<Self>) {}
}

impl Side for To {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn begin(&mut self) -> Result<()> {
        self.connection.begin().map(drop)
    }

    fn commit(&mut self) -> Result<()> {
        self.connection.commit()?;
        self.upkeep.committed(&self.connection)
    }

    fn is_unfinished(&self) -> Result<bool> {
        is_unfinished(&self.connection)
    }

    fn rows_about(&self, table: &Table) -> Result<u64> {
        rows(&self.connection, table)
    }

    fn last_given(&self, table: &Table) -> Result<i64> {
        last_given(&self.connection, table)
    }

    fn give_after(&self, table: &Table, last: i64) -> Result<()> {
        if table.numbers == Numbers::GivenOnce {
            self.connection.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [table.name])?;
            let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
            self.connection.execute(sql, (table.name, last))?;
        }
        Ok(())
    }

    fn settle(&self) -> Result<()> {
        Ok(())
    }

    fn close(self: Box<Self>) {
        let Self { connection, upkeep } = *self;
        upkeep.finish(connection);
    }
}
