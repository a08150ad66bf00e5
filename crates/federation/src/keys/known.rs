//! What was worked out of keys lately. To find the point that a key's bytes mean takes half as long as to verify a
//! signature, and few keys come again and again.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ed25519_dalek::VerifyingKey;
use parking_lot::Mutex;

/// Keys, and statements, that are remembered; with more, all are worked out anew.
const REMEMBERED: usize = 4096;

static KEYS: LazyLock<Mutex<HashMap<[u8; 32], VerifyingKey>>> = LazyLock::new(Mutex::default);
static STATEMENTS: LazyLock<Mutex<HashSet<[u8; 32]>>> = LazyLock::new(Mutex::default);

/// The key with these bytes, if they are one that is not weak.
pub(super) fn key(bytes: &[u8; 32]) -> Option<VerifyingKey> {
    if let Some(key) = KEYS.lock().get(bytes) {
        return Some(*key);
    }
    let key = VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak())?;
    let mut keys = KEYS.lock();
    if keys.len() >= REMEMBERED {
        keys.clear();
    }
    keys.insert(*bytes, key);
    Some(key)
}

/// Whether something with this hash holds; found out by `verify` and remembered when it does.
pub(super) fn holds(hash: [u8; 32], verify: impl FnOnce() -> bool) -> bool {
    if STATEMENTS.lock().contains(&hash) {
        return true;
    }
    let holds = verify();
    if holds {
        let mut statements = STATEMENTS.lock();
        if statements.len() >= REMEMBERED {
            statements.clear();
        }
        statements.insert(hash);
    }
    holds
}
