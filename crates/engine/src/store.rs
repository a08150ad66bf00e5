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

mod accounts;
mod groups;
mod hooks;
pub mod links;
mod messages;
pub mod nodes;
mod people;
mod search;

use async_trait::async_trait;
use kabar_model::{
    Address, Arrival, ContentHash, ConversationId, GroupRole, HookId, InvitationCode, RoomName,
    Seq, SessionId, Timestamp, User, UserId, Username,
};

use crate::bus::Hint;
use crate::error::Result;

pub use kabar_model::Change;

pub use self::accounts::{
    Account, ListedAccount, MadeSession, NewRole, NewSession, NewUser, Purpose, SessionRecord,
    TokenHash, UserChange,
};
pub use self::files::{FileKey, FileScope, NewFile, SentFile};
pub use self::groups::{Group, GroupChange, Invitation, ListedGroup, NewGroup, NewInvitation};
pub use self::hooks::{Hook, NewHook};
pub use self::links::LinkStore;
pub(crate) use self::messages::base64_bytes;
pub use self::messages::{
    Content, History, Message, NewMessage, Overview, PartMax, Place, Posted, StoredReaction,
    Target, Unread, Window, names,
};
pub use self::nodes::{NodeId, NodeStore};
pub use self::people::{beginnings, folded};
pub use self::search::{SearchQuery, caseless, found_in, has_link};

