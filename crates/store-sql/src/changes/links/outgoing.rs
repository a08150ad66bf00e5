//! What people here say in conversations whose home is another realm.

use kabar_engine::store::links::Told;
use kabar_engine::store::{NewMessage, Place, Posted, Target};
use kabar_model::{Change, ClientKey, ConversationId, Field, LinkId, OutgoingId, Refusal, Seq};

use super::outbox::{queue, takes};
use super::routes::{Route, has_links, new_direct, route};
use crate::changes::posts::direct;
use crate::error::Outcome;
use crate::params;
use crate::random;
use crate::reads::{carried, words};
use crate::sql::OptionalExtension;
use crate::writer::Work;

/// Refuses unless every link that a message needs takes it, `LinkFull` or `RealmUnknown`: all but those of a group whose
/// home is here. A new direct
/// conversation is looked up here, too, so it refuses as [`new_direct`] does.
pub(crate) fn has_room_for(work: &mut Work, new: &NewMessage) -> Outcome<()> {
    let mut wanted: Vec<(LinkId, u64)> = Vec::new();
    for target in &new.targets {
        let route = match *target {
            Target::Room(_) => Route::Here,
            Target::Group(id) | Target::Own(id) => route(work, id)?,
            Target::Direct(other) => match direct(work, new.author, other)? {
                Some(id) => route(work, id)?,
                None => new_direct(work, new.author, other)?,
            },
        };
        let mut want = |link| match wanted.iter_mut().find(|(wanted, _)| *wanted == link) {
            Some((_, items)) => *items += 1,
            None => wanted.push((link, 1)),
        };
        match route {
            Route::Here => {}
            Route::Home(links) if links.is_empty() => return Err(Refusal::RealmUnknown.into()),
            // A group goes on without a realm that is full.
            Route::Home(_) if is_group(work, target)? => {}
            Route::Home(links) => links.iter().copied().for_each(want),
            Route::Mirror(link) => want(link),
        }
    }
    let bytes = new.content.text().len() as u64;
    for (link, items) in wanted {
        takes(work, link, items, items.saturating_mul(bytes))?;
    }
    Ok(())
}

fn is_group(work: &Work, target: &Target) -> Outcome<bool> {
    match target {
        Target::Group(_) | Target::Room(_) => Ok(true),
        Target::Direct(_) => Ok(false),
        Target::Own(id) => {
            let mut direct = work
                .connection
                .prepare_cached("SELECT 1 FROM direct WHERE conversation_id = ?1")?;
            Ok(!direct.exists([id.0])?)
        }
    }
}

/// Keeps a message until its home has numbered it. Whether it may be said, and that there is room, was asked before.
pub(crate) fn send(
    work: &mut Work,
    new: &NewMessage,
    mirror: ConversationId,
    link: LinkId,
) -> Outcome<Posted> {
    let change = new.content.change();
    let about = change.map(Change::of).or(new.reply_to);
    let file = new.content.file();
    let size = file.map(|file| i64::try_from(file.size)).transpose();
    let size = size.map_err(|_| Refusal::TooLong(Field::File))?;
    let body = new.content.text();
    let mut insert = work.connection.prepare_cached(
        "INSERT INTO outgoing (uid, conversation_id, author_id, sent_at, body, about_seq, change, client_key,
             file_code, file_name, file_size, file_media_type, file_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    let id = OutgoingId(insert.insert(params![
        random::bytes::<16>()?,
        mirror.0,
        new.author.0,
        new.at.0,
        body,
        about.map(|seq| seq.0),
        change.map(words::change),
        new.key.as_ref().map(ClientKey::as_str),
        file.map(|file| file.code.to_string()),
        file.map(|file| file.name.as_str()),
        size,
        file.map(|file| &*file.media_type),
        file.map(|file| file.hash.0),
    ])?);
    drop(insert);
    queue(work, link, &Told::Post(id), body.len() as u64, new.at)?;
    work.hint_delivery(mirror, new.author);
    Ok(posted(mirror, id))
}

fn posted(mirror: ConversationId, id: OutgoingId) -> Posted {
    let place = Place { conversation: mirror, seq: Seq::NONE };
    Posted { place, arrival: None, outgoing: Some(id) }
}

/// The earlier message with this key, if it is still on its way. Refuses a key that stands for another message.
pub(crate) fn earlier(
    work: &mut Work,
    new: &NewMessage,
    key: &ClientKey,
    goes_to: Option<ConversationId>,
) -> Outcome<Option<Posted>> {
    if !has_links(work)? {
        return Ok(None);
    }
    let sql = carried::outgoing_messages("o.author_id = ?1 AND o.client_key = ?2");
    let mut find = work.connection.prepare_cached(&sql)?;
    let row = params![new.author.0, key.as_str()];
    let found = find.query_row(row, carried::outgoing_message).optional()?;
    let Some((id, _, message, _)) = found else { return Ok(None) };
    let mirror = message.place.conversation;
    if goes_to == Some(mirror) && new.says_the_same_as(&message) {
        Ok(Some(posted(mirror, id)))
    } else {
        Err(Refusal::Invalid(Field::Key).into())
    }
}

/// Refuses `MessageUnknown` when the home of a mirror has lost the message that is to be changed. Whether the change
/// changes anything is known there: others may be on their way.
pub(crate) fn must_be_there(work: &Work, of: Place) -> Outcome<()> {
    match carried::home_seq(&work.connection, of.conversation, of.seq)? {
        Some(_) => Ok(()),
        None => Err(Refusal::MessageUnknown.into()),
    }
}
