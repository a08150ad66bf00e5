//! Groups, their members, and conversations by number.

use kabar_engine::store::{Conversation, Group, ListedGroup};
use kabar_model::{ConversationId, GroupCode, GroupName, GroupRole, UserId};

use super::limit_of;
use super::words::{self, CONVERSATION, GROUP};
use crate::many;
use crate::sql::{self, Connection, OptionalExtension, Row};

pub(crate) fn group(connection: &Connection, name_or_code: &str) -> sql::Result<Option<Group>> {
    // A code could be a name, so what is no name is no code either.
    let Ok(name) = GroupName::parse_kept(name_or_code) else { return Ok(None) };
    if let Some(group) = open_group(connection, "name_key", &name.key())? {
        return Ok(Some(group));
    }
    match GroupCode::parse(name.as_str()) {
        Some(code) => open_group(connection, "code", &code.to_string()),
        None => Ok(None),
    }
}

fn open_group(connection: &Connection, column: &str, value: &str) -> sql::Result<Option<Group>> {
    let sql = format!(
        "SELECT {GROUP} FROM conversation c
         WHERE c.kind = 'group' AND c.closed_at IS NULL AND c.{column} = ?1"
    );
    connection.prepare_cached(&sql)?.query_row([value], words::group).optional()
}

pub(crate) fn by_number(connection: &Connection, id: ConversationId) -> sql::Result<Option<Group>> {
    let sql = format!("SELECT {GROUP} FROM conversation c WHERE c.id = ?1 AND c.kind = 'group'");
    connection.prepare_cached(&sql)?.query_row([id.0], words::group).optional()
}

/// Whether this is an open group, and what somebody is there; `None` for a stranger.
pub(crate) fn standing(
    connection: &Connection,
    group: ConversationId,
    user: UserId,
) -> sql::Result<(bool, Option<GroupRole>)> {
    let found = connection
        .prepare_cached(
            "SELECT m.role = 'admin' FROM conversation c
             LEFT JOIN member m ON m.conversation_id = c.id AND m.user_id = ?2
             WHERE c.id = ?1 AND c.kind = 'group' AND c.closed_at IS NULL",
        )?
        .query_row([group.0, user.0], |row| row.get::<Option<bool>>(0))
        .optional()?;
    let is_admin = found.flatten();
    let role = is_admin.map(|admin| if admin { GroupRole::Admin } else { GroupRole::Member });
    Ok((found.is_some(), role))
}

pub(crate) fn conversations(
    connection: &Connection,
    ids: &[ConversationId],
) -> sql::Result<Vec<Conversation>> {
    let select =
        |named: &str| format!("SELECT {CONVERSATION} FROM conversation c WHERE c.id IN ({named})");
    many::numbered(connection, ids.iter().map(|id| id.0), select, words::conversation)
}

pub(crate) fn members(
    connection: &Connection,
    group: ConversationId,
) -> sql::Result<Vec<(UserId, GroupRole)>> {
    let mut list = connection.prepare_cached(
        "SELECT user_id, coalesce(role = 'admin', false) FROM member
         WHERE conversation_id = ?1 ORDER BY id",
    )?;
    let member = |row: &Row<'_>| {
        let role = if row.get(1)? { GroupRole::Admin } else { GroupRole::Member };
        Ok((UserId(row.get(0)?), role))
    };
    list.query_map([group.0], member)?.collect()
}

/// The groups that somebody is in, in the order of joining.
pub(crate) fn joined(connection: &Connection, user: UserId) -> sql::Result<Vec<Group>> {
    let sql = format!(
        "SELECT {GROUP} FROM member m JOIN conversation c ON c.id = m.conversation_id
         WHERE m.user_id = ?1 AND m.role IS NOT NULL ORDER BY m.id"
    );
    connection.prepare_cached(&sql)?.query_map([user.0], words::group)?.collect()
}

/// How many are in the group `c`.
const MEMBERS: &str = "(SELECT COUNT(*) FROM member WHERE conversation_id = c.id)";

pub(crate) fn visible(
    connection: &Connection,
    user: UserId,
    limit: usize,
) -> sql::Result<Vec<ListedGroup>> {
    let own = format!(
        "SELECT {GROUP}, {MEMBERS}, 1 FROM member m
         JOIN conversation c ON c.id = m.conversation_id
         WHERE m.user_id = ?1 AND m.role IS NOT NULL ORDER BY c.id LIMIT ?2"
    );
    let public = format!(
        "SELECT {GROUP}, {MEMBERS}, 0 FROM conversation c
         WHERE c.visibility = 'public' AND c.closed_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM member
                           WHERE user_id = ?1 AND conversation_id = c.id AND role IS NOT NULL)
         ORDER BY c.id LIMIT ?2"
    );
    let mut listed = Vec::new();
    for sql in [own, public] {
        let mut list = connection.prepare_cached(&sql)?;
        let rest = limit_of(limit - listed.len());
        for group in list.query_map([user.0, rest], listed_group)? {
            listed.push(group?);
        }
    }
    Ok(listed)
}

fn listed_group(row: &Row<'_>) -> sql::Result<ListedGroup> {
    let members: i64 = row.get(4)?;
    Ok(ListedGroup {
        group: words::group(row)?,
        members: members.unsigned_abs(),
        joined: row.get(5)?,
    })
}