/// An answer that comes once the change is durable. Dropping it does not undo the change.
pub type Ticket<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// Keeps the realm.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // --- Accounts

    /// Makes an account; refuses `UsernameTaken`, `NotAllowed` as [`NewRole::FirstAdministrator`] says, and
    /// `InvitationUnknown`. With an invitation it joins that group in the same transaction.
    async fn create_user(&self, new: NewUser) -> Result<User>;

    /// The account of that name.
    async fn account(&self, username: &Username) -> Result<Option<Account>>;

    /// The accounts with these numbers, in any order; unknown numbers are left out.
    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>>;

    /// Accounts in the order of their names, at most `limit`, those after `after`.
    async fn list_users(&self, after: Option<&Username>, limit: usize) -> Result<Vec<User>>;

    /// Accounts whose username, or whose display name from any of its words on, begins with `start`, as
    /// [`beginnings`] says; those that are not disabled and after `after`, in the order of their usernames, at
    /// most `limit`.
    async fn find_users(
        &self,
        start: &str,
        after: Option<&Username>,
        limit: usize,
    ) -> Result<Vec<User>>;

    /// As [`Store::find_users`], with those that are disabled, and with what an administrator is shown of each.
    async fn list_accounts(
        &self,
        start: &str,
        after: Option<&Username>,
        limit: usize,
    ) -> Result<Vec<ListedAccount>>;

    /// How many accounts there are, those that are disabled among them.
    async fn count_accounts(&self) -> Result<u64>;

    /// What a person's clients keep for them; `{}` at first. Refuses `UserUnknown`.
    async fn settings(&self, user: UserId) -> Result<String>;

    /// Changes an account, and with [`UserChange::ends_sessions`] ends its sessions in the same
    /// transaction, but not [`UserChange::keeps`]. Returns the sessions that ended. Refuses `UserUnknown`,
    /// `WrongPassword` and `SessionUnknown` as [`UserChange::OwnPassword`] says, and `NotAllowed` as [`UserChange::ByAdministrator`]
    /// says.
    async fn change_user(&self, id: UserId, change: UserChange) -> Result<Vec<SessionId>>;

    // --- Sessions

    /// Makes a session. Refuses `NotAllowed` when the account is disabled, `WrongPassword` when its
    /// password is no longer the one that was checked, `SessionUnknown` when the session that asks for it has
    /// ended, and `TooMany(Programs)` when there would be more than
    /// [`limits::TOKENS_MAX`](kabar_model::limits::TOKENS_MAX) sessions of programs.
    ///
    /// When there would be more than [`limits::SESSIONS_MAX`](kabar_model::limits::SESSIONS_MAX) others, those
    /// used longest ago end in the same transaction, but not the one that asks.
    async fn create_session(&self, new: NewSession) -> Result<MadeSession>;

    /// The session with that token.
    async fn session(&self, token: &TokenHash) -> Result<Option<SessionRecord>>;

    /// A person's sessions, those of programs, too: the most recently used first.
    async fn sessions(&self, user: UserId) -> Result<Vec<SessionRecord>>;

    /// Those of these sessions that have not ended, in any order.
    async fn living_sessions(&self, ids: &[SessionId]) -> Result<Vec<SessionId>>;

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

    /// Ends the sessions last used before `unused_since`, except those of programs; says how many.
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
    ///
    /// A change goes to one target. Refuses `MessageUnknown` when there is no message of that number that the
    /// author may see, or it is deleted or a change itself, and `NotAllowed` when the author may not change it:
    /// only who wrote it edits, only who wrote it or an admin of the group deletes. A reaction that stands
    /// already, or does not stand to be taken back, is no message: the answer is the place of the message that
    /// it is about, and nothing is stored or told. Refuses `TooMany(Emoji)` when a person would have more than
    /// [`limits::REACTIONS_EACH_MAX`](kabar_model::limits::REACTIONS_EACH_MAX) on one message. What a change
    /// does takes effect together with it. What was said in edits of a message is gone with the message.
    ///
    /// A message to a conversation whose home is another realm goes there first: it has a number in
    /// [`Posted::outgoing`] and none in the conversation. In one that other realms take part in, it waits for them from
    /// the same moment on. Refuses `LinkFull`, and `RealmUnknown` when that link has ended.
    ///
    /// A message with a key goes to one target. With the key of an earlier one of the same author in the
    /// same conversation that [says the same](NewMessage::says_the_same_as) it is that one: it is not stored or
    /// told again, and the answer is the place of the earlier. Refuses an `Invalid` key of any other message.
    async fn post(&self, post: NewMessage) -> Result<Ticket<Vec<Posted>>>;

    /// What a member has not read, in all conversations, in the order of arrival, as much as `part` may
    /// carry (at least one message). Changes are among it; what is deleted is passed over.
    async fn unread(&self, user: UserId, part: PartMax) -> Result<Unread>;

    /// As [`Store::unread`], in one conversation alone. Refuses `NotMember`.
    async fn unread_in(
        &self,
        user: UserId,
        conversation: ConversationId,
        part: PartMax,
    ) -> Result<Unread>;

    /// The last messages of a conversation that a member may see, in order, at most `limit`. Changes are
    /// among them, what is deleted is not. Refuses `NotMember`.
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

    /// Messages of a conversation after `after`, in order, at most `limit`, with changes and what is
    /// deleted: there is one of each number.
    async fn messages(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Message>>;

    /// The conversations with these numbers, in any order; unknown numbers are left out.
    async fn conversations(&self, ids: &[ConversationId]) -> Result<Vec<Conversation>>;

    /// A page of a conversation: messages as they stand now, in order, at most `limit`, without changes. A
    /// deleted one has no text and no file. Anybody reads a room; elsewhere refuses `NotMember`.
    async fn history(
        &self,
        user: UserId,
        conversation: ConversationId,
        window: Window,
        limit: usize,
    ) -> Result<History>;

    /// The message at this place as it stands now, if the person may see it; a change, too.
    async fn shown(&self, user: UserId, place: Place) -> Result<Option<Message>>;

    /// The reactions that stand on messages of these numbers, the oldest first.
    async fn reactions(
        &self,
        conversation: ConversationId,
        from: Seq,
        to: Seq,
    ) -> Result<Vec<StoredReaction>>;

    /// A person's direct conversations and groups, at most `limit`: that with the latest message first, and
    /// those without one last, the newest first.
    async fn overviews(&self, user: UserId, limit: usize) -> Result<Vec<Overview>>;

    /// One conversation of a person's, or any room, in which nothing is unread and nobody is counted. Refuses
    /// `NotMember`.
    async fn overview(&self, user: UserId, conversation: ConversationId) -> Result<Overview>;

    /// Where the latest message stands in the order of arrival.
    async fn last_arrival(&self) -> Result<Arrival>;

    /// What arrived after `after` in the direct conversations and groups of a person, as far as they may see
    /// it, in order, at most `limit`; changes are among it. `None` when more than `scan_max` messages arrived
    /// in the realm since, or so many cannot be told.
    async fn arrivals(
        &self,
        user: UserId,
        after: Arrival,
        limit: usize,
        scan_max: usize,
    ) -> Result<Option<Vec<Message>>>;

    /// The direct conversation of two people, or somebody's note; made if there is none. Refuses
    /// `UserUnknown`.
    async fn open_direct(
        &self,
        one: UserId,
        other: UserId,
        at: Timestamp,
    ) -> Result<ConversationId>;

    /// How far somebody has read in a conversation of theirs. Refuses `NotMember`.
    async fn read_position(&self, user: UserId, conversation: ConversationId) -> Result<Seq> {
        Ok(self.overview(user, conversation).await?.read)
    }

    /// Those who are in a direct conversation or a group with a person, in any order, at most `limit`.
    async fn peers(&self, user: UserId, limit: usize) -> Result<Vec<UserId>>;

    /// Forgets keys of messages sent before `before`, some thousands at most; says how many.
    async fn forget_keys(&self, before: Timestamp) -> Result<u64>;

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

    /// The members of a group, the longest-standing first; those in a direct conversation as well, as members.
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

    /// Changes a group on behalf of an admin of it. Refuses `GroupUnknown` when it has closed, `NotMember`,
    /// `AdminOnly`, and `GroupTaken` when the name, or a code that reads like it, is in use.
    async fn change_group(
        &self,
        group: ConversationId,
        by: UserId,
        change: GroupChange,
    ) -> Result<Group>;

    /// Gives a member another role on behalf of an admin. Refuses as [`Store::change_group`] does,
    /// `UserUnknown` when that is no member, and `NotAllowed` when no admin would be left.
    async fn set_role(
        &self,
        group: ConversationId,
        by: UserId,
        member: UserId,
        role: GroupRole,
    ) -> Result<()>;

    /// Takes a member out on behalf of an admin. Refuses as [`Store::set_role`] does.
    async fn remove_member(&self, group: ConversationId, by: UserId, member: UserId) -> Result<()>;

    // --- Invitations. One is good until it has been used so often or its time is over, while its group is open.

    /// Makes an invitation on behalf of an admin. Refuses `GroupUnknown`, `NotMember`, `AdminOnly`,
    /// `TooMany(Invitations)` when there would be more than
    /// [`limits::INVITATIONS_MAX`](kabar_model::limits::INVITATIONS_MAX) good ones to the group, and `Busy` when
    /// its code is in use: with another it may do.
    async fn create_invitation(&self, new: NewInvitation) -> Result<()>;

    /// The good invitations to a group, the newest first, for an admin. Refuses `GroupUnknown`, `NotMember`,
    /// `AdminOnly`.
    async fn invitations(
        &self,
        group: ConversationId,
        by: UserId,
        now: Timestamp,
    ) -> Result<Vec<Invitation>>;

    /// Takes an invitation back; `false` if there is none. Refuses as [`Store::invitations`] does.
    async fn revoke_invitation(
        &self,
        group: ConversationId,
        by: UserId,
        code: &InvitationCode,
    ) -> Result<bool>;

    /// The group that a good invitation leads to. Refuses `InvitationUnknown`.
    async fn invitation(&self, code: &InvitationCode, now: Timestamp) -> Result<Group>;

    /// Joins the group of an invitation, which is then good for one less. Refuses `InvitationUnknown`, and as
    /// [`Store::join_group`] does: then nothing is used up.
    async fn redeem(&self, code: &InvitationCode, user: UserId, at: Timestamp) -> Result<Group>;

    // --- Hooks

    /// Makes a hook, in a group on behalf of an admin. Refuses `NotMember`, `AdminOnly`, `SessionUnknown` when the
    /// session that asks for it has ended, and `TooMany(Hooks)` when there would be more than
    /// [`limits::HOOKS_MAX`](kabar_model::limits::HOOKS_MAX) in the conversation.
    async fn create_hook(&self, new: NewHook) -> Result<HookId>;

    /// The hooks of a conversation, in the order of their making; in a group one's own, and an admin's all.
    /// Refuses `NotMember`.
    async fn hooks(&self, conversation: ConversationId, by: UserId) -> Result<Vec<Hook>>;

    /// Takes a hook away; `false` if there is none. Refuses `NotMember`, and `NotAllowed` unless that is its
    /// maker or an admin of the group.
    async fn remove_hook(
        &self,
        conversation: ConversationId,
        by: UserId,
        id: HookId,
    ) -> Result<bool>;

    /// The hook with that secret.
    async fn hook(&self, secret: &TokenHash) -> Result<Option<Hook>>;

    // --- Search

    /// The messages in a person's direct conversations and groups that [`SearchQuery::matches`], as far as they
    /// may see them, the latest first, at most `limit`. Of very many that could be meant, a store may look at
    /// the latest alone.
    async fn search(&self, user: UserId, query: &SearchQuery, limit: usize)
    -> Result<Vec<Message>>;

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

    // --- Links

    /// The links to other realms, where they are kept. A store that keeps none is that of a realm without links.
    fn links(&self) -> Option<&dyn LinkStore> {
        None
    }

    // --- Nodes

    /// What nodes know of each other, where a realm may have several. The store of one process has nothing of the kind.
    fn nodes(&self) -> Option<&dyn NodeStore> {
        None
    }

    // --- Health

    /// Fails when changes could not be made durable now.
    async fn check(&self) -> Result<()>;
}

/// Is told of messages by a store.
pub trait Herald: Send + Sync + 'static {
    /// Whether anybody listens. While nobody does, the store need not tell. It asks once what it would tell
    /// can be read, so that who begins to listen is either told of a message or can read it.
    fn listens(&self) -> bool;

    /// A message is durable, at these places, in the order of its targets; all of them are new. Called on
    /// the store's own thread: it must not wait.
    fn posted(&self, message: NewMessage, places: Vec<Posted>);

    /// Another node, or this one, has changed something before the messages that are told after this. Called on the
    /// store's own thread, as [`Herald::posted`]; only a store for several nodes does.
    fn changed(&self, hint: Hint) {
        let _ = hint;
    }

    /// Whether anybody here is to be told of a hint that is [for listeners](Hint::is_for_listeners).
    fn hears(&self, _hint: Hint) -> bool {
        true
    }
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
