//! Contacts.

use kabar_model::limits::CONTACTS_MAX;
use kabar_model::{Address, Field, Refusal, UserId};

use super::Realm;
use crate::error::Result;

impl Realm {
    pub(super) fn add_contacts(&mut self, user: UserId, contacts: &[Address]) -> Result<usize> {
        let mut all = self.contacts(user);
        let before = all.len();
        for contact in contacts {
            if !all.contains(contact) {
                all.push(contact.clone());
            }
        }
        if all.len() > CONTACTS_MAX {
            return Err(Refusal::TooMany(Field::Contacts).into());
        }
        let added = all.len() - before;
        self.contacts.insert(user, all);
        Ok(added)
    }

    pub(super) fn remove_contacts(&mut self, user: UserId, contacts: &[Address]) -> usize {
        let Some(all) = self.contacts.get_mut(&user) else { return 0 };
        let before = all.len();
        all.retain(|contact| !contacts.contains(contact));
        before - all.len()
    }

    pub(super) fn contacts(&self, user: UserId) -> Vec<Address> {
        self.contacts.get(&user).cloned().unwrap_or_default()
    }
}
