//! Which messages came before.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use super::{Fault, Nonce, SKEW_SECS, Verified};
use crate::keys::KeyId;

/// Nonces that one link has in memory.
pub const NONCES_MAX: usize = 65_536;

/// How long after its creation a message is remembered: twice as long as its signature is good, so
/// that a clock which is set back a little in between does no harm.
const REMEMBERED_SECS: i64 = 2 * SKEW_SECS;

type Name = (KeyId, Nonce);

/// Remembers the nonces of one link's messages for 10 minutes, and never forgets one before.
#[derive(Debug)]
pub struct ReplayGuard {
    seen: HashSet<Name>,
    /// The same by the second in which they may be forgotten, the next one on top.
    until: BinaryHeap<Reverse<(i64, Name)>>,
    nonces_max: usize,
}

impl ReplayGuard {
    /// A guard that holds up to `nonces_max` nonces, in general [`NONCES_MAX`].
    pub fn new(nonces_max: usize) -> Self {
        Self { seen: HashSet::new(), until: BinaryHeap::new(), nonces_max }
    }

    /// Takes a message that was not taken before. `now` is that of its verification.
    pub fn admit(&mut self, message: &Verified, now: i64) -> Result<(), Fault> {
        self.forget(now);
        let name = (message.keyid, message.nonce);
        if self.seen.contains(&name) {
            return Err(Fault::Replayed);
        }
        if self.seen.len() >= self.nonces_max {
            return Err(Fault::Busy);
        }
        self.seen.insert(name);
        self.until.push(Reverse((message.created.saturating_add(REMEMBERED_SECS), name)));
        Ok(())
    }

    fn forget(&mut self, now: i64) {
        while let Some(Reverse((until, name))) = self.until.peek()
            && *until < now
        {
            self.seen.remove(name);
            self.until.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use kabar_model::RealmName;

    use super::*;
    use crate::keys::SecretKey;

    fn message(key: u8, nonce: u8, created: i64) -> Verified {
        Verified {
            from: RealmName::parse("kampus-a").unwrap(),
            keyid: SecretKey::from_bytes(&[key; 32]).public().id(),
            nonce: [nonce; 16],
            created,
            signature_bytes: [0; 64],
        }
    }

    #[test]
    fn a_message_is_taken_once() {
        let mut guard = ReplayGuard::new(NONCES_MAX);
        assert_eq!(guard.admit(&message(1, 1, 100), 100), Ok(()));
        assert_eq!(guard.admit(&message(1, 1, 100), 100), Err(Fault::Replayed));
        assert_eq!(guard.admit(&message(1, 1, 101), 100), Err(Fault::Replayed));
        assert_eq!(guard.admit(&message(1, 2, 100), 100), Ok(()));
        assert_eq!(guard.admit(&message(2, 1, 100), 100), Ok(()));
        assert_eq!(guard.admit(&message(1, 1, 100), 700), Err(Fault::Replayed));
        assert_eq!(guard.admit(&message(1, 1, 701), 701), Ok(()));
    }

    #[test]
    fn a_full_guard_refuses_and_forgets_nothing() {
        let mut guard = ReplayGuard::new(2);
        assert_eq!(guard.admit(&message(1, 1, 150), 100), Ok(()));
        assert_eq!(guard.admit(&message(1, 2, 100), 100), Ok(()));
        assert_eq!(guard.admit(&message(1, 3, 400), 400), Err(Fault::Busy));
        assert_eq!(guard.admit(&message(1, 2, 100), 400), Err(Fault::Replayed));
        // The second may be forgotten first; then there is room for one.
        assert_eq!(guard.admit(&message(1, 3, 701), 701), Ok(()));
        assert_eq!(guard.admit(&message(1, 4, 701), 701), Err(Fault::Busy));
        assert_eq!(guard.admit(&message(1, 1, 150), 701), Err(Fault::Replayed));
        assert_eq!(guard.seen.len(), guard.until.len());
    }

    #[test]
    fn memory_is_bounded_and_given_back() {
        let mut guard = ReplayGuard::new(100);
        for second in 0..10_000 {
            let mut next = message(1, 0, second);
            next.nonce[..8].copy_from_slice(&second.to_be_bytes());
            let _ = guard.admit(&next, second);
            assert!(guard.seen.len() <= 100);
        }
        guard.forget(20_000);
        assert_eq!((guard.seen.len(), guard.until.len()), (0, 0));
    }
}
