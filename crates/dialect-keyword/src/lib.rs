//! Dialect keyword: one keyword a request, in two forms that a connection may mix: lines of text, and
//! JSON objects without anything between them.
//!
//! Knows the two grammars, the commands, their wording, and what clients of the object form can read. It
//! will never know a socket, a clock, SQL, or what the commands mean: that is the engine's.

mod arguments;
mod blocks;
mod command;
mod complaint;
mod cutter;
#[doc(hidden)]
pub mod laws;
mod line;
mod notice;
mod object;
mod reply;
mod request;
mod scanner;
mod session;
mod transfer;
mod wording;

pub use command::{Help, command_names, help};
pub use cutter::REQUEST_BYTES_MAX;
pub use session::KeywordConversation;
pub use wording::greeting;
