//! What every clock must do.

use std::time::Duration;

use crate::clock::Clock;

/// What waits are measured with runs one way.
pub fn elapsed_time_never_goes_back(clock: &dyn Clock) {
    let mut last = Duration::ZERO;
    for _ in 0..1_000 {
        let elapsed = clock.elapsed();
        assert!(elapsed >= last, "{elapsed:?} after {last:?}");
        last = elapsed;
    }
}
