//! Files, beside the messages that they come with.

use kabar_engine::store::{NewFile, Place, Target};
use kabar_model::{Field, File, Refusal};

use crate::error::Outcome;
use crate::params;
use crate::reads::files::{code_in_use, is_listed};
use crate::writer::Work;

/// Whether a file may go to these targets, whose members the author is.
pub(super) fn may_send(work: &Work, new: &NewFile, targets: &[Target]) -> Outcome<()> {
    if targets.len() > 1 {
        return Err(Refusal::TooMany(Field::Recipients).into());
    }
    if i64::try_from(new.file.size).is_err() {
        return Err(Refusal::TooLong(Field::File).into());
    }
    if code_in_use(&work.connection, new.file.code)? {
        return Err(Refusal::Busy.into());
    }
    if new.sole
        && let [Target::Direct(receiver)] = *targets
        && is_listed(&work.connection, receiver, &new.file.name)?
    {
        return Err(Refusal::FileTaken.into());
    }
    Ok(())
}

/// Stores a file, which comes with the message at this place; returns its number.
pub(super) fn insert(work: &Work, file: &File, place: Place) -> Outcome<i64> {
    let size = i64::try_from(file.size).map_err(|_| Refusal::TooLong(Field::File))?;
    let mut insert = work.connection.prepare_cached(
        "INSERT INTO file (code, name, size, media_type, hash, conversation_id, seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    Ok(insert.insert(params![
        file.code.to_string(),
        file.name.as_str(),
        size,
        file.media_type,
        file.hash.0,
        place.conversation.0,
        place.seq.0,
    ])?)
}
