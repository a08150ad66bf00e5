//! Groups and who is in them.

use kabar_model::limits::GROUPS_JOINED_MAX;
use kabar_model::{
    ConversationId, GroupCode, GroupName, GroupRole, Refusal, Seq, UserId, Visibility,
};

use super::{Member, Realm, Talk};
use crate::error::Result;
use crate::store::{Group, GroupChange, ListedGroup, NewGroup};

/// Spreads consecutive numbers over all codes; odd, so that no code comes twice in 2²⁴.
const CODE_STEP: u32 = 0x009E_3779;

impl Realm {
    fn open_groups(&self) -> impl Iterator<Item = (&Talk, &Group)> {
        let open = self.conversations.values().filter(|talk| !talk.closed);
        open.filter_map(|talk| Some((talk, talk.group.as_ref()?)))
    }

    pub(super) fn group(&self, name_or_code: &str) -> Option<Group> {
        let name = GroupName::parse(name_or_code).ok()?;
        let code = GroupCode::parse(name.as_str());
        let named = self.open_groups().find(|(_, group)| group.name.key() == name.key());
        let coded = || self.open_groups().find(|(_, group)| Some(group.code) == code);
        named.or_else(coded).map(|(_, group)| group.clone())
    }

    pub(super) fn create_group(&mut self, new: NewGroup) -> Result<Group> {
        if self.group(&new.name.key()).is_some() {
            return Err(Refusal::GroupTaken.into());
        }
        self.has_room_for_a_group(new.creator)?;
        let first =
            u32::try_from(self.conversations.len()).expect("memory ends before").wrapping_add(1);
        let code = (first..=u32::MAX)
            .map(|number| GroupCode::new(number.wrapping_mul(CODE_STEP)))
            .find(|code| self.group(&code.to_string()).is_none())
            .expect("far fewer groups than codes");
        let admin = self.new_member(new.creator, GroupRole::Admin, Seq::NONE);
        let id = self.add(Talk { members: vec![admin], ..Talk::default() });
        let group = Group { id, name: new.name, code, visibility: new.visibility };
        let talk = self.conversations.get_mut(&id).expect("made just now");
        talk.group = Some(group.clone());
        Ok(group)
    }

    fn has_room_for_a_group(&self, user: UserId) -> Result<()> {
        let joined = self.open_groups().filter(|(talk, _)| talk.member(user).is_some()).count();
        if joined < GROUPS_JOINED_MAX { Ok(()) } else { Err(Refusal::TooManyGroups.into()) }
    }

    /// Somebody who comes into a conversation whose last message is `last`.
    pub(super) fn new_member(&mut self, user: UserId, role: GroupRole, last: Seq) -> Member {
        self.joinings += 1;
        Member { user, role, joining: self.joinings, joined: last, read: last }
    }

    pub(super) fn join_group(&mut self, id: ConversationId, user: UserId) -> Result<()> {
        let talk = self.open_group(id)?;
        if talk.member(user).is_some() {
            return Err(Refusal::AlreadyMember.into());
        }
        let last = talk.last();
        self.has_room_for_a_group(user)?;
        let member = self.new_member(user, GroupRole::Member, last);
        self.conversations.get_mut(&id).expect("found above").members.push(member);
        Ok(())
    }

    pub(super) fn invite(
        &mut self,
        id: ConversationId,
        by: UserId,
        users: &[UserId],
    ) -> Result<Vec<bool>> {
        self.is_admin_of(id, by)?;
        Ok(users.iter().map(|user| self.join_group(id, *user).is_ok()).collect())
    }

    /// Refuses unless this is an open group and that an admin of it.
    pub(super) fn is_admin_of(&self, id: ConversationId, user: UserId) -> Result<&Talk> {
        let talk = self.open_group(id)?;
        match talk.member(user).map(|member| member.role) {
            None => Err(Refusal::NotMember.into()),
            Some(GroupRole::Member) => Err(Refusal::AdminOnly.into()),
            Some(GroupRole::Admin) => Ok(talk),
        }
    }

