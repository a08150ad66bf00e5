//! How much may be on its way to readers at a time.
//!
//! A part of an inbox can be large, and its reader slow. All parts on their way share one allowance: with
//! many of them each gets smaller, and nobody has to wait for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kabar_model::limits::{
    INBOX_BYTES_MAX, INBOX_BYTES_MIN, INBOX_MESSAGES_MAX, INBOXES_BYTES_MAX,
};

use crate::store::PartMax;

/// What is on its way, in escaped bytes.
#[derive(Debug, Default)]
pub(crate) struct Portions(AtomicUsize);

/// A share of the allowance, given back when dropped.
#[derive(Debug)]
pub(crate) struct Portion {
    portions: Arc<Portions>,
    bytes: usize,
}

impl Portions {
    /// A share: a quarter of what is left, so that the next ones get something, too.
    pub(crate) fn take(self: &Arc<Self>) -> Portion {
        let out = self.0.load(Ordering::Relaxed);
        let quarter = INBOXES_BYTES_MAX.saturating_sub(out) / 4;
        let bytes = quarter.clamp(INBOX_BYTES_MIN, INBOX_BYTES_MAX);
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Portion { portions: Arc::clone(self), bytes }
    }
}

impl Portion {
    /// How much it is.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The part of an inbox that fits, with contents of files as long as these or shorter.
    pub(crate) fn part(&self, file_bytes: u64) -> PartMax {
        PartMax { messages: INBOX_MESSAGES_MAX, bytes: self.bytes, file_bytes }
    }

    /// Gives back what is not needed; needing a little more is fine.
    pub(crate) fn need(&mut self, bytes: usize) {
        self.portions.0.fetch_sub(self.bytes, Ordering::Relaxed);
        self.portions.0.fetch_add(bytes, Ordering::Relaxed);
        self.bytes = bytes;
    }
}

impl Drop for Portion {
    fn drop(&mut self) {
        self.portions.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_readers_get_less_each_and_everything_is_given_back() {
        let portions = Arc::new(Portions::default());
        let taken: Vec<Portion> = (0..1_000).map(|_| portions.take()).collect();
        assert_eq!(taken[0].bytes(), INBOX_BYTES_MAX);
        assert!(taken.windows(2).all(|pair| pair[1].bytes() <= pair[0].bytes()));
        assert_eq!(taken[999].bytes(), INBOX_BYTES_MIN);
        let most = INBOXES_BYTES_MAX + taken.len() * INBOX_BYTES_MIN;
        assert!(portions.0.load(Ordering::Relaxed) <= most);
        drop(taken);
        assert_eq!(portions.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_not_needed_is_there_for_others_at_once() {
        let portions = Arc::new(Portions::default());
        let mut small = portions.take();
        small.need(10);
        assert_eq!(portions.0.load(Ordering::Relaxed), 10);
        drop(small);
        assert_eq!(portions.0.load(Ordering::Relaxed), 0);
    }
}
