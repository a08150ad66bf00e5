//! A realm that is open: its writer, its base, and the way of a change between them.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use kabar_engine::{Error, Result};
use tokio::sync::{mpsc, oneshot};

use crate::base::{Base, Upkeep};
use crate::changes::REMOVED_TOGETHER;
use crate::error::Outcome;
use crate::sql::Connection;
use crate::writer::{Heralds, QUEUE_REQUESTS_MAX, Request, Work, Writer, aside, change};

/// Called once when what is stored can no longer be trusted. It should end the process: a sync that failed
/// cannot be repeated, only the next start can tell what was kept.
pub type OnFatal = Arc<dyn Fn(&str) + Send + Sync>;

/// Portions of what is removed now and then. What is left after them is removed the next time.
const PORTIONS_AT_A_TIME: usize = 100;

/// A realm in a database.
pub struct SqlStore<B: Base> {
    pub(super) base: B,
    /// There until the store closes.
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
    pub(super) heralds: Heralds,
}

impl<B: Base> fmt::Debug for SqlStore<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore").finish_non_exhaustive()
    }
}

impl<B: Base> SqlStore<B> {
    /// Starts the writer on a database whose schema is up to date. `commits` counts up with each transaction; `heralds`
    /// are those whom the store will be told to tell.
    pub fn start(
        base: B,
        connection: Connection,
        upkeep: Box<dyn Upkeep>,
        (commits, heralds): (Arc<AtomicU64>, Heralds),
        on_fatal: OnFatal,
    ) -> io::Result<Self> {
        let (requests, queue) = mpsc::channel(QUEUE_REQUESTS_MAX);
        let (counter, told) = (Arc::clone(&commits), heralds.clone());
        let writer = Writer::start(connection, upkeep, queue, counter, told, on_fatal)?;
        let (requests, writer) = (Some(requests), Some(writer));
        Ok(Self { base, requests, writer, commits, heralds })
    }

    /// Waits for the changes that were handed over and closes the database. Dropping does the same.
    pub fn close(self) {
        drop(self);
    }

    /// What the database adds.
    pub fn base(&self) -> &B {
        &self.base
    }

    /// How many transactions were committed.
    #[doc(hidden)]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Makes a change in the next transaction; waits until it is durable.
    pub async fn change<T, F>(&self, deed: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work) -> Outcome<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.hand_over(change(deed, answer)).await?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// As [`SqlStore::change`], of what no writer remembers, so that those of other nodes need not forget anything.
    pub async fn change_aside<T, F>(&self, deed: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work) -> Outcome<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.hand_over(aside(deed, answer)).await?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// A change that removes at most [`REMOVED_TOGETHER`] rows and says how many, again until there are no more; but not
    /// for ever.
    pub(super) async fn remove_in_portions<F>(&self, remove: F) -> Result<u64>
    where
        F: Fn(&mut Work) -> Outcome<u64> + Clone + Send + 'static,
    {
        let mut removed = 0;
        for _ in 0..PORTIONS_AT_A_TIME {
            let portion = self.change_aside(remove.clone()).await?;
            removed += portion;
            if portion < u64::from(REMOVED_TOGETHER) {
                break;
            }
        }
        Ok(removed)
    }

    /// Hands something over to the writer, and waits for a place only.
    pub async fn hand_over(&self, request: Request) -> Result<()> {
        let requests = self.requests.as_ref().ok_or_else(stopped)?;
        requests.send(request).await.map_err(|_| stopped())
    }
}

impl<B: Base> Drop for SqlStore<B> {
    fn drop(&mut self) {
        // It reads what the writer writes, so it goes first.
        self.base.close();
        self.requests = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the store's writer had panicked");
        }
    }
}

/// The writer has ended; what was not run will not be.
pub(super) fn stopped() -> Error {
    Error::failed("the store has stopped")
}
