//! What a database adds to the rules.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use kabar_engine::store::{Message, SearchQuery};
use kabar_engine::{Hint, Result};
use kabar_model::{ConversationId, Seq, UserId};

use crate::sql::{self, Connection};
use crate::writer::{BATCH_TIME_MAX, Heralds, LOST_PATIENCE, Stored};

/// What the store needs of a database beside its writer.
pub trait Base: Send + Sync + 'static {
    /// Reads on a connection of its own, in one state of the database: `read` does not see what is committed meanwhile.
    fn read<T, F>(&self, read: F) -> impl Future<Output = Result<T>> + Send
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> sql::Result<T> + Send + 'static;

    /// The messages that somebody may see and searches for, the latest first.
    fn search(
        &self,
        user: UserId,
        query: SearchQuery,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Message>>> + Send;

    /// Writes something that changes nothing, by which one sees whether the database takes what is written.
    fn touch(connection: &Connection) -> sql::Result<()>;

    /// The time by the database's clock in SQL, in microseconds, where a realm may have several nodes; then their tables
    /// are there, too.
    const CLOCK: Option<&'static str> = None;

    /// Ends what reads what the writer writes. The writer is there still, and finishes afterwards.
    fn close(&mut self) {}
}

/// What the writer does for its database beside the rules, on its own thread. Whatever fails with a fatal error ends the
/// writer; after any other error there is another time.
pub trait Upkeep: Send + 'static {
    /// Takes up the connection again, or puts another into its place. Called between transactions, when something was
    /// lost; it may wait for a moment.
    fn reconnect(&mut self, connection: &mut Connection) -> sql::Result<()>;

    /// Others have added messages since the last transaction: the last number of each conversation to which they did;
    /// `None`: it is not known to which.
    fn new_last(
        &mut self,
        connection: &Connection,
    ) -> sql::Result<Option<Vec<(ConversationId, Seq)>>> {
        let _ = connection;
        Ok(None)
    }

    /// The transaction is complete and is committed next. What is written here stands or falls with it.
    fn before_commit(&mut self, connection: &Connection, finding: &Finding<'_>) -> sql::Result<()> {
        let _ = (connection, finding);
        Ok(())
    }

    /// The transaction is durable, and everybody has been answered.
    fn committed(&mut self, connection: &Connection) -> sql::Result<()> {
        let _ = connection;
        Ok(())
    }

    /// Whether this tells of messages itself; then [`Upkeep::tell`] is called after each commit.
    fn tells(&self) -> bool {
        false
    }

    /// Tells what was stored, in the order of arrival.
    fn tell(&mut self, heralds: &Heralds, stored: Vec<Stored>) {
        let _ = (heralds, stored);
    }

    /// Whether [`Upkeep::idle`] has anything to do.
    fn has_more_to_do(&self) -> bool {
        false
    }

    /// Nothing was asked for a second.
    fn idle(&mut self, connection: &Connection) -> sql::Result<()> {
        let _ = connection;
        Ok(())
    }

    /// Nobody can ask any more. Not called after a fatal error.
    fn finish(self: Box<Self>, connection: Connection);

    /// How long requests wait for a database that cannot be reached.
    fn lost_patience(&self) -> Duration {
        LOST_PATIENCE
    }

    /// A transaction takes no further request after this time.
    fn batch_time_max(&self) -> Duration {
        BATCH_TIME_MAX
    }
}

/// What a transaction turned out to be.
#[derive(Clone, Copy)]
pub struct Finding<'a> {
    /// What other nodes are to be told. One may stand here twice.
    pub hints: &'a [Hint],
    /// Whether it adds messages, and changes nothing else that writers remember.
    pub messages_only: bool,
}

impl fmt::Debug for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finding").field("hints", &self.hints.len()).finish_non_exhaustive()
    }
}
