//! Invitations: who knows the code of one may join the group.

use std::time::Duration;

use kabar_model::limits::{INVITATION_SECS_MAX, INVITATION_USES_MAX};
use kabar_model::{ConversationId, Field, InvitationCode, Refusal};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::sessions::Caller;
use crate::store::{Group, Invitation, NewInvitation};

/// Codes that are tried for a new invitation. Two in a row that are in use are all but impossible.
const CODE_TRIES_MAX: usize = 4;

impl Engine {
    /// Makes an invitation to a group, good for so long and for so many. Refuses `GroupUnknown`, `NotMember`,
    /// `AdminOnly`, `TooMany` invitations, and `Invalid` ones that are good for no time or nobody, or past the
    /// limits.
    pub async fn create_invitation(
        &self,
        caller: &Caller,
        group: ConversationId,
        good_for: Duration,
        uses: u32,
    ) -> Result<Invitation> {
        caller.may_write()?;
        let longest = Duration::from_secs(INVITATION_SECS_MAX);
        let is_good = !good_for.is_zero() && good_for <= longest;
        if !is_good || !(1..=INVITATION_USES_MAX).contains(&uses) {
            return Err(Refusal::Invalid(Field::Invitations).into());
        }
        let at = self.clock.now();
        let expires_at = at.after(good_for);
        for _ in 0..CODE_TRIES_MAX {
            let code = InvitationCode::from_random(random());
            let new = NewInvitation { group, by: caller.user(), code, at, expires_at, uses };
            match self.store.create_invitation(new).await {
                Err(Error::Refused(Refusal::Busy)) => {}
                made => return made.map(|()| Invitation { code, expires_at, uses_left: uses }),
            }
        }
        Err(Refusal::Busy.into())
    }

    /// The invitations to a group that are good still, the newest first. Refuses `GroupUnknown`, `NotMember`,
    /// `AdminOnly`.
    pub async fn invitations(
        &self,
        caller: &Caller,
        group: ConversationId,
    ) -> Result<Vec<Invitation>> {
        self.store.invitations(group, caller.user(), self.clock.now()).await
    }

    /// Takes an invitation back; `false` if there is none. Refuses as [`Engine::invitations`] does.
    pub async fn revoke_invitation(
        &self,
        caller: &Caller,
        group: ConversationId,
        code: &InvitationCode,
    ) -> Result<bool> {
        caller.may_write()?;
        self.store.revoke_invitation(group, caller.user(), code).await
    }

    /// The group that an invitation leads to: anybody who knows the code may know. Refuses `InvitationUnknown`.
    pub async fn invitation(&self, code: &InvitationCode) -> Result<Group> {
        self.store.invitation(code, self.clock.now()).await
    }

    /// Joins a group by an invitation. Refuses `InvitationUnknown`, `AlreadyMember`, `TooManyGroups`.
    pub async fn redeem(&self, caller: &Caller, code: &InvitationCode) -> Result<Group> {
        caller.may_write()?;
        let group = self.store.redeem(code, caller.user(), self.clock.now()).await?;
        self.conversation_changed(group.id);
        Ok(group)
    }
}

/// Random bytes, less the six bits that tell a UUID from others: those are the same in every one.
fn random() -> [u8; 16] {
    let (one, other) = (Uuid::new_v4().as_u128(), Uuid::new_v4().as_u128());
    (one ^ other.rotate_left(64)).to_le_bytes()
}
