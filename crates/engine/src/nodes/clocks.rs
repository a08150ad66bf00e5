//! Whether this node's clock is right, by the database's: what a wrong one deletes is gone for the whole realm.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kabar_model::Timestamp;
use tracing::{info, warn};

use crate::engine::Engine;

/// How far the two may be apart.
const APART: Duration = Duration::from_secs(30);

/// What the last beat has shown.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    are_apart: AtomicBool,
}

impl Clocks {
    /// The database's clock said that, at some moment between those two of this node's.
    pub(super) fn compare(&self, database: Timestamp, asked_at: Timestamp, now: Timestamp) {
        let ahead = asked_at.since(database);
        let behind = database.since(now);
        let are_apart = ahead > APART || behind > APART;
        if self.are_apart.swap(are_apart, Ordering::Relaxed) == are_apart {
            return;
        }
        if are_apart {
            let (ahead_secs, behind_secs) = (ahead.as_secs(), behind.as_secs());
            warn!(
                ahead_secs,
                behind_secs,
                "this node's clock is not the database's: what is too old stays for now"
            );
        } else {
            info!("this node's clock is right again");
        }
    }
}

impl Engine {
    /// Whether something may be deleted for its age: this node's clock is not known to be wrong.
    pub fn trusts_clock(&self) -> bool {
        !self.nodes.clocks.are_apart.load(Ordering::Relaxed)
    }
}
