//! A store that keeps everything in plain maps behind one lock, and loses it with the process.
//!
//! It is written to be obviously right, not fast: tests of the rules run on it, and every other store
//! is held to the same contract.

mod accounts;
mod changes;
mod contacts;
mod files;
mod groups;
mod handle;
mod history;
mod hooks;
mod invitations;
mod messages;
mod nodes;
mod rooms;
mod search;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use kabar_model::{
    Address, Arrival, ClientKey, ContentHash, ConversationId, GroupRole, HookId, InvitationCode,
    RoomName, Seq, SessionId, Timestamp, User, UserId, Username,
};

use crate::error::Result;
use crate::store::nodes::NodeStore;
use crate::store::{
    Account, Conversation, FileKey, FileScope, Group, GroupChange, Herald, History, Hook,
    Invitation, ListedAccount, ListedGroup, MadeSession, Message, NewGroup, NewHook, NewInvitation,
    NewMessage, NewSession, NewUser, Overview, PartMax, Place, Posted, SearchQuery, SentFile,
    SessionRecord, Store, StoredReaction, Ticket, TokenHash, Unread, UserChange, Window,
};

use handle::Heralds;
pub use handle::MemoryStore;

/// All there is. Numbers are given in order and never twice.
#[derive(Debug, Default)]
struct Realm {
    accounts: BTreeMap<UserId, Account>,
    made_at: HashMap<UserId, Timestamp>,
    sessions: BTreeMap<SessionId, SessionRecord>,
    last_session: i64,
    conversations: BTreeMap<ConversationId, Talk>,
    directs: HashMap<(UserId, UserId), ConversationId>,
    /// The messages sent so far, which numbers them in the order of arrival.
    arrivals: u64,
    /// What clients call messages of theirs, where those stand, and when they were sent.
    keys: HashMap<(UserId, ClientKey), (Place, Timestamp)>,
    /// How often anybody came into a conversation.
    joinings: u64,
    contacts: HashMap<UserId, Vec<Address>>,
    settings: HashMap<UserId, String>,
    /// In the order of their making, with the groups that they lead to.
    invitations: Vec<(ConversationId, Invitation)>,
    /// In the order of their making.
    hooks: Vec<(TokenHash, Hook)>,
    last_hook: i64,
    heralds: Heralds,
}

/// A conversation.
#[derive(Debug, Default)]
struct Talk {
    /// What makes it a group.
    group: Option<Group>,
    /// What makes it a room. Nobody is a member of one.
    room: Option<RoomName>,
    closed: bool,
    /// The longest-standing first.
    members: Vec<Member>,
    messages: Vec<(u64, Message)>,
    /// The oldest first.
    reactions: Vec<StoredReaction>,
}

#[derive(Debug)]
struct Member {
    user: UserId,
    role: GroupRole,
    /// Numbers all joinings in their order.
    joining: u64,
    /// The last message before joining.
    joined: Seq,
    read: Seq,
}

