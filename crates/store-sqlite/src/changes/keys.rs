//! What clients call messages of theirs, so that a retry is told from a new message.

use kabar_engine::store::{NewMessage, Place, Posted, Target};
use kabar_model::{ClientKey, ConversationId, Field, Refusal, Seq, Timestamp};
use rusqlite::{OptionalExtension, params};

use super::links;
use super::posts::direct;
use crate::error::Outcome;
use crate::reads::messages::at as message_at;
use crate::writer::Work;

/// Keys that are forgotten at a time, so that nobody waits long for it.
const FORGOTTEN_AT_A_TIME: i64 = 10_000;

/// The earlier message with this key. A message with a key goes to one target. Refuses a key that
/// stands for another message.
pub(super) fn earlier(
    work: &mut Work,
    new: &NewMessage,
    key: &ClientKey,
) -> Outcome<Option<Posted>> {
    let [target] = new.targets[..] else {
        return Err(Refusal::TooMany(Field::Recipients).into());
    };
    let place = {
        let mut find = work.connection.prepare_cached(
            "SELECT conversation_id, seq FROM client_key WHERE author_id = ?1 AND key = ?2",
        )?;
        let place = find.query_row(params![new.author.0, key.as_str()], |row| {
            Ok(Place { conversation: ConversationId(row.get(0)?), seq: Seq(row.get(1)?) })
        });
        place.optional()?
    };
    let goes_to = match target {
        Target::Group(id) | Target::Room(id) | Target::Own(id) => Some(id),
        Target::Direct(other) => direct(work, new.author, other)?,
    };
    let Some(place) = place else { return links::earlier(work, new, key, goes_to) };
    let is_that = goes_to == Some(place.conversation)
        && new.says_the_same_as(&message_at(&work.connection, place)?);
    if is_that {
        Ok(Some(Posted { place, arrival: None, outgoing: None }))
    } else {
        Err(Refusal::Invalid(Field::Key).into())
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
