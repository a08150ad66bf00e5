//! Saying that something is wrong, and not saying it again and again.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// The time between two lines about the same trouble.
const QUIET: Duration = Duration::from_mins(1);

/// Lets a line through at most once a minute, and the one that all is well only after it.
#[derive(Debug, Default)]
pub(crate) struct Quiet(Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    last: Option<Instant>,
    is_open: bool,
}

impl Quiet {
    /// Whether trouble is to be said now.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over_at(Instant::now())
    }

    fn is_over_at(&self, now: Instant) -> bool {
        let mut said = self.0.lock();
        let is_over = said.last.is_none_or(|last| now.duration_since(last) >= QUIET);
        if is_over {
            *said = Said { last: Some(now), is_open: true };
        }
        is_over
    }

    /// Whether it is to be said that the trouble is over.
    pub(crate) fn is_well(&self) -> bool {
        std::mem::take(&mut self.0.lock().is_open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_said_at_once_and_then_once_a_minute() {
        let quiet = Quiet::default();
        let start = Instant::now();
        let said = |secs| quiet.is_over_at(start + Duration::from_secs(secs));
        let expected = [true, false, false, true, false, false, true];
        assert_eq!([0, 1, 59, 60, 61, 119, 120].map(said), expected);
    }

    #[test]
    fn that_all_is_well_is_said_once_after_trouble() {
        let quiet = Quiet::default();
        assert!(!quiet.is_well());
        assert!(quiet.is_over());
        assert!(quiet.is_well());
        assert!(!quiet.is_over() && !quiet.is_well());
    }
}
