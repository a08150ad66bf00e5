//! Rows of messages that another realm numbered, or that take the place of one.

use kabar_engine::store::{Content, NewMessage, Place};
use kabar_model::{Arrival, Change, Seq, Timestamp, UserId};

use crate::changes::{edits, files};
use crate::error::{Outcome, Trouble};
use crate::params;
use crate::reads::words;
use crate::sql::MessageRow;
use crate::writer::Work;

/// What stands for a change that cannot be made here: an edit whose text is gone, which nobody is shown.
const NO_CHANGE: &str = "edit";

#[derive(Default)]
struct Row<'a> {
    body: &'a str,
    file: Option<i64>,
    about: Option<Seq>,
    change: Option<&'static str>,
    edited_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
}

fn insert(
    work: &mut Work,
    place: Place,
    author: UserId,
    at: Timestamp,
    row: &Row<'_>,
) -> Outcome<Arrival> {
    let said = MessageRow::text(place.conversation.0, place.seq.0, author.0, at.0, row.body);
    let id = work.connection.add_message(&MessageRow {
        file_id: row.file,
        about_seq: row.about.map(|seq| seq.0),
        change: row.change,
        edited_at: row.edited_at.map(|at| at.0),
        deleted_at: row.deleted_at.map(|at| at.0),
        ..said
    })?;
    work.known.learn_last(place.conversation, place.seq);
    Ok(Arrival(id))
}

/// A message that is gone: its number stays.
pub(super) fn gone(work: &mut Work, place: Place, author: UserId, at: Timestamp) -> Outcome<()> {
    let row = Row { deleted_at: Some(at), ..Row::default() };
    insert(work, place, author, at, &row).map(drop)
}

/// A change that cannot be made, or that changes nothing: its number stays.
pub(super) fn nothing(work: &mut Work, place: Place, author: UserId, at: Timestamp) -> Outcome<()> {
    let (about, change) = (Some(place.seq), Some(NO_CHANGE));
    let row = Row { about, change, deleted_at: Some(at), ..Row::default() };
    insert(work, place, author, at, &row).map(drop)
}

/// A message of a mirror, whose numbers are those of this realm; `None` for a change that cannot be made.
pub(super) fn add(
    work: &mut Work,
    new: &NewMessage,
    place: Place,
    edited_at: Option<Timestamp>,
) -> Outcome<Option<Arrival>> {
    let Some(change) = new.content.change() else {
        let file = new.content.file().map(|file| files::insert(work, file, place)).transpose()?;
        let row = Row {
            body: new.content.text(),
            file,
            about: new.reply_to,
            edited_at,
            ..Row::default()
        };
        return insert(work, place, new.author, new.at, &row).map(Some);
    };
    let of = Place { seq: change.of(), ..place };
    if !can_be_made(work, new.author, change, of)? {
        return Ok(None);
    }
    match edits::apply(work, new, of) {
        // Its home counts it, even where it changes nothing here.
        Ok(_) => {}
        Err(Trouble::Refused(_)) => return Ok(None),
        Err(error) => return Err(error),
    }
    let row = Row {
        body: new.content.text(),
        about: Some(of.seq),
        change: Some(words::change(change)),
        ..Row::default()
    };
    let arrival = insert(work, place, new.author, new.at, &row)?;
    if let Content::Edit { of, .. } = new.content {
        edits::keep(work, place, of)?;
    }
    Ok(Some(arrival))
}

/// Whether there is a message that can be changed so. Who may delete is its home's business; that nobody puts words
/// into another's mouth is everybody's.
fn can_be_made(work: &Work, author: UserId, change: Change, of: Place) -> Outcome<bool> {
    let mut find = work.connection.prepare_cached(
        "SELECT 1 FROM message WHERE conversation_id = ?1 AND seq = ?2 AND change IS NULL
             AND deleted_at IS NULL AND (author_id = ?3 OR CAST(?4 AS BIGINT) = 0)",
    )?;
    let is_edit = matches!(change, Change::Edit(_));
    Ok(find.exists(params![of.conversation.0, of.seq.0, author.0, is_edit])?)
}
