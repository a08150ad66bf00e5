//! The store itself: each method is a change for the writer or a read for the readers.

mod links;
mod nodes;
mod started;

use std::sync::Arc;

use async_trait::async_trait;
use kabar_engine::store::{
    Account, Conversation, FileKey, FileScope, Group, GroupChange, Herald, History, Hook,
    Invitation, LinkStore, ListedAccount, ListedGroup, MadeSession, Message, NewGroup, NewHook,
    NewInvitation, NewMessage, NewSession, NewUser, NodeStore, Overview, PartMax, Place, Posted,
    SearchQuery, SentFile, SessionRecord, StoredReaction, Ticket, TokenHash, Unread, UserChange,
    Window,
};
use kabar_engine::{Result, Store};
use kabar_model::{
    Address, Arrival, ContentHash, ConversationId, GroupRole, HookId, InvitationCode, Refusal,
    RoomName, Seq, SessionId, Timestamp, User, UserId, Username,
};
use tokio::sync::oneshot;

use crate::base::Base;
use crate::changes::{
    accounts, contacts, groups, hooks, invitations, keys, positions, posts, rooms, sessions,
};
use crate::reads;
use crate::writer::Request;

use started::stopped;
pub use started::{OnFatal, SqlStore};

#[async_trait]
impl<B: Base> Store for SqlStore<B> {
    async fn create_user(&self, new: NewUser) -> Result<User> {
        self.change_aside(|work| accounts::create(work, new)).await
    }

