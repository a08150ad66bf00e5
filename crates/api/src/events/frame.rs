//! What is said on the stream of events.

use kabar_model::Arrival;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::objects::{Conversation, Me, Message, User};
use crate::problem::ShownError;

/// What the server says. Who comes back gives the last position that was told.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = Event)]
pub(crate) enum Frame {
    /// All that was missed has been told; from here on what happens.
    Hello {
        /// Where the stream stands.
        position: String,
        /// Who one is.
        me: Box<Me>,
    },
    /// Too much was missed: everything is to be read anew.
    Resync {
        /// Where the stream stands.
        position: String,
    },
    /// A new message.
    Message {
        /// The message.
        message: Box<Message>,
        /// Its conversation, without the last message.
        conversation: Box<Conversation>,
        /// Where the stream stands.
        position: String,
    },
    /// A message was edited, deleted, or reacted to.
    Changed {
        /// The message as it stands now.
        message: Box<Message>,
        /// Where the stream stands.
        position: String,
    },
    /// One has read so far, here or elsewhere.
    Read {
        /// The conversation.
        conversation: String,
        /// The last number that was read.
        seq: i64,
        /// Messages behind it.
        unread: u64,
        /// Those among them that name one.
        mentions: u64,
    },
    /// It stands otherwise with messages of one's own that go to another realm: those of the conversation that wait,
    /// and the newest ones, are to be read anew.
    Delivery {
        /// The conversation.
        conversation: String,
    },
    /// Something about a conversation is another.
    Conversation {
        /// The conversation.
        conversation: Box<Conversation>,
    },
    /// One is no longer in a conversation, or in the room; or another of one's own streams is there now.
    Left {
        /// The conversation.
        conversation: String,
    },
    /// Somebody became active, or is no longer.
    Presence {
        /// Who.
        username: String,
        /// Whether they are active.
        active: bool,
    },
    /// Somebody is writing.
    Typing {
        /// Where.
        conversation: String,
        /// Who.
        username: String,
    },
    /// Somebody came into the room that one is in, or left it.
    Room {
        /// The conversation.
        conversation: String,
        /// The room's name.
        room: String,
        /// What happened.
        event: RoomEvent,
        /// Who.
        user: User,
    },
    /// One is in a room now. What is said there is told until one leaves; what was said before can be read. Told
    /// again to a client that was so slow that it was not told of all who came and went.
    Entered {
        /// Its name.
        room: String,
        /// The room.
        conversation: Box<Conversation>,
        /// Who is there.
        people: Vec<User>,
    },
    /// What was asked for was not granted.
    Error {
        /// Why.
        error: ShownError,
    },
    /// Nothing happened for a while. A page sees no pings: this tells it that it is still heard.
    Alive,
    /// The session is over; the connection ends.
    SessionEnded,
}

/// What happened in a room.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoomEvent {
    /// Somebody came.
    Entered,
    /// Somebody left.
    Left,
}

/// What a client says.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = EventRequest)]
pub(crate) enum Asked {
    /// Go into a room, and out of the one before. All streams of a session are in one room at most, and the last
    /// that went in hears what is said there. Ten times in ten seconds at most; then `busy`.
    Enter {
        /// Its name.
        room: String,
    },
    /// Leave the room.
    Leave,
    /// Say that one is writing. Others are told once a second at most.
    Typing {
        /// Where.
        conversation: String,
    },
}

/// A position as it is told.
pub(crate) fn position(at: Arrival) -> String {
    format!("p{}", at.0)
}
