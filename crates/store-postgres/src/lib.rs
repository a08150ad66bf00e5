//! The store on PostgreSQL: how do many nodes keep one realm?
//!
//! The rules are those of `kabar_store_sql`. Here stands what PostgreSQL and other nodes add: connections that break,
//! commits whose outcome nobody was told, writers that take turns, and messages that others stored. This crate will
//! never know a rule of the realm, nor who asked.

mod checks;
mod copy;
mod driver;
mod error;
mod follow;
mod pending;
mod readers;
mod schema;
mod search;
mod session;
mod settings;
mod store;
mod text;
mod tls;
mod values;

pub use copy::{move_from, move_to};
pub use error::OpenError;
pub use follow::Buses;
pub use kabar_store_sql::OnFatal;
pub use settings::Settings;
pub use store::{PostgresBase, PostgresStore, open};
