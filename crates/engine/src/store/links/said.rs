//! What is kept of links, and what is said over them.

use kabar_model::{
    ConversationId, DisplayName, GroupName, GroupRole, LinkId, OutgoingId, RealmName, Seq,
    Timestamp, User, UserId, Username, Visibility,
};

use super::Uid;
use crate::store::{Content, Message, Place};

/// A link to another realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub id: LinkId,
    /// What this realm calls it.
    pub name: RealmName,
    /// What it calls itself: that is what stands in addresses.
    pub own_name: RealmName,
    /// Where it is reached; absent: it comes by itself.
    pub reach: Option<Reach>,
    /// Its root key.
    pub root: [u8; 32],
    /// What is known of its other keys; the store does not read it.
    pub keys: String,
    /// Who has agreed to it.
    pub standing: Standing,
    /// When it was made.
    pub made_at: Timestamp,
    /// How it went lately.
    pub contact: Contact,
    /// Our own epoch.
    pub epoch: i64,
    /// The last number that was given.
    pub last: u64,
    /// The last number that the peer has.
    pub acknowledged: u64,
    /// The uid of the item with that number.
    pub acknowledged_uid: Uid,
    /// The peer's epoch.
    pub peer_epoch: i64,
    /// The last number that we have of it.
    pub received: u64,
}

impl Link {
    /// How much waits.
    pub fn queued(&self) -> u64 {
        self.last.saturating_sub(self.acknowledged)
    }
}

/// Where a realm is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Its host's name, or an IP address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether it may be on this machine or in a private network.
    pub private: bool,
}

/// Who has agreed to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// We have; the other realm's administrator has not yet.
    Asked,
    /// The other realm has; our administrator has not yet.
    Waiting,
    /// Both.
    Linked,
    /// An administrator here has stopped it.
    Blocked,
    /// It was ended. Nothing comes or goes, and the name is free.
    Removed,
    /// The other realm has another key than before: nothing comes or goes until an administrator has looked.
    Changed,
}

impl Standing {
    /// Whether messages for it are taken.
    pub fn takes(self) -> bool {
        matches!(self, Self::Asked | Self::Waiting | Self::Linked | Self::Changed)
    }
}

/// How it went with a link lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// When it last answered or asked, validly signed.
    pub last_at: Option<Timestamp>,
    /// How often in a row it did not.
    pub failures: u32,
    /// Since when.
    pub failing_since: Option<Timestamp>,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// What went wrong last: a code.
    pub error: Option<String>,
    /// How far its clock is ahead of ours, in seconds.
    pub clock_ahead: i64,
}

/// A link to be made.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// What this realm calls it.
    pub name: RealmName,
    /// What it calls itself.
    pub own_name: RealmName,
    /// Where it is reached.
    pub reach: Option<Reach>,
    /// Its root key.
    pub root: [u8; 32],
    /// What is known of its other keys.
    pub keys: String,
    /// Who has agreed.
    pub standing: Standing,
    /// The secret of an invite of ours that it showed, hashed.
    pub invite: Option<[u8; 32]>,
    /// When it is made: its first epoch, too.
    pub at: Timestamp,
}

/// A change of a link.
#[derive(Clone, Debug)]
pub enum LinkChange {
    /// Another standing, however it stood: the word of an administrator.
    Standing(Standing),
    /// Another standing than it had when somebody looked. One that stands otherwise by now stays as it is.
    StandingFrom {
        /// How it stood.
        from: Standing,
        /// How it is to stand.
        to: Standing,
    },
    /// It is called so here from now on.
    Name(RealmName),
    /// It is reached elsewhere.
    Reach(Option<Reach>),
    /// It has other keys under its root.
    Keys(String),
    /// How it went.
    Contact(Contact),
}

/// An item of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its number.
    pub number: u64,
    /// Its own mark.
    pub uid: Uid,
    /// Since when it waits.
    pub at: Timestamp,
    /// What it says.
    pub what: Told,
}

/// What one realm tells another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Somebody here wants this said in a conversation whose home is there.
    Post(OutgoingId),
    /// This was said in a conversation whose home is here.
    Message(Place),
    /// This is how a group stands whose home is here.
    Members(ConversationId),
    /// Somebody here wants to join a group there.
    Join {
        /// Who.
        user: UserId,
        /// Its name or code there.
        group: String,
    },
    /// Somebody here has left a group there.
    Leave {
        /// Who.
        user: UserId,
        /// The mirror.
        mirror: ConversationId,
    },
    /// Somebody here has read so far in a direct conversation.
    Read {
        /// Who.
        user: UserId,
        /// How far, as numbered here.
        place: Place,
    },
}

/// A message with what it needs to be carried to another realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The message, as it stands now.
    pub message: Message,
    /// The conversation, as other realms name it.
    pub conversation: Where,
    /// Who wrote it.
    pub author: User,
    /// The mark of the post that it was, if its author is of another realm and the mark is still remembered.
    pub uid: Option<Uid>,
    /// What the author's realm signed, if that is another.
    pub signed: Option<Signed>,
}

/// A post as its author's realm signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The very bytes.
    pub bytes: Vec<u8>,
    /// The signature, with what is needed to check it; the store does not read it.
    pub by: String,
}

/// A message of somebody here on its way to its home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its number.
    pub id: OutgoingId,
    /// Its own mark, which the home sends back.
    pub uid: Uid,
    /// The conversation, as the home names it.
    pub conversation: Where,
    /// As it will stand: `place` has the mirror, and the number [`Seq::NONE`]; `change` and `reply_to` are as
    /// numbered here.
    pub message: Message,
    /// Who wrote it.
    pub author: User,
    /// What `change` or `reply_to` is about, as its home numbers it.
    pub about: Option<Seq>,
    /// Why it failed, if it did.
    pub failed: Option<String>,
}

