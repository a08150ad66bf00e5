//! Finding people: by their names as they are being typed, and one by one.

use std::sync::Arc;

use kabar_model::limits::PAGE_ITEMS_MAX;
use kabar_model::{Address, Refusal, User, Username};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::sessions::Caller;

/// Some people, in the order of their usernames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// The people.
    pub people: Vec<User>,
    /// Whether there are more after the last of them.
    pub more: bool,
}

impl Engine {
    /// Those whose username, or whose display name from any of its words on, begins so, in any case; those
    /// after `after`, at most `limit`. Disabled accounts are left out.
    pub async fn find_people(
        &self,
        _caller: &Caller,
        start: &str,
        after: Option<&Username>,
        limit: usize,
    ) -> Result<People> {
        let limit = limit.min(PAGE_ITEMS_MAX);
        let mut people = self.store.find_users(start, after, limit + 1).await?;
        let more = people.len() > limit;
        people.truncate(limit);
        Ok(People { people, more })
    }

    /// The person at that address; one of another realm is looked for there if they are not known here yet, unless the
    /// caller may only read. Refuses `UserUnknown`, `RealmUnknown`.
    pub async fn person_at(&self, caller: &Caller, address: &Address) -> Result<Arc<User>> {
        let known_as = self.kept_as(address).await?;
        if let Some(user) = self.directory.user_named(&known_as).await? {
            return Ok(user);
        }
        if !caller.writes() {
            return Err(Refusal::UserUnknown.into());
        }
        self.somebody(address).await?.ok_or_else(|| Refusal::UserUnknown.into())
    }

    /// What somebody at that address is called here, whether they are known or not: with the realm's own name,
    /// whatever it was called by.
    pub async fn kept_as(&self, address: &Address) -> Result<Username> {
        let here = &self.settings.realm;
        let Some(realm) = address.realm.as_ref().filter(|realm| *realm != here) else {
            return Ok(address.username.clone());
        };
        match self.link_named(realm).await {
            Ok(link) => Ok(address.username.at(&link.own_name)),
            // Of a realm whose link has ended people are known still.
            Err(Error::Refused(Refusal::RealmUnknown)) => Ok(address.username.at(realm)),
            Err(error) => Err(error),
        }
    }

    /// The person of that name, as it is kept. Refuses `UserUnknown`.
    pub async fn person(&self, _caller: &Caller, username: &Username) -> Result<Arc<User>> {
        let user = self.directory.user_named(username).await?;
        user.ok_or_else(|| Refusal::UserUnknown.into())
    }
}
