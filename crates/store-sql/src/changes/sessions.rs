//! Sessions.

use std::collections::BTreeMap;

use kabar_engine::Hint;
use kabar_engine::store::{MadeSession, NewSession, Purpose, SessionRecord};
use kabar_model::limits::{SESSIONS_MAX, TOKENS_MAX};
use kabar_model::{Field, Refusal, SessionId, Timestamp, UserId};

use super::REMOVED_TOGETHER;
use crate::error::Outcome;
use crate::many::fill_up;
use crate::params;
use crate::sql::{self, Connection, OptionalExtension};
use crate::writer::Work;

/// The sessions whose last use is noted in one transaction: while it goes on nobody else writes, on no node.
pub(crate) const TOUCHED_TOGETHER: usize = 1_000;

pub(crate) fn create(work: &mut Work, new: NewSession) -> Outcome<MadeSession> {
    let connection = &work.connection;
    let mut account = connection.prepare_cached(
        "SELECT disabled, password_hash FROM account WHERE id = ?1 AND realm IS NULL",
    )?;
    let found = account.query_row([new.user.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((disabled, password_hash)): Option<(bool, String)> = found else {
        return Err(Refusal::UserUnknown.into());
    };
    if disabled {
        return Err(Refusal::NotAllowed.into());
    }
    if new.checked.as_ref().is_some_and(|checked| *checked != password_hash) {
        return Err(Refusal::WrongPassword.into());
    }
    if let Some(id) = new.asked_by {
        must_live(connection, new.user, id)?;
    }
    let (program, writes) = match &new.purpose {
        Purpose::Person => (None, None),
        Purpose::Program { name, writes } => (Some(name.as_str()), Some(*writes)),
    };
    if program.is_some() && programs(connection, new.user)? >= TOKENS_MAX {
        return Err(Refusal::TooMany(Field::Programs).into());
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO session (account_id, token_hash, created_at, used_at, program, writes)
         VALUES (?1, ?2, ?3, ?3, ?4, ?5)",
    )?;
    let row = params![new.user.0, new.token.0, new.at.0, program, writes];
    let id = SessionId(insert.insert(row)?);
    drop((account, insert));
    let ended = if program.is_some() { Vec::new() } else { end_surplus(work, &new, id)? };
    let NewSession { user, token, at, purpose, .. } = new;
    let session = SessionRecord { id, user, token, created_at: at, used_at: at, purpose };
    Ok(MadeSession { session, ended })
}

/// Refuses `SessionUnknown` when a person has no such session, or no longer.
pub(super) fn must_live(connection: &Connection, user: UserId, id: SessionId) -> Outcome<()> {
    let mut find =
        connection.prepare_cached("SELECT 1 FROM session WHERE id = ?1 AND account_id = ?2")?;
    if find.exists([id.0, user.0])? { Ok(()) } else { Err(Refusal::SessionUnknown.into()) }
}

/// Ends what a person has too much with a new session: those used longest ago, but neither the new one nor the one
/// that asked for it.
fn end_surplus(work: &mut Work, new: &NewSession, id: SessionId) -> Outcome<Vec<SessionId>> {
    let there: i64 = work
        .connection
        .prepare_cached("SELECT COUNT(*) FROM session WHERE account_id = ?1 AND program IS NULL")?
        .query_row([new.user.0], |row| row.get(0))?;
    let surplus = there - i64::try_from(SESSIONS_MAX).unwrap_or(i64::MAX);
    if surplus <= 0 {
        return Ok(Vec::new());
    }
    let mut end = work.connection.prepare_cached(
        "DELETE FROM session WHERE id IN (
             SELECT id FROM session WHERE account_id = ?1 AND program IS NULL AND id <> ?2
                 AND id IS DISTINCT FROM ?3
             ORDER BY used_at, id LIMIT ?4)
         RETURNING id",
    )?;
    let asked_by = new.asked_by.map(|session| session.0);
    let ended = end
        .query_map(params![new.user.0, id.0, asked_by, surplus], |row| row.get(0).map(SessionId))?
        .collect::<sql::Result<Vec<_>>>()?;
    drop(end);
    for session in &ended {
        work.hint(Hint::SessionEnded(*session));
    }
    Ok(ended)
}

/// How many programs act for a person.
fn programs(connection: &Connection, user: UserId) -> sql::Result<usize> {
    let mut count = connection.prepare_cached(
        "SELECT COUNT(*) FROM session WHERE account_id = ?1 AND program IS NOT NULL",
    )?;
    let count: i64 = count.query_row([user.0], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub(crate) fn end(work: &mut Work, id: SessionId) -> Outcome<bool> {
    let ended =
        work.connection.prepare_cached("DELETE FROM session WHERE id = ?1")?.execute([id.0])?;
    if ended > 0 {
        work.hint(Hint::SessionEnded(id));
    }
    Ok(ended > 0)
}

/// Notes the last use of sessions, at most [`TOUCHED_TOGETHER`] of them.
pub(crate) fn touch(work: &Work, used: &[(SessionId, Timestamp)]) -> Outcome<()> {
    // A row that is named twice would get either value.
    let mut last = BTreeMap::new();
    for (id, at) in used {
        let at_last = last.entry(id.0).or_insert(at.0);
        *at_last = at.0.max(*at_last);
    }
    let mut rows: Vec<[i64; 2]> = last.into_iter().map(<[i64; 2]>::from).collect();
    if rows.is_empty() {
        return Ok(());
    }
    fill_up(&mut rows);
    let row = |nth| format!("(CAST(?{} AS BIGINT), CAST(?{} AS BIGINT))", nth * 2 + 1, nth * 2 + 2);
    let named = (0..rows.len()).map(row).collect::<Vec<_>>().join(", ");
    let mut touch = work.connection.prepare_cached(&format!(
        "WITH used (id, at) AS (VALUES {named})
         UPDATE session SET used_at = used.at FROM used
         WHERE session.id = used.id AND session.used_at < used.at"
    ))?;
    touch.execute(rows.as_flattened())?;
    Ok(())
}

/// Ends some of what nobody has used for long. No node has any of them in use, so none is told.
pub(crate) fn expire(work: &Work, unused_since: Timestamp) -> Outcome<u64> {
    let mut expire = work.connection.prepare_cached(
        "DELETE FROM session WHERE id IN (
             SELECT id FROM session WHERE used_at < ?1 AND program IS NULL ORDER BY used_at LIMIT ?2)",
    )?;
    Ok(expire.execute([unused_since.0, i64::from(REMOVED_TOGETHER)])? as u64)
}
