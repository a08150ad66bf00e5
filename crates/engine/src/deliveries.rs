//! How far one's own messages have come where other realms take part, and those that their home has not numbered yet.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kabar_model::{ConversationId, FileCode, OutgoingId, Refusal, Seq, User, UserId};
use parking_lot::Mutex;

use crate::engine::Engine;
use crate::error::Result;
use crate::history::{Shown, ranges};
use crate::sessions::Caller;
use crate::store::links::{self, LinkStore, Outgoing};
use crate::store::{Conversation, FileKey, FileScope, Message, Place, Posted};

/// How long it is believed that there are no links.
const LINKS_ASKED_EVERY: Duration = Duration::from_secs(1);

/// How far a message has come on its way to other realms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is durable here and waits.
    Queued,
    /// It is durable in every other realm that takes part.
    Delivered,
    /// The other person of a direct conversation has read it.
    Read,
    /// Another realm did not take it, or it could not be delivered: a code of `docs/realm-links.md`.
    Failed(String),
}

/// A message on its way to its home, as its author is shown it.
#[derive(Clone, Debug)]
pub struct ShownOutgoing {
    /// Its number on the way.
    pub id: OutgoingId,
    /// The message. Its place has no number yet.
    pub message: Message,
    /// Who wrote it.
    pub author: Arc<User>,
    /// Why it failed, if it did: a code of `docs/realm-links.md`.
    pub failed: Option<String>,
}

impl ShownOutgoing {
    /// How far it has come.
    pub fn delivery(&self) -> Delivery {
        self.failed.clone().map_or(Delivery::Queued, Delivery::Failed)
    }

    fn of(outgoing: Outgoing) -> Self {
        let Outgoing { id, message, author, failed, .. } = outgoing;
        Self { id, message, author: Arc::new(author), failed }
    }
}

/// Whether this realm has links. One that had any keeps asking for what became of its messages.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    is_known: AtomicBool,
    asked_at: Mutex<Option<Duration>>,
}

impl Linked {
    /// There are links.
    pub(crate) fn learn(&self) {
        self.is_known.store(true, Ordering::Relaxed);
    }

    /// Whether it is time to ask again.
    fn must_ask(&self, now: Duration) -> bool {
        let asked_at = &mut *self.asked_at.lock();
        if asked_at.is_some_and(|at| now.saturating_sub(at) < LINKS_ASKED_EVERY) {
            return false;
        }
        *asked_at = Some(now);
        true
    }
}

impl Engine {
    /// The links' store, if there are links or were some.
    async fn links_in_use(&self) -> Result<Option<&dyn LinkStore>> {
        let (Some(_), Some(store)) = (self.link_keeper(), self.link_store()) else {
            return Ok(None);
        };
        if !self.linked.is_known.load(Ordering::Relaxed) {
            if !self.linked.must_ask(self.clock.elapsed()) || store.links().await?.is_empty() {
                return Ok(None);
            }
            self.linked.learn();
        }
        Ok(Some(store))
    }

