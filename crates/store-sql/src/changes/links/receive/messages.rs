//! Messages of mirrors, as their homes number them.

use kabar_engine::store::links::{InMessage, Uid, Where};
use kabar_engine::store::{Content, Message, NewMessage, Place, Posted, Target};
use kabar_model::{ClientKey, ConversationId, Field, Refusal, Seq, Timestamp, UserId};

use super::super::stand_in;
use super::super::tell::now;
use super::mirrors::{self, Mirror};
use super::peer::{Peer, joined, receiver};
use super::{believed, contents, rows};
use crate::changes::posts::{last_seq, open_direct};
use crate::error::{Outcome, Trouble};
use crate::params;
use crate::reads::{carried, shift};
use crate::sql::OptionalExtension;
use crate::writer::Work;

/// What it means when a number does not follow the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// What is between must be read from the home.
    Behind {
        /// When this came.
        now: Timestamp,
    },
    /// What is between is not shown by the home.
    Passed,
}

/// Takes a message in that a home says was said.
pub(super) fn message(
    work: &mut Work,
    peer: &Peer,
    message: InMessage,
    now: Timestamp,
) -> Outcome<Option<ConversationId>> {
    let mirror = match &message.conversation {
        Where::Group(id) => mirrors::open_group(work, peer.link, *id)?,
        Where::Direct(one, other) => {
            let pair = peer.pair(one, other)?;
            let is_theirs = message.author == *pair.theirs;
            let is_ours =
                peer.is_ours(&message.author) && message.author.bare() == pair.ours.bare();
            if pair.home_is_here || !(is_theirs || is_ours) {
                return Err(Refusal::NotAllowed.into());
            }
            let ours = receiver(work, pair.ours)?;
            let theirs = stand_in(work, pair.theirs, is_theirs.then_some(&message.name), now)?;
            let id = open_direct(work, ours, theirs, now)?;
            mirrors::of(work, peer.link, id)?
        }
    };
    add(work, peer, &mirror, message, Gap::Behind { now })
}

/// Adds a message to a mirror if it has not got it; says so when something of somebody here waits no longer.
pub(super) fn add(
    work: &mut Work,
    peer: &Peer,
    mirror: &Mirror,
    mut message: InMessage,
    gap: Gap,
) -> Outcome<Option<ConversationId>> {
    if !(1..mirrors::NUMBERS_END).contains(&message.seq.0) {
        return match gap {
            Gap::Behind { .. } => Err(Refusal::Invalid(Field::Body).into()),
            Gap::Passed => Ok(None),
        };
    }
    let author = author(work, peer, mirror, &message)?;
    let next = last_seq(work, mirror.id)?.next();
    let here = shift::here(&work.connection, mirror.id, message.seq)?;
    if here > next && gap != Gap::Passed {
        mirrors::set_behind(work, mirror.id, message.seq)?;
        return Ok(None);
    }
    if here < next
        && (here <= mirror.begins_after || is_it(work, mirror.id, here, author, &message)?)
    {
        let place = Place { conversation: mirror.id, seq: here };
        return Ok(settle(work, &message, author, place)?.map(|_| mirror.id));
    }
    if here != next {
        mirrors::shift(work, mirror.id, message.seq, next)?;
    }
    let place = Place { conversation: mirror.id, seq: next };
    let given = message.at;
    message.at = match gap {
        Gap::Behind { now } => believed(given, now),
        Gap::Passed if given.0 < 0 => now(),
        Gap::Passed => given,
    };
    if message.at != given {
        mirrors::keep_time(work, place, given)?;
    }
    store(work, peer, place, author, message)
}

/// Adds a message at the next place of a mirror.
fn store(
    work: &mut Work,
    peer: &Peer,
    place: Place,
    author: Option<UserId>,
    message: InMessage,
) -> Outcome<Option<ConversationId>> {
    let waited = settle(work, &message, author, place)?;
    let changed = waited.is_some().then_some(place.conversation);
    let InMessage { content, was_change, reply_to, at, edited_at, .. } = message;
    let (Some(author), Some(content)) = (author, content) else {
        let author = author.map_or_else(|| anybody(work, place.conversation), Ok)?;
        if was_change {
            rows::nothing(work, place, author, at)?;
        } else {
            rows::gone(work, place, author, at)?;
        }
        return Ok(changed);
    };
    let own_file = waited.and_then(|waited| waited.file);
    let is_elsewhere = own_file.is_none();
    let mut content = content_here(work, place.conversation, content)?;
    match (own_file, &mut content) {
        (Some(file), Content::File(new)) => new.file = file,
        _ => contents::take_code(work, &mut content)?,
    }
    let reply_to = match reply_to {
        Some(there) => stands(work, place.conversation, there)?,
        None => None,
    };
    let targets = vec![Target::Own(place.conversation)];
    let new = NewMessage { reply_to, ..NewMessage::new(author, targets, content, at) };
    match rows::add(work, &new, place, edited_at) {
        Ok(Some(arrival)) => {
            if is_elsewhere && new.content.file().is_some() {
                contents::want(work, place, peer.link)?;
            }
            let key = key_of(work, place, author)?;
            let posted = Posted { place, arrival: Some(arrival), outgoing: None };
            work.stored.push((NewMessage { key, ..new }, vec![posted]));
        }
        Ok(None) => rows::nothing(work, place, author, at)?,
        // It refuses before it writes.
        Err(Trouble::Refused(_)) => rows::gone(work, place, author, at)?,
        Err(error) => return Err(error),
    }
    Ok(changed)
}

