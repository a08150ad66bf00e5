//! Room for uploads: how much has come of all of them that is no message's yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kabar_model::Refusal;

use crate::error::Result;

/// What all uploads may take together.
pub(super) const UPLOADS_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;

/// How much all uploads take.
#[derive(Default)]
pub(super) struct Space(AtomicU64);

/// What one upload takes, given back when dropped.
pub(super) struct Share {
    space: Arc<Space>,
    bytes: u64,
    /// What all may take.
    all_max: u64,
}

impl Share {
    pub(super) fn none_yet(space: Arc<Space>, all_max: u64) -> Self {
        Self { space, bytes: 0, all_max }
    }

    /// Takes more. Refuses `Busy` when there is no room: then nothing is taken.
    pub(super) fn grow(&mut self, bytes: u64) -> Result<()> {
        let grown = |all: u64| all.checked_add(bytes).filter(|all| *all <= self.all_max);
        let taken = self.space.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, grown);
        taken.map_err(|_| Refusal::Busy)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.space.0.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}
