//! Who is told of messages, and of which.

use std::collections::BTreeSet;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use kabar_engine::store::{Herald, NewMessage, Posted};
use kabar_model::LinkId;

use super::Stored;
use crate::base::Upkeep;

/// Who is told for which links something began to wait.
type OnQueued = Arc<dyn Fn(LinkId) + Send + Sync>;

/// Those who are told, shared with the store's other end.
#[derive(Clone, Default)]
pub struct Heralds {
    herald: Arc<Mutex<Option<Arc<dyn Herald>>>>,
    on_queued: Arc<Mutex<Option<OnQueued>>>,
}

impl fmt::Debug for Heralds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heralds").finish_non_exhaustive()
    }
}

impl Heralds {
    /// From now on this one is told.
    pub fn replace(&self, herald: Arc<dyn Herald>) {
        *self.herald.lock().unwrap_or_else(PoisonError::into_inner) = Some(herald);
    }

    /// From now on this is told of links.
    pub(crate) fn tell_queued(&self, told: OnQueued) {
        *self.on_queued.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }

    /// The herald, if anybody listens. It must not be asked before what is to be told is durable: who begins to listen
    /// while a transaction is open cannot read yet what it holds, so they must be told of it.
    pub fn listening(&self) -> Option<Arc<dyn Herald>> {
        let herald = self.herald.lock().unwrap_or_else(PoisonError::into_inner);
        herald.as_ref().filter(|herald| herald.listens()).cloned()
    }

    /// Tells that something began to wait for a link; it is durable now.
    pub fn queued(&self, link: LinkId) {
        let told = self.on_queued.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(told) = told {
            told(link);
        }
    }

    /// As [`Heralds::queued`], of these links.
    pub(super) fn all_queued(&self, links: &mut BTreeSet<LinkId>) {
        for link in mem::take(links) {
            self.queued(link);
        }
    }

    /// What to tell of a transaction that is durable now. Nobody may have been answered yet. Who begins to listen after
    /// this finds all of it in the database.
    pub(super) fn news(&self, upkeep: &dyn Upkeep) -> News {
        if upkeep.tells() {
            return News { teller: Teller::Upkeep, messages: Vec::new() };
        }
        let teller = self.listening().map_or(Teller::Nobody, Teller::Herald);
        News { teller, messages: Vec::new() }
    }
}

/// Who tells.
enum Teller {
    Nobody,
    Herald(Arc<dyn Herald>),
    Upkeep,
}

/// The messages of one transaction, for whoever listens.
pub(super) struct News {
    teller: Teller,
    messages: Vec<Stored>,
}

impl News {
    /// Adds a message, if anybody listens and it is new.
    pub(super) fn add(&mut self, message: NewMessage, places: &[Posted]) {
        let is_new = || places.iter().any(|posted| posted.arrival.is_some());
        if !matches!(self.teller, Teller::Nobody) && is_new() {
            self.messages.push((message, places.to_vec()));
        }
    }

    pub(super) fn tell(self, heralds: &Heralds, upkeep: &mut dyn Upkeep) {
        match self.teller {
            Teller::Nobody => {}
            Teller::Upkeep => upkeep.tell(heralds, self.messages),
            Teller::Herald(herald) => {
                for (message, places) in self.messages {
                    herald.posted(message, places);
                }
            }
        }
    }
}
