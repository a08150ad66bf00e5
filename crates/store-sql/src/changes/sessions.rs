//! Sessions.

use kabar_engine::Hint;
use kabar_engine::store::{NewSession, Purpose, SessionRecord};
use kabar_model::limits::TOKENS_MAX;
use kabar_model::{Field, Refusal, SessionId, Timestamp, UserId};

use crate::error::Outcome;
use crate::params;
use crate::sql::{self, Connection, OptionalExtension};
use crate::writer::Work;

pub(crate) fn create(work: &Work, new: NewSession) -> Outcome<SessionRecord> {
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
    let NewSession { user, token, at, purpose, .. } = new;
    Ok(SessionRecord { id, user, token, created_at: at, used_at: at, purpose })
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

pub(crate) fn touch(work: &Work, used: &[(SessionId, Timestamp)]) -> Outcome<()> {
    let mut touch = work
        .connection
        .prepare_cached("UPDATE session SET used_at = ?2 WHERE id = ?1 AND used_at < ?2")?;
    for (id, at) in used {
        touch.execute([id.0, at.0])?;
    }
    Ok(())
}

/// Ends what nobody has used for long. No node has any of them in use, so none is told.
pub(crate) fn expire(work: &Work, unused_since: Timestamp) -> Outcome<u64> {
    let mut expire = work
        .connection
        .prepare_cached("DELETE FROM session WHERE used_at < ?1 AND program IS NULL")?;
    Ok(expire.execute([unused_since.0])? as u64)
}
