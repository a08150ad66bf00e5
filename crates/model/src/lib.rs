//! What can be said in kabar: names, ids, limits, and the reasons for a "no".
//!
//! Every type here is valid by construction: who holds a [`Username`] need not check it again.
//! This crate will never know a socket, a database, a serialised form, or the time of day.

mod address;
mod body;
mod change;
mod code;
mod file;
mod group;
mod id;
mod label;
pub mod limits;
mod mark;
mod name;
mod refusal;
mod room;
mod secret;
mod time;
mod user;

pub use address::{Address, RealmName};
pub use body::{Body, escaped_bytes};
pub use change::Change;
pub use file::{ContentHash, File, FileCode, FileName};
pub use group::{GroupCode, GroupName, GroupRole, Visibility};
pub use id::{Arrival, ConversationId, HookId, LinkId, OutgoingId, Seq, SessionId, UserId};
pub use label::Label;
pub use mark::{ClientKey, Emoji, InvitationCode};
pub use name::{Country, DisplayName, Username};
pub use refusal::{Field, Refusal};
pub use room::RoomName;
pub use secret::{Password, SessionToken};
pub use time::Timestamp;
pub use user::{Role, User};
