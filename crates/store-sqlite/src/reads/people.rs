//! People by how their names begin.

use std::ops::Range;

use kabar_engine::store::{ListedAccount, beginnings, folded};
use kabar_model::{DisplayName, Timestamp, User, Username};
use rusqlite::{Connection, Row, params};

use super::limit_of;
use super::words::{USER, user};

/// Those whose username, or whose display name from one of its words on, begins so.
pub(crate) fn find(
    connection: &Connection,
    start: &str,
    after: Option<&Username>,
    limit: usize,
) -> rusqlite::Result<Vec<User>> {
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
) -> rusqlite::Result<Vec<ListedAccount>> {
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
        "?1 < ?2"
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
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO account_beginning (beginning, username) VALUES (?1, ?2)",
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
) -> rusqlite::Result<()> {
    let mut delete = connection
        .prepare_cached("DELETE FROM account_beginning WHERE beginning = ?1 AND username = ?2")?;
    for beginning in beginnings(username, name) {
        delete.execute([beginning.as_str(), username.as_str()])?;
    }
    Ok(())
}

/// Makes the accounts found that were made before people could be found so. SQL alone could not: it knows the
/// lower case of ASCII letters only.
pub(crate) fn learn_all(connection: &mut Connection) -> rusqlite::Result<()> {
    let any = "SELECT EXISTS (SELECT 1 FROM account_beginning)";
    if connection.query_row(any, (), |row| row.get(0))? {
        return Ok(());
    }
    let whole = connection.transaction()?;
    {
        let mut all = whole.prepare(&format!("SELECT {USER} FROM account"))?;
        for user in all.query_map((), user)? {
            let user = user?;
            learn(&whole, &user.username, &user.name)?;
        }
    }
    whole.commit()
}
