//! What nodes know of each other. These statements run on PostgreSQL alone.

use std::net::IpAddr;
use std::time::Duration;

use kabar_engine::store::nodes::{Active, Failures, InRoom, NodeId, Seen, Stands, Version};
use kabar_model::{ConversationId, SessionId, UserId, Username};

use super::limit_of;
use crate::params;
use crate::sql::{self, Connection, Row};

pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn version(connection: &Connection) -> sql::Result<Version> {
    connection.query_row("SELECT version FROM node_version WHERE id = 1", (), |row| {
        row.get(0).map(Version)
    })
}

pub(crate) fn seen(connection: &Connection, since: Version) -> sql::Result<Seen> {
    let (version, floor) = connection.query_row(
        "SELECT version, floor FROM node_version WHERE id = 1",
        (),
        |row| Ok((Version(row.get(0)?), Version(row.get(1)?))),
    )?;
    if since == version && since != Version::NONE {
        return Ok(Seen { version, ..Seen::default() });
    }
    // What comes from a database that was restored may be ahead.
    let whole = since == Version::NONE || since < floor || since > version;
    let (active_now, there_now, since) = if whole {
        ("is_active = 1", "stands = 0", Version::NONE)
    } else {
        ("0 = 0", "0 = 0", since)
    };
    let mut find = connection.prepare_cached(&format!(
        "SELECT node_id, user_id, elsewhere, is_active FROM node_active
         WHERE version > ?1 AND {active_now} ORDER BY node_id, user_id, elsewhere"
    ))?;
    let active = find.query_map([since.0], |row| {
        let who = Active { user: UserId(row.get(1)?), elsewhere: row.get::<i64>(2)? == 1 };
        Ok((NodeId(row.get(0)?), who, row.get::<i64>(3)? == 1))
    })?;
    let active = active.collect::<sql::Result<_>>()?;
    let mut find = connection.prepare_cached(&format!(
        "SELECT session_id, user_id, room_id, node_id, visit, came, version, stands FROM node_room
         WHERE version > ?1 AND {there_now} ORDER BY session_id"
    ))?;
    let rooms = find.query_map([since.0], in_room)?.collect::<sql::Result<_>>()?;
    Ok(Seen { version, whole, active, rooms })
}

fn in_room(row: &Row<'_>) -> sql::Result<InRoom> {
    Ok(InRoom {
        session: SessionId(row.get(0)?),
        user: UserId(row.get(1)?),
        room: ConversationId(row.get(2)?),
        node: NodeId(row.get(3)?),
        visit: row.get::<i64>(4)?.cast_unsigned(),
        came: Version(row.get(5)?),
        changed: Version(row.get(6)?),
        stands: match row.get::<i64>(7)? {
            0 => Stands::There,
            1 => Stands::Left,
            _ => Stands::Gone,
        },
    })
}

pub(crate) fn failures(
    connection: &Connection,
    clock: &str,
    (account, network): (&Username, IpAddr),
    within: Duration,
    limit: usize,
) -> sql::Result<Failures> {
    let ages = |column: &str, meant: &str| -> sql::Result<Vec<Duration>> {
        let mut find = connection.prepare_cached(&format!(
            "SELECT {clock} - at FROM login_failure
             WHERE {column} = ?1 AND at > {clock} - ?2 ORDER BY at DESC LIMIT ?3"
        ))?;
        let ages = find.query_map(params![meant, micros(within), limit_of(limit)], |row| {
            let age: i64 = row.get(0)?;
            Ok(Duration::from_micros(u64::try_from(age).unwrap_or(0)))
        })?;
        ages.collect()
    };
    let account = ages("username", account.as_str())?;
    Ok(Failures { account, network: ages("network", &network.to_string())? })
}

pub(crate) fn has_fact(connection: &Connection, name: &str, fact: &[u8]) -> sql::Result<bool> {
    let mut find =
        connection.prepare_cached("SELECT 1 FROM node_fact WHERE name = ?1 AND fact = ?2")?;
    find.exists(params![name, fact])
}
