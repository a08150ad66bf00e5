//! What clients call messages of theirs, so that a retry is told from a new message.

use kabar_engine::store::{NewMessage, Place};
use kabar_model::{ClientKey, ConversationId, Field, Refusal, Seq, Timestamp};
use rusqlite::{OptionalExtension, params};

use crate::error::Outcome;
use crate::writer::Work;

/// Keys that are forgotten at a time, so that nobody waits long for it.
const FORGOTTEN_AT_A_TIME: i64 = 10_000;

/// Where the earlier message with this key stands. A message with a key goes to one target.
pub(super) fn earlier(work: &Work, new: &NewMessage, key: &ClientKey) -> Outcome<Option<Place>> {
    let mut find = work.connection.prepare_cached(
        "SELECT conversation_id, seq FROM client_key WHERE author_id = ?1 AND key = ?2",
    )?;
    let place = find.query_row(params![new.author.0, key.as_str()], |row| {
        Ok(Place { conversation: ConversationId(row.get(0)?), seq: Seq(row.get(1)?) })
    });
    match place.optional()? {
        None if new.targets.len() > 1 => Err(Refusal::TooMany(Field::Recipients).into()),
        place => Ok(place),
    }
}

pub(super) fn keep(work: &Work, new: &NewMessage, key: &ClientKey, place: Place) -> Outcome<()> {
    let mut insert = work.connection.prepare_cached(
        "INSERT INTO client_key (author_id, key, conversation_id, seq, sent_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let Place { conversation, seq } = place;
    insert.execute(params![new.author.0, key.as_str(), conversation.0, seq.0, new.at.0])?;
    Ok(())
}

/// Forgets the oldest keys of messages that were sent before `before`.
pub(crate) fn forget(work: &Work, before: Timestamp) -> Outcome<u64> {
    let mut forget = work.connection.prepare_cached(
        "DELETE FROM client_key WHERE (author_id, key) IN (
             SELECT author_id, key FROM client_key WHERE sent_at < ?1 ORDER BY sent_at LIMIT ?2)",
    )?;
    Ok(forget.execute([before.0, FORGOTTEN_AT_A_TIME])? as u64)
}