    pub(super) fn change_group(
        &mut self,
        id: ConversationId,
        by: UserId,
        change: GroupChange,
    ) -> Result<Group> {
        self.is_admin_of(id, by)?;
        if let Some(name) = &change.name
            && self
                .group(&name.key())
                .is_some_and(|taken| taken.id != id || !is_named(&taken, name))
        {
            return Err(Refusal::GroupTaken.into());
        }
        let talk = self.conversations.get_mut(&id);
        let group = talk.and_then(|talk| talk.group.as_mut()).expect("it is a group");
        let GroupChange { name, visibility } = change;
        group.name = name.unwrap_or_else(|| group.name.clone());
        group.visibility = visibility.unwrap_or(group.visibility);
        Ok(group.clone())
    }

    pub(super) fn set_role(
        &mut self,
        id: ConversationId,
        by: UserId,
        member: UserId,
        role: GroupRole,
    ) -> Result<()> {
        let at = self.changeable(id, by, member, role == GroupRole::Admin)?;
        self.conversations.get_mut(&id).expect("found").members[at].role = role;
        Ok(())
    }

    pub(super) fn remove_member(
        &mut self,
        id: ConversationId,
        by: UserId,
        member: UserId,
    ) -> Result<()> {
        let at = self.changeable(id, by, member, false)?;
        self.conversations.get_mut(&id).expect("found").members.remove(at);
        Ok(())
    }

    /// The place of a member whom an admin may change so: there must be an admin afterwards.
    fn changeable(
        &self,
        id: ConversationId,
        by: UserId,
        member: UserId,
        stays_admin: bool,
    ) -> Result<usize> {
        let talk = self.is_admin_of(id, by)?;
        let at = talk.members.iter().position(|known| known.user == member);
        let at = at.ok_or(Refusal::UserUnknown)?;
        let mut others = talk.members.iter().filter(|known| known.user != member);
        if stays_admin || others.any(|known| known.role == GroupRole::Admin) {
            Ok(at)
        } else {
            Err(Refusal::NotAllowed.into())
        }
    }

    pub(super) fn open_group(&self, id: ConversationId) -> Result<&Talk> {
        let talk = self.conversations.get(&id).filter(|talk| talk.group.is_some() && !talk.closed);
        talk.ok_or_else(|| Refusal::GroupUnknown.into())
    }

    pub(super) fn leave_group(&mut self, id: ConversationId, user: UserId) -> Result<()> {
        let talk = self.conversations.get_mut(&id).filter(|talk| talk.group.is_some());
        let talk = talk.ok_or(Refusal::NotMember)?;
        let place = talk.members.iter().position(|member| member.user == user);
        talk.members.remove(place.ok_or(Refusal::NotMember)?);
        let has_admin = talk.members.iter().any(|member| member.role == GroupRole::Admin);
        match talk.members.first_mut() {
            None => talk.closed = true,
            Some(longest) if !has_admin => longest.role = GroupRole::Admin,
            Some(_) => {}
        }
        Ok(())
    }

    pub(super) fn visible_groups(&self, user: UserId, limit: usize) -> Vec<ListedGroup> {
        let listed = |(talk, group): (&Talk, &Group)| ListedGroup {
            group: group.clone(),
            members: talk.members.len() as u64,
            joined: talk.member(user).is_some(),
        };
        let (own, others): (Vec<_>, Vec<_>) =
            self.open_groups().map(listed).partition(|listed| listed.joined);
        let is_public = |listed: &ListedGroup| listed.group.visibility == Visibility::Public;
        own.into_iter().chain(others.into_iter().filter(is_public)).take(limit).collect()
    }

    pub(super) fn members(&self, group: ConversationId) -> Vec<(UserId, GroupRole)> {
        let talk = self.conversations.get(&group);
        talk.into_iter().flat_map(|talk| &talk.members).map(|m| (m.user, m.role)).collect()
    }

    pub(super) fn joined_groups(&self, user: UserId) -> Vec<Group> {
        let own = self.open_groups().filter_map(|(talk, group)| Some((talk.member(user)?, group)));
        let mut own: Vec<_> = own.collect();
        own.sort_by_key(|(member, _)| member.joining);
        own.into_iter().map(|(_, group)| group.clone()).collect()
    }
}

/// Whether a group is called that, and does not merely have a code that reads so.
fn is_named(group: &Group, name: &GroupName) -> bool {
    group.name.key() == name.key()
}
