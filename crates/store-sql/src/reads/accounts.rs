//! Accounts and sessions.

use kabar_engine::store::{Account, Purpose, SessionRecord, TokenHash};
use kabar_model::{Label, SessionId, Timestamp, User, UserId, Username};

use super::limit_of;
use super::words::{USER, parsed, user};
use crate::many;
use crate::params;
use crate::sql::{self, Connection, OptionalExtension, Row};

pub(crate) fn account(
    connection: &Connection,
    username: &Username,
) -> sql::Result<Option<Account>> {
    let sql = format!("SELECT {USER}, password_hash FROM account WHERE username = ?1");
    let mut find = connection.prepare_cached(&sql)?;
    let account = |row: &Row<'_>| Ok(Account { user: user(row)?, password_hash: row.get(6)? });
    find.query_row([username.as_str()], account).optional()
}

pub(crate) fn users(connection: &Connection, ids: &[UserId]) -> sql::Result<Vec<User>> {
    let select = |named: &str| format!("SELECT {USER} FROM account WHERE id IN ({named})");
    many::numbered(connection, ids.iter().map(|id| id.0), select, user)
}

pub(crate) fn list(
    connection: &Connection,
    after: Option<&Username>,
    limit: usize,
) -> sql::Result<Vec<User>> {
    let sql = format!(
        "SELECT {USER} FROM account WHERE username > ?1 AND realm IS NULL
         ORDER BY username LIMIT ?2"
    );
    let mut list = connection.prepare_cached(&sql)?;
    let after = after.map_or("", Username::as_str);
    list.query_map(params![after, limit_of(limit)], user)?.collect()
}

pub(crate) fn count(connection: &Connection) -> sql::Result<u64> {
    let mut count =
        connection.prepare_cached("SELECT count(*) FROM account WHERE realm IS NULL")?;
    count.query_row((), |row| row.get(0).map(i64::unsigned_abs))
}

/// What a person's clients keep for them; `None` for nobody.
pub(crate) fn settings(connection: &Connection, id: UserId) -> sql::Result<Option<String>> {
    let mut find = connection.prepare_cached("SELECT settings FROM account WHERE id = ?1")?;
    find.query_row([id.0], |row| row.get(0)).optional()
}

const SESSION: &str = "id, account_id, token_hash, used_at, created_at, program, writes";

fn session_in(row: &Row<'_>) -> sql::Result<SessionRecord> {
    Ok(SessionRecord {
        id: SessionId(row.get(0)?),
        user: UserId(row.get(1)?),
        token: TokenHash(row.get(2)?),
        used_at: Timestamp(row.get(3)?),
        created_at: Timestamp(row.get(4)?),
        purpose: match row.text_or_null(5)? {
            Some(_) => {
                Purpose::Program { name: parsed(row, 5, Label::parse)?, writes: row.get(6)? }
            }
            None => Purpose::Person,
        },
    })
}

/// A person's sessions, the most recently used first.
pub(crate) fn sessions(connection: &Connection, user: UserId) -> sql::Result<Vec<SessionRecord>> {
    let sql = format!(
        "SELECT {SESSION} FROM session WHERE account_id = ?1 ORDER BY used_at DESC, id DESC"
    );
    connection.prepare_cached(&sql)?.query_map([user.0], session_in)?.collect()
}

pub(crate) fn session(
    connection: &Connection,
    token: TokenHash,
) -> sql::Result<Option<SessionRecord>> {
    let sql = format!("SELECT {SESSION} FROM session WHERE token_hash = ?1");
    connection.prepare_cached(&sql)?.query_row([token.0], session_in).optional()
}

/// Those of these sessions that are there.
pub(crate) fn living_sessions(
    connection: &Connection,
    ids: &[SessionId],
) -> sql::Result<Vec<SessionId>> {
    let select = |named: &str| format!("SELECT id FROM session WHERE id IN ({named})");
    let read = |row: &Row<'_>| row.get(0).map(SessionId);
    many::numbered(connection, ids.iter().map(|id| id.0), select, read)
}

pub(crate) fn sessions_used_since(
    connection: &Connection,
    since: Timestamp,
    limit: usize,
) -> sql::Result<Vec<SessionRecord>> {
    let sql =
        format!("SELECT {SESSION} FROM session WHERE used_at >= ?1 ORDER BY used_at DESC LIMIT ?2");
    connection.prepare_cached(&sql)?.query_map([since.0, limit_of(limit)], session_in)?.collect()
}
