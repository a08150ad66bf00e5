//! The store itself: each method is a change for the writer or a read for the readers.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use async_trait::async_trait;
use kabar_engine::store::{
    Account, Conversation, FileKey, FileScope, Group, Herald, ListedGroup, Message, NewGroup,
    NewMessage, NewSession, NewUser, PartMax, Place, SentFile, SessionRecord, Ticket, TokenHash,
    Unread, UserChange,
};
use kabar_engine::{Error, Result, Store};
use kabar_model::{
    Address, ContentHash, ConversationId, GroupRole, Refusal, RoomName, Seq, SessionId, Timestamp,
    User, UserId, Username,
};
use tokio::sync::{mpsc, oneshot};

use crate::changes::{accounts, contacts, groups, positions, rooms, sessions};
use crate::connection::Durability;
use crate::error::{OpenError, Outcome};
use crate::reads::{self, Readers};
use crate::writer::{Heralds, QUEUE_REQUESTS_MAX, Request, Work, Writer, change};
use crate::{open, schema};

/// Called once when the disk can no longer be trusted. It should end the process: a sync that failed
/// cannot be repeated, only the next start can tell what was kept.
pub type OnFatal = Arc<dyn Fn(&str) + Send + Sync>;

/// A realm in a directory.
pub struct SqliteStore {
    /// There until the store closes.
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
    readers: Arc<Readers>,
    commits: Arc<AtomicU64>,
    heralds: Heralds,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the realm in `dir`, and makes both if they are not there.
    pub fn open(dir: &Path, on_fatal: OnFatal) -> std::result::Result<Self, OpenError> {
        Self::open_with(dir, on_fatal, Durability::Full)
    }

    /// Opens with another durability than what is promised.
    #[doc(hidden)]
    pub fn open_with(
        dir: &Path,
        on_fatal: OnFatal,
        durability: Durability,
    ) -> std::result::Result<Self, OpenError> {
        let open::Opened { connection, path, lock } = open::open(dir, durability)?;
        let readers = Arc::new(Readers::new(path.clone()));
        let commits = Arc::new(AtomicU64::new(0));
        let (requests, queue) = mpsc::channel(QUEUE_REQUESTS_MAX);
        let heralds = Heralds::default();
        let (shared, counter) = (Arc::clone(&readers), Arc::clone(&commits));
        let told = heralds.clone();
        let writer = Writer::start(connection, lock, queue, shared, counter, told, on_fatal)
            .map_err(OpenError::io(&path))?;
        Ok(Self { requests: Some(requests), writer: Some(writer), readers, commits, heralds })
    }

    /// Waits for the changes that were handed over and leaves one clean file. Dropping does the same.
    pub fn close(self) {
        drop(self);
    }

    /// How many transactions were committed.
    #[doc(hidden)]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Limits the size of the file, so that a test can fill it.
    #[doc(hidden)]
    pub async fn limit_pages(&self, pages_max: u32) -> Result<()> {
        let limit = move |work: &mut Work| {
            work.connection
                .pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(()))?;
            Ok(())
        };
        self.change(limit).await
    }

    async fn change<T, F>(&self, deed: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work) -> Outcome<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.hand_over(change(deed, answer)).await?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    async fn hand_over(&self, request: Request) -> Result<()> {
        let requests = self.requests.as_ref().ok_or_else(stopped)?;
        requests.send(request).await.map_err(|_| stopped())
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the store's writer had panicked");
        }
    }
}

