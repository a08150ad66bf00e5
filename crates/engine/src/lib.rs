//! The rules: what each thing that a person can wish for means, and whether they may.
//!
//! The engine deals in people, sessions, conversations and messages. It will never know a line, a
//! socket, a status code, or SQL; what it needs from outside comes in as [`Store`], [`Blobs`], [`Bus`] and [`Clock`].

mod accounts;
mod administration;
mod administrators;
pub mod blobs;
mod bus;
mod changes;
mod chats;
mod clock;
mod contacts;
#[cfg(feature = "testing")]
pub mod contract;
mod deliveries;
mod directory;
mod engine;
mod error;
mod events;
mod files;
mod groups;
mod hasher;
mod history;
mod hooks;
mod invitations;
mod messages;
mod news;
mod nodes;
mod operator;
mod overview;
mod pace;
mod people;
mod portions;
mod profile;
mod programs;
mod realms;
mod rooms;
mod search;
mod sessions;
mod set_up;
mod signals;
pub mod store;
mod suspects;
#[cfg(feature = "testing")]
pub mod testing;
mod throttle;

pub use accounts::{Login, Registration, RegistrationPolicy};
pub use administration::Member;
pub use administrators::{AccountChange, Accounts, Totals};
pub use blobs::Blobs;
pub use bus::{Bus, HINT_BYTES_MAX, Heard, Hint, LISTENER_HINTS_MAX, Listener, LocalBus};
pub use changes::{Accepted, NewPost};
pub use clock::{Clock, SystemClock};
pub use deliveries::{Delivery, ShownOutgoing};
pub use engine::{Engine, RealmSettings, Settings};
pub use error::{Error, Result};
pub use files::{Destination, Fetch, ListedFile, Sent, Upload};
pub use history::{Page, Reaction, Shown};
pub use messages::{Inbox, InboxItem, Posting, Receipt};
pub use news::{Listening, MessageNews, News, RoomNews, Signal, Whereto};
pub use operator::Operator;
pub use overview::ShownConversation;
pub use people::People;
pub use profile::OwnSession;
pub use programs::Program;
pub use realms::{Accept, Check, Realms, ShownLink, There};
pub use rooms::{OpenRoom, Stay};
pub use search::{Hit, Mistake, Search};
pub use sessions::{Caller, Connected, Origin};
pub use store::{Group, ListedGroup, NodeId, NodeStore, Store};
