//! What stands in for the outside in tests: a store in memory and a clock that stands still.

mod blobs;
mod clock;
mod memory;

pub use blobs::MemoryBlobs;
pub use clock::ManualClock;
pub use memory::MemoryStore;

use kabar_model::{DisplayName, Role, Timestamp, Username};

use crate::store::{NewRole, NewUser};

/// A user to be made with nothing about them but a name, and a password that nobody can check.
///
/// # Panics
///
/// When nobody can have that name.
pub fn new_user(username: &str) -> NewUser {
    let username = Username::parse(username).expect("a name for a test is a name");
    NewUser {
        password_hash: format!("$argon2id$of-{username}"),
        name: DisplayName::of(&username),
        username,
        country: None,
        role: NewRole::Fixed(Role::User),
        invitation: None,
        at: Timestamp(0),
    }
}
