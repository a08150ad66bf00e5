//! Dialect line: one command a line, one JSON object an answer, in three profiles of wording.
//!
//! Knows the grammar, the commands and their wording. It will never know a socket, SQL, or what the
//! commands mean: that is the engine's.

mod command;
mod cutter;
mod incoming;
mod profile;
mod reply;
mod session;
mod wording;
mod words;

pub use command::{Help, command_names, help};
pub use profile::Profile;
pub use session::{LINE_BYTES_MAX, LineConversation, not_understood};
pub use words::Words;
