//! Accounts.

use kabar_engine::Hint;
use kabar_engine::store::{NewRole, NewUser, UserChange};
use kabar_model::{Country, DisplayName, Field, Refusal, Role, SessionId, User, UserId};

use super::{invitations, sessions};
use crate::error::Outcome;
use crate::params;
use crate::reads::accounts::users;
use crate::reads::{people, words};
use crate::sql::OptionalExtension;
use crate::writer::Work;

pub(crate) fn create(work: &mut Work, new: NewUser) -> Outcome<User> {
    if new.username.realm().is_some() {
        return Err(Refusal::Invalid(Field::Username).into());
    }
    let connection = &work.connection;
    let mut taken = connection.prepare_cached("SELECT 1 FROM account WHERE username = ?1")?;
    if taken.exists([new.username.as_str()])? {
        return Err(Refusal::UsernameTaken.into());
    }
    let mut any = connection.prepare_cached("SELECT 1 FROM account WHERE realm IS NULL LIMIT 1")?;
    let role = match new.role {
        NewRole::Fixed(role) => role,
        NewRole::AdministratorIfFirst if any.exists(())? => Role::User,
        NewRole::FirstAdministrator if has_administrator(work)? => {
            return Err(Refusal::NotAllowed.into());
        }
        NewRole::AdministratorIfFirst | NewRole::FirstAdministrator => Role::Administrator,
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
    people::learn(connection, &new.username, &new.name)?;
    let id = UserId(id);
    drop((taken, any, insert));
    if let Some(code) = &new.invitation {
        invitations::redeem(work, code, id, new.at)?;
    }
    let NewUser { username, name, country, .. } = new;
    Ok(User { id, username, name, country, role, disabled: false })
}

fn has_administrator(work: &Work) -> Outcome<bool> {
    let mut any = work
        .connection
        .prepare_cached("SELECT 1 FROM account WHERE role = 'administrator' LIMIT 1")?;
    Ok(any.exists(())?)
}

/// Changes an account, and ends its sessions when the change demands it. Who is of another realm has none here.
pub(crate) fn change(work: &mut Work, id: UserId, change: &UserChange) -> Outcome<Vec<SessionId>> {
    let connection = &work.connection;
    let stands_in = connection
        .prepare_cached("SELECT 1 FROM account WHERE id = ?1 AND realm IS NOT NULL")?
        .exists([id.0])?;
    if stands_in || set(work, id, change)? == 0 {
        return Err(Refusal::UserUnknown.into());
    }
    if is_seen(change) {
        work.hint(Hint::UserChanged(id));
    }
    if !change.ends_sessions() {
        return Ok(Vec::new());
    }
    let kept = change.keeps().map(|session| session.0);
    let ended = {
        let mut end = work.connection.prepare_cached(
            "DELETE FROM session WHERE account_id = ?1 AND id IS DISTINCT FROM ?2 RETURNING id",
        )?;
        let ended = end.query_map(params![id.0, kept], |row| row.get(0).map(SessionId))?;
        ended.collect::<Result<Vec<_>, _>>()?
    };
    for session in &ended {
        work.hint(Hint::SessionEnded(*session));
    }
    Ok(ended)
}

/// Whether others see a change of an account.
fn is_seen(change: &UserChange) -> bool {
    match change {
        UserChange::PasswordHash(_) | UserChange::OwnPassword { .. } | UserChange::Settings(_) => {
            false
        }
        UserChange::Name(_)
        | UserChange::Country(_)
        | UserChange::Disabled(_)
        | UserChange::Role(_)
        | UserChange::ByAdministrator { .. } => true,
    }
}

/// Writes a change into the account's row; 0: there is none.
fn set(work: &mut Work, id: UserId, change: &UserChange) -> Outcome<usize> {
    let connection = &work.connection;
    Ok(match change {
        UserChange::PasswordHash(hash) => connection
            .prepare_cached("UPDATE account SET password_hash = ?2 WHERE id = ?1")?
            .execute(params![id.0, hash])?,
        UserChange::OwnPassword { hash, checked, keeps } => {
            is_password(work, id, checked)?;
            sessions::must_live(connection, id, *keeps)?;
            connection
                .prepare_cached("UPDATE account SET password_hash = ?2 WHERE id = ?1")?
                .execute(params![id.0, hash])?
        }
        UserChange::Name(name) => rename(work, id, name)?,
        UserChange::Country(country) => connection
            .prepare_cached("UPDATE account SET country = ?2 WHERE id = ?1")?
            .execute(params![id.0, country.as_ref().map(Country::as_str)])?,
        UserChange::Settings(settings) => connection
            .prepare_cached("UPDATE account SET settings = ?2 WHERE id = ?1")?
            .execute(params![id.0, settings])?,
        UserChange::Disabled(disabled) => connection
            .prepare_cached("UPDATE account SET disabled = ?2 WHERE id = ?1")?
            .execute(params![id.0, disabled])?,
        UserChange::Role(role) => connection
            .prepare_cached("UPDATE account SET role = ?2 WHERE id = ?1")?
            .execute(params![id.0, words::role(*role)])?,
        UserChange::ByAdministrator { by, role, disabled } => {
            administer(work, (*by, id), *role, *disabled)?
        }
    })
}

/// Carries out an administrator's wish about an account. Refuses `NotAllowed` as
/// [`UserChange::ByAdministrator`] says.
fn administer(
    work: &Work,
    (by, id): (UserId, UserId),
    role: Option<Role>,
    disabled: Option<bool>,
) -> Outcome<usize> {
    let Some(now) = users(&work.connection, &[id])?.pop() else { return Ok(0) };
    let asks = users(&work.connection, &[by])?.pop();
    let is_able = |role, disabled: bool| role == Role::Administrator && !disabled;
    let (role, disabled) = (role.unwrap_or(now.role), disabled.unwrap_or(now.disabled));
    let may = asks.is_some_and(|user| is_able(user.role, user.disabled));
    if !may || (by == id && disabled) || !(is_able(role, disabled) || has_another(work, id)?) {
        return Err(Refusal::NotAllowed.into());
    }
    let mut change = work
        .connection
        .prepare_cached("UPDATE account SET role = ?2, disabled = ?3 WHERE id = ?1")?;
    Ok(change.execute(params![id.0, words::role(role), disabled])?)
}

/// Whether an administrator other than this can sign in.
fn has_another(work: &Work, id: UserId) -> Outcome<bool> {
    let mut any = work.connection.prepare_cached(
        "SELECT 1 FROM account WHERE role = 'administrator' AND disabled = 0 AND id <> ?1 LIMIT 1",
    )?;
    Ok(any.exists([id.0])?)
}

/// Refuses `WrongPassword` when the account's password is another.
fn is_password(work: &Work, id: UserId, checked: &str) -> Outcome<()> {
    let mut find =
        work.connection.prepare_cached("SELECT password_hash = ?2 FROM account WHERE id = ?1")?;
    let is_it = find.query_row(params![id.0, checked], |row| row.get(0)).optional()?;
    match is_it {
        Some(true) => Ok(()),
        Some(false) => Err(Refusal::WrongPassword.into()),
        None => Err(Refusal::UserUnknown.into()),
    }
}

/// Gives an account another name, by which it is found from now on.
pub(super) fn rename(work: &Work, id: UserId, name: &DisplayName) -> Outcome<usize> {
    let connection = &work.connection;
    let Some(old) = users(connection, &[id])?.pop() else { return Ok(0) };
    people::forget(connection, &old.username, &old.name)?;
    people::learn(connection, &old.username, name)?;
    let mut rename = connection.prepare_cached("UPDATE account SET name = ?2 WHERE id = ?1")?;
    Ok(rename.execute(params![id.0, name.as_str()])?)
}
