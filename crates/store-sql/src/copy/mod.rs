//! Moving a realm from one database to another: all its rows, in the order of their keys, and the proof that they are
//! the same.
//!
//! How far a move has come is not written down anywhere: rows arrive in the order of their keys, so a table goes on after
//! the last key that is there. That a move has begun, and of which realm, stands in the table [`MIGRATION`] of the
//! target, which goes with its end.

mod compare;
mod contents;
mod rows;
mod side;
mod tables;

pub use compare::{Compared, Difference, What, compare};
pub use contents::{Contents, Kept};
pub use side::{MIGRATION, Mark, Side};
pub use tables::{LEFT, Numbers, TABLES, Table};

use rows::{Cell, Cells, Reading, last_key, places};

use crate::sql::{Connection, Result, ToValue};

/// The rows of one INSERT; what is left goes by halves of it, so that there are few statements to prepare.
const ROWS_AN_INSERT: usize = 64;

/// Whether no table of the realm has a row.
pub fn is_empty(side: &dyn Side) -> Result<bool> {
    for table in TABLES {
        let any = format!("SELECT 1 FROM {} LIMIT 1", table.name);
        if side.connection().prepare_cached(&any)?.exists(())? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Copies the rows of a table that are not there yet; says how many after each transaction.
pub fn copy(
    table: &'static Table,
    from: &dyn Side,
    to: &mut dyn Side,
    copied: &mut dyn FnMut(u64),
) -> Result<()> {
    let mut reading = Reading::of(table, last_key(to.connection(), table)?);
    loop {
        let rows = reading.next(from.connection())?;
        if rows.is_empty() {
            return Ok(());
        }
        to.begin()?;
        insert(to.connection(), table, &rows)?;
        to.commit()?;
        copied(rows.len() as u64);
    }
}

/// Numbers go on where they stood, and the database is no longer one that holds a move. To be called when all rows have
/// been compared.
pub fn finish(from: &dyn Side, to: &mut dyn Side) -> Result<()> {
    to.begin()?;
    for table in TABLES.iter().filter(|table| table.numbers != Numbers::None) {
        let last = last_key(to.connection(), table)?;
        let there = match last.as_deref() {
            Some([Cell::Int(last)]) => *last,
            _ => 0,
        };
        let last = from.last_given(table)?.max(there);
        if last > 0 {
            to.give_after(table, last)?;
        }
    }
    to.connection().execute(&format!("DROP TABLE {MIGRATION}"), ())?;
    to.commit()
}

fn insert(connection: &Connection, table: &Table, mut rows: &[Cells]) -> Result<()> {
    let mut count = ROWS_AN_INSERT;
    while !rows.is_empty() {
        while count > rows.len() {
            count /= 2;
        }
        let (now, later) = rows.split_at(count);
        let values: Vec<&dyn ToValue> =
            now.iter().flatten().map(|cell| cell as &dyn ToValue).collect();
        connection.prepare_cached(&insert_sql(table, count))?.execute(&values[..])?;
        rows = later;
    }
    Ok(())
}

fn insert_sql(table: &Table, rows: usize) -> String {
    let columns = table.columns.len();
    let row = |row: usize| format!("({})", places(row * columns + 1, columns));
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("INSERT INTO {} ({}) VALUES {}", table.name, table.columns.join(", "), rows.join(", "))
}
