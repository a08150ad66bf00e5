//! What an admin does with a group, by its number.

use std::sync::Arc;

use kabar_model::limits::RECIPIENTS_MAX;
use kabar_model::{Address, ConversationId, Field, GroupRole, Refusal, User, UserId, Username};

use crate::bus::Hint;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::sessions::Caller;
use crate::store::{Group, GroupChange};

/// Somebody in a conversation.
#[derive(Clone, Debug)]
pub struct Member {
    /// The person.
    pub user: Arc<User>,
    /// What they may do there. In a direct conversation all are members.
    pub role: GroupRole,
}

impl Engine {
    /// Who is in a group or a direct conversation, the longest-standing first. Refuses `NotMember`.
    pub async fn members(
        &self,
        caller: &Caller,
        conversation: ConversationId,
    ) -> Result<Vec<Member>> {
        let all = self.store.members(conversation).await?;
        if !all.iter().any(|(user, _)| *user == caller.user()) {
            return Err(Refusal::NotMember.into());
        }
        let ids: Vec<UserId> = all.iter().map(|(user, _)| *user).collect();
        let people = self.directory.users(&ids).await?;
        let members = all.into_iter().map(|(id, role)| {
            let user = people.get(&id).cloned();
            let user = user.ok_or_else(|| Error::failed("a member without an account"))?;
            Ok(Member { user, role })
        });
        members.collect()
    }

    /// Adds people to a group; says for each name whether that person joined now. Refuses `GroupUnknown`,
    /// `NotMember`, `AdminOnly`, and `TooMany` receivers.
    pub async fn add_members(
        &self,
        caller: &Caller,
        group: ConversationId,
        names: &[String],
    ) -> Result<Vec<bool>> {
        caller.may_write()?;
        if names.len() > RECIPIENTS_MAX {
            return Err(Refusal::TooMany(Field::Recipients).into());
        }
        let guests = self.people_named(names).await?;
        let known: Vec<UserId> = guests.iter().copied().flatten().collect();
        let at = self.clock.now();
        let joined = self.store.invite(group, caller.user(), &known, at).await?;
        self.conversation_changed(group);
        let mut joined = joined.into_iter();
        Ok(guests.iter().map(|guest| guest.is_some() && joined.next() == Some(true)).collect())
    }

    /// Changes a group. Refuses `GroupUnknown`, `NotMember`, `AdminOnly`, `GroupTaken`.
    pub async fn change_group(
        &self,
        caller: &Caller,
        group: ConversationId,
        change: GroupChange,
    ) -> Result<Group> {
        caller.may_write()?;
        let changed = self.store.change_group(group, caller.user(), change).await?;
        self.conversation_changed(group);
        Ok(changed)
    }

    /// Gives a member another role. Refuses `GroupUnknown`, `NotMember`, `AdminOnly`, `UserUnknown` when that
    /// is nobody in the group, and `NotAllowed` when no admin would be left.
    pub async fn set_member_role(
        &self,
        caller: &Caller,
        group: ConversationId,
        member: &Username,
        role: GroupRole,
    ) -> Result<()> {
        caller.may_write()?;
        let member = self.person(caller, member).await?.id;
        self.store.set_role(group, caller.user(), member, role).await?;
        self.conversation_changed(group);
        Ok(())
    }

    /// Takes a member out of a group; oneself leaves it, as [`Engine::leave_group`] says. Refuses as
    /// [`Engine::set_member_role`] does.
    pub async fn remove_member(
        &self,
        caller: &Caller,
        group: ConversationId,
        member: &Username,
    ) -> Result<()> {
        caller.may_write()?;
        let member = self.person(caller, member).await?.id;
        if member == caller.user() {
            self.store.leave_group(group, member, self.clock.now()).await?;
        } else {
            self.store.remove_member(group, caller.user(), member).await?;
        }
        self.conversation_changed(group);
        self.tell_left(group, member).await;
        Ok(())
    }

    /// The people with these names; `None` for a name that nobody has.
    pub(crate) async fn people_named(&self, names: &[String]) -> Result<Vec<Option<UserId>>> {
        let mut people = Vec::with_capacity(names.len());
        for name in names {
            let person = match Address::parse(name) {
                Ok(address) => match self.somebody(&address).await {
                    Err(Error::Refused(Refusal::RealmUnknown)) => None,
                    somebody => somebody?,
                },
                Err(_) => None,
            };
            people.push(person.map(|user| user.id));
        }
        Ok(people)
    }

    /// Says everywhere that a group is another than it was.
    pub(crate) fn conversation_changed(&self, group: ConversationId) {
        self.directory.forget_group(group);
        self.bus.publish(Hint::GroupChanged(group));
    }
}
