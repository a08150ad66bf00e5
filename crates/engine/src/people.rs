//! Finding people: by their names as they are being typed, and one by one.

use std::sync::Arc;

use kabar_model::limits::PAGE_ITEMS_MAX;
use kabar_model::{Refusal, User, Username};

use crate::engine::Engine;
use crate::error::Result;
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

    /// The person with that name. Refuses `UserUnknown`.
    pub async fn person(&self, _caller: &Caller, username: &Username) -> Result<Arc<User>> {
        let user = self.directory.user_named(username).await?;
        user.ok_or_else(|| Refusal::UserUnknown.into())
    }
}
