//! A wish to interrupt a transfer, from the thread that hears signals to the one that transfers.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// The wish, shared.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Transferring,
    Asked,
}

impl Cancel {
    /// A transfer runs from now until the guard is dropped.
    pub(in crate::shell) fn begin(&self) -> Transferring {
        *self.0.state.lock() = State::Transferring;
        Transferring(self.clone())
    }

    /// Asks the transfer to end. False when there is none, or it has been asked before.
    pub fn ask(&self) -> bool {
        let mut state = self.0.state.lock();
        let transfers = *state == State::Transferring;
        if transfers {
            *state = State::Asked;
        }
        transfers
    }

    pub(in crate::shell) fn is_asked(&self) -> bool {
        *self.0.state.lock() == State::Asked
    }

    /// Waits until no transfer runs, but not longer than that.
    pub(in crate::shell) fn wait_idle(&self, longest: Duration) {
        let mut state = self.0.state.lock();
        self.0.ended.wait_while_for(&mut state, |state| *state != State::Idle, longest);
    }
}

/// A transfer that runs.
#[derive(Debug)]
pub(in crate::shell) struct Transferring(Cancel);

impl Drop for Transferring {
    fn drop(&mut self) {
        *self.0.0.state.lock() = State::Idle;
        self.0.0.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_transfer_can_be_interrupted_and_only_once() {
        let cancel = Cancel::default();
        assert!(!cancel.ask() && !cancel.is_asked());
        let transfer = cancel.begin();
        assert!(!cancel.is_asked());
        assert!(cancel.ask() && !cancel.ask() && cancel.is_asked());
        drop(transfer);
        assert!(!cancel.is_asked());
        cancel.wait_idle(Duration::from_mins(1));
    }
}
