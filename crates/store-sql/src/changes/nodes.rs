//! What nodes say of themselves: that they live, who is active on them, and who is in which room.
//!
//! These statements run on PostgreSQL alone. `now` is its clock, in microseconds.

mod small;

use kabar_engine::store::nodes::{
    Active, Beat, Coming, Entered, GONE_KEPT, NodeId, SILENT, STALLED, Version,
};
use kabar_model::{Field, Refusal, SessionId, Timestamp};

use crate::error::Outcome;
use crate::params;
use crate::reads::nodes::{micros, version};
use crate::sql::{self, Connection, OptionalExtension};
use crate::writer::Work;

pub(crate) use small::{
    forget_facts, forget_failures, is_latest, keep_fact, lease, note_failure, release,
};

/// How many people's leaving is written in one transaction: while it goes on nobody else writes, on no node.
pub(crate) const WRITTEN_TOGETHER: usize = 1_000;

/// The database's clock.
pub(crate) fn now(work: &Work, clock: &str) -> sql::Result<i64> {
    work.connection.query_row(&format!("SELECT {clock}"), (), |row| row.get(0))
}

pub(crate) fn beat(work: &Work, clock: &str, node: NodeId) -> Outcome<Beat> {
    let now = now(work, clock)?;
    let connection = &work.connection;
    // The clock was set back. Nobody was seen later than now, or who is gone since then would live until that time.
    connection.execute("UPDATE node SET seen_at = ?1 WHERE seen_at > ?1", [now])?;
    let latest: Option<i64> =
        connection.query_row("SELECT MAX(seen_at) FROM node", (), |row| row.get(0))?;
    if latest.is_some_and(|latest| now - latest >= micros(STALLED)) {
        connection.execute("UPDATE node SET seen_at = ?1", [now])?;
    }
    for gone in
        node_ids(connection, "SELECT id FROM node WHERE seen_at <= ?1", now - micros(SILENT))?
    {
        remove(work, gone)?;
    }
    let is_known =
        connection.execute("UPDATE node SET seen_at = ?2 WHERE id = ?1", [node.0, now])? > 0;
    if !is_known {
        connection.execute("INSERT INTO node (id, seen_at) VALUES (?1, ?2)", [node.0, now])?;
    }
    tidy(connection, now)?;
    let living = node_ids(connection, "SELECT id FROM node WHERE seen_at <= ?1 ORDER BY id", now)?;
    let mut facts = connection.prepare_cached("SELECT node_id, name FROM node_fact")?;
    let facts = facts.query_map((), |row| Ok((NodeId(row.get(0)?), row.get(1)?)))?;
    Ok(Beat {
        is_new: !is_known,
        at: Timestamp(now),
        living,
        version: version(connection)?,
        facts: facts.collect::<sql::Result<_>>()?,
    })
}

fn node_ids(connection: &Connection, sql: &str, until: i64) -> sql::Result<Vec<NodeId>> {
    connection.prepare_cached(sql)?.query_map([until], |row| row.get(0).map(NodeId))?.collect()
}

pub(crate) fn retire(work: &Work, node: NodeId) -> Outcome<()> {
    remove(work, node)?;
    Ok(())
}

/// What a node had goes.
fn remove(work: &Work, node: NodeId) -> sql::Result<()> {
    let connection = &work.connection;
    let version = next_version(connection)?.0;
    connection.execute("DELETE FROM node WHERE id = ?1", [node.0])?;
    connection.execute("DELETE FROM node_fact WHERE node_id = ?1", [node.0])?;
    connection.execute("UPDATE lease SET held_until = 0 WHERE node_id = ?1", [node.0])?;
    connection.execute(
        "UPDATE node_active SET is_active = 0, version = ?2 WHERE node_id = ?1 AND is_active = 1",
        [node.0, version],
    )?;
    connection.execute(
        "UPDATE node_room SET stands = 2, version = ?2 WHERE node_id = ?1 AND stands = 0",
        [node.0, version],
    )?;
    Ok(())
}

fn next_version(connection: &Connection) -> sql::Result<Version> {
    connection.execute("UPDATE node_version SET version = version + 1 WHERE id = 1", ())?;
    version(connection)
}

/// Forgets what is no longer so since long.
fn tidy(connection: &Connection, now: i64) -> sql::Result<()> {
    let moved = connection.execute(
        "UPDATE node_version SET floor = mark, mark = version, marked_at = ?1
         WHERE id = 1 AND marked_at <= ?2",
        [now, now - micros(GONE_KEPT)],
    )?;
    if moved > 0 {
        for (table, gone) in [("node_active", "is_active = 0"), ("node_room", "stands <> 0")] {
            connection.execute(
                &format!("DELETE FROM {table} WHERE {gone} AND version <= (SELECT floor FROM node_version)"),
                (),
            )?;
        }
    }
    Ok(())
}

fn lives(connection: &Connection, node: NodeId) -> sql::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM node WHERE id = ?1")?.exists([node.0])
}

