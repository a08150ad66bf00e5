//! Messages of one conversation.

use kabar_engine::store::{Message, Place};
use kabar_model::{ConversationId, Seq, Timestamp, UserId};
use rusqlite::{Connection, params};

use super::limit_of;
use super::words::damaged;

/// Messages after a place, in order. A conversation with a hole is damaged and is not served.
pub(crate) fn after(
    connection: &Connection,
    conversation: ConversationId,
    after: Seq,
    limit: usize,
) -> rusqlite::Result<Vec<Message>> {
    let mut find = connection.prepare_cached(
        "SELECT seq, author_id, sent_at, body FROM message
         WHERE conversation_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let mut rows = find.query(params![conversation.0, after.0, limit_of(limit)])?;
    let mut expected = after.max(Seq::NONE);
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        let place = Place { conversation, seq: Seq(row.get(0)?) };
        expected = follows(expected, place)?;
        messages.push(Message {
            place,
            author: UserId(row.get(1)?),
            at: Timestamp(row.get(2)?),
            body: row.get(3)?,
        });
    }
    Ok(messages)
}

/// Makes sure that this is the place right after `last`.
pub(super) fn follows(last: Seq, place: Place) -> rusqlite::Result<Seq> {
    if place.seq == last.next() {
        return Ok(place.seq);
    }
    let (number, found) = (place.conversation.0, place.seq.0);
    Err(damaged(format!("conversation {number} goes from message {} to {found}", last.0)))
}
