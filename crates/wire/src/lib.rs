//! What do text dialects share between the bytes of a connection and their own grammar?
//!
//! Cutting a stream into lines ([`frame`]), writing replies no text can break out of ([`json`]),
//! telling the protocols of one port apart ([`mod@sniff`]), keeping a browser from speaking a dialect
//! ([`guard`]), contents in base64 that are never whole in memory ([`mod@base64`]), what the connection loop needs of a dialect ([`conversation`]) and replaying conversations written down as text ([`transcript`]).
//!
//! This crate will never know a socket, a clock, a task, a person or what any command does. A
//! dialect hands in the words it knows; what they mean stays with the dialect. Every function here
//! takes arbitrary bytes without panicking; [`laws`] states what must hold for all of them.

pub mod base64;
pub mod conversation;
pub mod frame;
pub mod guard;
pub mod json;
pub mod laws;
mod said;
pub mod sniff;
mod time;
pub mod transcript;

pub use frame::{LineFramer, LineTooLong};
pub use guard::{Suspicious, before_login};
pub use said::said;
pub use sniff::{Known, Protocol, SNIFF_BYTES_MAX, Sniff, sniff};
pub use time::rfc3339;
