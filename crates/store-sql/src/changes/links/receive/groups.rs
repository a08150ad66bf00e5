//! People of another realm who join and leave groups whose home is here.

use kabar_engine::store::links::Told;
use kabar_model::{
    ConversationId, DisplayName, GroupCode, Refusal, Timestamp, UserId, Username, Visibility,
};

use super::super::queue;
use super::mirrors;
use super::peer::{Peer, joined, known};
use crate::changes::groups as local;
use crate::error::Outcome;
use crate::reads::groups::group;
use crate::sql::OptionalExtension;
use crate::writer::Work;

/// Lets somebody in, by the group's name or code; into a private group by its code alone.
pub(super) fn join(
    work: &mut Work,
    peer: &Peer,
    (user, name): (&Username, &DisplayName),
    name_or_code: &str,
    now: Timestamp,
) -> Outcome<Option<ConversationId>> {
    peer.speaks_for(user)?;
    let name_or_code = name_or_code.trim();
    let group = group(&work.connection, name_or_code)?.ok_or(Refusal::GroupUnknown)?;
    if mirrors::is_none(work, group.id).is_err() {
        return Err(Refusal::GroupUnknown.into());
    }
    let user = peer.actor(work, user, name, now)?;
    if joined(work, group.id, user)?.is_some() {
        // Their realm has not heard that, or has lost it.
        queue(work, peer.link, &Told::Members(group.id), 0, now)?;
        return Ok(None);
    }
    let shows_code = GroupCode::parse(name_or_code) == Some(group.code);
    if group.visibility == Visibility::Private && !shows_code {
        return Err(Refusal::GroupUnknown.into());
    }
    local::join(work, group.id, user, now)?;
    Ok(Some(group.id))
}

/// Lets somebody out.
pub(super) fn leave(
    work: &mut Work,
    peer: &Peer,
    user: &Username,
    group: ConversationId,
    now: Timestamp,
) -> Outcome<Option<ConversationId>> {
    peer.speaks_for(user)?;
    let user = member(work, group, user)?;
    local::leave(work, group, user, now)?;
    Ok(Some(group))
}

/// Somebody of another realm who is in a group whose home is here. Refuses `GroupUnknown` and `NotAllowed` for any
/// other; who is not in it learns no more than a stranger here would: `NotMember` or `GroupUnknown`.
pub(super) fn member(work: &Work, group: ConversationId, user: &Username) -> Outcome<UserId> {
    let mut find = work.connection.prepare_cached(
        "SELECT visibility = 'private' FROM conversation
         WHERE id = ?1 AND kind = 'group' AND closed_at IS NULL",
    )?;
    let is_private = find.query_row([group.0], |row| row.get(0)).optional()?;
    let is_private: bool = is_private.ok_or(Refusal::GroupUnknown)?;
    mirrors::is_none(work, group)?;
    if let Some(user) = known(work, user)?
        && joined(work, group, user)?.is_some()
    {
        return Ok(user);
    }
    Err(if is_private { Refusal::GroupUnknown } else { Refusal::NotMember }.into())
}
