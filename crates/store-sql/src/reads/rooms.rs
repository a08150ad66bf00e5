//! Rooms by name.

use kabar_model::{ConversationId, RoomName};

use crate::sql::{self, Connection, OptionalExtension};

pub(crate) fn room(
    connection: &Connection,
    name: &RoomName,
) -> sql::Result<Option<ConversationId>> {
    connection
        .prepare_cached("SELECT id FROM conversation WHERE kind = 'room' AND name_key = ?1")?
        .query_row([name.key()], |row| row.get(0).map(ConversationId))
        .optional()
}
