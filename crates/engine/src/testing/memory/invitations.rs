//! Invitations.

use kabar_model::limits::INVITATIONS_MAX;
use kabar_model::{ConversationId, Field, InvitationCode, Refusal, Timestamp, UserId};

use super::Realm;
use crate::error::Result;
use crate::store::{Group, Invitation, NewInvitation};

impl Realm {
    pub(super) fn create_invitation(&mut self, new: &NewInvitation) -> Result<()> {
        let usable = self.invitations(new.group, new.by, new.at)?.len();
        if usable >= INVITATIONS_MAX {
            return Err(Refusal::TooMany(Field::Invitations).into());
        }
        if self.invitations.iter().any(|(_, known)| known.code == new.code) {
            return Err(Refusal::Busy.into());
        }
        let NewInvitation { group, code, expires_at, uses, .. } = *new;
        self.invitations.push((group, Invitation { code, expires_at, uses_left: uses }));
        Ok(())
    }

    pub(super) fn invitations(
        &self,
        group: ConversationId,
        by: UserId,
        now: Timestamp,
    ) -> Result<Vec<Invitation>> {
        self.is_admin_of(group, by)?;
        let own = self.invitations.iter().rev().filter(|(of, _)| *of == group);
        Ok(own.filter(|(_, known)| is_good(known, now)).map(|(_, known)| known.clone()).collect())
    }

    pub(super) fn revoke_invitation(
        &mut self,
        group: ConversationId,
        by: UserId,
        code: &InvitationCode,
    ) -> Result<bool> {
        self.is_admin_of(group, by)?;
        let before = self.invitations.len();
        self.invitations.retain(|(of, known)| *of != group || known.code != *code);
        Ok(self.invitations.len() < before)
    }

    pub(super) fn invitation(&self, code: &InvitationCode, now: Timestamp) -> Result<Group> {
        let good = self.invitations.iter().find(|(_, known)| known.code == *code);
        let (group, _) =
            good.filter(|(_, known)| is_good(known, now)).ok_or(Refusal::InvitationUnknown)?;
        let talk = self.open_group(*group).map_err(|_| Refusal::InvitationUnknown)?;
        Ok(talk.group.clone().ok_or(Refusal::InvitationUnknown)?)
    }

    pub(super) fn redeem(
        &mut self,
        code: &InvitationCode,
        user: UserId,
        at: Timestamp,
    ) -> Result<Group> {
        let group = self.invitation(code, at)?;
        self.join_group(group.id, user)?;
        let redeemed = self.invitations.iter_mut().find(|(_, known)| known.code == *code);
        redeemed.expect("it was good just now").1.uses_left -= 1;
        Ok(group)
    }
}

fn is_good(invitation: &Invitation, now: Timestamp) -> bool {
    invitation.uses_left > 0 && now < invitation.expires_at
}
