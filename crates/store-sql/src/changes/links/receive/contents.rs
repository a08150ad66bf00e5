//! Contents of files that came by name alone: they are fetched later.

use kabar_engine::store::{Content, Place};
use kabar_model::{ContentHash, ConversationId, FileCode, LinkId, Refusal, Seq};

use crate::error::Outcome;
use crate::params;
use crate::random;
use crate::reads::files::code_in_use;
use crate::sql::Row;
use crate::writer::Work;

/// Codes that are tried before giving up.
const CODE_TRIES: usize = 64;

/// Gives a file a code of this realm: what the sender's is called says nothing here.
pub(super) fn take_code(work: &Work, content: &mut Content) -> Outcome<()> {
    let Content::File(new) = content else { return Ok(()) };
    for _ in 0..CODE_TRIES {
        new.file.code = FileCode::new(random::code()?);
        if !code_in_use(&work.connection, new.file.code)? {
            return Ok(());
        }
    }
    Err(Refusal::Busy.into())
}

/// Notes that the contents of the file at this place are at a link. They are fetched even if they are here already:
/// who only knows what they are called has not got them, and is not to get them in this way.
pub(super) fn want(work: &Work, place: Place, link: LinkId) -> Outcome<()> {
    let mut want = work.connection.prepare_cached(
        "UPDATE file SET wanted_from = ?3 WHERE conversation_id = ?1 AND seq = ?2",
    )?;
    want.execute([place.conversation.0, place.seq.0, link.0])?;
    Ok(())
}

/// Whether any are to be fetched from a link.
pub(super) fn are_wanted(work: &Work, link: LinkId) -> Outcome<bool> {
    let mut any =
        work.connection.prepare_cached("SELECT 1 FROM file WHERE wanted_from = ?1 LIMIT 1")?;
    Ok(any.exists([link.0])?)
}

/// Notes that contents that were to come from a link are here now, or that it has not got them; says which messages
/// they go with.
pub(crate) fn arrived(
    work: &mut Work,
    link: LinkId,
    hash: ContentHash,
    here: bool,
) -> Outcome<Vec<Place>> {
    let found = if here { None } else { Some(0) };
    let mut note = work.connection.prepare_cached(
        "UPDATE file SET wanted_from = ?2 WHERE hash = ?1 AND wanted_from = ?3
         RETURNING conversation_id, seq",
    )?;
    let place = |row: &Row<'_>| {
        Ok(Place { conversation: ConversationId(row.get(0)?), seq: Seq(row.get(1)?) })
    };
    let row = params![hash.0, found, link.0];
    let places: Vec<Place> = note.query_map(row, place)?.collect::<Result<_, _>>()?;
    drop(note);
    for place in &places {
        work.hint_deliveries(&[place.conversation]);
    }
    Ok(places)
}
