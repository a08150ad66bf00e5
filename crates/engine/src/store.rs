//! What the engine asks of a store. The truth lives there; nodes keep none.
//!
//! **Durable means durable.** A method that changes something returns `Ok` only once the change is on
//! stable storage, so that a power cut right after loses nothing. Every change is atomic: on `Err`
//! nothing of it happened. Changes take effect in the order in which they were handed over.
//!
//! `contract` (feature `testing`) holds the tests that every implementation runs.

mod files;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use kabar_model::{
    Address, Body, ContentHash, ConversationId, Country, DisplayName, File, GroupCode, GroupName,
    GroupRole, Role, RoomName, Seq, SessionId, Timestamp, User, UserId, Username, Visibility,
};

use crate::error::Result;

pub use self::files::{FileKey, FileScope, NewFile, SentFile};

/// An answer that comes once the change is durable. Dropping it does not undo the change.
pub type Ticket<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// Keeps the realm.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // --- Accounts

    /// Makes an account; refuses `UsernameTaken`.
    async fn create_user(&self, new: NewUser) -> Result<User>;

    /// The account of that name.
    async fn account(&self, username: &Username) -> Result<Option<Account>>;

    /// The accounts with these numbers, in any order; unknown numbers are left out.
    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>>;

    /// Accounts in the order of their names, at most `limit`, those after `after`.
    async fn list_users(&self, after: Option<&Username>, limit: usize) -> Result<Vec<User>>;

    /// Changes an account, and with [`UserChange::ends_sessions`] ends its sessions in the same
    /// transaction. Returns the sessions that ended. Refuses `UserUnknown`.
    async fn change_user(&self, id: UserId, change: UserChange) -> Result<Vec<SessionId>>;

    // --- Sessions

    /// Makes a session. Refuses `NotAllowed` when the account is disabled, and `WrongPassword` when its
    /// password is no longer the one that was checked.
    async fn create_session(&self, new: NewSession) -> Result<SessionRecord>;

    /// The session with that token.
    async fn session(&self, token: &TokenHash) -> Result<Option<SessionRecord>>;

    /// Ends a session; `false` if there is none.
    async fn end_session(&self, id: SessionId) -> Result<bool>;

    /// Notes when sessions were last used. Never moves a session's last use back.
    async fn touch_sessions(&self, used: &[(SessionId, Timestamp)]) -> Result<()>;

    /// The sessions used at `since` or later, the most recent first, at most `limit`.
    async fn sessions_used_since(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<SessionRecord>>;

    /// Ends the sessions last used before `unused_since`; says how many.
    async fn expire_sessions(&self, unused_since: Timestamp) -> Result<u64>;

    // --- Messages

    /// Hands a message over. Once this returns, its place among all changes is fixed; the ticket
    /// says when it is durable. One message to several targets is stored for all of them or for none.
    /// Refuses `NotMember` when the author is not in a target group.
    ///
    /// A file goes to one target. Refuses `FileTaken` as [`NewFile::sole`] says, and `Busy` when its code is
    /// in use: with another it may do.
    ///
    /// A direct conversation is made by its first message; two people have one, whoever writes first.
    async fn post(&self, post: NewMessage) -> Result<Ticket<Vec<Place>>>;

    /// What a member has not read, in all conversations, in the order of arrival, as much as `part` may
    /// carry (at least one message).
    async fn unread(&self, user: UserId, part: PartMax) -> Result<Unread>;

    /// As [`Store::unread`], in one conversation alone. Refuses `NotMember`.
    async fn unread_in(
        &self,
        user: UserId,
        conversation: ConversationId,
        part: PartMax,
    ) -> Result<Unread>;

    /// The last messages of a conversation that a member may see, in order, at most `limit`. Refuses
    /// `NotMember`.
    async fn recent(
        &self,
        user: UserId,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<Message>>;

    /// The direct conversation of two people, if there is one.
    async fn direct(&self, one: UserId, other: UserId) -> Result<Option<ConversationId>>;

    /// Moves a member's read positions forward. A position never moves back; one in a conversation
    /// the person is no longer in is passed over.
    async fn mark_read(&self, user: UserId, positions: &[Place]) -> Result<()>;

    /// Messages of a conversation after `after`, in order, at most `limit`.
    async fn messages(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Message>>;

    /// The conversations with these numbers, in any order; unknown numbers are left out.
    async fn conversations(&self, ids: &[ConversationId]) -> Result<Vec<Conversation>>;

    // --- Files

    /// The newest file with this key that a person may read within `scope`.
    async fn find_file(
        &self,
        reader: UserId,
        scope: FileScope,
        key: &FileKey,
    ) -> Result<Option<SentFile>>;

    /// The files that others sent to a person or to a group of theirs, or they to themselves, as far as they
    /// may read them: the newest, at most `limit`, in the order of arrival.
    async fn files(&self, reader: UserId, limit: usize) -> Result<Vec<SentFile>>;

    /// Those of these contents that a file refers to.
    async fn used_contents(&self, hashes: &[ContentHash]) -> Result<Vec<ContentHash>>;

    // --- Groups

    /// Makes a group with its maker as admin and first member. Refuses `GroupTaken` when the name, or a
    /// code that reads like it, is in use, and `TooManyGroups`.
    async fn create_group(&self, new: NewGroup) -> Result<Group>;

    /// The open group with that name, else the one with that code.
    async fn group(&self, name_or_code: &str) -> Result<Option<Group>>;

    /// Adds a member, who sees what is written from now on. Refuses `AlreadyMember`, `GroupUnknown`
    /// when it has closed, and `TooManyGroups`.
    async fn join_group(&self, group: ConversationId, user: UserId, at: Timestamp) -> Result<()>;

    /// Takes a member out; refuses `NotMember`. When the last admin leaves, the longest-standing
    /// member becomes admin; when the last member leaves, the group closes and its name is free.
    async fn leave_group(&self, group: ConversationId, user: UserId, at: Timestamp) -> Result<()>;

    /// One's own groups, then public ones, each in the order of their making, at most `limit`.
    async fn visible_groups(&self, user: UserId, limit: usize) -> Result<Vec<ListedGroup>>;

    /// The members of a group, the longest-standing first.
    async fn members(&self, group: ConversationId) -> Result<Vec<(UserId, GroupRole)>>;

    /// Adds people to a group on behalf of an admin of it; says for each whether they joined now: who
    /// is in it already, or in as many groups as one may be, does not. Refuses `GroupUnknown` when it has
    /// closed, `NotMember` and `AdminOnly`.
    async fn invite(
        &self,
        group: ConversationId,
        by: UserId,
        users: &[UserId],
        at: Timestamp,
    ) -> Result<Vec<bool>>;

    /// One's own groups, in the order of joining.
    async fn joined_groups(&self, user: UserId) -> Result<Vec<Group>>;

    // --- Rooms

    /// The room of that name; made by the first who asks.
    async fn room(&self, name: &RoomName, at: Timestamp) -> Result<ConversationId>;

    // --- Contacts

    /// Adds to a person's contacts; says how many were not there yet. Refuses `TooMany(Contacts)` when
    /// there would be more than [`limits::CONTACTS_MAX`](kabar_model::limits::CONTACTS_MAX).
    async fn add_contacts(
        &self,
        user: UserId,
        contacts: &[Address],
        at: Timestamp,
    ) -> Result<usize>;

    /// Takes out of a person's contacts; says how many were there.
    async fn remove_contacts(&self, user: UserId, contacts: &[Address]) -> Result<usize>;

    /// A person's contacts, in the order of adding.
    async fn contacts(&self, user: UserId) -> Result<Vec<Address>>;

    // --- News

    /// Tells `herald` of every message from now on, once it is durable, in the order of commits. There is
    /// one herald; a second call replaces the first.
    fn tell(&self, herald: Arc<dyn Herald>);

    // --- Health

    /// Fails when changes could not be made durable now.
    async fn check(&self) -> Result<()>;
}

/// Is told of messages by a store.
pub trait Herald: Send + Sync + 'static {
    /// Whether anybody listens. While nobody does, the store need not tell.
    fn listens(&self) -> bool;

    /// A message is durable, at these places, in the order of its targets. Called on the store's own
    /// thread: it must not wait.
    fn posted(&self, message: NewMessage, places: Vec<Place>);
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its name.
    pub username: Username,
    /// What it is shown as.
    pub name: DisplayName,
    /// Where its owner is from.
    pub country: Option<Country>,
    /// The password, hashed (PHC string).
    pub password_hash: String,
    /// What it may do.
    pub role: NewRole,
    /// When it is made.
    pub at: Timestamp,
}

/// The role of an account to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewRole {
    /// This one.
    Fixed(Role),
    /// Administrator if the realm has no account yet, else user; decided in the transaction.
    AdministratorIfFirst,
}

