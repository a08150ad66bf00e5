//! The bus: hints between the nodes of one realm, and between the parts of one node.
//!
//! A hint says that something changed, never what it is now: that is read from the store. So losing
//! hints, or all of the bus, loses nothing that was accepted.

use kabar_model::{ConversationId, SessionId, UserId};
use tokio::sync::broadcast;

/// Something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// This session is over.
    SessionEnded(SessionId),
    /// This account's name, role or state is another.
    UserChanged(UserId),
    /// This group's name, members or state are others.
    GroupChanged(ConversationId),
}

/// What a listener hears next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A hint.
    Hint(Hint),
    /// Hints were lost: everything remembered may be stale.
    Missed,
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
pub struct Listener(broadcast::Receiver<Hint>);

/// The hints that wait for a slow listener.
pub const LISTENER_HINTS_MAX: usize = 4_096;

impl Listener {
    /// Waits for the next hint.
    pub async fn next(&mut self) -> Heard {
        match self.0.recv().await {
            Ok(hint) => Heard::Hint(hint),
            Err(broadcast::error::RecvError::Lagged(_)) => Heard::Missed,
            Err(broadcast::error::RecvError::Closed) => Heard::Closed,
        }
    }
}

/// The bus of a realm that is one process.
#[derive(Debug)]
pub struct LocalBus(broadcast::Sender<Hint>);

impl Default for LocalBus {
    fn default() -> Self {
        Self(broadcast::Sender::new(LISTENER_HINTS_MAX))
    }
}

impl Bus for LocalBus {
    fn publish(&self, hint: Hint) {
        // Nobody listening is fine: a hint is owed to nobody.
        let _ = self.0.send(hint);
    }

    fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}
