//! When the log is folded into the database file.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kabar_store_sql::sql::{self, Connection, Kind};
use rusqlite::ErrorCode;

use crate::connection::WRITER_PATIENCE;
use crate::driver::of_rules;
use crate::error::{kind, of_sqlite};

/// Pages added to the log before it is folded in.
const CHECKPOINT_PAGES: u32 = 16_000;

/// Pages in the log from which on readers are asked to let go of it.
const RESTART_PAGES: u32 = 64_000;

/// How long the writer then waits for readers.
const RESTART_PATIENCE: Duration = Duration::from_millis(200);

/// How long the last checkpoint waits for readers.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// The write-ahead log.
#[derive(Debug)]
pub(crate) struct Log {
    /// Pages in the log after the last commit.
    pages: Arc<AtomicU32>,
    /// Pages that the log had at the last attempt to fold it in.
    tried_at: u32,
    /// Whether all of it is in the database file.
    is_folded: bool,
}

impl Log {
    /// Follows the log of this connection, which must be the only one that writes.
    pub(crate) fn watch(connection: &mut rusqlite::Connection) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&pages);
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        // Whatever the last run left there counts as not folded in.
        Ok(Self { pages, tried_at: 0, is_folded: false })
    }

    /// Whether there is something to fold in.
    pub(crate) fn has_pages(&self) -> bool {
        !self.is_folded
    }

    /// Folds the log in when it has grown enough since the last time. To be called after a commit.
    pub(crate) fn checkpoint_if_due(&mut self, connection: &Connection) -> sql::Result<()> {
        self.is_folded = false;
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.tried_at {
            // The log has begun anew.
            self.tried_at = 0;
        }
        if pages - self.tried_at < CHECKPOINT_PAGES {
            return Ok(());
        }
        self.tried_at = pages;
        if pages < RESTART_PAGES {
            return self.checkpoint(connection);
        }
        patience(connection, RESTART_PATIENCE)?;
        let outcome = self.fold(connection, "PRAGMA wal_checkpoint(RESTART)");
        patience(connection, WRITER_PATIENCE)?;
        outcome
    }

    /// Folds in what no reader holds back.
    pub(crate) fn checkpoint(&mut self, connection: &Connection) -> sql::Result<()> {
        self.fold(connection, "PRAGMA wal_checkpoint(PASSIVE)")
    }

    /// Folds all of it in and empties it; `false` when readers held on to it for too long.
    pub(crate) fn empty(&mut self, connection: &Connection) -> sql::Result<bool> {
        patience(connection, CLOSE_PATIENCE)?;
        self.fold(connection, "PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(self.is_folded)
    }

    fn fold(&mut self, connection: &Connection, sql: &str) -> sql::Result<()> {
        let progress = of_rules(connection).prepare_cached(sql).and_then(|mut fold| {
            fold.query_row((), |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            })
        });
        match progress {
            Ok((busy, pages, folded)) => {
                self.is_folded = busy == 0 && pages == folded;
                Ok(())
            }
            // The log still holds everything; there is another time.
            Err(error) if kind(&error) != Kind::Fatal => {
                if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) {
                    tracing::warn!(%error, "the log could not be folded in");
                }
                Ok(())
            }
            Err(error) => Err(of_sqlite(error)),
        }
    }
}

/// Sets how long the connection waits for others.
fn patience(connection: &Connection, patience: Duration) -> sql::Result<()> {
    of_rules(connection).busy_timeout(patience).map_err(of_sqlite)
}