/// An account with what proves its owner.
#[derive(Clone, Debug)]
pub struct Account {
    /// The account.
    pub user: User,
    /// Its password, hashed (PHC string).
    pub password_hash: String,
}

/// One change to an account.
#[derive(Clone, Debug)]
pub enum UserChange {
    /// Another password (PHC string); ends all sessions.
    PasswordHash(String),
    /// Disabled or not; disabling ends all sessions.
    Disabled(bool),
    /// Another role.
    Role(Role),
}

impl UserChange {
    /// Whether the account's sessions end with this change.
    pub fn ends_sessions(&self) -> bool {
        matches!(self, Self::PasswordHash(_) | Self::Disabled(true))
    }
}

/// A hash of a session's token (SHA-256). The token itself is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// A session to be made.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Whose it is.
    pub user: UserId,
    /// The hash of its token.
    pub token: TokenHash,
    /// The password that was checked, hashed (PHC string); absent if none was.
    pub checked: Option<String>,
    /// When it is made.
    pub at: Timestamp,
}

/// A session as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its number.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The hash of its token.
    pub token: TokenHash,
    /// When it was last used, as far as noted.
    pub used_at: Timestamp,
}

/// A message to be stored.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Who wrote it.
    pub author: UserId,
    /// Where it goes.
    pub targets: Vec<Target>,
    /// What it says.
    pub content: Content,
    /// When it was sent.
    pub at: Timestamp,
    /// The session that it was sent from. Not stored; the herald is told.
    pub session: Option<SessionId>,
}

