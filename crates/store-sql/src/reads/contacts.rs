//! Contacts.

use kabar_model::{Address, UserId};

use super::words::parsed;
use crate::sql::{self, Connection};

pub(crate) fn contacts(connection: &Connection, user: UserId) -> sql::Result<Vec<Address>> {
    connection
        .prepare_cached("SELECT contact FROM contact WHERE user_id = ?1 ORDER BY id")?
        .query_map([user.0], |row| parsed(row, 0, Address::parse))?
        .collect()
}
