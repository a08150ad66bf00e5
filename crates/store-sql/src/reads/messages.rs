//! Messages of one conversation.

use kabar_engine::store::{Message, Place};
use kabar_model::{ConversationId, Seq, UserId};

use super::limit_of;
use super::words::{self, damaged};
use crate::params;
use crate::sql::{self, Connection, OptionalExtension};

/// Messages after a place, in order. A conversation with a hole is damaged and is not served.
pub(crate) fn after(
    connection: &Connection,
    conversation: ConversationId,
    after: Seq,
    limit: usize,
) -> sql::Result<Vec<Message>> {
    let mut find = connection.prepare_cached(&format!(
        "{} WHERE m.conversation_id = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3",
        words::messages()
    ))?;
    let mut rows = find.query(params![conversation.0, after.0, limit_of(limit)])?;
    let mut expected = after.max(Seq::NONE);
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        let message = words::message(&row)?;
        if messages.is_empty() && message.place.seq != expected.next() {
            expected = expected.max(begins_after(connection, conversation)?);
        }
        expected = follows(expected, message.place)?;
        messages.push(message);
    }
    Ok(messages)
}

/// Messages that are read at a time, at least.
const ROWS_AT_A_TIME: i64 = 32;

/// The message at this place, which has one.
pub(crate) fn at(connection: &Connection, place: Place) -> sql::Result<Message> {
    let sql = format!("{} WHERE m.conversation_id = ?1 AND m.seq = ?2", words::messages());
    let mut find = connection.prepare_cached(&sql)?;
    find.query_row([place.conversation.0, place.seq.0], words::message)
}

/// The last messages that a member may see, in order; `None` when that is no member.
pub(crate) fn recent(
    connection: &Connection,
    user: UserId,
    conversation: ConversationId,
    limit: usize,
) -> sql::Result<Option<Vec<Message>>> {
    let Some(joined) = joined(connection, user, conversation)? else { return Ok(None) };
    let mut find = connection.prepare_cached(&format!(
        "{} WHERE m.conversation_id = ?1 AND m.seq > ?2 AND m.seq < ?3
         ORDER BY m.seq DESC LIMIT ?4",
        words::messages()
    ))?;
    let mut messages: Vec<Message> = Vec::new();
    let mut next: Option<Place> = None;
    while messages.len() < limit {
        let before = next.map_or(Seq(i64::MAX), |next| next.seq);
        // Deleted ones are passed over, so a few more are asked for than are lacking.
        let most = limit_of(limit - messages.len()).max(ROWS_AT_A_TIME);
        let mut rows = find.query([conversation.0, joined.0, before.0, most])?;
        let mut found = 0;
        while messages.len() < limit
            && let Some(row) = rows.next()?
        {
            found += 1;
            let message = words::message(&row)?;
            if let Some(next) = next.replace(message.place) {
                follows(message.place.seq, next)?;
            }
            if !message.deleted {
                messages.push(message);
            }
        }
        if found < most {
            break;
        }
    }
    messages.reverse();
    Ok(Some(messages))
}

/// The last message before a member joined; `None` when that is no member.
pub(super) fn joined(
    connection: &Connection,
    user: UserId,
    conversation: ConversationId,
) -> sql::Result<Option<Seq>> {
    connection
        .prepare_cached(
            "SELECT joined_seq FROM member WHERE conversation_id = ?1 AND user_id = ?2",
        )?
        .query_row([conversation.0, user.0], |row| row.get(0).map(Seq))
        .optional()
}

/// The number of a conversation's last message.
pub(crate) fn last(connection: &Connection, conversation: ConversationId) -> sql::Result<Seq> {
    let last = connection
        .prepare_cached(
            "SELECT seq FROM message WHERE conversation_id = ?1 ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([conversation.0], |row| row.get(0).map(Seq))
        .optional()?;
    match last {
        Some(last) => Ok(last),
        None => begins_after(connection, conversation),
    }
}

/// The number before the first that is kept of a conversation: a mirror need not have all that its home has.
fn begins_after(connection: &Connection, conversation: ConversationId) -> sql::Result<Seq> {
    let mut find =
        connection.prepare_cached("SELECT begins_after FROM mirror WHERE conversation_id = ?1")?;
    let found = find.query_row([conversation.0], |row| row.get(0).map(Seq)).optional()?;
    Ok(found.unwrap_or(Seq::NONE))
}

/// The direct conversation of two people.
pub(crate) fn direct(
    connection: &Connection,
    one: UserId,
    other: UserId,
) -> sql::Result<Option<ConversationId>> {
    connection
        .prepare_cached(
            "SELECT conversation_id FROM direct WHERE user_low = ?1 AND user_high = ?2",
        )?
        .query_row([one.min(other).0, one.max(other).0], |row| row.get(0).map(ConversationId))
        .optional()
}

/// Makes sure that this is the place right after `last`.
pub(super) fn follows(last: Seq, place: Place) -> sql::Result<Seq> {
    if place.seq == last.next() {
        return Ok(place.seq);
    }
    let (number, found) = (place.conversation.0, place.seq.0);
    Err(damaged(format!("conversation {number} goes from message {} to {found}", last.0)))
}