/// Who wrote a message; `None` when nobody can stand for them here, or they are not of a direct conversation's two.
fn author(
    work: &mut Work,
    peer: &Peer,
    mirror: &Mirror,
    message: &InMessage,
) -> Outcome<Option<UserId>> {
    match peer.somebody(work, &message.author, &message.name, message.at) {
        Ok(Some(author)) if !mirror.is_group && joined(work, mirror.id, author)?.is_none() => {
            Ok(None)
        }
        Ok(author) => Ok(author),
        Err(Trouble::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Somebody in a conversation: whose a message becomes whose author cannot be told.
fn anybody(work: &Work, conversation: ConversationId) -> Outcome<UserId> {
    let mut find = work.connection.prepare_cached(
        "SELECT user_id FROM member WHERE conversation_id = ?1 ORDER BY id LIMIT 1",
    )?;
    let found = find.query_row([conversation.0], |row| row.get(0).map(UserId)).optional()?;
    Ok(found.ok_or(Refusal::NotMember)?)
}

/// Whether that is the message which stands at this place.
fn is_it(
    work: &Work,
    mirror: ConversationId,
    here: Seq,
    author: Option<UserId>,
    message: &InMessage,
) -> Outcome<bool> {
    let mut find = work.connection.prepare_cached(
        "SELECT 1 FROM message m
             LEFT JOIN mirror_time t ON t.conversation_id = m.conversation_id AND t.seq = m.seq
         WHERE m.conversation_id = ?1 AND m.seq = ?2 AND coalesce(t.sent_at, m.sent_at) = ?3
             AND m.author_id = coalesce(CAST(?4 AS BIGINT), m.author_id)",
    )?;
    let author = author.map(|user| user.0);
    Ok(find.exists(params![mirror.0, here.0, message.at.0, author])?)
}

/// Takes the message off what waits that has come back with its number at last; it is still that which its author's
/// client calls so.
fn settle(
    work: &mut Work,
    message: &InMessage,
    author: Option<UserId>,
    place: Place,
) -> Outcome<Option<Message>> {
    let (Some(Uid(uid)), Some(author)) = (message.uid, author) else { return Ok(None) };
    let sql =
        carried::outgoing_messages("o.uid = ?1 AND o.author_id = ?2 AND o.conversation_id = ?3");
    let mut find = work.connection.prepare_cached(&sql)?;
    let row = params![uid, author.0, place.conversation.0];
    let Some((id, _, waited, _)) = find.query_row(row, carried::outgoing_message).optional()?
    else {
        return Ok(None);
    };
    drop(find);
    work.connection.prepare_cached("DELETE FROM outgoing WHERE id = ?1")?.execute([id.0])?;
    if let Some(key) = &waited.key {
        // It is looked up again.
        work.known.forget_keys();
        work.connection
            .prepare_cached(
                "INSERT INTO client_key (author_id, key, conversation_id, seq, sent_at)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                author.0,
                key.as_str(),
                place.conversation.0,
                place.seq.0,
                waited.at.0
            ])?;
    }
    Ok(Some(waited))
}

/// What the author's client calls the message of this place.
fn key_of(work: &Work, place: Place, author: UserId) -> Outcome<Option<ClientKey>> {
    let mut find = work.connection.prepare_cached(
        "SELECT key FROM client_key WHERE conversation_id = ?1 AND seq = ?2 AND author_id = ?3",
    )?;
    let row = [place.conversation.0, place.seq.0, author.0];
    let key = find.query_row(row, |row| row.get::<String>(0)).optional()?;
    Ok(key.and_then(|key| ClientKey::parse(&key).ok()))
}

/// The number here of the home's message, if it is here.
fn stands(work: &Work, mirror: ConversationId, there: Seq) -> Outcome<Option<Seq>> {
    let here = shift::here(&work.connection, mirror, there)?;
    let mut find = work
        .connection
        .prepare_cached("SELECT 1 FROM message WHERE conversation_id = ?1 AND seq = ?2")?;
    Ok(find.exists([mirror.0, here.0])?.then_some(here))
}

/// What a message says, with the numbers of this realm.
fn content_here(work: &Work, mirror: ConversationId, content: Content) -> Outcome<Content> {
    let here = |of| shift::here(&work.connection, mirror, of);
    Ok(match content {
        Content::Text(_) | Content::File(_) => content,
        Content::Edit { of, text } => Content::Edit { of: here(of)?, text },
        Content::Deletion { of } => Content::Deletion { of: here(of)? },
        Content::Reaction { of, emoji, on } => Content::Reaction { of: here(of)?, emoji, on },
    })
}
