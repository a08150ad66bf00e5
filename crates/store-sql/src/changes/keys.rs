//! What clients call messages of theirs, so that a retry is told from a new message.

use kabar_engine::store::{NewMessage, Place, Posted, Target};
use kabar_model::{ClientKey, ConversationId, Field, Refusal, Seq, Timestamp, UserId};

use super::posts::direct;
use super::{REMOVED_TOGETHER, links};
use crate::error::Outcome;
use crate::params;
use crate::reads::messages::at as message_at;
use crate::sql::{self, KeyRow, OptionalExtension};
use crate::writer::{Key, Work};

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
    let place = match work.known.key(new.author, key) {
        Some(Key::Free) => None,
        Some(Key::Of(place)) => Some(place),
        None => find(work, new.author, key)?,
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

/// Where the message with this key stands.
pub(in crate::changes) fn find(
    work: &Work,
    author: UserId,
    key: &ClientKey,
) -> Outcome<Option<Place>> {
    let mut find = work.connection.prepare_cached(
        "SELECT conversation_id, seq FROM client_key WHERE author_id = ?1 AND key = ?2",
    )?;
    let place = find.query_row(params![author.0, key.as_str()], |row| {
        Ok(Place { conversation: ConversationId(row.get(0)?), seq: Seq(row.get(1)?) })
    });
    Ok(place.optional()?)
}

/// Looks up the keys of messages that are about to be posted, all together where the database has a way to. What is found
/// is known until the transaction ends: who writes is alone.
pub(crate) fn look_up<'a>(
    work: &mut Work,
    messages: impl Iterator<Item = &'a NewMessage>,
) -> sql::Result<()> {
    let keys: Vec<(UserId, &ClientKey)> =
        messages.filter_map(|new| Some((new.author, new.key.as_ref()?))).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let asked: Vec<(i64, &str)> =
        keys.iter().map(|(author, key)| (author.0, key.as_str())).collect();
    let Some(found) = work.connection.find_keys(&asked)? else { return Ok(()) };
    for ((author, key), found) in keys.into_iter().zip(found) {
        let known = found.map_or(Key::Free, |(conversation, seq)| {
            Key::Of(Place { conversation: ConversationId(conversation), seq: Seq(seq) })
        });
        work.known.learn_key(author, key, known);
    }
    Ok(())
}

/// Keeps the key of the message that was added last.
pub(super) fn keep(
    work: &mut Work,
    new: &NewMessage,
    key: &ClientKey,
    place: Place,
) -> Outcome<()> {
    work.connection.add_key(&KeyRow {
        author_id: new.author.0,
        key: key.as_str(),
        conversation_id: place.conversation.0,
        seq: place.seq.0,
        sent_at: new.at.0,
    })?;
    work.known.learn_key(new.author, key, Key::Of(place));
    Ok(())
}

/// Forgets some of the oldest keys of messages that were sent before `before`.
pub(crate) fn forget(work: &mut Work, before: Timestamp) -> Outcome<u64> {
    work.known.forget_keys();
    let mut forget = work.connection.prepare_cached(
        "DELETE FROM client_key WHERE (author_id, key) IN (
             SELECT author_id, key FROM client_key WHERE sent_at < ?1 ORDER BY sent_at LIMIT ?2)",
    )?;
    Ok(forget.execute([before.0, i64::from(REMOVED_TOGETHER)])? as u64)
}
