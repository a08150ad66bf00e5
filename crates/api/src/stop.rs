//! How a server stops: it says so first, then lets its connections go some at a time, then the rest ends.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Connections are let go in so many groups: where they go next, a fraction of them arrives at a time.
const GROUPS: usize = 64;

/// Tells all that has to end when it is time.
#[derive(Clone, Default)]
pub struct Stop(Arc<Parts>);

struct Parts {
    is_announced: AtomicBool,
    accepting: CancellationToken,
    connections: Vec<CancellationToken>,
    next: AtomicUsize,
    all: CancellationToken,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            is_announced: AtomicBool::new(false),
            accepting: CancellationToken::new(),
            connections: (0..GROUPS).map(|_| CancellationToken::new()).collect(),
            next: AtomicUsize::new(0),
            all: CancellationToken::new(),
        }
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("is_announced", &self.is_announced()).finish_non_exhaustive()
    }
}

impl Stop {
    /// Whether the server is about to stop: whoever sends it connections should send them elsewhere.
    pub fn is_announced(&self) -> bool {
        self.0.is_announced.load(Ordering::Acquire)
    }

    /// Cancelled when no more connections are to be accepted.
    pub fn accepting(&self) -> CancellationToken {
        self.0.accepting.clone()
    }

    /// Cancelled when one connection is to end: each that asks is in the group after that of the last.
    pub fn connection(&self) -> CancellationToken {
        let next = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.0.connections[next % GROUPS].clone()
    }

    /// Cancelled when everything else is to end.
    pub fn all(&self) -> CancellationToken {
        self.0.all.clone()
    }

    /// Stops: goes on as before for `notice`, though [`Stop::is_announced`], then lets connections go over the time of
    /// `spread`, then ends the rest.
    pub async fn begin(&self, notice: Duration, spread: Duration) {
        self.0.is_announced.store(true, Ordering::Release);
        if !notice.is_zero() {
            sleep(notice).await;
        }
        self.0.accepting.cancel();
        let pause = spread / u32::try_from(GROUPS).unwrap_or(u32::MAX);
        for connections in &self.0.connections {
            connections.cancel();
            if !pause.is_zero() {
                sleep(pause).await;
            }
        }
        self.0.all.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_said_first_and_then_connections_go_one_after_the_other() {
        let stop = Stop::default();
        let connections: Vec<_> = (0..GROUPS * 2).map(|_| stop.connection()).collect();
        let gone = || connections.iter().filter(|one| one.is_cancelled()).count();
        let begun = stop.clone();
        let stopping = tokio::spawn(async move {
            begun.begin(Duration::from_secs(5), Duration::from_secs(64)).await;
        });
        sleep(Duration::from_millis(4_900)).await;
        assert!(stop.is_announced() && !stop.accepting().is_cancelled());
        assert_eq!(gone(), 0, "in the time of notice nobody goes");
        for group in 1..=GROUPS {
            sleep(Duration::from_secs(1)).await;
            assert!(stop.accepting().is_cancelled());
            assert_eq!(gone(), group * 2);
            assert!(!stop.all().is_cancelled());
        }
        stopping.await.unwrap();
        assert!(stop.all().is_cancelled());
    }

    #[tokio::test]
    async fn without_time_all_ends_at_once() {
        let stop = Stop::default();
        let connection = stop.connection();
        stop.begin(Duration::ZERO, Duration::ZERO).await;
        assert!(connection.is_cancelled() && stop.accepting().is_cancelled());
        assert!(stop.all().is_cancelled());
    }
}
