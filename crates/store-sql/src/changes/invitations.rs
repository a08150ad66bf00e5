//! Invitations to groups.

use kabar_engine::store::{Group, NewInvitation};
use kabar_model::limits::INVITATIONS_MAX;
use kabar_model::{ConversationId, Field, InvitationCode, Refusal, Timestamp, UserId};

use super::groups::{join, must_be_admin};
use crate::error::Outcome;
use crate::params;
use crate::reads;
use crate::writer::Work;

pub(crate) fn create(work: &mut Work, new: &NewInvitation) -> Outcome<()> {
    must_be_admin(work, new.group, new.by)?;
    let connection = &work.connection;
    // Those that are over are of no use to anybody.
    connection
        .prepare_cached(
            "DELETE FROM invitation
             WHERE conversation_id = ?1 AND (uses_left = 0 OR expires_at <= ?2)",
        )?
        .execute([new.group.0, new.at.0])?;
    let usable: i64 = connection
        .prepare_cached("SELECT COUNT(*) FROM invitation WHERE conversation_id = ?1")?
        .query_row([new.group.0], |row| row.get(0))?;
    if usize::try_from(usable).is_ok_and(|usable| usable >= INVITATIONS_MAX) {
        return Err(Refusal::TooMany(Field::Invitations).into());
    }
    let mut taken = connection.prepare_cached("SELECT 1 FROM invitation WHERE code = ?1")?;
    if taken.exists([new.code.reveal()])? {
        return Err(Refusal::Busy.into());
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO invitation
             (code, conversation_id, created_by, created_at, expires_at, uses_left)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    insert.execute(params![
        new.code.reveal(),
        new.group.0,
        new.by.0,
        new.at.0,
        new.expires_at.0,
        new.uses,
    ])?;
    Ok(())
}

pub(crate) fn revoke(
    work: &mut Work,
    group: ConversationId,
    by: UserId,
    code: &InvitationCode,
) -> Outcome<bool> {
    must_be_admin(work, group, by)?;
    let mut delete = work
        .connection
        .prepare_cached("DELETE FROM invitation WHERE conversation_id = ?1 AND code = ?2")?;
    Ok(delete.execute(params![group.0, code.reveal()])? > 0)
}

/// Joins the group of an invitation, which is then good for one less.
pub(crate) fn redeem(
    work: &mut Work,
    code: &InvitationCode,
    user: UserId,
    at: Timestamp,
) -> Outcome<Group> {
    let group = reads::invitations::group(&work.connection, code, at)?;
    let group = group.ok_or(Refusal::InvitationUnknown)?;
    join(work, group.id, user, at)?;
    work.connection
        .prepare_cached("UPDATE invitation SET uses_left = uses_left - 1 WHERE code = ?1")?
        .execute([code.reveal()])?;
    Ok(group)
}
