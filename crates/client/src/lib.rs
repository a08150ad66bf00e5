//! How does a person at a terminal talk to a chat server?
//!
//! Classic shells: prompts over a text dialect, against this server or an original one. This crate
//! will never know the engine, a store or the server's rules; of a server it knows its dialects only.

pub mod shell;
mod text;

pub use kabar_catalogue::Lang;
