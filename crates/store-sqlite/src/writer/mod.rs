//! The thread that writes: group commit.

mod batch;
mod checkpoint;
mod known;
mod news;
mod request;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{io, thread};

use kabar_engine::store::{NewMessage, Posted};
use kabar_model::LinkId;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::runtime::{self, Runtime};
use tokio::sync::mpsc;
use tokio::time::timeout;

use self::batch::Batch;
use self::checkpoint::Log;
pub(crate) use self::known::Known;
pub(crate) use self::news::Heralds;
pub(crate) use self::request::{Request, change};
use crate::lock::DirLock;
use crate::reads::Readers;
use crate::store::OnFatal;

/// Requests that wait for the writer; who comes later waits for a place.
pub(crate) const QUEUE_REQUESTS_MAX: usize = 1_024;

/// With nothing to do for so long, the writer tidies up.
const IDLE: Duration = Duration::from_secs(1);

/// A message that is stored, and its places.
pub(crate) type Stored = (NewMessage, Vec<Posted>);

/// What changes are made with: the database inside a transaction, and what is known of it.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) connection: Connection,
    pub(crate) known: Known,
    /// What the running change has stored, to be told once it is durable. A post is told without this.
    pub(crate) stored: Vec<Stored>,
    /// Links for which something began to wait in the open transaction. One that is told for nothing does no harm, so a
    /// change that is undone alone leaves them.
    pub(crate) queued: BTreeSet<LinkId>,
}

/// The writer, on its own thread.
pub(crate) struct Writer {
    requests: mpsc::Receiver<Request>,
    /// Waits for a request and a timer at once.
    waiting: Runtime,
    work: Work,
    batch: Batch,
    log: Log,
    lock: DirLock,
    readers: Arc<Readers>,
    commits: Arc<AtomicU64>,
    on_fatal: OnFatal,
}

impl Writer {
    /// Starts the thread. It ends once every sender of `requests` is gone.
    pub(crate) fn start(
        mut connection: Connection,
        lock: DirLock,
        requests: mpsc::Receiver<Request>,
        readers: Arc<Readers>,
        commits: Arc<AtomicU64>,
        heralds: Heralds,
        on_fatal: OnFatal,
    ) -> io::Result<JoinHandle<()>> {
        let log = Log::watch(&mut connection).map_err(io::Error::other)?;
        let waiting = runtime::Builder::new_current_thread().enable_time().build()?;
        let (stored, queued) = (Vec::new(), BTreeSet::new());
        let work = Work { connection, known: Known::default(), stored, queued };
        let batch = Batch::new(heralds);
        let writer = Self { requests, waiting, work, batch, log, lock, readers, commits, on_fatal };
        thread::Builder::new().name("store-writer".into()).spawn(move || writer.run())
    }

    fn run(mut self) {
        match self.serve() {
            Ok(()) => self.finish(),
            Err(error) => (self.on_fatal)(&format!("the database failed: {error}")),
        }
    }

    /// Serves requests until nobody can send any more. After an error nothing more may be written.
    fn serve(&mut self) -> rusqlite::Result<()> {
        while let Some(first) = self.next()? {
            if self.batch.run(first, &mut self.requests, &mut self.work)? {
                self.commits.fetch_add(1, Ordering::Relaxed);
                self.log.checkpoint_if_due(&self.work.connection)?;
            }
        }
        Ok(())
    }

    /// Waits for the next request, and tidies up meanwhile.
    fn next(&mut self) -> rusqlite::Result<Option<Request>> {
        while self.log.has_pages() {
            if let Ok(first) = self.requests.try_recv() {
                return Ok(Some(first));
            }
            let next = self.requests.recv();
            match self.waiting.block_on(async { timeout(IDLE, next).await }) {
                Ok(next) => return Ok(next),
                Err(_) => self.log.checkpoint(&self.work.connection)?,
            }
        }
        Ok(self.requests.blocking_recv())
    }

    /// Leaves one clean file behind. On any error the log stays, and the next start reads it.
    fn finish(mut self) {
        self.readers.close();
        let finished = self.close_cleanly();
        if let Err(error) = finished {
            tracing::warn!(%error, "the database was not closed cleanly");
        }
        // The connection first, then the lock.
        drop(self.work);
        drop(self.lock);
    }

    fn close_cleanly(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        if self.log.empty(&self.work.connection)? {
            self.lock.mark_clean()?;
            let keeps_log = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            self.work.connection.set_db_config(keeps_log, false)?;
        }
        Ok(())
    }
}
