//! A store in memory as a node holds it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Realm;
use super::nodes::MemoryNodes;
use crate::clock::Clock;
use crate::error::Result;
use crate::store::Herald;

/// A store in memory. A clone is a node's own handle on the same realm: it has a herald of its own.
#[derive(Default)]
pub struct MemoryStore {
    pub(super) realm: Arc<Mutex<Realm>>,
    /// Which of the heralds is told of here.
    pub(super) handle: u64,
    pub(super) nodes: Option<Arc<MemoryNodes>>,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        let mut realm = self.realm();
        realm.heralds.last += 1;
        let handle = realm.heralds.last;
        Self { realm: Arc::clone(&self.realm), handle, nodes: self.nodes.clone() }
    }
}

/// Who is told of messages, by handle.
#[derive(Default)]
pub(super) struct Heralds {
    pub(super) told: BTreeMap<u64, Arc<dyn Herald>>,
    last: u64,
}

impl fmt::Debug for Heralds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Heralds").field(&self.told.len()).finish()
    }
}

impl MemoryStore {
    /// A store for several nodes, each with a clone of it. `clock` is the database's.
    pub fn of_nodes(clock: Arc<dyn Clock>) -> Self {
        Self { nodes: Some(Arc::new(MemoryNodes::new(clock))), ..Self::default() }
    }

    /// From now on, of what nodes ask and write nothing but beats and readings works, and no session is found; or all
    /// works again.
    pub fn fail_nodes(&self, is_failing: bool) {
        if let Some(nodes) = &self.nodes {
            nodes.set_failing(is_failing);
        }
    }

    /// From now on whoever asks which sessions live, or were used lately, waits for the answer; or no longer.
    pub fn hold_sessions(&self, is_held: bool) {
        if let Some(nodes) = &self.nodes {
            nodes.hold_sessions(is_held);
        }
    }

    /// Whether somebody waits for that answer.
    pub fn holds_up_somebody(&self) -> bool {
        self.nodes.as_ref().is_some_and(|nodes| nodes.holds_up_somebody())
    }

    pub(super) async fn ask_after_sessions(&self) -> Result<()> {
        match &self.nodes {
            Some(nodes) => nodes.ask_after_sessions().await,
            None => Ok(()),
        }
    }

    pub(super) fn realm(&self) -> MutexGuard<'_, Realm> {
        // A test that panicked elsewhere must not take this one along.
        self.realm.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
