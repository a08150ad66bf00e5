//! Accounts.

use kabar_engine::store::{NewRole, NewUser, UserChange};
use kabar_model::{Country, Refusal, Role, SessionId, User, UserId};
use rusqlite::params;

use crate::error::Outcome;
use crate::reads::words;
use crate::writer::Work;

pub(crate) fn create(work: &Work, new: NewUser) -> Outcome<User> {
    let connection = &work.connection;
    let mut taken = connection.prepare_cached("SELECT 1 FROM account WHERE username = ?1")?;
    if taken.exists([new.username.as_str()])? {
        return Err(Refusal::UsernameTaken.into());
    }
    let mut any = connection.prepare_cached("SELECT 1 FROM account LIMIT 1")?;
    let role = match new.role {
        NewRole::Fixed(role) => role,
        NewRole::AdministratorIfFirst if any.exists(())? => Role::User,
        NewRole::AdministratorIfFirst => Role::Administrator,
    };
    let mut insert = connection.prepare_cached(
        "INSERT INTO account (username, name, country, password_hash, role, disabled, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)",
    )?;
    let id = insert.insert(params![
        new.username.as_str(),
        new.name.as_str(),
        new.country.as_ref().map(Country::as_str),
        new.password_hash,
        words::role(role),
        new.at.0,
    ])?;
    let NewUser { username, name, country, .. } = new;
    Ok(User { id: UserId(id), username, name, country, role, disabled: false })
}

/// Changes an account, and ends its sessions when the change demands it.
pub(crate) fn change(work: &Work, id: UserId, change: &UserChange) -> Outcome<Vec<SessionId>> {
    let connection = &work.connection;
    let rows = match change {
        UserChange::PasswordHash(hash) => connection
            .prepare_cached("UPDATE account SET password_hash = ?2 WHERE id = ?1")?
            .execute(params![id.0, hash])?,
        UserChange::Disabled(disabled) => connection
            .prepare_cached("UPDATE account SET disabled = ?2 WHERE id = ?1")?
            .execute(params![id.0, disabled])?,
        UserChange::Role(role) => connection
            .prepare_cached("UPDATE account SET role = ?2 WHERE id = ?1")?
            .execute(params![id.0, words::role(*role)])?,
    };
    if rows == 0 {
        return Err(Refusal::UserUnknown.into());
    }
    if !change.ends_sessions() {
        return Ok(Vec::new());
    }
    let mut end =
        connection.prepare_cached("DELETE FROM session WHERE account_id = ?1 RETURNING id")?;
    let ended = end.query_map([id.0], |row| row.get(0).map(SessionId))?;
    Ok(ended.collect::<Result<_, _>>()?)
}