/// A conversation as two realms name it to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// That of these two, each with their own realm, ours too: the one whose realm's name sorts first is first.
    Direct(Username, Username),
    /// The group with this number at its home.
    Group(ConversationId),
}

/// A batch that came.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The sender's epoch.
    pub epoch: i64,
    /// The number of its first item.
    pub first: u64,
    /// The uid of the item before.
    pub before: Uid,
    /// The items; what could not even be read is a code.
    pub items: Vec<(Uid, std::result::Result<Inbound, &'static str>)>,
    /// When it came.
    pub at: Timestamp,
}

/// An item that came, read and checked as far as can be without looking. People have their realm with them.
#[derive(Clone, Debug)]
pub enum Inbound {
    /// Somebody of the sender's wants this said here.
    Post(InPost),
    /// The home says that this was said.
    Message(InMessage),
    /// The home says how a group stands.
    Members(InMembers),
    /// Somebody of the sender's wants to join.
    Join {
        /// Who.
        user: Username,
        /// What they are called.
        name: DisplayName,
        /// The group's name or code.
        group: String,
    },
    /// Somebody of the sender's has left.
    Leave {
        /// Who.
        user: Username,
        /// The group, by its number here.
        group: ConversationId,
    },
    /// Somebody of the sender's has read so far, as the home numbers it.
    Read {
        /// Who.
        user: Username,
        /// The direct conversation.
        conversation: Where,
        /// How far.
        seq: Seq,
    },
}

/// A post from another realm.
#[derive(Clone, Debug)]
pub struct InPost {
    /// Who wrote it.
    pub author: Username,
    /// What they are called.
    pub name: DisplayName,
    /// Where it is to be said.
    pub conversation: Where,
    /// Its own mark.
    pub uid: Uid,
    /// What it says. A file's contents are at the sender.
    pub content: Content,
    /// What it answers.
    pub reply_to: Option<Seq>,
    /// When it was written.
    pub at: Timestamp,
    /// What the sender signed.
    pub signed: Signed,
}

/// A message as its home numbered it.
#[derive(Clone, Debug)]
pub struct InMessage {
    /// Where it was said.
    pub conversation: Where,
    /// Its number there.
    pub seq: Seq,
    /// Who wrote it; one of ours has no realm.
    pub author: Username,
    /// What they are called.
    pub name: DisplayName,
    /// The mark of the post that it was, if that was one of ours.
    pub uid: Option<Uid>,
    /// What it says; `None`: it is gone.
    pub content: Option<Content>,
    /// Whether what is gone was a change, of which nothing is to be seen.
    pub was_change: bool,
    /// What it answers.
    pub reply_to: Option<Seq>,
    /// When it was written.
    pub at: Timestamp,
    /// When its text was last changed, if it was.
    pub edited_at: Option<Timestamp>,
}

/// A group as its home knows it.
#[derive(Clone, Debug)]
pub struct InMembers {
    /// Its number there.
    pub group: ConversationId,
    /// Its name there.
    pub name: GroupName,
    /// Who can find it.
    pub visibility: Visibility,
    /// Everybody in it; those of ours have no realm.
    pub members: Vec<InMember>,
}

/// A member of a group as its home knows them.
#[derive(Clone, Debug)]
pub struct InMember {
    /// Who.
    pub user: Username,
    /// What they are called.
    pub name: DisplayName,
    /// What they may do.
    pub role: GroupRole,
    /// The last number before they joined.
    pub joined: Seq,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is stored.
    Stored {
        /// How far this realm has received now, and what it refused lately.
        received: Received,
        /// Conversations about which something is another now: their members, what waits, what was read.
        changed: Vec<ConversationId>,
        /// Contents are wanted, or mirrors are behind.
        more_to_do: bool,
    },
    /// The two do not agree on what has been sent: the sender must begin a new epoch.
    Reset,
    /// Its epoch is over.
    Old,
}

/// How far somebody has received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Of this epoch.
    pub epoch: i64,
    /// Up to this number.
    pub number: u64,
    /// What it refused of that, as far as the sender is not known to know.
    pub refused: Vec<(u64, String)>,
}

/// What who keeps a link going changes in what waits for it.
#[derive(Clone, Debug)]
pub enum SenderChange {
    /// As [`LinkStore::acknowledge`](super::LinkStore::acknowledge).
    Acknowledge(Received),
    /// As [`LinkStore::begin_epoch`](super::LinkStore::begin_epoch).
    BeginEpoch(i64),
    /// As [`LinkStore::expire`](super::LinkStore::expire).
    Expire(Timestamp),
}

/// A mirror that is behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The mirror.
    pub mirror: ConversationId,
    /// As its home names it.
    pub conversation: Where,
    /// The last number that it has, as its home counts.
    pub after: Seq,
}

/// Contents that a realm may fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Their size.
    pub size: u64,
    /// Whether they have come with one of these messages; until then they are not given away, even if they are here.
    pub here: bool,
}

/// How it stands with a message for another realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It waits here.
    Queued,
    /// It will not be delivered: a code.
    Failed(String),
}

/// A link that takes part in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The conversation.
    pub conversation: ConversationId,
    /// The link.
    pub link: LinkId,
    /// Whether the conversation's home is there.
    pub is_home: bool,
}
