//! Contacts.

use std::collections::HashSet;

use kabar_model::limits::CONTACTS_MAX;
use kabar_model::{Address, Field, Refusal, Timestamp, UserId};

use crate::error::Outcome;
use crate::params;
use crate::sql;
use crate::writer::Work;

/// Adds those who are not there yet and says how many these are.
pub(crate) fn add(
    work: &Work,
    user: UserId,
    contacts: &[Address],
    at: Timestamp,
) -> Outcome<usize> {
    let connection = &work.connection;
    let mut known = connection
        .prepare_cached("SELECT contact FROM contact WHERE user_id = ?1")?
        .query_map([user.0], |row| row.get(0))?
        .collect::<sql::Result<HashSet<String>>>()?;
    let mut new = Vec::new();
    for contact in contacts.iter().map(Address::to_string) {
        if !known.contains(&contact) {
            known.insert(contact.clone());
            new.push(contact);
        }
    }
    if known.len() > CONTACTS_MAX {
        return Err(Refusal::TooMany(Field::Contacts).into());
    }
    let mut insert = connection
        .prepare_cached("INSERT INTO contact (user_id, contact, added_at) VALUES (?1, ?2, ?3)")?;
    for contact in &new {
        insert.execute(params![user.0, contact, at.0])?;
    }
    Ok(new.len())
}

/// Takes contacts out and says how many were there.
pub(crate) fn remove(work: &Work, user: UserId, contacts: &[Address]) -> Outcome<usize> {
    let mut delete = work
        .connection
        .prepare_cached("DELETE FROM contact WHERE user_id = ?1 AND contact = ?2")?;
    let mut removed = 0;
    for contact in contacts {
        removed += delete.execute(params![user.0, contact.to_string()])?;
    }
    Ok(removed)
}
