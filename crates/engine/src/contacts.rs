//! Contacts: whom a person keeps at hand. Being one is not needed to chat.

use kabar_model::limits::CONTACTS_MAX;
use kabar_model::{Address, Field, Refusal};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::sessions::Caller;

impl Engine {
    /// Adds contacts and says how many are new. Oneself, somebody unknown, and who is there already add
    /// nothing. Refuses `TooMany(Contacts)`.
    pub async fn add_contacts(&self, caller: &Caller, wished: &[Address]) -> Result<usize> {
        caller.may_write()?;
        if wished.len() > CONTACTS_MAX {
            return Err(Refusal::TooMany(Field::Contacts).into());
        }
        let mut known = Vec::with_capacity(wished.len());
        for address in wished {
            let somebody = match self.somebody(address).await {
                Err(Error::Refused(Refusal::RealmUnknown)) => None,
                somebody => somebody?,
            };
            if let Some(user) = somebody.filter(|user| user.id != caller.user()) {
                known.push(Address::kept(&user.username));
            }
        }
        self.store.add_contacts(caller.user(), &known, self.clock.now()).await
    }

    /// Takes contacts out and says how many were there.
    pub async fn remove_contacts(&self, caller: &Caller, wished: &[Address]) -> Result<usize> {
        caller.may_write()?;
        let wished: Vec<Address> = wished.iter().map(|address| self.at_home(address)).collect();
        self.store.remove_contacts(caller.user(), &wished).await
    }

    /// One's contacts, in the order of adding.
    pub async fn contacts(&self, caller: &Caller) -> Result<Vec<Address>> {
        self.store.contacts(caller.user()).await
    }

    /// The address without our own realm's name.
    fn at_home(&self, address: &Address) -> Address {
        let realm = address.realm.clone().filter(|realm| *realm != self.settings.realm);
        Address { username: address.username.clone(), realm }
    }
}
