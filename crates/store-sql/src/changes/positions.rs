//! Read positions.

use kabar_engine::Hint;
use kabar_engine::store::Place;
use kabar_engine::store::nodes::NodeId;
use kabar_model::UserId;

use super::links;
use super::posts::last_seq;
use crate::error::Outcome;
use crate::writer::Work;

/// Moves positions forward, at most to the last message: past it nothing has been read yet.
pub(crate) fn mark_read(work: &mut Work, user: UserId, positions: &[Place]) -> Outcome<()> {
    for Place { conversation, seq } in positions {
        let seq = last_seq(work, *conversation)?.min(*seq);
        let mut mark = work.connection.prepare_cached(
            "UPDATE member SET read_seq = ?3
             WHERE conversation_id = ?1 AND user_id = ?2 AND read_seq < ?3",
        )?;
        let moved = mark.execute([conversation.0, user.0, seq.0])? > 0;
        drop(mark);
        if moved {
            let place = Place { conversation: *conversation, seq };
            work.hint(Hint::Read { by: NodeId::NONE, user, place });
            links::tell_read(work, user, place)?;
        }
    }
    Ok(())
}
