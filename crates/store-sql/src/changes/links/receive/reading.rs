//! How far somebody of another realm has read.

use kabar_engine::store::links::Where;
use kabar_model::{ConversationId, Refusal, Seq, Username};

use super::peer::{Peer, known, person_here};
use crate::changes::posts::{direct, last_seq};
use crate::error::Outcome;
use crate::reads::shift;
use crate::writer::Work;

/// Moves a read position forward, at most to the last message.
pub(super) fn read(
    work: &mut Work,
    peer: &Peer,
    user: &Username,
    conversation: &Where,
    seq: Seq,
) -> Outcome<Option<ConversationId>> {
    peer.speaks_for(user)?;
    let Where::Direct(one, other) = conversation else { return Err(Refusal::NotAllowed.into()) };
    let pair = peer.pair(one, other)?;
    if user != pair.theirs {
        return Err(Refusal::NotMember.into());
    }
    let theirs = known(work, pair.theirs)?.ok_or(Refusal::NotMember)?;
    let (ours, _) = person_here(work, pair.ours)?.ok_or(Refusal::NotMember)?;
    let id = direct(work, ours, theirs)?.ok_or(Refusal::NotMember)?;
    // Both count as the home does; with its home here a conversation has no shift.
    let seq = shift::here(&work.connection, id, seq)?.min(last_seq(work, id)?);
    let mut mark = work.connection.prepare_cached(
        "UPDATE member SET read_seq = ?3
         WHERE conversation_id = ?1 AND user_id = ?2 AND read_seq < ?3",
    )?;
    let moved = mark.execute([id.0, theirs.0, seq.0])? > 0;
    Ok(moved.then_some(id))
}
