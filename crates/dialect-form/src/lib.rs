//! Dialect form: one command and a form a request, one JSON object an answer, between lines or in blocks of
//! a fixed size, and live rooms.
//!
//! Knows the two framings, the grammar, the commands and their wording. It will never know a socket, a
//! clock, SQL, or what the commands mean: that is the engine's.

mod block;
mod command;
mod cutter;
mod form;
#[doc(hidden)]
pub mod laws;
mod push;
mod reply;
mod room;
mod session;
mod wording;

pub use block::{BLOCK_BYTES, QUIET};
pub use command::{Help, command_names, help};
pub use cutter::REQUEST_BYTES_MAX;
pub use session::FormConversation;
