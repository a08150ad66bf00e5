//! When to try again: a policy without a clock.

use std::time::Duration;

use kabar_model::Timestamp;

/// After how long an item that could not be delivered has failed, unless configured otherwise.
pub const ITEM_EXPIRES: Duration = Duration::from_hours(7 * 24);

const FIRST_WAIT: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_mins(1);
/// The longest wait when nothing has worked for [`LONG_FAILING`].
const LONG_WAIT_MAX: Duration = Duration::from_mins(15);
const LONG_FAILING: Duration = Duration::from_hours(24);

/// How it went with one peer lately. It is stored, so that a restart does not begin anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// Attempts that failed since the last one that worked.
    pub failures: u32,
    /// When the first of them failed.
    pub since: Option<Timestamp>,
}

impl Retry {
    /// An attempt failed.
    pub fn failed(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.since.get_or_insert(now);
    }

    /// An attempt worked, or the peer spoke: the next attempt is made at once.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// How long to wait after the last failure: nothing before the first, then 1 s and twice as
    /// long each time, up to 60 s, or up to 15 min when nothing has worked for a day.
    ///
    /// `random` is any number; it makes the wait up to a quarter shorter or longer, so that those
    /// who lost a peer together do not come back together. No wait is over its longest.
    pub fn wait(&self, now: Timestamp, random: u64) -> Duration {
        if self.failures == 0 {
            return Duration::ZERO;
        }
        let is_long = self.since.is_some_and(|since| now.since(since) >= LONG_FAILING);
        let wait_max = if is_long { LONG_WAIT_MAX } else { WAIT_MAX };
        // Four fifths and a quarter of that is the whole.
        let steady = wait_max * 4 / 5;
        let doublings = (self.failures - 1).min(16);
        let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(steady);
        let thousandths = 750 + u32::try_from(random % 501).unwrap_or(0);
        wait * thousandths / 1000
    }
}

/// Whether an item that was queued then has failed for good; in general after [`ITEM_EXPIRES`].
pub fn is_expired(queued: Timestamp, now: Timestamp, expires: Duration) -> bool {
    now.since(queued) >= expires
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    /// The shortest and the longest wait in milliseconds after so many failures for so long.
    fn waits(failures: u32, failing: Duration) -> (u128, u128) {
        let retry = Retry { failures, since: Some(NOW.before(failing)) };
        let all = (0..501).map(|random| retry.wait(NOW, random).as_millis());
        (all.clone().min().unwrap(), all.max().unwrap())
    }

    #[test]
    fn waits_double_and_stay_below_their_longest() {
        const DAY: Duration = Duration::from_hours(24);
        let nearly = Duration::from_micros(24 * 60 * 60 * 1_000_000 - 1);
        for (failures, failing, shortest, longest) in [
            (1, Duration::ZERO, 750, 1_250),
            (2, Duration::ZERO, 1_500, 2_500),
            (3, Duration::ZERO, 3_000, 5_000),
            (6, Duration::ZERO, 24_000, 40_000),
            (7, Duration::ZERO, 36_000, 60_000),
            (8, Duration::ZERO, 36_000, 60_000),
            (1_000, nearly, 36_000, 60_000),
            (u32::MAX, nearly, 36_000, 60_000),
            (1_000, DAY, 540_000, 900_000),
            (u32::MAX, DAY * 30, 540_000, 900_000),
            // A link that was last tried yesterday begins as any other.
            (1, DAY, 750, 1_250),
        ] {
            assert_eq!(waits(failures, failing), (shortest, longest), "{failures} {failing:?}");
        }
    }

    #[test]
    fn a_success_forgets_all_failures() {
        let mut retry = Retry::default();
        assert_eq!(retry.wait(NOW, u64::MAX), Duration::ZERO);
        retry.failed(NOW);
        retry.failed(NOW.after(Duration::from_secs(1)));
        assert_eq!(retry, Retry { failures: 2, since: Some(NOW) });
        retry.succeeded();
        assert_eq!(retry, Retry::default());
        retry.failures = u32::MAX;
        retry.failed(NOW);
        assert_eq!(retry.failures, u32::MAX);
    }

    #[test]
    fn a_clock_set_back_shortens_no_wait_to_nothing() {
        let retry = Retry { failures: 9, since: Some(NOW.after(ITEM_EXPIRES)) };
        assert_eq!(retry.wait(NOW, 0), Duration::from_secs(36));
    }

    #[test]
    fn an_item_expires_after_seven_days() {
        let last = NOW.after(ITEM_EXPIRES).before(Duration::from_micros(1));
        assert!(!is_expired(NOW, last, ITEM_EXPIRES));
        assert!(is_expired(NOW, NOW.after(ITEM_EXPIRES), ITEM_EXPIRES));
        assert!(!is_expired(NOW, NOW.before(ITEM_EXPIRES), ITEM_EXPIRES));
    }
}
