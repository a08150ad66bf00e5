//! How far the index goes, and whether it is one that this program can read.

use kabar_store_sql::params;
use kabar_store_sql::sql::{Connection, OptionalExtension, Result};

use crate::driver::PostgresDriver;
use crate::schema::has;

/// Counts up with every change to what is in the index or how it is written: an older one is made anew.
pub(super) const MAKE: i64 = 1;

/// Its tables, as they are made anew.
const TABLES: &str = include_str!("../../migrations/003_search.sql");

/// A message that the index goes up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) arrival: i64,
    pub(super) sent_at: i64,
}

/// What the tables say of themselves.
struct Found {
    make: i64,
    position: Position,
    /// The messages are those that the index was made of. A realm that was moved here may not have the last one.
    is_theirs: bool,
}

/// Where an index of this make stands; `None`: there is none to go by.
pub(super) fn position(connection: &Connection) -> Result<Option<Position>> {
    let found = found(connection)?.filter(|found| found.make == MAKE && found.is_theirs);
    Ok(found.map(|found| found.position))
}

fn found(connection: &Connection) -> Result<Option<Found>> {
    let mut find = connection.prepare_cached(
        "SELECT p.make, p.arrival, p.sent_at, p.arrival = 0 OR EXISTS (
             SELECT 1 FROM message AS m WHERE m.id = p.arrival AND m.sent_at = p.sent_at)
         FROM search_position AS p WHERE p.id = 1",
    )?;
    let found = find.query_row((), |row| {
        let position = Position { arrival: row.get(1)?, sent_at: row.get(2)? };
        Ok(Found { make: row.get(0)?, position, is_theirs: row.get(3)? })
    });
    found.optional()
}

/// Whether its tables are there.
pub(super) fn is_there(connection: &Connection) -> Result<bool> {
    Ok(has(connection, "said")? && has(connection, "search_position")?)
}

/// Where the index stands that is to be filled, made anew if it is not one of these messages. `None`: it is of a later
/// make, and other nodes see to it.
pub(super) fn taken_up(connection: &Connection) -> Result<Option<Position>> {
    if is_there(connection)? {
        match found(connection)? {
            Some(found) if found.make > MAKE => return Ok(None),
            Some(found) if found.make == MAKE && found.is_theirs => {
                return Ok(Some(found.position));
            }
            _ => {}
        }
    }
    tracing::info!("the search index is made anew");
    make_anew(connection)?;
    Ok(Some(Position::default()))
}

/// All or nothing: several statements that are sent as one are one transaction.
fn make_anew(connection: &Connection) -> Result<()> {
    let Some(driver) = connection.driver::<PostgresDriver>() else { return Ok(()) };
    driver.batch(&format!(
        "DROP TABLE IF EXISTS said, search_position; {TABLES};
         INSERT INTO search_position (id, make, arrival, sent_at) VALUES (1, {MAKE}, 0, 0)"
    ))
}

/// Takes messages in, and goes on from `from` to `to`; `false`: somebody else has done so. Those without marks are
/// not found any more.
pub(super) fn take_in(
    connection: &Connection,
    (ids, marks): (&str, &str),
    from: Position,
    to: Position,
) -> Result<bool> {
    // One statement: what is in the index and how far it goes change together.
    let sql = "WITH moved AS (
                   UPDATE search_position SET arrival = ?3, sent_at = ?4
                   WHERE id = 1 AND make = ?5 AND arrival = ?6 RETURNING id),
               taken AS (
                   INSERT INTO said (id, marks)
                   SELECT new.id, CAST(new.marks AS INTEGER[])
                   FROM moved, unnest(CAST(CAST(?1 AS TEXT) AS BIGINT[]),
                                      CAST(CAST(?2 AS TEXT) AS TEXT[])) AS new (id, marks)
                   ON CONFLICT (id) DO UPDATE SET marks = excluded.marks)
               SELECT count(*) FROM moved";
    let row = params![ids, marks, to.arrival, to.sent_at, MAKE, from.arrival];
    connection.query_row(sql, row, |row| row.get::<i64>(0)).map(|moved| moved > 0)
}
