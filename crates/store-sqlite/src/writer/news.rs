//! Who is told of messages, and what is kept to be told.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kabar_engine::store::{Herald, NewMessage, Posted};

/// The herald, shared with the store's other end.
#[derive(Clone, Default)]
pub(crate) struct Heralds(Arc<Mutex<Option<Arc<dyn Herald>>>>);

impl fmt::Debug for Heralds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heralds").finish_non_exhaustive()
    }
}

impl Heralds {
    /// From now on this one is told.
    pub(crate) fn replace(&self, herald: Arc<dyn Herald>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(herald);
    }

    /// The herald, if anybody listens to it.
    fn listening(&self) -> Option<Arc<dyn Herald>> {
        let herald = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        herald.as_ref().filter(|herald| herald.listens()).cloned()
    }
}

/// Messages of the open transaction, to be told once they are durable.
#[derive(Default)]
pub(super) struct News {
    heralds: Heralds,
    kept: Vec<(Arc<dyn Herald>, NewMessage, Vec<Posted>)>,
}

impl News {
    pub(super) fn new(heralds: Heralds) -> Self {
        Self { heralds, kept: Vec::new() }
    }

    /// Keeps a message if anybody listens. Asked for each one: who begins to listen hears the very next
    /// message, even when a transaction is open.
    pub(super) fn keep(&mut self, message: NewMessage, places: &[Posted]) {
        let is_new = places.iter().any(|posted| posted.arrival.is_some());
        if let Some(herald) = self.heralds.listening().filter(|_| is_new) {
            self.kept.push((herald, message, places.to_vec()));
        }
    }

    /// The transaction has been undone.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
    }

    /// The transaction is durable.
    pub(super) fn tell(&mut self) {
        for (herald, message, places) in self.kept.drain(..) {
            herald.posted(message, places);
        }
    }
}
