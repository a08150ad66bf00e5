//! Contents that are whole and no message's yet. While somebody may still send them nobody sweeps them, though
//! the same contents were refused to another.

use std::collections::HashMap;
use std::sync::Arc;

use kabar_model::ContentHash;
use parking_lot::Mutex;

/// Who holds what.
#[derive(Default)]
pub(super) struct Unsent(Mutex<Held>);

#[derive(Default)]
struct Held {
    holders: HashMap<ContentHash, usize>,
    /// What was refused, and is held by nobody who could send it again.
    refused: Vec<ContentHash>,
}

/// Contents that are held, until this is dropped.
pub(super) struct Hold {
    unsent: Arc<Unsent>,
    hash: ContentHash,
    /// Whether the last answer to sending them was a refusal: then no message can refer to them. Of contents
    /// whose message may be on its way nothing is known.
    pub(super) was_refused: bool,
}

impl Unsent {
    pub(super) fn hold(self: &Arc<Self>, hash: ContentHash) -> Hold {
        *self.0.lock().holders.entry(hash).or_default() += 1;
        Hold { unsent: Arc::clone(self), hash, was_refused: false }
    }

    pub(super) fn is_held(&self, hash: &ContentHash) -> bool {
        self.0.lock().holders.contains_key(hash)
    }

    /// What was refused since this was asked last.
    pub(super) fn refused(&self) -> Vec<ContentHash> {
        std::mem::take(&mut self.0.lock().refused)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.unsent.0.lock();
        if let Some(holders) = held.holders.get_mut(&self.hash) {
            *holders -= 1;
            if *holders == 0 {
                held.holders.remove(&self.hash);
            }
        }
        if self.was_refused {
            held.refused.push(self.hash);
        }
    }
}
