//! Searching: what somebody typed, and what is found.

mod typed;

use std::sync::Arc;

use kabar_model::limits::PAGE_ITEMS_MAX;
use kabar_model::{Address, Arrival, ConversationId, Refusal, User, UserId};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::history::Shown;
use crate::sessions::Caller;
use crate::store::{Conversation, SearchQuery};

pub use self::typed::{Mistake, Search};

/// A message that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The message.
    pub shown: Shown,
    /// Where it stands.
    pub conversation: Arc<Conversation>,
    /// The other person of a direct conversation; in a note, oneself.
    pub with: Option<Arc<User>>,
}

impl Engine {
    /// Finds messages in one's direct conversations and groups, the latest first, at most `limit`; those that
    /// arrived before `before`. Of very many that could be meant only the latest are looked at. Refuses
    /// `UserUnknown` when nobody is called what follows `from:`, or `in:@`, and `GroupUnknown` when nothing of
    /// one's own and nobody is called what follows `in:`.
    pub async fn search(
        &self,
        caller: &Caller,
        search: &Search,
        before: Option<Arrival>,
        limit: usize,
    ) -> Result<Vec<Hit>> {
        let from = match &search.from {
            Some(name) => Some(self.searched_person(name).await?),
            None => None,
        };
        let within = match &search.within {
            Some(name) => match self.searched_place(caller, name).await? {
                Some(place) => Some(place),
                // The two have never written.
                None => return Ok(Vec::new()),
            },
            None => None,
        };
        let Search { words, has_file, has_link, since, until, .. } = search;
        let query = SearchQuery {
            words: words.clone(),
            from,
            within,
            has_file: *has_file,
            has_link: *has_link,
            since: *since,
            until: *until,
            before,
        };
        let limit = limit.min(PAGE_ITEMS_MAX);
        let found = self.store.search(caller.user(), &query, limit).await?;
        self.hits(caller, self.shown(caller, found).await?).await
    }

    async fn hits(&self, caller: &Caller, found: Vec<Shown>) -> Result<Vec<Hit>> {
        let mut places: Vec<ConversationId> =
            found.iter().map(|shown| shown.message.place.conversation).collect();
        places.sort_unstable();
        places.dedup();
        let conversations = self.directory.conversations(&places).await?;
        let mut hits = Vec::with_capacity(found.len());
        for shown in found {
            let conversation = conversations.get(&shown.message.place.conversation).cloned();
            let conversation =
                conversation.ok_or_else(|| Error::failed("a number without a conversation"))?;
            let with = match &*conversation {
                Conversation::Direct(id) => Some(self.other_in(caller.user(), *id).await?),
                Conversation::Group(_) | Conversation::Room(..) => None,
            };
            hits.push(Hit { shown, conversation, with });
        }
        Ok(hits)
    }

    /// The other person of a direct conversation; in a note, oneself.
    async fn other_in(&self, user: UserId, direct: ConversationId) -> Result<Arc<User>> {
        let people = self.directory.members(direct).await?;
        let other = people.iter().copied().find(|person| *person != user);
        self.directory.user(other.unwrap_or(user)).await
    }

    async fn searched_person(&self, name: &str) -> Result<UserId> {
        let address = Address::parse(name).map_err(|_| Refusal::UserUnknown)?;
        let name = self.kept_as(&address).await?;
        let user = self.directory.user_named(&name).await?;
        Ok(user.ok_or(Refusal::UserUnknown)?.id)
    }

    /// A group of one's own by name or code, else the direct conversation with that person if there is one.
    async fn searched_place(&self, caller: &Caller, name: &str) -> Result<Option<ConversationId>> {
        let (person, unknown) = match name.strip_prefix('@') {
            Some(person) => (person, Refusal::UserUnknown),
            None => (name, Refusal::GroupUnknown),
        };
        // A group whose name begins with the sign is meant by it as well.
        for name in [Some(name), name.strip_prefix('#')].into_iter().flatten() {
            if let Some(group) = self.directory.group(name.trim()).await?
                && self.is_member(caller, &group).await?
            {
                return Ok(Some(group.id));
            }
        }
        let person = match Address::parse(person) {
            Ok(address) => {
                let name = self.kept_as(&address).await?;
                self.directory.user_named(&name).await?
            }
            Err(_) => None,
        };
        self.store.direct(caller.user(), person.ok_or(unknown)?.id).await
    }
}
