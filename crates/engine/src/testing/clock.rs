//! A clock that moves when it is told to.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kabar_model::Timestamp;

use crate::clock::Clock;

/// Stands still until somebody moves it. Share it in an `Arc`.
#[derive(Debug)]
pub struct ManualClock(Mutex<Hands>);

#[derive(Debug)]
struct Hands {
    now: Timestamp,
    elapsed: Duration,
}

impl ManualClock {
    /// A clock that shows this.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(Hands { now, elapsed: Duration::ZERO }))
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let mut hands = self.hands();
        hands.now = hands.now.after(by);
        hands.elapsed += by;
    }

    /// Sets it, forward or back, as somebody sets the machine's clock: no time passes.
    pub fn set(&self, now: Timestamp) {
        self.hands().now = now;
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        // A test that panicked elsewhere must not take this one along.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.hands().now
    }

    fn elapsed(&self) -> Duration {
        self.hands().elapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::contract;

    #[test]
    fn it_moves_when_it_is_told_to_and_not_before() {
        let clock = ManualClock::new(Timestamp(1_000));
        assert_eq!((clock.now(), clock.elapsed()), (Timestamp(1_000), Duration::ZERO));
        clock.advance(Duration::from_micros(5));
        assert_eq!((clock.now(), clock.elapsed()), (Timestamp(1_005), Duration::from_micros(5)));
        clock.set(Timestamp(-3));
        assert_eq!((clock.now(), clock.elapsed()), (Timestamp(-3), Duration::from_micros(5)));
    }

    #[test]
    fn both_clocks_keep_the_contract() {
        contract::clock::elapsed_time_never_goes_back(&ManualClock::new(Timestamp(0)));
        contract::clock::elapsed_time_never_goes_back(&SystemClock::default());
    }
}
