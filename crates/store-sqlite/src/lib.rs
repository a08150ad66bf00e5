//! The store on embedded SQLite: how does a realm survive a power cut in one directory?
//!
//! One thread writes. It takes what is queued, runs it in one transaction, syncs once, and only then
//! answers everybody (group commit). Reads go through a few read-only connections. This crate will
//! never know a rule of the realm that `kabar_engine::Store` does not state, nor who asked.

mod changes;
mod connection;
mod error;
mod lock;
mod open;
mod reads;
mod schema;
mod search;
mod store;
mod writer;

pub use connection::Durability;
pub use error::OpenError;
pub use open::FILE;
pub use store::{OnFatal, SqliteStore};
