//! What a change does to the message that it is about: in the same transaction as the change itself.

use kabar_engine::store::{Content, NewMessage, Place, Target};
use kabar_model::limits::REACTIONS_EACH_MAX;
use kabar_model::{Change, Emoji, Field, Refusal, Seq, Timestamp, UserId};

use super::posts::direct;
use crate::error::Outcome;
use crate::params;
use crate::sql::OptionalExtension;
use crate::writer::Work;

/// The message that a change is about, which its author may change so. The author is known to be in the
/// conversation, if it goes to one.
pub(super) fn changed(work: &mut Work, new: &NewMessage, change: Change) -> Outcome<Place> {
    let [target] = new.targets[..] else {
        return Err(Refusal::TooMany(Field::Recipients).into());
    };
    let conversation = match target {
        Target::Group(id) | Target::Room(id) | Target::Own(id) => id,
        Target::Direct(other) => direct(work, new.author, other)?.ok_or(Refusal::MessageUnknown)?,
    };
    let place = Place { conversation, seq: change.of() };
    // In a room nobody is a member, and everything can be seen.
    let mut find = work.connection.prepare_cached(
        "SELECT m.author_id, coalesce(s.role = 'admin', false)
         FROM message m LEFT JOIN member s
             ON s.conversation_id = m.conversation_id AND s.user_id = ?3
         WHERE m.conversation_id = ?1 AND m.seq = ?2 AND m.change IS NULL
             AND m.deleted_at IS NULL AND m.seq > coalesce(s.joined_seq, 0)",
    )?;
    let found = find.query_row([conversation.0, place.seq.0, new.author.0], |row| {
        Ok((UserId(row.get(0)?), row.get::<bool>(1)?))
    });
    let (author, is_admin) = found.optional()?.ok_or(Refusal::MessageUnknown)?;
    let may = match change {
        Change::Edit(_) => author == new.author,
        Change::Deletion(_) => author == new.author || is_admin,
        Change::Reaction(_) | Change::ReactionEnd(_) => true,
    };
    if may { Ok(place) } else { Err(Refusal::NotAllowed.into()) }
}

/// Does what a change does; `false` when that is done already.
pub(super) fn apply(work: &Work, new: &NewMessage, of: Place) -> Outcome<bool> {
    match &new.content {
        Content::Text(_) | Content::File(_) => {}
        Content::Edit { text, .. } => {
            let mut edit = work.connection.prepare_cached(
                "UPDATE message SET body = ?3, edited_at = ?4
                 WHERE conversation_id = ?1 AND seq = ?2",
            )?;
            edit.execute(params![of.conversation.0, of.seq.0, text.as_str(), new.at.0])?;
        }
        Content::Deletion { .. } => delete(work, of, new.at)?,
        Content::Reaction { emoji, on, .. } => return react(work, new.author, of, emoji, *on),
    }
    Ok(true)
}

/// Notes that the message at this place is an edit, so that its text goes with that of the other.
pub(super) fn keep(work: &Work, edit: Place, of: Seq) -> Outcome<()> {
    let mut insert = work.connection.prepare_cached(
        "INSERT INTO message_edit (conversation_id, of_seq, seq) VALUES (?1, ?2, ?3)",
    )?;
    insert.execute([edit.conversation.0, of.0, edit.seq.0])?;
    Ok(())
}

/// Takes away what a message says, and what its edits said; its file and its reactions.
fn delete(work: &Work, of: Place, at: Timestamp) -> Outcome<()> {
    let place = [of.conversation.0, of.seq.0];
    for sql in [
        "DELETE FROM file WHERE conversation_id = ?1 AND seq = ?2",
        "DELETE FROM reaction WHERE conversation_id = ?1 AND seq = ?2",
        // What another realm signed says it, too.
        "DELETE FROM signed_post WHERE conversation_id = ?1 AND (seq = ?2 OR seq IN (
             SELECT seq FROM message_edit WHERE conversation_id = ?1 AND of_seq = ?2))",
    ] {
        work.connection.prepare_cached(sql)?.execute(place)?;
    }
    for sql in [
        "UPDATE message SET body = '', file_id = NULL, deleted_at = ?3
         WHERE conversation_id = ?1 AND seq = ?2",
        "UPDATE message SET body = '', deleted_at = ?3
         WHERE conversation_id = ?1 AND seq IN (
             SELECT seq FROM message_edit WHERE conversation_id = ?1 AND of_seq = ?2)",
    ] {
        work.connection.prepare_cached(sql)?.execute([place[0], place[1], at.0])?;
    }
    Ok(())
}

fn react(work: &Work, user: UserId, of: Place, emoji: &Emoji, on: bool) -> Outcome<bool> {
    let (conversation, seq) = (of.conversation.0, of.seq.0);
    let row = params![conversation, seq, user.0, emoji.as_str()];
    if !on {
        let mut end = work.connection.prepare_cached(
            "DELETE FROM reaction
             WHERE conversation_id = ?1 AND seq = ?2 AND user_id = ?3 AND emoji = ?4",
        )?;
        return Ok(end.execute(row)? > 0);
    }
    let mut own = work.connection.prepare_cached(
        "SELECT COUNT(*), COUNT(*) FILTER (WHERE emoji = ?4) FROM reaction
         WHERE conversation_id = ?1 AND seq = ?2 AND user_id = ?3",
    )?;
    let (own, same) = own.query_row(row, |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
    if same > 0 {
        return Ok(false);
    }
    if own.unsigned_abs() >= REACTIONS_EACH_MAX as u64 {
        return Err(Refusal::TooMany(Field::Emoji).into());
    }
    let mut begin = work.connection.prepare_cached(
        "INSERT INTO reaction (conversation_id, seq, user_id, emoji) VALUES (?1, ?2, ?3, ?4)",
    )?;
    begin.execute(params![conversation, seq, user.0, emoji.as_str()])?;
    Ok(true)
}