impl Talk {
    fn member(&self, user: UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.user == user)
    }

    /// A note to oneself.
    fn is_note(&self) -> bool {
        self.group.is_none() && self.members.len() == 1
    }

    fn last(&self) -> Seq {
        self.messages.last().map_or(Seq::NONE, |(_, message)| message.place.seq)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create_user(&self, new: NewUser) -> Result<User> {
        self.realm().create_user(new)
    }

    async fn account(&self, username: &Username) -> Result<Option<Account>> {
        Ok(self.realm().account(username))
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>> {
        Ok(self.realm().users(ids))
    }

    async fn list_users(&self, after: Option<&Username>, limit: usize) -> Result<Vec<User>> {
        Ok(self.realm().list_users(after, limit))
    }

    async fn find_users(
        &self,
        start: &str,
        after: Option<&Username>,
        limit: usize,
    ) -> Result<Vec<User>> {
        Ok(self.realm().find_users(start, after, limit))
    }

    async fn list_accounts(
        &self,
        start: &str,
        after: Option<&Username>,
        limit: usize,
    ) -> Result<Vec<ListedAccount>> {
        Ok(self.realm().list_accounts(start, after, limit))
    }

    async fn count_accounts(&self) -> Result<u64> {
        Ok(self.realm().count_accounts())
    }

    async fn settings(&self, user: UserId) -> Result<String> {
        self.realm().settings(user)
    }

    async fn change_user(&self, id: UserId, change: UserChange) -> Result<Vec<SessionId>> {
        self.realm().change_user(id, change)
    }

    async fn create_session(&self, new: NewSession) -> Result<MadeSession> {
        self.realm().create_session(new)
    }

    async fn session(&self, token: &TokenHash) -> Result<Option<SessionRecord>> {
        self.nodes.as_ref().map_or(Ok(()), |nodes| nodes.is_well())?;
        Ok(self.realm().sessions.values().find(|session| session.token == *token).cloned())
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<SessionRecord>> {
        Ok(self.realm().sessions(user))
    }

    async fn living_sessions(&self, ids: &[SessionId]) -> Result<Vec<SessionId>> {
        self.ask_after_sessions().await?;
        let realm = self.realm();
        Ok(ids.iter().copied().filter(|id| realm.sessions.contains_key(id)).collect())
    }

    async fn end_session(&self, id: SessionId) -> Result<bool> {
        Ok(self.realm().sessions.remove(&id).is_some())
    }

    async fn touch_sessions(&self, used: &[(SessionId, Timestamp)]) -> Result<()> {
        self.realm().touch_sessions(used);
        Ok(())
    }

    async fn sessions_used_since(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<SessionRecord>> {
        self.ask_after_sessions().await?;
        Ok(self.realm().sessions_used_since(since, limit))
    }

    async fn expire_sessions(&self, unused_since: Timestamp) -> Result<u64> {
        Ok(self.realm().expire_sessions(unused_since))
    }

    async fn post(&self, post: NewMessage) -> Result<Ticket<Vec<Posted>>> {
        let mut realm = self.realm();
        let outcome = realm.post(&post);
        // The lock is held still, so that what is told keeps the order of the messages.
        if let Ok(places) = &outcome
            && places.iter().any(|posted| posted.arrival.is_some())
        {
            for (handle, herald) in &realm.heralds.told {
                if herald.listens() {
                    // Another node does not know the session.
                    let session = post.session.filter(|_| *handle == self.handle);
                    herald.posted(NewMessage { session, ..post.clone() }, places.clone());
                }
            }
        }
        Ok(Box::pin(async { outcome }))
    }

    async fn unread(&self, user: UserId, part: PartMax) -> Result<Unread> {
        Ok(self.realm().unread(user, part))
    }

    async fn unread_in(
        &self,
        user: UserId,
        conversation: ConversationId,
        part: PartMax,
    ) -> Result<Unread> {
        self.realm().unread_in(user, conversation, part)
    }

    async fn recent(
        &self,
        user: UserId,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<Message>> {
        self.realm().recent(user, conversation, limit)
    }

    async fn direct(&self, one: UserId, other: UserId) -> Result<Option<ConversationId>> {
        Ok(self.realm().direct(one, other))
    }

    async fn mark_read(&self, user: UserId, positions: &[Place]) -> Result<()> {
        self.realm().mark_read(user, positions);
        Ok(())
    }

    async fn messages(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Message>> {
        Ok(self.realm().messages(conversation, after, limit))
    }

    async fn conversations(&self, ids: &[ConversationId]) -> Result<Vec<Conversation>> {
        Ok(self.realm().conversations(ids))
    }

    async fn history(
        &self,
        user: UserId,
        conversation: ConversationId,
        window: Window,
        limit: usize,
    ) -> Result<History> {
        self.realm().history(user, conversation, window, limit)
    }

    async fn shown(&self, user: UserId, place: Place) -> Result<Option<Message>> {
        Ok(self.realm().shown(user, place))
    }

    async fn reactions(
        &self,
        conversation: ConversationId,
        from: Seq,
        to: Seq,
    ) -> Result<Vec<StoredReaction>> {
        Ok(self.realm().reactions(conversation, from, to))
    }

    async fn overviews(&self, user: UserId, limit: usize) -> Result<Vec<Overview>> {
        Ok(self.realm().overviews(user, limit))
    }

    async fn overview(&self, user: UserId, conversation: ConversationId) -> Result<Overview> {
        self.realm().overview(user, conversation)
    }

    async fn last_arrival(&self) -> Result<Arrival> {
        Ok(self.realm().last_arrival())
    }

    async fn arrivals(
        &self,
        user: UserId,
        after: Arrival,
        limit: usize,
        scan_max: usize,
    ) -> Result<Option<Vec<Message>>> {
        Ok(self.realm().arrivals(user, after, limit, scan_max))
    }

    async fn open_direct(
        &self,
        one: UserId,
        other: UserId,
        _at: Timestamp,
    ) -> Result<ConversationId> {
        self.realm().open_direct(one, other)
    }

    async fn peers(&self, user: UserId, limit: usize) -> Result<Vec<UserId>> {
        Ok(self.realm().peers(user, limit))
    }

    async fn forget_keys(&self, before: Timestamp) -> Result<u64> {
        Ok(self.realm().forget_keys(before))
    }

    async fn find_file(
        &self,
        reader: UserId,
        scope: FileScope,
        key: &FileKey,
    ) -> Result<Option<SentFile>> {
        Ok(self.realm().find_file(reader, scope, key))
    }

    async fn files(&self, reader: UserId, limit: usize) -> Result<Vec<SentFile>> {
        Ok(self.realm().files(reader, limit))
    }

    async fn used_contents(&self, hashes: &[ContentHash]) -> Result<Vec<ContentHash>> {
        Ok(self.realm().used_contents(hashes))
    }

    async fn create_group(&self, new: NewGroup) -> Result<Group> {
        self.realm().create_group(new)
    }

    async fn group(&self, name_or_code: &str) -> Result<Option<Group>> {
        Ok(self.realm().group(name_or_code))
    }

    async fn join_group(&self, group: ConversationId, user: UserId, _at: Timestamp) -> Result<()> {
        self.realm().join_group(group, user)
    }

    async fn leave_group(&self, group: ConversationId, user: UserId, _at: Timestamp) -> Result<()> {
        self.realm().leave_group(group, user)
    }

    async fn visible_groups(&self, user: UserId, limit: usize) -> Result<Vec<ListedGroup>> {
        Ok(self.realm().visible_groups(user, limit))
    }

    async fn members(&self, group: ConversationId) -> Result<Vec<(UserId, GroupRole)>> {
        Ok(self.realm().members(group))
    }

    async fn invite(
        &self,
        group: ConversationId,
        by: UserId,
        users: &[UserId],
        _at: Timestamp,
    ) -> Result<Vec<bool>> {
        self.realm().invite(group, by, users)
    }

    async fn joined_groups(&self, user: UserId) -> Result<Vec<Group>> {
        Ok(self.realm().joined_groups(user))
    }

    async fn change_group(
        &self,
        group: ConversationId,
        by: UserId,
        change: GroupChange,
    ) -> Result<Group> {
        self.realm().change_group(group, by, change)
    }

    async fn set_role(
        &self,
        group: ConversationId,
        by: UserId,
        member: UserId,
        role: GroupRole,
    ) -> Result<()> {
        self.realm().set_role(group, by, member, role)
    }

    async fn remove_member(&self, group: ConversationId, by: UserId, member: UserId) -> Result<()> {
        self.realm().remove_member(group, by, member)
    }

    async fn create_invitation(&self, new: NewInvitation) -> Result<()> {
        self.realm().create_invitation(&new)
    }

    async fn invitations(
        &self,
        group: ConversationId,
        by: UserId,
        now: Timestamp,
    ) -> Result<Vec<Invitation>> {
        self.realm().invitations(group, by, now)
    }

    async fn revoke_invitation(
        &self,
        group: ConversationId,
        by: UserId,
        code: &InvitationCode,
    ) -> Result<bool> {
        self.realm().revoke_invitation(group, by, code)
    }

    async fn invitation(&self, code: &InvitationCode, now: Timestamp) -> Result<Group> {
        self.realm().invitation(code, now)
    }

    async fn redeem(&self, code: &InvitationCode, user: UserId, at: Timestamp) -> Result<Group> {
        self.realm().redeem(code, user, at)
    }

    async fn create_hook(&self, new: NewHook) -> Result<HookId> {
        self.realm().create_hook(new)
    }

    async fn hooks(&self, conversation: ConversationId, by: UserId) -> Result<Vec<Hook>> {
        self.realm().hooks(conversation, by)
    }

    async fn remove_hook(
        &self,
        conversation: ConversationId,
        by: UserId,
        id: HookId,
    ) -> Result<bool> {
        self.realm().remove_hook(conversation, by, id)
    }

    async fn hook(&self, secret: &TokenHash) -> Result<Option<Hook>> {
        Ok(self.realm().hook(secret))
    }

    async fn search(
        &self,
        user: UserId,
        query: &SearchQuery,
        limit: usize,
    ) -> Result<Vec<Message>> {
        Ok(self.realm().search(user, query, limit))
    }

    async fn room(&self, name: &RoomName, _at: Timestamp) -> Result<ConversationId> {
        Ok(self.realm().room(name))
    }

    async fn add_contacts(
        &self,
        user: UserId,
        contacts: &[Address],
        _at: Timestamp,
    ) -> Result<usize> {
        self.realm().add_contacts(user, contacts)
    }

    async fn remove_contacts(&self, user: UserId, contacts: &[Address]) -> Result<usize> {
        Ok(self.realm().remove_contacts(user, contacts))
    }

    async fn contacts(&self, user: UserId) -> Result<Vec<Address>> {
        Ok(self.realm().contacts(user))
    }

    fn tell(&self, herald: Arc<dyn Herald>) {
        self.realm().heralds.told.insert(self.handle, herald);
    }

    fn nodes(&self) -> Option<&dyn NodeStore> {
        self.nodes.as_deref().map(|nodes| nodes as &dyn NodeStore)
    }

    async fn check(&self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