/// What a message says.
#[derive(Clone, Debug)]
pub enum Content {
    /// A text.
    Text(Body),
    /// A file.
    File(Box<NewFile>),
}

impl Content {
    /// The text, or what is said beside the file; empty if nothing is.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(body) => body.as_str(),
            Self::File(new) => new.caption.as_ref().map_or("", Body::as_str),
        }
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&File> {
        match self {
            Self::Text(_) => None,
            Self::File(new) => Some(&new.file),
        }
    }
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To this person; to oneself is a note.
    Direct(UserId),
    /// To this group.
    Group(ConversationId),
    /// To this room; refuses `NotInRoom` when it is none. Who may is known to those who know who is in
    /// it: the store does not ask.
    Room(ConversationId),
}

/// A place in a conversation: a message's, or how far somebody has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The conversation.
    pub conversation: ConversationId,
    /// The number in it.
    pub seq: Seq,
}

/// A message as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it stands.
    pub place: Place,
    /// Who wrote it.
    pub author: UserId,
    /// Its text; beside a file it may be empty.
    pub body: String,
    /// The file, if it is one.
    pub file: Option<File>,
    /// When it was sent.
    pub at: Timestamp,
}

impl Message {
    /// What it costs to say it, with contents of a file as long as these or shorter.
    pub fn said_bytes(&self, file_bytes_max: u64) -> usize {
        let contents = self.file.as_ref().map_or(0, |file| file.size);
        let contents = if contents > file_bytes_max { 0 } else { base64_bytes(contents) };
        kabar_model::escaped_bytes(&self.body) + contents
    }
}

/// What so many bytes take in base64.
pub(crate) fn base64_bytes(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(3).saturating_mul(4)).unwrap_or(usize::MAX)
}

/// How much one part may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartMax {
    /// Messages.
    pub messages: usize,
    /// Bytes, as [`Message::said_bytes`] counts them.
    pub bytes: usize,
    /// The contents of a file that are said with it; of a longer one none are.
    pub file_bytes: u64,
}

/// A part of what somebody has not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// The messages, in the order of arrival.
    pub messages: Vec<Message>,
    /// How far each conversation has been read once these are. May name a conversation of which no
    /// message is returned, when one's own messages there were passed over.
    pub positions: Vec<Place>,
}

/// A conversation as others need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conversation {
    /// Between two people, or a note to oneself.
    Direct(ConversationId),
    /// A group, open or closed.
    Group(Group),
    /// A room.
    Room(ConversationId, RoomName),
}

impl Conversation {
    /// Its number.
    pub fn id(&self) -> ConversationId {
        match self {
            Self::Direct(id) | Self::Room(id, _) => *id,
            Self::Group(group) => group.id,
        }
    }
}

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Its name.
    pub name: GroupName,
    /// Who makes it.
    pub creator: UserId,
    /// Who can find it.
    pub visibility: Visibility,
    /// When it is made.
    pub at: Timestamp,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its number.
    pub id: ConversationId,
    /// Its name.
    pub name: GroupName,
    /// Its code.
    pub code: GroupCode,
    /// Who can find it.
    pub visibility: Visibility,
}

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGroup {
    /// The group.
    pub group: Group,
    /// How many are in it.
    pub members: u64,
    /// Whether the one who asks is.
    pub joined: bool,
}
