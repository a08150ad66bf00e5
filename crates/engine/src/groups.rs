//! Groups: making, finding, joining, leaving, writing to them.

use std::sync::Arc;

use kabar_model::limits::{GROUPS_LISTED_MAX, RECIPIENTS_MAX};
use kabar_model::{Body, Field, GroupCode, GroupName, Refusal, UserId, Visibility};

use crate::bus::Hint;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::messages::Posting;
use crate::sessions::Caller;
use crate::store::{Group, ListedGroup, NewGroup, Target};

impl Engine {
    /// Makes a group; its maker is its first admin. Refuses `GroupTaken`, `TooManyGroups`.
    pub async fn create_group(
        &self,
        caller: &Caller,
        name: GroupName,
        visibility: Visibility,
    ) -> Result<Group> {
        caller.may_write()?;
        let new = NewGroup { name, creator: caller.user(), visibility, at: self.clock.now() };
        let group = self.store.create_group(new).await?;
        self.bus.publish(Hint::GroupChanged(group.id));
        Ok(group)
    }

    /// Joins a group by name or code; a private one by code only. Refuses `GroupUnknown`,
    /// `AlreadyMember`, `TooManyGroups`.
    pub async fn join_group(&self, caller: &Caller, name_or_code: &str) -> Result<Arc<Group>> {
        caller.may_write()?;
        if let (_, Some(link)) = self.group_kept_as(name_or_code.trim()).await? {
            return self.join_there(caller, name_or_code.trim(), &link).await;
        }
        let group = self.group(name_or_code).await?;
        if let (_, Some(link)) = self.group_kept_as(group.name.as_str()).await? {
            return self.join_there(caller, group.name.as_str(), &link).await;
        }
        if is_hidden(&group, name_or_code) {
            let member = self.is_member(caller, &group).await?;
            return Err(if member { Refusal::AlreadyMember } else { Refusal::GroupUnknown }.into());
        }
        self.store.join_group(group.id, caller.user(), self.clock.now()).await?;
        self.conversation_changed(group.id);
        Ok(group)
    }

    /// Leaves a group. Refuses `GroupUnknown`, `NotMember`.
    pub async fn leave_group(&self, caller: &Caller, name_or_code: &str) -> Result<Arc<Group>> {
        caller.may_write()?;
        let group = self.group(name_or_code).await?;
        match self.store.leave_group(group.id, caller.user(), self.clock.now()).await {
            Ok(()) => {
                self.conversation_changed(group.id);
                self.tell_left(group.id, caller.user()).await;
                Ok(group)
            }
            Err(Error::Refused(Refusal::NotMember)) => Err(stranger(&group, name_or_code).into()),
            Err(error) => Err(error),
        }
    }

    /// Sends a text to a group. Refuses `GroupUnknown`; the posting refuses `NotMember`.
    pub async fn send_to_group(
        &self,
        caller: &Caller,
        name_or_code: &str,
        body: Body,
    ) -> Result<Posting> {
        let group = self.group(name_or_code).await?;
        let stranger = stranger(&group, name_or_code);
        self.post(caller, vec![Target::Group(group.id)], body, stranger).await
    }

    /// Adds people to a group; says for each name whether that person joined now. A name that nobody has
    /// does not. Refuses `GroupUnknown`, `NotMember`, `AdminOnly`, and `TooMany` receivers.
    pub async fn invite(
        &self,
        caller: &Caller,
        name_or_code: &str,
        names: &[String],
    ) -> Result<Vec<bool>> {
        caller.may_write()?;
        if names.len() > RECIPIENTS_MAX {
            return Err(Refusal::TooMany(Field::Recipients).into());
        }
        let group = self.group(name_or_code).await?;
        let guests = self.people_named(names).await?;
        let known: Vec<UserId> = guests.iter().copied().flatten().collect();
        let at = self.clock.now();
        let joined = match self.store.invite(group.id, caller.user(), &known, at).await {
            Err(Error::Refused(Refusal::NotMember)) => {
                return Err(stranger(&group, name_or_code).into());
            }
            joined => joined?,
        };
        self.conversation_changed(group.id);
        let mut joined = joined.into_iter();
        Ok(guests.iter().map(|guest| guest.is_some() && joined.next() == Some(true)).collect())
    }

    /// One's own groups, in the order of joining.
    pub async fn joined_groups(&self, caller: &Caller) -> Result<Vec<Group>> {
        self.store.joined_groups(caller.user()).await
    }

    /// One's own groups and the public ones.
    pub async fn visible_groups(&self, caller: &Caller) -> Result<Vec<ListedGroup>> {
        self.store.visible_groups(caller.user(), GROUPS_LISTED_MAX).await
    }

    pub(crate) async fn group(&self, name_or_code: &str) -> Result<Arc<Group>> {
        let (kept_as, _) = self.group_kept_as(name_or_code.trim()).await?;
        let group = self.directory.group(&kept_as).await?;
        group.ok_or_else(|| Refusal::GroupUnknown.into())
    }

    pub(crate) async fn is_member(&self, caller: &Caller, group: &Group) -> Result<bool> {
        let members = self.store.members(group.id).await?;
        Ok(members.iter().any(|(user, _)| *user == caller.user()))
    }
}

/// Whether somebody who is not in it must not learn that this group exists: it is private, and
/// they did not show its code.
fn is_hidden(group: &Group, name_or_code: &str) -> bool {
    let shown_code = GroupCode::parse(name_or_code.trim()) == Some(group.code);
    group.visibility == Visibility::Private && !shown_code
}

/// What somebody who is not in the group is told.
pub(crate) fn stranger(group: &Group, name_or_code: &str) -> Refusal {
    if is_hidden(group, name_or_code) { Refusal::GroupUnknown } else { Refusal::NotMember }
}
