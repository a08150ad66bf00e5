//! Accounts that stand for people of other realms.

use kabar_engine::Hint;
use kabar_model::limits::REALM_PEOPLE_MAX;
use kabar_model::{DisplayName, Field, Refusal, Timestamp, UserId, Username};

use super::routes::own_name;
use crate::changes::accounts::rename;
use crate::error::Outcome;
use crate::params;
use crate::reads::people;
use crate::sql::OptionalExtension;
use crate::writer::Work;

/// What no password's hash is.
const NO_PASSWORD: &str = "!";

/// The account that stands for somebody; made if there is none, and called `name` from now on if that is given.
pub(crate) fn stand_in(
    work: &mut Work,
    username: &Username,
    name: Option<&DisplayName>,
    at: Timestamp,
) -> Outcome<UserId> {
    let realm = username.realm().ok_or(Refusal::Invalid(Field::Username))?;
    let connection = &work.connection;
    let found = connection
        .prepare_cached("SELECT id, name FROM account WHERE username = ?1")?
        .query_row([username.as_str()], |row| Ok((UserId(row.get(0)?), row.get::<String>(1)?)))
        .optional()?;
    if let Some((id, known_as)) = found {
        if let Some(name) = name.filter(|name| name.as_str() != known_as) {
            rename(work, id, name)?;
            work.hint(Hint::UserChanged(id));
        }
        return Ok(id);
    }
    // One of our own needs no other to stand for them.
    if own_name(work)?.is_some_and(|own| own == realm) {
        return Err(Refusal::Invalid(Field::Username).into());
    }
    let people = if let Some(people) = work.known.people(&realm) {
        people
    } else {
        let mut count =
            connection.prepare_cached("SELECT COUNT(*) FROM account WHERE realm = ?1")?;
        let known: i64 = count.query_row([realm.as_str()], |row| row.get(0))?;
        usize::try_from(known).unwrap_or(usize::MAX)
    };
    if people >= REALM_PEOPLE_MAX {
        return Err(Refusal::TooMany(Field::Recipients).into());
    }
    let name = name.cloned().map_or_else(|| DisplayName::parse(username.bare()), Ok)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO account (username, name, password_hash, role, disabled, created_at, realm)
         VALUES (?1, ?2, ?3, 'user', 0, ?4, ?5)",
    )?;
    let row = params![username.as_str(), name.as_str(), NO_PASSWORD, at.0, realm.as_str()];
    let id = UserId(insert.insert(row)?);
    people::learn(connection, username, &name)?;
    work.known.learn_people(realm, people + 1);
    Ok(id)
}
