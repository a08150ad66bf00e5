//! The rules of the store in SQL: what does each change of a realm read and write, whichever database holds it?
//!
//! One thread writes. It takes what is queued, runs it in one transaction, commits once, and only then answers
//! everybody (group commit). Reads go through connections of their own. What a database adds is a [`Base`] and an
//! [`Upkeep`]. This crate will never know which database that is, nor who asked.

mod base;
mod changes;
pub mod copy;
mod error;
mod many;
pub mod pieces;
mod random;
mod reads;
mod sieve;
pub mod sql;
mod stop;
mod store;
mod writer;

pub use base::{Base, Finding, Upkeep};
pub use error::{Outcome, Trouble};
#[doc(hidden)]
pub use reads::carried::home_seq;
pub use reads::people::learn_all;
#[doc(hidden)]
pub use reads::shift::here;
pub use reads::words::{message, messages};
pub use sieve::{Bounds, Search};
pub use stop::Stop;
pub use store::{OnFatal, SqlStore};
pub use writer::{Answer, BATCH_TIME_MAX, Heralds, Request, Stored, Work, change};
