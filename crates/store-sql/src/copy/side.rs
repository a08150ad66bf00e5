//! A database that a realm is moved from, or to.

use super::tables::Table;
use crate::sql::{Connection, OptionalExtension, Result};

/// What says at the target that a move has begun and not ended: there as long as that is so.
pub const MIGRATION: &str = "migration";

/// A database that is open for a move. Nobody else uses it meanwhile.
pub trait Side: Send {
    /// The connection. Where the realm is moved from it reads one state, and writes nothing.
    fn connection(&self) -> &Connection;

    /// Begins a transaction.
    fn begin(&mut self) -> Result<()>;

    /// Makes what was written since durable.
    fn commit(&mut self) -> Result<()>;

    /// Whether it holds a move that has not ended.
    fn is_unfinished(&self) -> Result<bool>;

    /// How many rows a table has, roughly where that takes long to say.
    fn rows_about(&self, table: &Table) -> Result<u64>;

    /// The last number that was given to a row of this table.
    fn last_given(&self, table: &Table) -> Result<i64>;

    /// The next row of this table has a number after that one.
    fn give_after(&self, table: &Table, last: i64) -> Result<()>;

    /// Everything has been written; makes reading it quick.
    fn settle(&self) -> Result<()>;

    /// Leaves the database as a server finds it best.
    fn close(self: Box<Self>);
}

/// By what a realm is known again: its first account, which nothing changes or removes, and when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The realm.
    pub realm: String,
    /// The last place in the order of arrival.
    pub arrival: i64,
}

impl Mark {
    /// That of the realm there; `None`: it has no accounts.
    pub fn of(side: &dyn Side) -> Result<Option<Self>> {
        let connection = side.connection();
        let realm = connection
            .query_row("SELECT id, created_at FROM account ORDER BY id LIMIT 1", (), |row| {
                Ok(format!("{}:{}", row.get::<i64>(0)?, row.get::<i64>(1)?))
            })
            .optional()?;
        let Some(realm) = realm else { return Ok(None) };
        let last = "SELECT id FROM message ORDER BY id DESC LIMIT 1";
        let arrival = connection.query_row(last, (), |row| row.get(0)).optional()?;
        Ok(Some(Self { realm, arrival: arrival.unwrap_or(0) }))
    }

    /// That of the realm whose move to here has begun.
    pub fn written(side: &dyn Side) -> Result<Option<Self>> {
        let sql = format!("SELECT realm, arrival FROM {MIGRATION}");
        let read =
            |row: &crate::sql::Row<'_>| Ok(Self { realm: row.get(0)?, arrival: row.get(1)? });
        side.connection().query_row(&sql, (), read).optional()
    }

    /// From here on the database holds a move of that realm that has not ended.
    pub fn write(&self, side: &mut dyn Side) -> Result<()> {
        side.begin()?;
        let connection = side.connection();
        let table =
            format!("CREATE TABLE {MIGRATION} (realm TEXT NOT NULL, arrival BIGINT NOT NULL)");
        connection.execute(&table, ())?;
        let row = format!("INSERT INTO {MIGRATION} (realm, arrival) VALUES (?1, ?2)");
        connection.execute(&row, (self.realm.as_str(), self.arrival))?;
        side.commit()
    }
}
