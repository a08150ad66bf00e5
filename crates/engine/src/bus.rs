//! The bus: hints between the nodes of one realm, and between the parts of one node.
//!
//! A hint says that something changed, never what it is now: that is read from the store. So losing
//! hints, or all of the bus, loses nothing that was accepted.

mod hint;

use tokio::sync::broadcast;

pub use hint::{HINT_BYTES_MAX, Hint};

/// What a listener hears next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A hint.
    Hint(Hint),
    /// Hints were lost: everything remembered may be stale, and those who listen may have missed something.
    Missed,
    /// Hints of other nodes were lost on their way. What matters of them is still to be read in the store and told.
    Skipped,
    /// The bus is gone.
    Closed,
}

/// Carries hints to every listener. Publishing never waits and never fails.
pub trait Bus: Send + Sync + 'static {
    /// Tells everyone who listens, on this node and the others.
    fn publish(&self, hint: Hint);

    /// Hears all that is published from now on.
    fn listen(&self) -> Listener;
}

/// One who listens. Keeps up to [`LISTENER_HINTS_MAX`] hints, then loses the oldest.
#[derive(Debug)]
pub struct Listener(broadcast::Receiver<Heard>);

/// The hints that wait for a slow listener.
pub const LISTENER_HINTS_MAX: usize = 4_096;

impl Listener {
    /// Waits for the next hint.
    pub async fn next(&mut self) -> Heard {
        match self.0.recv().await {
            Ok(heard) => heard,
            Err(broadcast::error::RecvError::Lagged(_)) => Heard::Missed,
            Err(broadcast::error::RecvError::Closed) => Heard::Closed,
        }
    }
}

/// The bus of a realm that is one process, and what a bus between nodes tells its own node with.
#[derive(Debug)]
pub struct LocalBus(broadcast::Sender<Heard>);

impl Default for LocalBus {
    fn default() -> Self {
        Self(broadcast::Sender::new(LISTENER_HINTS_MAX))
    }
}

impl LocalBus {
    /// Tells everyone who listens that hints were lost.
    pub fn miss(&self) {
        // Nobody listening is fine here, too.
        let _ = self.0.send(Heard::Missed);
    }

    /// Tells everyone who listens that hints of other nodes were lost, but not what the store tells of them.
    pub fn skip(&self) {
        let _ = self.0.send(Heard::Skipped);
    }
}

impl Bus for LocalBus {
    fn publish(&self, hint: Hint) {
        // Nobody listening is fine: a hint is owed to nobody.
        let _ = self.0.send(Heard::Hint(hint));
    }

    fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}
