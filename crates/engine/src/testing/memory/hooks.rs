//! Hooks.

use kabar_model::limits::HOOKS_MAX;
use kabar_model::{ConversationId, Field, GroupRole, HookId, Refusal, UserId};

use super::{Realm, Talk};
use crate::error::Result;
use crate::store::{Hook, NewHook, TokenHash};

impl Realm {
    pub(super) fn create_hook(&mut self, new: NewHook) -> Result<HookId> {
        let talk = self.talk_of(new.conversation, new.by)?;
        if !talk.lets_manage(new.by) {
            return Err(Refusal::AdminOnly.into());
        }
        if new.asked_by.is_some_and(|id| !self.has_session(new.by, id)) {
            return Err(Refusal::SessionUnknown.into());
        }
        let there = self.hooks.iter().filter(|(_, hook)| hook.conversation == new.conversation);
        if there.count() >= HOOKS_MAX {
            return Err(Refusal::TooMany(Field::Hooks).into());
        }
        self.last_hook += 1;
        let id = HookId(self.last_hook);
        let NewHook { conversation, by, name, secret, .. } = new;
        self.hooks.push((secret, Hook { id, conversation, by, name }));
        Ok(id)
    }

    pub(super) fn hooks(&self, conversation: ConversationId, by: UserId) -> Result<Vec<Hook>> {
        let sees_all = self.talk_of(conversation, by)?.lets_manage(by);
        let there = self.hooks.iter().map(|(_, hook)| hook);
        let there = there.filter(|hook| hook.conversation == conversation);
        Ok(there.filter(|hook| sees_all || hook.by == by).cloned().collect())
    }

    pub(super) fn remove_hook(
        &mut self,
        conversation: ConversationId,
        by: UserId,
        id: HookId,
    ) -> Result<bool> {
        let talk = self.talk_of(conversation, by)?;
        let is_admin = talk.group.is_some() && talk.lets_manage(by);
        let mut there = self.hooks.iter().map(|(_, hook)| hook);
        let found = there.find(|hook| hook.id == id && hook.conversation == conversation);
        let Some(found) = found else { return Ok(false) };
        if found.by != by && !is_admin {
            return Err(Refusal::NotAllowed.into());
        }
        self.hooks.retain(|(_, hook)| hook.id != id);
        Ok(true)
    }

    pub(super) fn hook(&self, secret: &TokenHash) -> Option<Hook> {
        self.hooks.iter().find(|(known, _)| known == secret).map(|(_, hook)| hook.clone())
    }

    /// A conversation that a person is in.
    fn talk_of(&self, id: ConversationId, user: UserId) -> Result<&Talk> {
        let talk = self.conversations.get(&id).filter(|talk| talk.member(user).is_some());
        talk.ok_or_else(|| Refusal::NotMember.into())
    }
}

impl Talk {
    /// Whether a member may make hooks here and sees those of others.
    fn lets_manage(&self, user: UserId) -> bool {
        let is_admin = self.member(user).is_some_and(|member| member.role == GroupRole::Admin);
        self.group.is_none() || is_admin
    }
}
