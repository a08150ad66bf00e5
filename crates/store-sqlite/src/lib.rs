//! The store on embedded SQLite: how does a realm survive a power cut in one directory?
//!
//! The rules are `kabar_store_sql`'s. Here is what the file needs: settings that a commit is durable by, the lock on
//! the directory, the schema, when the log is folded in, a few read-only connections, and the search index. This crate
//! will never know a rule of the realm, nor who asked.

mod checkpoint;
mod connection;
mod copy;
mod driver;
mod error;
mod lock;
mod open;
mod pool;
mod schema;
mod search;
mod store;
mod upkeep;

pub use connection::Durability;
pub use copy::{move_from, move_to};
pub use error::OpenError;
pub use kabar_store_sql::OnFatal;
pub use open::FILE;
pub use store::{Sqlite, SqliteStore, open, open_with};
