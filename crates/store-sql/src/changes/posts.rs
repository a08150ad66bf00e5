//! Messages.

use kabar_engine::store::links::Told;
use kabar_engine::store::{Content, NewMessage, Place, Posted, Target};
use kabar_model::{Arrival, Change, ConversationId, Refusal, Seq, Timestamp, UserId};

use super::links::{self, Route};
use super::rooms::is_room;
use super::{edits, files, keys};
use crate::error::Outcome;
use crate::params;
use crate::reads::{self, words};
use crate::sql::{MessageRow, OptionalExtension};
use crate::writer::Work;

/// Stores a message for all of its targets. It runs without a savepoint, so it refuses before it
/// writes; an error of the database undoes the whole transaction.
pub(crate) fn post(work: &mut Work, new: &NewMessage) -> Outcome<Vec<Posted>> {
    post_late(work, new, new.at)
}

/// As [`post`], a message that was sent earlier: for other realms it waits since `now`.
pub(super) fn post_late(work: &mut Work, new: &NewMessage, now: Timestamp) -> Outcome<Vec<Posted>> {
    if let Some(key) = &new.key
        && let Some(posted) = keys::earlier(work, new, key)?
    {
        return Ok(vec![posted]);
    }
    for target in &new.targets {
        may_post(work, new.author, *target)?;
    }
    if let Content::File(file) = &new.content {
        files::may_send(work, file, &new.targets)?;
    }
    links::has_room_for(work, new)?;
    if let Some(change) = new.content.change() {
        let of = edits::changed(work, new, change)?;
        if let Route::Mirror(_) = links::route(work, of.conversation)? {
            links::must_be_there(work, of)?;
        } else if !edits::apply(work, new, of)? {
            return Ok(vec![Posted { place: of, arrival: None, outgoing: None }]);
        }
    }
    let mut places = Vec::with_capacity(new.targets.len());
    for target in &new.targets {
        let conversation = match *target {
            Target::Group(id) | Target::Room(id) | Target::Own(id) => id,
            Target::Direct(other) => match direct(work, new.author, other)? {
                Some(id) => id,
                None => create_direct(work, new.author, other, new.at)?,
            },
        };
        // A room has nobody of another realm.
        let route = match target {
            Target::Room(_) => Route::Here,
            Target::Group(_) | Target::Own(_) | Target::Direct(_) => {
                links::route(work, conversation)?
            }
        };
        places.push(match route {
            Route::Here => add(work, new, conversation)?,
            Route::Home(links) => {
                let posted = add(work, new, conversation)?;
                let bytes = new.content.text().len() as u64;
                for link in links.iter() {
                    links::queue(work, *link, &Told::Message(posted.place), bytes, now)?;
                }
                posted
            }
            Route::Mirror(link) => links::send(work, new, conversation, link)?,
        });
    }
    Ok(places)
}

/// Adds a message with the next number of a conversation.
fn add(work: &mut Work, new: &NewMessage, conversation: ConversationId) -> Outcome<Posted> {
    let seq = last_seq(work, conversation)?.next();
    let place = Place { conversation, seq };
    let arrival = Some(insert(work, new, place)?);
    if let Content::Edit { of, .. } = new.content {
        edits::keep(work, place, of)?;
    }
    work.known.learn_last(conversation, seq);
    // One with a key has one target.
    if let Some(key) = &new.key {
        keys::keep(work, new, key, place)?;
    }
    Ok(Posted { place, arrival, outgoing: None })
}

/// Adds a message. A text costs one statement; only a file takes a second.
fn insert(work: &mut Work, new: &NewMessage, place: Place) -> Outcome<Arrival> {
    let Place { conversation, seq } = place;
    let (author, at, body) = (new.author.0, new.at.0, new.content.text());
    let change = new.content.change();
    let about = change.map(Change::of).or(new.reply_to).map(|seq| seq.0);
    let text = MessageRow::text(conversation.0, seq.0, author, at, body);
    let file_id = match new.content.file() {
        Some(file) => Some(files::insert(work, file, place)?),
        None => None,
    };
    let row = MessageRow { file_id, about_seq: about, change: change.map(words::change), ..text };
    Ok(Arrival(work.connection.add_message(&row)?))
}

