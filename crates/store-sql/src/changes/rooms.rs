//! Rooms.

use kabar_model::{ConversationId, RoomName, Timestamp};

use crate::error::Outcome;
use crate::params;
use crate::reads::rooms::room;
use crate::writer::Work;

/// The room of that name, made if there is none.
pub(crate) fn find_or_make(
    work: &mut Work,
    name: &RoomName,
    at: Timestamp,
) -> Outcome<ConversationId> {
    if let Some(id) = room(&work.connection, name)? {
        return Ok(id);
    }
    let mut insert = work.connection.prepare_cached(
        "INSERT INTO conversation (kind, created_at, name, name_key) VALUES ('room', ?1, ?2, ?3)",
    )?;
    Ok(ConversationId(insert.insert(params![at.0, name.as_str(), name.key()])?))
}

/// Whether that is a room. Once one, always one.
pub(super) fn is_room(work: &mut Work, id: ConversationId) -> Outcome<bool> {
    if work.known.is_room(id) {
        return Ok(true);
    }
    let mut find = work
        .connection
        .prepare_cached("SELECT 1 FROM conversation WHERE id = ?1 AND kind = 'room'")?;
    let is_room = find.exists([id.0])?;
    if is_room {
        work.known.learn_room(id);
    }
    Ok(is_room)
}
