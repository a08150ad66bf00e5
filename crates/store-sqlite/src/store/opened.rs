//! A realm that is open: its writer, its readers, and the way of a change between them.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use kabar_engine::{Error, Result};
use tokio::sync::{mpsc, oneshot};

use crate::connection::Durability;
use crate::error::{OpenError, Outcome};
use crate::open;
use crate::reads::Readers;
use crate::search::Search;
use crate::writer::{Heralds, QUEUE_REQUESTS_MAX, Request, Work, Writer, change};

/// Called once when the disk can no longer be trusted. It should end the process: a sync that failed
/// cannot be repeated, only the next start can tell what was kept.
pub type OnFatal = Arc<dyn Fn(&str) + Send + Sync>;

/// A realm in a directory.
pub struct SqliteStore {
    /// There until the store closes.
    pub(super) requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
    pub(super) readers: Arc<Readers>,
    commits: Arc<AtomicU64>,
    pub(super) heralds: Heralds,
    pub(super) search: Search,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the realm in `dir`, and makes both if they are not there.
    pub fn open(dir: &Path, on_fatal: OnFatal) -> std::result::Result<Self, OpenError> {
        Self::open_with(dir, on_fatal, Durability::Full)
    }

    /// Opens with another durability than what is promised.
    #[doc(hidden)]
    pub fn open_with(
        dir: &Path,
        on_fatal: OnFatal,
        durability: Durability,
    ) -> std::result::Result<Self, OpenError> {
        let open::Opened { connection, path, lock } = open::open(dir, durability)?;
        let readers = Arc::new(Readers::new(path.clone()));
        let commits = Arc::new(AtomicU64::new(0));
        let (requests, queue) = mpsc::channel(QUEUE_REQUESTS_MAX);
        let heralds = Heralds::default();
        let (shared, counter) = (Arc::clone(&readers), Arc::clone(&commits));
        let told = heralds.clone();
        let writer = Writer::start(connection, lock, queue, shared, counter, told, on_fatal)
            .map_err(OpenError::io(&path))?;
        let search =
            Search::start(dir, &path, Arc::clone(&commits)).map_err(OpenError::io(&path))?;
        let (requests, writer) = (Some(requests), Some(writer));
        Ok(Self { requests, writer, readers, commits, heralds, search })
    }

    /// Waits for the changes that were handed over and leaves one clean file. Dropping does the same.
    pub fn close(self) {
        drop(self);
    }

    /// How many transactions were committed.
    #[doc(hidden)]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Limits the size of the file, so that a test can fill it.
    #[doc(hidden)]
    pub async fn limit_pages(&self, pages_max: u32) -> Result<()> {
        let limit = move |work: &mut Work| {
            work.connection
                .pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(()))?;
            Ok(())
        };
        self.change(limit).await
    }

    pub(super) async fn change<T, F>(&self, deed: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work) -> Outcome<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.hand_over(change(deed, answer)).await?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    pub(super) async fn hand_over(&self, request: Request) -> Result<()> {
        let requests = self.requests.as_ref().ok_or_else(stopped)?;
        requests.send(request).await.map_err(|_| stopped())
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // It reads what the writer writes, so it goes first.
        self.search.close();
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
