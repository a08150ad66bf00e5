//! The file of the index: opening it, and throwing it away.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::connection::open_for_reading;
use crate::open::make_private;

/// The index in the data directory.
pub(crate) const FILE: &str = "search.db";
/// What SQLite adds to its name for the files beside it.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];

/// "kabs": tells our files from others'.
const APPLICATION_ID: i64 = 0x6b61_6273;

/// Counts up with every change to what is in the index or how it is written: another one is made anew.
const MAKE: i64 = 1;

/// Where the texts themselves are, the index does not know; so it is small. Which pieces a text has is enough:
/// where they stand in it is seen afterwards.
const SCHEMA: &str = "
    CREATE TABLE position (
        one     INTEGER PRIMARY KEY CHECK (one = 1),
        arrival INTEGER NOT NULL,
        sent_at INTEGER NOT NULL
    ) STRICT;
    INSERT INTO position VALUES (1, 0, 0);
    CREATE VIRTUAL TABLE said USING fts5 (
        text, conversation, author, kind,
        content = '', contentless_delete = 1, detail = none,
        tokenize = 'trigram case_sensitive 1'
    );";

/// How long the one that fills waits for those that read.
const PATIENCE: Duration = Duration::from_secs(5);

/// Readers that are kept open.
const READERS_KEPT: usize = 4;

/// The file, and those who read it.
#[derive(Debug)]
pub(crate) struct IndexFile {
    path: PathBuf,
    /// Counts how often the file was thrown away: who opened it before that reads nothing that counts.
    age: AtomicU64,
    is_damaged: AtomicBool,
    /// Those nobody uses, with the age of their file; `None` once the store closes.
    idle: Mutex<Option<Vec<(u64, Connection)>>>,
}

impl IndexFile {
    pub(super) fn new(dir: &Path) -> Self {
        Self {
            path: dir.join(FILE),
            age: AtomicU64::new(0),
            is_damaged: AtomicBool::new(false),
            idle: Mutex::new(Some(Vec::new())),
        }
    }

    /// Opens it to fill it. A file that is not as it should be is thrown away.
    pub(super) fn open(&self) -> rusqlite::Result<Connection> {
        match self.open_as_it_is() {
            Ok(connection) => Ok(connection),
            Err(error) => {
                tracing::info!(%error, "the search index is made anew");
                self.throw_away();
                self.open_as_it_is()
            }
        }
    }

    fn open_as_it_is(&self) -> rusqlite::Result<Connection> {
        make_private(&self.path).map_err(|error| wrong(&error.to_string()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        // What a power cut takes is made again: the position goes with it.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "trusted_schema", "OFF")?;
        let number =
            |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        match (number("application_id")?, number("user_version")?) {
            (0, 0) => {
                connection.execute_batch(&format!(
                    "BEGIN; {SCHEMA} PRAGMA application_id = {APPLICATION_ID};
                     PRAGMA user_version = {MAKE}; COMMIT;"
                ))?;
            }
            (APPLICATION_ID, MAKE) => {}
            (application, make) => {
                return Err(wrong(&format!("it is of make {make} of {application}")));
            }
        }
        Ok(connection)
    }

    /// Removes the file. Who reads it at the moment reads on, in vain.
    pub(super) fn throw_away(&self) {
        self.age.fetch_add(1, Ordering::AcqRel);
        self.is_damaged.store(false, Ordering::Release);
        if let Some(idle) = self.lock().as_mut() {
            idle.clear();
        }
        for beside in BESIDE {
            let mut path = self.path.clone().into_os_string();
            path.push(beside);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::warn!(%error, ?path, "cannot remove a search index");
                }
                _ => {}
            }
        }
    }

    /// Whether somebody could not read it.
    pub(super) fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Acquire)
    }

    /// Reads one state of the index; `None` when there is none that can be read. Then it will be made anew.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Option<T> {
        match self.read_now(read) {
            Ok(done) => Some(done),
            Err(error) => {
                tracing::warn!(%error, "the search index cannot be read");
                self.is_damaged.store(true, Ordering::Release);
                None
            }
        }
    }

    fn read_now<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let age = self.age.load(Ordering::Acquire);
        let kept = self.lock().as_mut().and_then(Vec::pop);
        let connection = match kept {
            Some((of, connection)) if of == age => connection,
            _ => open_for_reading(&self.path)?,
        };
        let transaction = connection.unchecked_transaction()?;
        let outcome = read(&transaction)?;
        transaction.finish()?;
        let mut idle = self.lock();
        if let Some(idle) = idle.as_mut().filter(|idle| idle.len() < READERS_KEPT) {
            idle.push((age, connection));
        }
        Ok(outcome)
    }

    /// Closes what is idle now and what comes back later, so that the last one to close leaves one file.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Vec<(u64, Connection)>>> {
        // Connections are taken out while they are used, so a panic leaves the list whole.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place in the order of arrival up to which messages are in the index, and when that one was sent.
pub(super) fn position(index: &Connection) -> rusqlite::Result<(i64, i64)> {
    let mut find = index.prepare_cached("SELECT arrival, sent_at FROM position")?;
    find.query_row((), |row| Ok((row.get(0)?, row.get(1)?)))
}

fn wrong(what: &str) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR);
    rusqlite::Error::SqliteFailure(code, Some(what.to_owned()))
}
