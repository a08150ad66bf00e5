//! Who is told of messages, and of which.

use std::collections::BTreeSet;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use kabar_engine::store::{Herald, NewMessage, Posted};
use kabar_model::LinkId;

/// Who is told for which links something began to wait.
type OnQueued = Arc<dyn Fn(LinkId) + Send + Sync>;

/// Those who are told, shared with the store's other end.
#[derive(Clone, Default)]
pub(crate) struct Heralds {
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
    pub(crate) fn replace(&self, herald: Arc<dyn Herald>) {
        *self.herald.lock().unwrap_or_else(PoisonError::into_inner) = Some(herald);
    }

    /// From now on this is told of links.
    pub(crate) fn tell_queued(&self, told: OnQueued) {
        *self.on_queued.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }

    /// Tells for which links something began to wait; it is durable now.
    pub(super) fn queued(&self, links: &mut BTreeSet<LinkId>) {
        if links.is_empty() {
            return;
        }
        let told = self.on_queued.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for link in mem::take(links) {
            if let Some(told) = &told {
                told(link);
            }
        }
    }

    /// What to tell of a transaction that is durable now. Nobody may have been answered yet. It must not be
    /// asked earlier: who begins to listen while a transaction is open cannot read yet what it holds, so they
    /// must be told of it. Who begins to listen after this finds all of it in the database.
    pub(super) fn news(&self) -> News {
        let herald = self.herald.lock().unwrap_or_else(PoisonError::into_inner);
        let herald = herald.as_ref().filter(|herald| herald.listens()).cloned();
        News { herald, messages: Vec::new() }
    }
}

/// The messages of one transaction, for whoever listens.
pub(super) struct News {
    herald: Option<Arc<dyn Herald>>,
    messages: Vec<(NewMessage, Vec<Posted>)>,
}

impl News {
    /// Adds a message, if anybody listens and it is new.
    pub(super) fn add(&mut self, message: NewMessage, places: &[Posted]) {
        let is_new = || places.iter().any(|posted| posted.arrival.is_some());
        if self.herald.is_some() && is_new() {
            self.messages.push((message, places.to_vec()));
        }
    }

    pub(super) fn tell(self) {
        if let Some(herald) = self.herald {
            for (message, places) in self.messages {
                herald.posted(message, places);
            }
        }
    }
}
