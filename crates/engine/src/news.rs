//! News: what happens is told at once to those who listen.
//!
//! The store tells of each message once it is durable. A task finds out whom it concerns and puts it into
//! the queue of each of their listeners. News can be lost, messages cannot: a listener that is too slow
//! hears [`News::Missed`] and reads what it has not read.

mod herald;
mod listeners;

use std::sync::Arc;

use kabar_model::{File, GroupName, RoomName, SessionId, Timestamp, User};

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
    /// The room.
    pub room: RoomName,
    /// The person.
    pub user: Arc<User>,
}
