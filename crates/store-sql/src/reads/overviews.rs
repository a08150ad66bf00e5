//! A person's conversations: what each is, how far they have read, and what was said last.

use kabar_engine::store::{Conversation, Overview, names};
use kabar_model::limits::UNREAD_COUNTED_MAX;
use kabar_model::{ConversationId, GroupRole, Seq, UserId, Username};

use super::groups::conversations;
use super::history::{Pages, hidden};
use super::limit_of;
use super::messages::last;
use super::words::{damaged, parsed};
use crate::params;
use crate::sql::{self, Connection, OptionalExtension, Row};

/// The rows past a read position that are looked at to count what is unread. One's own messages and changes
/// are among them: somebody who writes much and reads nothing must not make every list slow.
const ROWS_SEEN_MAX: i64 = 10_000;

/// Of all conversations, that with the latest message first.
pub(crate) fn overviews(
    connection: &Connection,
    user: UserId,
    limit: usize,
) -> sql::Result<Vec<Overview>> {
    let mut list = connection.prepare_cached(
        "SELECT s.conversation_id FROM member s WHERE s.user_id = ?1
         ORDER BY (SELECT m.id FROM message m WHERE m.conversation_id = s.conversation_id
                       AND m.seq > s.joined_seq AND m.change IS NULL
                   ORDER BY m.seq DESC LIMIT 1) DESC NULLS LAST,
                  s.conversation_id DESC LIMIT ?2",
    )?;
    let ids = list.query_map([user.0, limit_of(limit)], |row| row.get(0).map(ConversationId))?;
    let mut overviews = Vec::new();
    for id in ids {
        overviews.extend(overview(connection, user, id?)?);
    }
    Ok(overviews)
}

/// What somebody is in a conversation.
struct Membership {
    role: Option<GroupRole>,
    read: Seq,
}

/// Of one; `None` when the person may not read it.
pub(crate) fn overview(
    connection: &Connection,
    user: UserId,
    id: ConversationId,
) -> sql::Result<Option<Overview>> {
    let Some(hidden) = hidden(connection, user, id)? else { return Ok(None) };
    let found = conversations(connection, &[id])?.pop();
    let conversation =
        found.ok_or_else(|| damaged(format!("nothing is known of conversation {}", id.0)))?;
    let page = Pages { connection, user, conversation: id, hidden };
    let latest = page.before(Seq(i64::MAX), 1)?.pop();
    let last = last(connection, id)?;
    let overview = Overview {
        conversation,
        with: None,
        members: 0,
        role: None,
        first: hidden.next(),
        last,
        read: last,
        unread: 0,
        mentions: 0,
        latest,
    };
    let Some(Membership { role, read }) = membership(connection, user, id)? else {
        return Ok(Some(overview));
    };
    let (members, other) = people(connection, user, id)?;
    let is_direct = matches!(overview.conversation, Conversation::Direct(_));
    let is_note = is_direct && other.is_none();
    let (unread, mentions) =
        if read < last { count_unread(connection, user, id, read, is_note)? } else { (0, 0) };
    let with = is_direct.then(|| other.unwrap_or(user));
    Ok(Some(Overview { with, members, role, read, unread, mentions, ..overview }))
}

fn membership(
    connection: &Connection,
    user: UserId,
    id: ConversationId,
) -> sql::Result<Option<Membership>> {
    let mut find = connection.prepare_cached(
        "SELECT role, read_seq FROM member WHERE conversation_id = ?1 AND user_id = ?2",
    )?;
    let membership = |row: &Row<'_>| {
        let role = row.text_or_null(0)?.map(|role| match role {
            "admin" => GroupRole::Admin,
            _ => GroupRole::Member,
        });
        Ok(Membership { role, read: Seq(row.get(1)?) })
    };
    find.query_row([id.0, user.0], membership).optional()
}

/// How many are in a conversation, and one of the others.
fn people(
    connection: &Connection,
    user: UserId,
    id: ConversationId,
) -> sql::Result<(u64, Option<UserId>)> {
    let mut count = connection.prepare_cached(
        "SELECT COUNT(*), MIN(CASE WHEN user_id <> ?2 THEN user_id END) FROM member
         WHERE conversation_id = ?1",
    )?;
    count.query_row([id.0, user.0], |row| {
        Ok((row.get::<i64>(0)?.unsigned_abs(), row.get::<Option<i64>>(1)?.map(UserId)))
    })
}

/// How many messages are unread, and how many of these name the person.
fn count_unread(
    connection: &Connection,
    user: UserId,
    id: ConversationId,
    read: Seq,
    is_note: bool,
) -> sql::Result<(u64, u64)> {
    let mut name = connection.prepare_cached("SELECT username FROM account WHERE id = ?1")?;
    let username = name.query_row([user.0], |row| parsed(row, 0, Username::parse_kept))?;
    let mut find = connection.prepare_cached(
        "SELECT CASE WHEN body LIKE '%@%' THEN body END FROM message
         WHERE conversation_id = ?1 AND seq > ?2 AND seq <= ?3
             AND change IS NULL AND deleted_at IS NULL AND (author_id <> ?4 OR CAST(?5 AS BIGINT) = 1)
         ORDER BY seq LIMIT ?6",
    )?;
    let most = limit_of(UNREAD_COUNTED_MAX);
    let mut rows = find.query(params![
        id.0,
        read.0,
        read.0.saturating_add(ROWS_SEEN_MAX),
        user.0,
        is_note,
        most
    ])?;
    let (mut unread, mut mentions) = (0, 0);
    while let Some(row) = rows.next()? {
        unread += 1;
        let body = row.text_or_null(0)?;
        mentions += u64::from(body.is_some_and(|body| names(body, &username)));
    }
    Ok((unread, mentions))
}
