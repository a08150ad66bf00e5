//! How a thread that fills a search index is told to stop.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Says when to stop.
#[derive(Debug, Default)]
pub struct Stop {
    is_now: Mutex<bool>,
    told: Condvar,
}

impl Stop {
    /// Stops who waits, and whoever waits later.
    pub fn now(&self) {
        *self.is_now.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.told.notify_all();
    }

    /// Waits for so long; `true`: stop.
    pub fn within(&self, wait: Duration) -> bool {
        let is_now = self.is_now.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.told.wait_timeout_while(is_now, wait, |is_now| !*is_now);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
