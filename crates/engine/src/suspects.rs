//! Sessions that may have ended unheard.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use kabar_model::SessionId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::sessions::Session;

/// Those that have not been asked after yet, each once.
#[derive(Debug, Default)]
pub(crate) struct Suspects {
    waiting: Mutex<VecDeque<Arc<Session>>>,
    added: Notify,
}

impl Suspects {
    /// Puts those that do not wait already after those that do: when hints are lost again and again, each still has
    /// its turn.
    pub(crate) fn add(&self, sessions: Vec<Arc<Session>>) {
        let waiting = &mut *self.waiting.lock();
        waiting.retain(|session| !session.has_ended());
        let wait: HashSet<SessionId> = waiting.iter().map(|session| session.id).collect();
        waiting.extend(sessions.into_iter().filter(|session| !wait.contains(&session.id)));
        self.added.notify_one();
    }

    /// Waits until some were added.
    pub(crate) async fn added(&self) {
        self.added.notified().await;
    }

    /// Takes out the next ones.
    pub(crate) fn next(&self, limit: usize) -> Vec<Arc<Session>> {
        let waiting = &mut *self.waiting.lock();
        let count = limit.min(waiting.len());
        waiting.drain(..count).collect()
    }
}