pub(crate) fn active(
    work: &Work,
    node: NodeId,
    came: &[Active],
    went: &[Active],
) -> Outcome<Option<Version>> {
    let connection = &work.connection;
    if !lives(connection, node)? {
        return Ok(None);
    }
    let version = next_version(connection)?;
    let mut write = connection.prepare_cached(
        "INSERT INTO node_active (node_id, user_id, elsewhere, is_active, version)
         SELECT CAST(?1 AS BIGINT), CAST(who AS BIGINT), CAST(?3 AS BIGINT), CAST(?4 AS BIGINT),
                CAST(?5 AS BIGINT)
         FROM unnest(string_to_array(?2, ',')) AS named (who)
         ON CONFLICT (node_id, user_id, elsewhere) DO UPDATE
             SET is_active = excluded.is_active, version = excluded.version",
    )?;
    for (people, is_active) in [(came, 1), (went, 0)] {
        for elsewhere in [false, true] {
            let people = people.iter().filter(|who| who.elsewhere == elsewhere);
            let named = listed(people.map(|who| who.user.0));
            if !named.is_empty() {
                let row = params![node.0, named, i64::from(elsewhere), is_active, version.0];
                write.execute(row)?;
            }
        }
    }
    Ok(Some(version))
}

/// Numbers with commas between.
fn listed(numbers: impl Iterator<Item = i64>) -> String {
    numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

pub(crate) fn enter(work: &Work, node: NodeId, coming: Coming, max: usize) -> Outcome<Entered> {
    let connection = &work.connection;
    if !lives(connection, node)? {
        return Ok(Entered::NotLiving);
    }
    let Coming { session, user, room, visit, again } = coming;
    let visit = visit.cast_signed();
    let before: Option<(i64, i64, i64, i64)> = connection
        .prepare_cached(
            "SELECT node_id, visit, room_id, came FROM node_room WHERE session_id = ?1 AND stands = 0",
        )?
        .query_row([session.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    if let Some((on, held, ..)) = before
        && ((on == node.0 && held > visit) || (again && on != node.0))
    {
        return Ok(Entered::Elsewhere);
    }
    let others: i64 = connection
        .prepare_cached(
            "SELECT COUNT(*) FROM node_room WHERE room_id = ?1 AND stands = 0 AND session_id <> ?2",
        )?
        .query_row([room.0, session.0], |row| row.get(0))?;
    if usize::try_from(others).is_ok_and(|others| others >= max) {
        return Err(Refusal::TooMany(Field::Room).into());
    }
    let version = next_version(connection)?;
    let came = before.filter(|(_, _, held, _)| *held == room.0).map_or(version.0, |row| row.3);
    connection
        .prepare_cached(
            "INSERT INTO node_room (session_id, user_id, room_id, node_id, visit, came, version, stands)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)
             ON CONFLICT (session_id) DO UPDATE SET user_id = excluded.user_id,
                 room_id = excluded.room_id, node_id = excluded.node_id, visit = excluded.visit,
                 came = excluded.came, version = excluded.version, stands = 0",
        )?
        .execute([session.0, user.0, room.0, node.0, visit, came, version.0])?;
    Ok(Entered::Here(version))
}

/// Of at most [`WRITTEN_TOGETHER`] visits.
pub(crate) fn leave(
    work: &Work,
    node: NodeId,
    visits: &[(SessionId, u64)],
) -> Outcome<Option<Version>> {
    let version = version(&work.connection)?.0 + 1;
    let mut leave = work.connection.prepare_cached(
        "UPDATE node_room SET stands = 1, version = ?4
         FROM unnest(string_to_array(?2, ','), string_to_array(?3, ',')) AS meant (session, held)
         WHERE node_room.session_id = CAST(meant.session AS BIGINT)
             AND node_room.visit = CAST(meant.held AS BIGINT)
             AND node_room.node_id = ?1 AND node_room.stands = 0",
    )?;
    let sessions = listed(visits.iter().map(|(session, _)| session.0));
    let held = listed(visits.iter().map(|(_, visit)| visit.cast_signed()));
    let left = leave.execute(params![node.0, sessions, held, version])?;
    counted(&work.connection, left)
}

/// Of at most [`WRITTEN_TOGETHER`] sessions.
pub(crate) fn take_out(work: &Work, sessions: &[SessionId]) -> Outcome<Option<Version>> {
    let version = version(&work.connection)?.0 + 1;
    let mut leave = work.connection.prepare_cached(
        "UPDATE node_room SET stands = 1, version = ?2
         WHERE stands = 0 AND session_id IN (
             SELECT CAST(session AS BIGINT) FROM unnest(string_to_array(?1, ',')) AS meant (session))",
    )?;
    let left = leave.execute(params![listed(sessions.iter().map(|id| id.0)), version])?;
    counted(&work.connection, left)
}

/// The change that was just written, if it is one.
fn counted(connection: &Connection, rows: usize) -> Outcome<Option<Version>> {
    if rows == 0 { Ok(None) } else { Ok(Some(next_version(connection)?)) }
}
