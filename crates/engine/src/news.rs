//! News: what happens is told at once to those who listen.
//!
//! The store tells of each message once it is durable. A task finds out whom it concerns and puts it into
//! the queue of each of their listeners. News can be lost, messages cannot: a listener that is too slow
//! hears [`News::Missed`] and reads what it has not read.

mod herald;
mod listeners;

use std::sync::Arc;

use kabar_model::{
    Arrival, Change, ClientKey, ConversationId, File, GroupName, RoomName, Seq, SessionId,
    Timestamp, User,
};

use crate::store::Place;

pub(crate) use herald::{Announcements, Announcer};
pub use listeners::Listening;
pub(crate) use listeners::{ListenerId, Listeners};

/// What a listener hears.
#[derive(Clone, Debug)]
pub enum News {
    /// A message in one of the person's conversations, or in the room that this listener is in. One's own
    /// messages are told, too.
    Message(Arc<MessageNews>),
    /// Somebody came into the room that this listener is in.
    Entered(Arc<RoomNews>),
    /// Somebody left it.
    Left(Arc<RoomNews>),
    /// What may be missed without harm. Only who listens closely hears it.
    Signal(Arc<Signal>),
    /// News was lost; what is unread tells the rest. The last thing that this listener hears.
    Missed,
}

/// A message that is durable.
#[derive(Debug)]
pub struct MessageNews {
    /// Where it stands.
    pub place: Place,
    /// What kind of conversation that is.
    pub whereto: Whereto,
    /// Who wrote it.
    pub from: Arc<User>,
    /// The session that it was sent from, if it was sent on this node.
    pub session: Option<SessionId>,
    /// Its text; beside a file it may be empty.
    pub body: String,
    /// The file, if it is one.
    pub file: Option<File>,
    /// When it was sent.
    pub at: Timestamp,
    /// Where it stands among all messages of the realm.
    pub arrival: Arrival,
    /// What it changes, if it is a change: then the body is the new text, or the emoji, or empty.
    pub change: Option<Change>,
    /// The message of its conversation that it answers.
    pub reply_to: Option<Seq>,
    /// What its author's client calls it. For its author's eyes alone.
    pub key: Option<ClientKey>,
}

/// What happens beside messages.
#[derive(Clone, Debug)]
pub enum Signal {
    /// Somebody else is writing.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Who.
        user: Arc<User>,
    },
    /// Somebody in one of the person's conversations became active, or is no longer.
    Presence {
        /// Who.
        user: Arc<User>,
        /// Whether they are active now.
        active: bool,
    },
    /// The person has read so far, here or elsewhere.
    Read(Place),
    /// The person is no longer in this room, or hears of it on another connection from now on.
    OutOfRoom(ConversationId),
    /// It stands otherwise with messages of the person's that go to another realm.
    Delivery(ConversationId),
    /// Something about a conversation is another: its name, its members, or whether one is in it.
    Conversation(ConversationId),
}

/// Where a message was written to.
#[derive(Clone, Debug)]
pub enum Whereto {
    /// To a person.
    Direct(Arc<User>),
    /// To a group.
    Group(GroupName),
    /// To a room.
    Room(RoomName),
}

/// Who came or went, and where.
#[derive(Debug)]
pub struct RoomNews {
    /// The conversation of the room.
    pub id: ConversationId,
    /// The room.
    pub room: RoomName,
    /// The person.
    pub user: Arc<User>,
}
