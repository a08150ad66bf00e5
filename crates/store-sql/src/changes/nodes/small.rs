//! Wrong passwords, facts and leases.

use std::net::IpAddr;
use std::time::Duration;

use kabar_engine::store::nodes::{NodeId, Token, link_lease};
use kabar_model::{LinkId, Username};

use super::{lives, now};
use crate::error::Outcome;
use crate::params;
use crate::reads::nodes::micros;
use crate::sql::OptionalExtension;
use crate::writer::Work;

pub(crate) fn note_failure(
    work: &Work,
    clock: &str,
    account: &Username,
    network: IpAddr,
) -> Outcome<()> {
    let now = now(work, clock)?;
    work.connection.execute(
        "INSERT INTO login_failure (username, network, at) VALUES (?1, ?2, ?3)",
        params![account.as_str(), network.to_string(), now],
    )?;
    Ok(())
}

pub(crate) fn forget_failures(work: &Work, clock: &str, age: Duration) -> Outcome<()> {
    let before = now(work, clock)? - micros(age);
    work.connection.execute("DELETE FROM login_failure WHERE at <= ?1", [before])?;
    Ok(())
}

pub(crate) fn keep_fact(
    work: &Work,
    node: NodeId,
    name: &str,
    fact: Option<&[u8]>,
) -> Outcome<bool> {
    if !lives(&work.connection, node)? {
        return Ok(false);
    }
    work.connection
        .execute("DELETE FROM node_fact WHERE node_id = ?1 AND name = ?2", params![node.0, name])?;
    if let Some(fact) = fact {
        work.connection.execute(
            "INSERT INTO node_fact (node_id, name, fact) VALUES (?1, ?2, ?3)",
            params![node.0, name, fact],
        )?;
    }
    Ok(true)
}

pub(crate) fn forget_facts(work: &Work, name: &str) -> Outcome<()> {
    work.connection.execute("DELETE FROM node_fact WHERE name = ?1", params![name])?;
    Ok(())
}

pub(crate) fn lease(
    work: &Work,
    clock: &str,
    name: &str,
    node: NodeId,
    time: Duration,
) -> Outcome<Option<Token>> {
    let now = now(work, clock)?;
    let held: Option<(i64, i64, i64)> = work
        .connection
        .prepare_cached("SELECT node_id, token, held_until FROM lease WHERE name = ?1")?
        .query_row(params![name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let token = match held {
        None => 1,
        Some((_, token, until)) if until <= now => token + 1,
        Some((holder, token, _)) if holder == node.0 => token,
        Some((_, _, until)) => {
            // The clock was set back since it was given. It may have been a moment ago.
            if until > now + micros(time) {
                work.connection.execute(
                    "UPDATE lease SET held_until = ?2 WHERE name = ?1",
                    params![name, now + micros(time)],
                )?;
            }
            return Ok(None);
        }
    };
    work.connection.execute(
        "INSERT INTO lease (name, node_id, token, held_until) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE SET node_id = excluded.node_id, token = excluded.token,
             held_until = excluded.held_until",
        params![name, node.0, token, now + micros(time)],
    )?;
    Ok(Some(Token(token)))
}

pub(crate) fn release(work: &Work, name: &str, token: Token) -> Outcome<()> {
    // Free by any clock.
    work.connection.execute(
        "UPDATE lease SET held_until = 0 WHERE name = ?1 AND token = ?2",
        params![name, token.0],
    )?;
    Ok(())
}

/// Whether no other token of that link's lease has been given since.
pub(crate) fn is_latest(work: &Work, link: LinkId, token: Token) -> Outcome<bool> {
    let latest: Option<i64> = work
        .connection
        .prepare_cached("SELECT token FROM lease WHERE name = ?1")?
        .query_row(params![link_lease(link)], |row| row.get(0))
        .optional()?;
    Ok(latest == Some(token.0))
}
