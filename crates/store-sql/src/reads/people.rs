//! People by how their names begin.

use std::ops::Range;

use kabar_engine::store::{ListedAccount, beginnings, folded};
use kabar_model::{DisplayName, Timestamp, User, Username};

use super::limit_of;
use super::words::{USER, user};
use crate::params;
use crate::sql::{self, Connection, Row};

/// Accounts that are read at a time.
const LEARNED_AT_A_TIME: i64 = 1_000;

/// Those whose username, or whose display name from one of its words on, begins so.
pub(crate) fn find(
    connection: &Connection,
    start: &str,
    after: Option<&Username>,
    limit: usize,
) -> sql::Result<Vec<User>> {
    let Range { start, end } = range(start);
    let after = after.map_or("", Username::as_str);
    let among = among(&start);
    let sql = format!(
        "SELECT {USER} FROM account WHERE username > ?3 AND disabled = 0 AND {among}
         ORDER BY username LIMIT ?4"
    );
    let mut find = connection.prepare_cached(&sql)?;
    find.query_map(params![start, end, after, limit_of(limit)], user)?.collect()
}

/// As [`find`], with those that are disabled and without people of other realms, and with what an administrator is shown of each.
pub(crate) fn list(
    connection: &Connection,
    start: &str,
    after: Option<&Username>,
    limit: usize,
) -> sql::Result<Vec<ListedAccount>> {
    let Range { start, end } = range(start);
    let after = after.map_or("", Username::as_str);
    let among = among(&start);
    let sql = format!(
        "SELECT {USER}, created_at,
            (SELECT count(*) FROM session WHERE session.account_id = account.id)
         FROM account WHERE username > ?3 AND realm IS NULL AND {among} ORDER BY username LIMIT ?4"
    );
    let mut list = connection.prepare_cached(&sql)?;
    let listed = |row: &Row<'_>| {
        let (created_at, sessions) = (Timestamp(row.get(6)?), row.get(7).map(i64::unsigned_abs)?);
        Ok(ListedAccount { user: user(row)?, created_at, sessions })
    };
    list.query_map(params![start, end, after, limit_of(limit)], listed)?.collect()
}

/// The condition that a name begins so: ?1 and ?2 are the [`range`] of what it begins with.
fn among(start: &str) -> &'static str {
    if start.is_empty() {
        // Everybody's name begins so.
        "CAST(?1 AS TEXT) < CAST(?2 AS TEXT)"
    } else {
        "username IN (SELECT username FROM account_beginning WHERE beginning >= ?1 AND beginning < ?2)"
    }
}

/// All texts that begin so.
fn range(start: &str) -> Range<String> {
    let start = folded(start);
    let end = format!("{start}{}", char::MAX);
    start..end
}

/// Makes somebody found by this name.
pub(crate) fn learn(
    connection: &Connection,
    username: &Username,
    name: &DisplayName,
) -> sql::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO account_beginning (beginning, username) VALUES (?1, ?2)
         ON CONFLICT DO NOTHING",
    )?;
    for beginning in beginnings(username, name) {
        insert.execute([beginning.as_str(), username.as_str()])?;
    }
    Ok(())
}

/// Makes somebody not found by this name any more.
pub(crate) fn forget(
    connection: &Connection,
    username: &Username,
    name: &DisplayName,
) -> sql::Result<()> {
    let mut delete = connection
        .prepare_cached("DELETE FROM account_beginning WHERE beginning = ?1 AND username = ?2")?;
    for beginning in beginnings(username, name) {
        delete.execute([beginning.as_str(), username.as_str()])?;
    }
    Ok(())
}

/// Makes the accounts found that were made before people could be found so. SQL alone could not: it knows the
/// lower case of ASCII letters only.
pub fn learn_all(connection: &Connection) -> sql::Result<()> {
    let mut any = connection.prepare_cached("SELECT 1 FROM account_beginning LIMIT 1")?;
    if any.exists(())? {
        return Ok(());
    }
    drop(any);
    connection.begin()?;
    let mut after = 0;
    while let Some(last) = learn_some(connection, after)? {
        after = last;
    }
    connection.commit()
}

/// Makes some accounts found; says the number of the last.
fn learn_some(connection: &Connection, after: i64) -> sql::Result<Option<i64>> {
    let sql = format!("SELECT {USER} FROM account WHERE id > ?1 ORDER BY id LIMIT ?2");
    let mut some = connection.prepare_cached(&sql)?;
    let some =
        some.query_map([after, LEARNED_AT_A_TIME], user)?.collect::<sql::Result<Vec<_>>>()?;
    for user in &some {
        learn(connection, &user.username, &user.name)?;
    }
    Ok(some.last().map(|user| user.id.0))
}
