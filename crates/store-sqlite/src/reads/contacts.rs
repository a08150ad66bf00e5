//! Contacts.

use kabar_model::{Address, UserId};
use rusqlite::Connection;

use super::words::parsed;

pub(crate) fn contacts(connection: &Connection, user: UserId) -> rusqlite::Result<Vec<Address>> {
    connection
        .prepare_cached("SELECT contact FROM contact WHERE user_id = ?1 ORDER BY id")?
        .query_map([user.0], |row| parsed(row, 0, Address::parse))?
        .collect()
}
