//! Dialect form: one command and a form a request, one JSON object an answer, between lines or in blocks of
//! a fixed size, live rooms, and files.
//!
//! Knows the two framings, the grammar, the commands and their wording. It will never know a socket, a
//! clock, SQL, or what the commands mean: that is the engine's.

mod answer;
mod block;
mod command;
mod cutter;
mod ends;
mod form;
#[doc(hidden)]
pub mod laws;
mod payload;
mod probe;
mod push;
mod reply;
mod room;
mod scan;
mod session;
mod upload;
mod wording;

pub use block::{BLOCK_BYTES, QUIET};
pub use command::{Help, command_names, help};
pub use cutter::REQUEST_BYTES_MAX;
pub use session::FormConversation;
