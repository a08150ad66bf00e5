//! Posts of another realm's people in conversations whose home is here.

use kabar_engine::store::links::{InPost, Signed, Told, Where};
use kabar_engine::store::{NewMessage, Place, Posted, Target};
use kabar_model::{ClientKey, ConversationId, Field, Refusal, Seq, Timestamp, UserId};

use super::super::queue;
use super::peer::{Peer, joined, receiver};
use super::{believed, contents, groups};
use crate::changes::keys;
use crate::changes::posts::{self as local, direct};
use crate::error::Outcome;
use crate::params;
use crate::reads::carried::uid_text;
use crate::writer::Work;

/// Says what a post says. The author's realm hears of it like any other that takes part.
pub(super) fn post(work: &mut Work, peer: &Peer, post: InPost, now: Timestamp) -> Outcome<()> {
    peer.speaks_for(&post.author)?;
    let (author, target, conversation) = match &post.conversation {
        Where::Direct(one, other) => {
            let pair = peer.pair(one, other)?;
            if !pair.home_is_here {
                return Err(Refusal::NotAllowed.into());
            }
            if post.author != *pair.theirs {
                return Err(Refusal::NotMember.into());
            }
            let receiver = receiver(work, pair.ours)?;
            let author = peer.actor(work, &post.author, &post.name, now)?;
            (author, Target::Direct(receiver), direct(work, author, receiver)?)
        }
        Where::Group(id) => {
            groups::member(work, *id, &post.author)?;
            let author = peer.actor(work, &post.author, &post.name, now)?;
            (author, Target::Group(*id), Some(*id))
        }
    };
    // What a client's key is to a client, the mark of a post is to its realm.
    let key = ClientKey::parse(&uid_text(post.uid))?;
    if let Some(place) = keys::find(work, author, &key)? {
        if conversation != Some(place.conversation) {
            return Err(Refusal::Invalid(Field::Key).into());
        }
        // It has been said, but its realm has not heard that, or has lost it.
        queue(work, peer.link, &Told::Message(place), 0, now)?;
        return Ok(());
    }
    if let Some(of) = post.reply_to {
        can_be_seen(work, conversation, author, of)?;
    }
    let InPost { mut content, reply_to, at, signed, .. } = post;
    contents::take_code(work, &mut content)?;
    let new = NewMessage::new(author, vec![target], content, believed(at, now));
    let new = NewMessage { reply_to, key: Some(key), ..new };
    let posted = local::post_late(work, &new, now)?;
    if let [Posted { place, arrival: Some(_), .. }] = posted[..] {
        if new.content.file().is_some() {
            contents::want(work, place, peer.link)?;
        }
        keep_signed(work, place, &signed)?;
        work.stored.push((new, posted));
    }
    Ok(())
}

/// Refuses `MessageUnknown` unless there is a message of that number that its reader may see.
fn can_be_seen(
    work: &Work,
    conversation: Option<ConversationId>,
    reader: UserId,
    of: Seq,
) -> Outcome<()> {
    let conversation = conversation.ok_or(Refusal::MessageUnknown)?;
    let hidden = joined(work, conversation, reader)?.unwrap_or(i64::MAX);
    let mut find = work.connection.prepare_cached(
        "SELECT 1 FROM message WHERE conversation_id = ?1 AND seq = ?2 AND seq > ?3",
    )?;
    if find.exists([conversation.0, of.0, hidden])? {
        Ok(())
    } else {
        Err(Refusal::MessageUnknown.into())
    }
}

/// Keeps what the author's realm signed, for the realms that this one tells.
fn keep_signed(work: &Work, place: Place, signed: &Signed) -> Outcome<()> {
    work.connection
        .prepare_cached(
            "INSERT INTO signed_post (conversation_id, seq, bytes, signed_by) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![place.conversation.0, place.seq.0, signed.bytes, signed.by])?;
    Ok(())
}
