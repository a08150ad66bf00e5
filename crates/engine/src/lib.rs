//! The rules: what each thing that a person can wish for means, and whether they may.
//!
//! The engine deals in people, sessions, conversations and messages. It will never know a line, a
//! socket, a status code, or SQL; what it needs from outside comes in as [`Store`], [`Blobs`], [`Bus`] and [`Clock`].

mod accounts;
pub mod blobs;
mod bus;
mod chats;
mod clock;
mod contacts;
#[cfg(feature = "testing")]
pub mod contract;
mod directory;
mod engine;
mod error;
mod files;
mod groups;
mod hasher;
mod messages;
mod news;
mod operator;
mod portions;
mod rooms;
mod sessions;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod throttle;

pub use accounts::{Login, Registration};
pub use blobs::Blobs;
pub use bus::{Bus, Heard, Hint, LISTENER_HINTS_MAX, Listener, LocalBus};
pub use clock::{Clock, SystemClock};
pub use engine::{Engine, Settings};
pub use error::{Error, Result};
pub use files::{Destination, ListedFile, Sent, Upload};
pub use messages::{Inbox, InboxItem, Posting, Receipt};
pub use news::{Listening, MessageNews, News, RoomNews, Whereto};
pub use operator::Operator;
pub use rooms::Stay;
pub use sessions::{Caller, Connected, Origin};
pub use store::{Group, ListedGroup, Store};