    /// How far somebody's own messages have come, where other realms take part; others are left out.
    pub async fn deliveries(
        &self,
        author: UserId,
        own: &[Place],
    ) -> Result<HashMap<Place, Delivery>> {
        let mut deliveries = HashMap::new();
        if own.is_empty() {
            return Ok(deliveries);
        }
        let Some(store) = self.links_in_use().await? else { return Ok(deliveries) };
        let mut ids: Vec<ConversationId> = own.iter().map(|place| place.conversation).collect();
        ids.sort_unstable();
        ids.dedup();
        let shared = self.perhaps_shared(author, &ids).await?;
        let ids: Vec<ConversationId> = shared.iter().map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return Ok(deliveries);
        }
        let routes = store.routes(&ids).await?.into_iter();
        let homes: HashMap<ConversationId, bool> =
            routes.map(|route| (route.conversation, route.is_home)).collect();
        for (conversation, other) in shared {
            let places = own.iter().copied().filter(|place| place.conversation == conversation);
            let home = homes.get(&conversation);
            // Somebody of another realm is of one after its link has ended, too.
            if home.is_some() || other.is_some() {
                let read = match other {
                    Some(other) => self.store.read_position(other, conversation).await?,
                    None => Seq::NONE,
                };
                deliveries.extend(places.clone().map(|place| {
                    let is_read = place.seq <= read;
                    (place, if is_read { Delivery::Read } else { Delivery::Delivered })
                }));
            }
            // What stands in a mirror came from its home.
            if home == Some(&true) {
                continue;
            }
            for (_, from, to) in ranges(places.clone().collect()) {
                let undelivered = store.undelivered(conversation, from, to).await?.into_iter();
                let undelivered: HashMap<Seq, links::Delivery> = undelivered.collect();
                let stand = places.clone().filter_map(|place| {
                    undelivered.get(&place.seq).cloned().map(|waits| (place, waits.into()))
                });
                deliveries.extend(stand);
            }
        }
        Ok(deliveries)
    }

    /// Those of these conversations that another realm may take part in: groups, and direct conversations with somebody
    /// of one, who is named.
    async fn perhaps_shared(
        &self,
        user: UserId,
        ids: &[ConversationId],
    ) -> Result<Vec<(ConversationId, Option<UserId>)>> {
        let mut shared = Vec::new();
        let found = self.directory.conversations(ids).await?;
        for &id in ids {
            match found.get(&id).map(AsRef::as_ref) {
                Some(Conversation::Group(_)) => shared.push((id, None)),
                Some(Conversation::Direct(_)) => {
                    let people = self.directory.members(id).await?;
                    let Some(other) = people.iter().copied().find(|person| *person != user) else {
                        continue;
                    };
                    if self.directory.user(other).await?.username.realm().is_some() {
                        shared.push((id, Some(other)));
                    }
                }
                Some(Conversation::Room(..)) | None => {}
            }
        }
        Ok(shared)
    }

    /// Says of a reader's own messages how far they have come.
    pub(crate) async fn add_deliveries(&self, reader: &Caller, shown: &mut [Shown]) -> Result<()> {
        let is_sent = |shown: &Shown| {
            let message = &shown.message;
            message.author == reader.user() && message.change.is_none() && !message.deleted
        };
        let own = shown.iter().filter(|shown| is_sent(shown));
        let own: Vec<Place> = own.map(|shown| shown.message.place).collect();
        let mut deliveries = self.deliveries(reader.user(), &own).await?;
        if !deliveries.is_empty() {
            for shown in shown.iter_mut().filter(|shown| is_sent(shown)) {
                shown.delivery = deliveries.remove(&shown.message.place);
            }
        }
        Ok(())
    }

    /// One's own messages in a conversation whose home is another realm that it has not numbered, the oldest first:
    /// those that wait and those that failed. Refuses `NotMember`, `NotInRoom`.
    pub async fn waiting(
        &self,
        caller: &Caller,
        conversation: ConversationId,
    ) -> Result<Vec<ShownOutgoing>> {
        let found = self.directory.conversations(&[conversation]).await?;
        if matches!(found.get(&conversation).map(AsRef::as_ref), Some(Conversation::Room(..))) {
            self.target_in(caller, conversation).await?;
            return Ok(Vec::new());
        }
        self.people_in(caller, conversation).await?;
        let Some(store) = self.links_in_use().await? else { return Ok(Vec::new()) };
        let waiting = store.waiting(caller.user(), conversation).await?;
        Ok(waiting.into_iter().map(ShownOutgoing::of).collect())
    }

    /// One of these by its number; `None` once its home has numbered it.
    pub async fn waiting_at(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        id: OutgoingId,
    ) -> Result<Option<ShownOutgoing>> {
        let Some(store) = self.link_store() else { return Ok(None) };
        let found = store.outgoing(&[id]).await?.pop().map(ShownOutgoing::of);
        Ok(found.filter(|found| {
            let is_there = found.message.place.conversation == conversation;
            is_there && found.author.id == caller.user()
        }))
    }

    /// Where the message stands that a file came with. Refuses `FileUnknown`.
    pub async fn place_of_file(&self, caller: &Caller, code: FileCode) -> Result<Place> {
        let (scope, key) = (FileScope::Everywhere, FileKey::Code(code));
        let found = self.store.find_file(caller.user(), scope, &key).await?;
        found.map(|sent| sent.place).ok_or_else(|| Refusal::FileUnknown.into())
    }

    /// Forgets one of these that failed. Refuses `MessageUnknown`, also while it waits: it may be there already.
    pub async fn forget_waiting(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        id: OutgoingId,
    ) -> Result<()> {
        caller.may_write()?;
        self.target_in(caller, conversation).await?;
        let store = self.link_store().ok_or(Refusal::MessageUnknown)?;
        let is_own = self.waiting_at(caller, conversation, id).await?.is_some();
        if !is_own || !store.forget_failed(caller.user(), id).await? {
            return Err(Refusal::MessageUnknown.into());
        }
        self.signals.delivery(caller.user(), conversation);
        Ok(())
    }

    /// A message that was taken for another realm, if it is one; `as_sent` is what it says. Its author's clients are
    /// told.
    pub(crate) async fn taken(
        &self,
        caller: &Caller,
        posted: Posted,
        as_sent: Message,
    ) -> Result<Option<ShownOutgoing>> {
        let Some(id) = posted.outgoing else { return Ok(None) };
        self.signals.delivery(caller.user(), posted.place.conversation);
        let found = match self.link_store() {
            Some(store) => store.outgoing(&[id]).await?.pop(),
            None => None,
        };
        if let Some(outgoing) = found {
            return Ok(Some(ShownOutgoing::of(outgoing)));
        }
        // Its home was quick: it is a message already.
        let author = self.directory.user(caller.user()).await?;
        Ok(Some(ShownOutgoing { id, message: as_sent, author, failed: None }))
    }
}

impl From<links::Delivery> for Delivery {
    fn from(delivery: links::Delivery) -> Self {
        match delivery {
            links::Delivery::Queued => Self::Queued,
            links::Delivery::Failed(code) => Self::Failed(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_there_are_no_links_is_asked_once_a_second() {
        let linked = Linked::default();
        let at = |millis| linked.must_ask(Duration::from_millis(millis));
        assert!(at(0));
        assert!(!at(0));
        assert!(!at(999));
        assert!(at(1_000));
        assert!(!at(1_500));
    }
}
