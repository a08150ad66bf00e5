//! Messages of one conversation.

use kabar_engine::store::{Message, Place};
use kabar_model::{ConversationId, Seq, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::limit_of;
use super::words::{self, damaged};

/// Messages after a place, in order. A conversation with a hole is damaged and is not served.
pub(crate) fn after(
    connection: &Connection,
    conversation: ConversationId,
    after: Seq,
    limit: usize,
) -> rusqlite::Result<Vec<Message>> {
    let mut find = connection.prepare_cached(&format!(
        "{} WHERE m.conversation_id = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3",
        words::messages()
    ))?;
    let mut rows = find.query(params![conversation.0, after.0, limit_of(limit)])?;
    let mut expected = after.max(Seq::NONE);
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        let message = words::message(row)?;
        expected = follows(expected, message.place)?;
        messages.push(message);
    }
    Ok(messages)
}

/// The last messages that a member may see, in order; `None` when that is no member.
pub(crate) fn recent(
    connection: &Connection,
    user: UserId,
    conversation: ConversationId,
    limit: usize,
) -> rusqlite::Result<Option<Vec<Message>>> {
    let joined = connection
        .prepare_cached(
            "SELECT joined_seq FROM member WHERE conversation_id = ?1 AND user_id = ?2",
        )?
        .query_row([conversation.0, user.0], |row| row.get::<_, i64>(0))
        .optional()?;
    let Some(joined) = joined else { return Ok(None) };
    let last = connection
        .prepare_cached(
            "SELECT seq FROM message WHERE conversation_id = ?1 ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([conversation.0], |row| row.get::<_, i64>(0))
        .optional()?
        .unwrap_or(Seq::NONE.0);
    let start = Seq(last.saturating_sub(limit_of(limit)).max(joined));
    after(connection, conversation, start, limit).map(Some)
}

/// The direct conversation of two people.
pub(crate) fn direct(
    connection: &Connection,
    one: UserId,
    other: UserId,
) -> rusqlite::Result<Option<ConversationId>> {
    connection
        .prepare_cached(
            "SELECT conversation_id FROM direct WHERE user_low = ?1 AND user_high = ?2",
        )?
        .query_row([one.min(other).0, one.max(other).0], |row| row.get(0).map(ConversationId))
        .optional()
}

/// Makes sure that this is the place right after `last`.
pub(super) fn follows(last: Seq, place: Place) -> rusqlite::Result<Seq> {
    if place.seq == last.next() {
        return Ok(place.seq);
    }
    let (number, found) = (place.conversation.0, place.seq.0);
    Err(damaged(format!("conversation {number} goes from message {} to {found}", last.0)))
}