fn may_post(work: &mut Work, author: UserId, target: Target) -> Outcome<()> {
    match target {
        Target::Group(group) => {
            if is_group_member(work, group, author)? {
                Ok(())
            } else {
                Err(Refusal::NotMember.into())
            }
        }
        Target::Direct(other) => {
            if direct(work, author, other)?.is_some() {
                return Ok(());
            }
            let mut known =
                work.connection.prepare_cached("SELECT 1 FROM account WHERE id = ?1")?;
            if known.exists([other.0])? { Ok(()) } else { Err(Refusal::UserUnknown.into()) }
        }
        Target::Own(id) => {
            if is_in(work, id, author)? {
                Ok(())
            } else {
                Err(Refusal::NotMember.into())
            }
        }
        Target::Room(room) => {
            if is_room(work, room)? {
                Ok(())
            } else {
                Err(Refusal::NotInRoom.into())
            }
        }
    }
}

fn is_group_member(work: &mut Work, group: ConversationId, user: UserId) -> Outcome<bool> {
    if work.known.is_member(group, user) {
        return Ok(true);
    }
    let mut member = work.connection.prepare_cached(
        "SELECT 1 FROM member WHERE user_id = ?1 AND conversation_id = ?2 AND role IS NOT NULL",
    )?;
    let is_member = member.exists([user.0, group.0])?;
    if is_member {
        work.known.learn_member(group, user);
    }
    Ok(is_member)
}

/// Whether a person is in a direct conversation or a group.
fn is_in(work: &mut Work, id: ConversationId, user: UserId) -> Outcome<bool> {
    if work.known.is_member(id, user) || work.known.is_in_direct(id, user) {
        return Ok(true);
    }
    let mut member = work.connection.prepare_cached(
        "SELECT role IS NOT NULL FROM member WHERE user_id = ?1 AND conversation_id = ?2",
    )?;
    let found = member.query_row([user.0, id.0], |row| row.get::<bool>(0)).optional()?;
    match found {
        Some(true) => work.known.learn_member(id, user),
        Some(false) => work.known.learn_in_direct(id, user),
        None => {}
    }
    Ok(found.is_some())
}

/// The conversation of two people, if they have one.
pub(super) fn direct(
    work: &mut Work,
    one: UserId,
    other: UserId,
) -> Outcome<Option<ConversationId>> {
    let pair = (one.min(other), one.max(other));
    if let Some(id) = work.known.direct(pair) {
        return Ok(Some(id));
    }
    let found = reads::messages::direct(&work.connection, one, other)?;
    if let Some(id) = found {
        work.known.learn_direct(pair, id);
    }
    Ok(found)
}

/// The conversation of two people; made if they have none.
pub(crate) fn open_direct(
    work: &mut Work,
    one: UserId,
    other: UserId,
    at: Timestamp,
) -> Outcome<ConversationId> {
    if let Some(id) = direct(work, one, other)? {
        return Ok(id);
    }
    {
        let mut known = work.connection.prepare_cached("SELECT 1 FROM account WHERE id = ?1")?;
        if !known.exists([one.0])? || !known.exists([other.0])? {
            return Err(Refusal::UserUnknown.into());
        }
    }
    create_direct(work, one, other, at)
}

fn create_direct(
    work: &mut Work,
    one: UserId,
    other: UserId,
    at: Timestamp,
) -> Outcome<ConversationId> {
    let route = links::new_direct(work, one, other)?;
    let connection = &work.connection;
    let pair = (one.min(other), one.max(other));
    let id = connection
        .prepare_cached("INSERT INTO conversation (kind, created_at) VALUES ('direct', ?1)")?
        .insert([at.0])?;
    connection
        .prepare_cached(
            "INSERT INTO direct (user_low, user_high, conversation_id) VALUES (?1, ?2, ?3)",
        )?
        .execute([pair.0.0, pair.1.0, id])?;
    let mut join = connection.prepare_cached(
        "INSERT INTO member (conversation_id, user_id, joined_at, joined_seq, read_seq)
         VALUES (?1, ?2, ?3, 0, 0)",
    )?;
    join.execute(params![id, pair.0.0, at.0])?;
    if pair.0 != pair.1 {
        join.execute(params![id, pair.1.0, at.0])?;
    }
    if let Route::Mirror(link) = route {
        connection
            .prepare_cached(
                "INSERT INTO mirror (conversation_id, link_id, begins_after) VALUES (?1, ?2, 0)",
            )?
            .execute([id, link.0])?;
    }
    work.known.learn_direct(pair, ConversationId(id));
    Ok(ConversationId(id))
}

/// The number of a conversation's last message. It is written nowhere: one seek finds it.
pub(super) fn last_seq(work: &mut Work, conversation: ConversationId) -> Outcome<Seq> {
    if let Some(seq) = work.known.last(conversation) {
        return Ok(seq);
    }
    let seq = reads::messages::last(&work.connection, conversation)?;
    work.known.learn_last(conversation, seq);
    Ok(seq)
}