    async fn account(&self, username: &Username) -> Result<Option<Account>> {
        let username = username.clone();
        self.base.read(move |db| reads::accounts::account(db, &username)).await
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>> {
        let ids = ids.to_vec();
        self.base.read(move |db| reads::accounts::users(db, &ids)).await
    }

    async fn list_users(&self, after: Option<&Username>, limit: usize) -> Result<Vec<User>> {
        let after = after.cloned();
        self.base.read(move |db| reads::accounts::list(db, after.as_ref(), limit)).await
    }

    async fn find_users(
        &self,
        start: &str,
        after: Option<&Username>,
        limit: usize,
    ) -> Result<Vec<User>> {
        let (start, after) = (start.to_owned(), after.cloned());
        let read = move |db: &_| reads::people::find(db, &start, after.as_ref(), limit);
        self.base.read(read).await
    }

    async fn list_accounts(
        &self,
        start: &str,
        after: Option<&Username>,
        limit: usize,
    ) -> Result<Vec<ListedAccount>> {
        let (start, after) = (start.to_owned(), after.cloned());
        let read = move |db: &_| reads::people::list(db, &start, after.as_ref(), limit);
        self.base.read(read).await
    }

    async fn count_accounts(&self) -> Result<u64> {
        self.base.read(reads::accounts::count).await
    }

    async fn settings(&self, user: UserId) -> Result<String> {
        let found = self.base.read(move |db| reads::accounts::settings(db, user)).await?;
        found.ok_or_else(|| Refusal::UserUnknown.into())
    }

    async fn change_user(&self, id: UserId, change: UserChange) -> Result<Vec<SessionId>> {
        self.change_aside(move |work| accounts::change(work, id, &change)).await
    }

    async fn create_session(&self, new: NewSession) -> Result<MadeSession> {
        self.change_aside(move |work| sessions::create(work, new)).await
    }

    async fn session(&self, token: &TokenHash) -> Result<Option<SessionRecord>> {
        let token = *token;
        self.base.read(move |db| reads::accounts::session(db, token)).await
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<SessionRecord>> {
        self.base.read(move |db| reads::accounts::sessions(db, user)).await
    }

    async fn living_sessions(&self, ids: &[SessionId]) -> Result<Vec<SessionId>> {
        let ids = ids.to_vec();
        self.base.read(move |db| reads::accounts::living_sessions(db, &ids)).await
    }

    async fn end_session(&self, id: SessionId) -> Result<bool> {
        self.change_aside(move |work| sessions::end(work, id)).await
    }

    async fn touch_sessions(&self, used: &[(SessionId, Timestamp)]) -> Result<()> {
        for used in used.chunks(sessions::TOUCHED_TOGETHER) {
            let used = used.to_vec();
            self.change_aside(move |work| sessions::touch(work, &used)).await?;
        }
        Ok(())
    }

    async fn sessions_used_since(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<SessionRecord>> {
        let read = move |db: &_| reads::accounts::sessions_used_since(db, since, limit);
        self.base.read(read).await
    }

    async fn expire_sessions(&self, unused_since: Timestamp) -> Result<u64> {
        self.remove_in_portions(move |work| sessions::expire(work, unused_since)).await
    }

    async fn post(&self, post: NewMessage) -> Result<Ticket<Vec<Posted>>> {
        let (answer, answered) = oneshot::channel();
        self.hand_over(Request::Post(post, answer)).await?;
        Ok(Box::pin(async move { answered.await.unwrap_or_else(|_| Err(stopped())) }))
    }

    async fn unread(&self, user: UserId, part: PartMax) -> Result<Unread> {
        self.base.read(move |db| reads::unread::unread(db, user, part)).await
    }

    async fn unread_in(
        &self,
        user: UserId,
        conversation: ConversationId,
        part: PartMax,
    ) -> Result<Unread> {
        let read = move |db: &_| reads::unread::unread_in(db, user, conversation, part);
        self.base.read(read).await?.ok_or_else(|| Refusal::NotMember.into())
    }

    async fn recent(
        &self,
        user: UserId,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let read = move |db: &_| reads::messages::recent(db, user, conversation, limit);
        self.base.read(read).await?.ok_or_else(|| Refusal::NotMember.into())
    }

    async fn direct(&self, one: UserId, other: UserId) -> Result<Option<ConversationId>> {
        self.base.read(move |db| reads::messages::direct(db, one, other)).await
    }

    async fn mark_read(&self, user: UserId, positions: &[Place]) -> Result<()> {
        if positions.is_empty() {
            return Ok(());
        }
        let positions = positions.to_vec();
        self.change_aside(move |work| positions::mark_read(work, user, &positions)).await
    }

    async fn messages(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let read = move |db: &_| reads::messages::after(db, conversation, after, limit);
        self.base.read(read).await
    }

    async fn conversations(&self, ids: &[ConversationId]) -> Result<Vec<Conversation>> {
        let ids = ids.to_vec();
        self.base.read(move |db| reads::groups::conversations(db, &ids)).await
    }

    async fn history(
        &self,
        user: UserId,
        conversation: ConversationId,
        window: Window,
        limit: usize,
    ) -> Result<History> {
        let read = move |db: &_| reads::history::history(db, user, conversation, window, limit);
        self.base.read(read).await?.ok_or_else(|| Refusal::NotMember.into())
    }

    async fn shown(&self, user: UserId, place: Place) -> Result<Option<Message>> {
        self.base.read(move |db| reads::history::shown(db, user, place)).await
    }

    async fn reactions(
        &self,
        conversation: ConversationId,
        from: Seq,
        to: Seq,
    ) -> Result<Vec<StoredReaction>> {
        let read = move |db: &_| reads::history::reactions(db, conversation, from, to);
        self.base.read(read).await
    }

    async fn overviews(&self, user: UserId, limit: usize) -> Result<Vec<Overview>> {
        self.base.read(move |db| reads::overviews::overviews(db, user, limit)).await
    }

    async fn overview(&self, user: UserId, conversation: ConversationId) -> Result<Overview> {
        let read = move |db: &_| reads::overviews::overview(db, user, conversation);
        self.base.read(read).await?.ok_or_else(|| Refusal::NotMember.into())
    }

    async fn last_arrival(&self) -> Result<Arrival> {
        self.base.read(reads::history::last_arrival).await
    }

    async fn arrivals(
        &self,
        user: UserId,
        after: Arrival,
        limit: usize,
        scan_max: usize,
    ) -> Result<Option<Vec<Message>>> {
        let read = move |db: &_| reads::history::arrivals(db, user, after, limit, scan_max);
        self.base.read(read).await
    }

    /// Those who have one need no writer.
    async fn open_direct(
        &self,
        one: UserId,
        other: UserId,
        at: Timestamp,
    ) -> Result<ConversationId> {
        if let Some(id) = self.direct(one, other).await? {
            return Ok(id);
        }
        self.change_aside(move |work| posts::open_direct(work, one, other, at)).await
    }

    async fn peers(&self, user: UserId, limit: usize) -> Result<Vec<UserId>> {
        self.base.read(move |db| reads::history::peers(db, user, limit)).await
    }

    async fn forget_keys(&self, before: Timestamp) -> Result<u64> {
        self.remove_in_portions(move |work| keys::forget(work, before)).await
    }

    async fn find_file(
        &self,
        reader: UserId,
        scope: FileScope,
        key: &FileKey,
    ) -> Result<Option<SentFile>> {
        let key = key.clone();
        self.base.read(move |db| reads::files::find(db, reader, scope, &key)).await
    }

    async fn files(&self, reader: UserId, limit: usize) -> Result<Vec<SentFile>> {
        self.base.read(move |db| reads::files::list(db, reader, limit)).await
    }

    async fn used_contents(&self, hashes: &[ContentHash]) -> Result<Vec<ContentHash>> {
        let hashes = hashes.to_vec();
        self.base.read(move |db| reads::files::used_contents(db, &hashes)).await
    }

    async fn create_group(&self, new: NewGroup) -> Result<Group> {
        self.change(|work| groups::create(work, new)).await
    }

    async fn group(&self, name_or_code: &str) -> Result<Option<Group>> {
        let name_or_code = name_or_code.to_owned();
        self.base.read(move |db| reads::groups::group(db, &name_or_code)).await
    }

    async fn join_group(&self, group: ConversationId, user: UserId, at: Timestamp) -> Result<()> {
        self.change(move |work| groups::join(work, group, user, at)).await
    }

    async fn leave_group(&self, group: ConversationId, user: UserId, at: Timestamp) -> Result<()> {
        self.change(move |work| groups::leave(work, group, user, at)).await
    }

    async fn visible_groups(&self, user: UserId, limit: usize) -> Result<Vec<ListedGroup>> {
        self.base.read(move |db| reads::groups::visible(db, user, limit)).await
    }

    async fn members(&self, group: ConversationId) -> Result<Vec<(UserId, GroupRole)>> {
        self.base.read(move |db| reads::groups::members(db, group)).await
    }

    async fn invite(
        &self,
        group: ConversationId,
        by: UserId,
        users: &[UserId],
        at: Timestamp,
    ) -> Result<Vec<bool>> {
        let users = users.to_vec();
        self.change(move |work| groups::invite(work, group, by, &users, at)).await
    }

    async fn joined_groups(&self, user: UserId) -> Result<Vec<Group>> {
        self.base.read(move |db| reads::groups::joined(db, user)).await
    }

    async fn change_group(
        &self,
        group: ConversationId,
        by: UserId,
        change: GroupChange,
    ) -> Result<Group> {
        self.change(move |work| groups::change(work, group, by, &change)).await
    }

    async fn set_role(
        &self,
        group: ConversationId,
        by: UserId,
        member: UserId,
        role: GroupRole,
    ) -> Result<()> {
        self.change(move |work| groups::set_role(work, group, by, member, role)).await
    }

    async fn remove_member(&self, group: ConversationId, by: UserId, member: UserId) -> Result<()> {
        self.change(move |work| groups::remove_member(work, group, by, member)).await
    }

    async fn create_invitation(&self, new: NewInvitation) -> Result<()> {
        self.change(move |work| invitations::create(work, &new)).await
    }

    async fn invitations(
        &self,
        group: ConversationId,
        by: UserId,
        now: Timestamp,
    ) -> Result<Vec<Invitation>> {
        let read = move |db: &_| {
            let standing = reads::groups::standing(db, group, by)?;
            Ok((standing, reads::invitations::list(db, group, now)?))
        };
        let (standing, invitations) = self.base.read(read).await?;
        match standing {
            (true, Some(GroupRole::Admin)) => Ok(invitations),
            (true, Some(GroupRole::Member)) => Err(Refusal::AdminOnly.into()),
            (true, None) => Err(Refusal::NotMember.into()),
            (false, _) => Err(Refusal::GroupUnknown.into()),
        }
    }

    async fn revoke_invitation(
        &self,
        group: ConversationId,
        by: UserId,
        code: &InvitationCode,
    ) -> Result<bool> {
        let code = *code;
        self.change(move |work| invitations::revoke(work, group, by, &code)).await
    }

    async fn invitation(&self, code: &InvitationCode, now: Timestamp) -> Result<Group> {
        let code = *code;
        let found = self.base.read(move |db| reads::invitations::group(db, &code, now)).await?;
        found.ok_or_else(|| Refusal::InvitationUnknown.into())
    }

    async fn redeem(&self, code: &InvitationCode, user: UserId, at: Timestamp) -> Result<Group> {
        let code = *code;
        self.change(move |work| invitations::redeem(work, &code, user, at)).await
    }

    async fn create_hook(&self, new: NewHook) -> Result<HookId> {
        self.change_aside(move |work| hooks::create(work, &new)).await
    }

    async fn hooks(&self, conversation: ConversationId, by: UserId) -> Result<Vec<Hook>> {
        let found = self.base.read(move |db| reads::hooks::hooks(db, conversation, by)).await?;
        found.ok_or_else(|| Refusal::NotMember.into())
    }

    async fn remove_hook(
        &self,
        conversation: ConversationId,
        by: UserId,
        id: HookId,
    ) -> Result<bool> {
        self.change_aside(move |work| hooks::remove(work, conversation, by, id)).await
    }

    async fn hook(&self, secret: &TokenHash) -> Result<Option<Hook>> {
        let secret = *secret;
        self.base.read(move |db| reads::hooks::hook(db, secret)).await
    }

    async fn search(
        &self,
        user: UserId,
        query: &SearchQuery,
        limit: usize,
    ) -> Result<Vec<Message>> {
        self.base.search(user, query.clone(), limit).await
    }

    /// Rooms stay, so one that is found needs no writer.
    async fn room(&self, name: &RoomName, at: Timestamp) -> Result<ConversationId> {
        let wanted = name.clone();
        if let Some(id) = self.base.read(move |db| reads::rooms::room(db, &wanted)).await? {
            return Ok(id);
        }
        let name = name.clone();
        self.change_aside(move |work| rooms::find_or_make(work, &name, at)).await
    }

    async fn add_contacts(
        &self,
        user: UserId,
        contacts: &[Address],
        at: Timestamp,
    ) -> Result<usize> {
        let new = contacts.to_vec();
        self.change_aside(move |work| contacts::add(work, user, &new, at)).await
    }

    async fn remove_contacts(&self, user: UserId, contacts: &[Address]) -> Result<usize> {
        let old = contacts.to_vec();
        self.change_aside(move |work| contacts::remove(work, user, &old)).await
    }

    async fn contacts(&self, user: UserId) -> Result<Vec<Address>> {
        self.base.read(move |db| reads::contacts::contacts(db, user)).await
    }

    fn links(&self) -> Option<&dyn LinkStore> {
        Some(self)
    }

    fn nodes(&self) -> Option<&dyn NodeStore> {
        B::CLOCK.map(|_| self as &dyn NodeStore)
    }

    fn tell(&self, herald: Arc<dyn Herald>) {
        self.heralds.replace(herald);
    }

    /// Writes something that changes nothing, and syncs it.
    async fn check(&self) -> Result<()> {
        self.change_aside(|work| Ok(B::touch(&work.connection)?)).await
    }
}
