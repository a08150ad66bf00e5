//! The thread that writes: group commit.

mod batch;
mod known;
mod news;
mod request;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{io, thread};

use kabar_engine::Hint;
use kabar_engine::store::nodes::NodeId;
use kabar_engine::store::{NewMessage, Posted};
use kabar_model::{ConversationId, LinkId, UserId};
use tokio::runtime::{self, Runtime};
use tokio::sync::mpsc;
use tokio::time::timeout;

pub use self::batch::BATCH_TIME_MAX;
use self::batch::Batch;
pub(crate) use self::batch::LOST_PATIENCE;
pub(crate) use self::known::{Key, Known};
pub use self::news::Heralds;
pub(crate) use self::request::aside;
pub use self::request::{Answer, Request, change};
use crate::base::Upkeep;
use crate::sql::{self, Connection};
use crate::store::OnFatal;

/// Requests that wait for the writer; who comes later waits for a place.
pub(crate) const QUEUE_REQUESTS_MAX: usize = 1_024;

/// With nothing to do for so long, the writer tidies up.
const IDLE: Duration = Duration::from_secs(1);

/// A message that is stored, and its places.
pub type Stored = (NewMessage, Vec<Posted>);

/// What changes are made with: the database inside a transaction, and what is known of it.
#[derive(Debug)]
pub struct Work {
    /// The database, inside the open transaction.
    pub connection: Connection,
    pub(crate) known: Known,
    /// What the running change has stored, to be told once it is durable. A post is told without this.
    pub(crate) stored: Vec<Stored>,
    /// Links for which something began to wait in the open transaction. One that is told for nothing does no harm, so a
    /// change that is undone alone leaves them.
    pub(crate) queued: BTreeSet<LinkId>,
    /// What the open transaction changes that other nodes remember.
    pub(crate) hints: Vec<Hint>,
    /// Whether the open transaction may change what the writers of other nodes remember, but for last numbers.
    pub(crate) changes_known: bool,
}

impl Work {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            known: Known::default(),
            stored: Vec::new(),
            queued: BTreeSet::new(),
            hints: Vec::new(),
            changes_known: false,
        }
    }

    /// Tells other nodes, once this is durable.
    pub fn hint(&mut self, hint: Hint) {
        if self.hints.last() != Some(&hint) {
            self.hints.push(hint);
        }
    }

    /// As [`Work::hint`], that somebody is no longer in a group.
    pub(crate) fn hint_left(&mut self, conversation: ConversationId, user: UserId) {
        self.hint(Hint::Left { by: NodeId::NONE, conversation, user });
    }

    /// As [`Work::hint`], that messages which go to other realms stand otherwise in these conversations.
    pub(crate) fn hint_deliveries(&mut self, conversations: &[ConversationId]) {
        for conversation in conversations {
            let conversation = *conversation;
            self.hint(Hint::Delivery { by: NodeId::NONE, conversation, user: None });
        }
    }

    /// The same of one person's alone.
    pub(crate) fn hint_delivery(&mut self, conversation: ConversationId, user: UserId) {
        self.hint(Hint::Delivery { by: NodeId::NONE, conversation, user: Some(user) });
    }

    /// Forgets what the transaction that was open has left.
    fn begin_anew(&mut self) {
        self.stored.clear();
        self.queued.clear();
        self.hints.clear();
        self.changes_known = false;
        self.known.forget_keys();
    }
}

/// The writer, on its own thread.
pub(crate) struct Writer {
    requests: mpsc::Receiver<Request>,
    /// Waits for a request and a timer at once.
    waiting: Runtime,
    work: Work,
    batch: Batch,
    upkeep: Box<dyn Upkeep>,
    commits: Arc<AtomicU64>,
    on_fatal: OnFatal,
}

impl Writer {
    /// Starts the thread. It ends once every sender of `requests` is gone.
    pub(crate) fn start(
        connection: Connection,
        upkeep: Box<dyn Upkeep>,
        requests: mpsc::Receiver<Request>,
        commits: Arc<AtomicU64>,
        heralds: Heralds,
        on_fatal: OnFatal,
    ) -> io::Result<JoinHandle<()>> {
        let waiting = runtime::Builder::new_current_thread().enable_time().build()?;
        let (work, batch) = (Work::new(connection), Batch::new(heralds));
        let writer = Self { requests, waiting, work, batch, upkeep, commits, on_fatal };
        thread::Builder::new().name("store-writer".into()).spawn(move || writer.run())
    }

    fn run(mut self) {
        match self.serve() {
            Ok(()) => self.upkeep.finish(self.work.connection),
            Err(error) => (self.on_fatal)(&format!("the database failed: {error}")),
        }
    }

    /// Serves requests until nobody can send any more. After an error nothing more may be written.
    fn serve(&mut self) -> sql::Result<()> {
        while let Some(first) = self.next()? {
            if self.batch.run(first, &mut self.requests, &mut self.work, &mut *self.upkeep)? {
                self.commits.fetch_add(1, Ordering::Relaxed);
                unless_fatal(self.upkeep.committed(&self.work.connection))?;
            }
        }
        Ok(())
    }

    /// Waits for the next request, and tidies up meanwhile.
    fn next(&mut self) -> sql::Result<Option<Request>> {
        if let Some(first) = self.batch.left() {
            return Ok(Some(first));
        }
        while self.upkeep.has_more_to_do() {
            if let Ok(first) = self.requests.try_recv() {
                return Ok(Some(first));
            }
            let next = self.requests.recv();
            match self.waiting.block_on(async { timeout(IDLE, next).await }) {
                Ok(next) => return Ok(next),
                Err(_) => unless_fatal(self.upkeep.idle(&self.work.connection))?,
            }
        }
        Ok(self.requests.blocking_recv())
    }
}

/// Hands a fatal error on. After any other nothing is lost.
fn unless_fatal(outcome: sql::Result<()>) -> sql::Result<()> {
    match outcome {
        Err(error) if !error.is_fatal() => {
            tracing::warn!(%error, "the database could not be tidied up");
            Ok(())
        }
        outcome => outcome,
    }
}
