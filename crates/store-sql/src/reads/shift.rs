//! Numbers of a mirror: as its home counts, and as they are counted here.

use kabar_model::{ConversationId, Seq};

use crate::sql::{self, Connection, OptionalExtension};

/// What stands here for the home's number, whether there is such a message yet or not. The other way goes
/// [`home_seq`](super::carried::home_seq).
pub fn here(connection: &Connection, mirror: ConversationId, there: Seq) -> sql::Result<Seq> {
    let mut find = connection.prepare_cached(
        "SELECT shift FROM mirror_shift WHERE conversation_id = ?1 AND home_from <= ?2
         ORDER BY home_from DESC LIMIT 1",
    )?;
    let shift = find.query_row([mirror.0, there.0], |row| row.get::<i64>(0)).optional()?;
    Ok(Seq(there.0.saturating_add(shift.unwrap_or(0))))
}