/// The writer has ended; what was not run will not be.
fn stopped() -> Error {
    Error::failed("the store has stopped")
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_user(&self, new: NewUser) -> Result<User> {
        self.change(|work| accounts::create(work, new)).await
    }

    async fn account(&self, username: &Username) -> Result<Option<Account>> {
        let username = username.clone();
        self.readers.read(move |db| reads::accounts::account(db, &username)).await
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>> {
        let ids = ids.to_vec();
        self.readers.read(move |db| reads::accounts::users(db, &ids)).await
    }

    async fn list_users(&self, after: Option<&Username>, limit: usize) -> Result<Vec<User>> {
        let after = after.cloned();
        self.readers.read(move |db| reads::accounts::list(db, after.as_ref(), limit)).await
    }

    async fn change_user(&self, id: UserId, change: UserChange) -> Result<Vec<SessionId>> {
        self.change(move |work| accounts::change(work, id, &change)).await
    }

    async fn create_session(&self, new: NewSession) -> Result<SessionRecord> {
        self.change(move |work| sessions::create(work, &new)).await
    }

    async fn session(&self, token: &TokenHash) -> Result<Option<SessionRecord>> {
        let token = *token;
        self.readers.read(move |db| reads::accounts::session(db, token)).await
    }

    async fn end_session(&self, id: SessionId) -> Result<bool> {
        self.change(move |work| sessions::end(work, id)).await
    }

    async fn touch_sessions(&self, used: &[(SessionId, Timestamp)]) -> Result<()> {
        if used.is_empty() {
            return Ok(());
        }
        let used = used.to_vec();
        self.change(move |work| sessions::touch(work, &used)).await
    }

    async fn sessions_used_since(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<SessionRecord>> {
        let read = move |db: &_| reads::accounts::sessions_used_since(db, since, limit);
        self.readers.read(read).await
    }

    async fn expire_sessions(&self, unused_since: Timestamp) -> Result<u64> {
        self.change(move |work| sessions::expire(work, unused_since)).await
    }

    async fn post(&self, post: NewMessage) -> Result<Ticket<Vec<Place>>> {
        let (answer, answered) = oneshot::channel();
        self.hand_over(Request::Post(post, answer)).await?;
        Ok(Box::pin(async move { answered.await.unwrap_or_else(|_| Err(stopped())) }))
    }

    async fn unread(&self, user: UserId, part: PartMax) -> Result<Unread> {
        self.readers.read(move |db| reads::unread::unread(db, user, part)).await
    }

    async fn unread_in(
        &self,
        user: UserId,
        conversation: ConversationId,
        part: PartMax,
    ) -> Result<Unread> {
        let read = move |db: &_| reads::unread::unread_in(db, user, conversation, part);
        self.readers.read(read).await?.ok_or_else(|| Refusal::NotMember.into())
    }

    async fn recent(
        &self,
        user: UserId,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let read = move |db: &_| reads::messages::recent(db, user, conversation, limit);
        self.readers.read(read).await?.ok_or_else(|| Refusal::NotMember.into())
    }

    async fn direct(&self, one: UserId, other: UserId) -> Result<Option<ConversationId>> {
        self.readers.read(move |db| reads::messages::direct(db, one, other)).await
    }

    async fn mark_read(&self, user: UserId, positions: &[Place]) -> Result<()> {
        if positions.is_empty() {
            return Ok(());
        }
        let positions = positions.to_vec();
        self.change(move |work| positions::mark_read(work, user, &positions)).await
    }

    async fn messages(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let read = move |db: &_| reads::messages::after(db, conversation, after, limit);
        self.readers.read(read).await
    }

    async fn conversations(&self, ids: &[ConversationId]) -> Result<Vec<Conversation>> {
        let ids = ids.to_vec();
        self.readers.read(move |db| reads::groups::conversations(db, &ids)).await
    }

    async fn find_file(
        &self,
        reader: UserId,
        scope: FileScope,
        key: &FileKey,
    ) -> Result<Option<SentFile>> {
        let key = key.clone();
        self.readers.read(move |db| reads::files::find(db, reader, scope, &key)).await
    }

    async fn files(&self, reader: UserId, limit: usize) -> Result<Vec<SentFile>> {
        self.readers.read(move |db| reads::files::list(db, reader, limit)).await
    }

    async fn used_contents(&self, hashes: &[ContentHash]) -> Result<Vec<ContentHash>> {
        let hashes = hashes.to_vec();
        self.readers.read(move |db| reads::files::used_contents(db, &hashes)).await
    }

    async fn create_group(&self, new: NewGroup) -> Result<Group> {
        self.change(|work| groups::create(work, new)).await
    }

    async fn group(&self, name_or_code: &str) -> Result<Option<Group>> {
        let name_or_code = name_or_code.to_owned();
        self.readers.read(move |db| reads::groups::group(db, &name_or_code)).await
    }

    async fn join_group(&self, group: ConversationId, user: UserId, at: Timestamp) -> Result<()> {
        self.change(move |work| groups::join(work, group, user, at)).await
    }

    async fn leave_group(&self, group: ConversationId, user: UserId, at: Timestamp) -> Result<()> {
        self.change(move |work| groups::leave(work, group, user, at)).await
    }

    async fn visible_groups(&self, user: UserId, limit: usize) -> Result<Vec<ListedGroup>> {
        self.readers.read(move |db| reads::groups::visible(db, user, limit)).await
    }

    async fn members(&self, group: ConversationId) -> Result<Vec<(UserId, GroupRole)>> {
        self.readers.read(move |db| reads::groups::members(db, group)).await
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
        self.readers.read(move |db| reads::groups::joined(db, user)).await
    }

    /// Rooms stay, so one that is found needs no writer.
    async fn room(&self, name: &RoomName, at: Timestamp) -> Result<ConversationId> {
        let wanted = name.clone();
        if let Some(id) = self.readers.read(move |db| reads::rooms::room(db, &wanted)).await? {
            return Ok(id);
        }
        let name = name.clone();
        self.change(move |work| rooms::find_or_make(work, &name, at)).await
    }

    async fn add_contacts(
        &self,
        user: UserId,
        contacts: &[Address],
        at: Timestamp,
    ) -> Result<usize> {
        let new = contacts.to_vec();
        self.change(move |work| contacts::add(work, user, &new, at)).await
    }

    async fn remove_contacts(&self, user: UserId, contacts: &[Address]) -> Result<usize> {
        let old = contacts.to_vec();
        self.change(move |work| contacts::remove(work, user, &old)).await
    }

    async fn contacts(&self, user: UserId) -> Result<Vec<Address>> {
        self.readers.read(move |db| reads::contacts::contacts(db, user)).await
    }

    fn tell(&self, herald: Arc<dyn Herald>) {
        self.heralds.replace(herald);
    }

    /// Writes something that changes nothing, and syncs it.
    async fn check(&self) -> Result<()> {
        let touch = |work: &mut Work| {
            work.connection.pragma_update(None, "user_version", schema::KNOWN)?;
            Ok(())
        };
        self.change(touch).await
    }
}

#[cfg(test)]
mod tests;
