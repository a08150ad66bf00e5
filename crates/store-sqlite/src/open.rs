//! From a directory to a connection that may be written to.
//!
//! Damage is looked for as far as the time to start allows. A file of up to 64 MiB is read through at
//! every start (a quarter of a second at most). Of a larger one only the length is checked; a page in
//! it that is damaged is found when it is read, and a conversation with a hole is never served (see
//! `kabar_store_sql`). A log or a database that is missing after a crash is found whatever the size.

use std::fs::{DirBuilder, OpenOptions, metadata};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use kabar_store_sql::{learn_all, sql};
use rusqlite::Connection;

use crate::checkpoint::Log;
use crate::connection::{Durability, make_durable, open_for_writing};
use crate::driver::for_rules;
use crate::error::OpenError;
use crate::lock::{DirLock, sync_directory};
use crate::schema;

/// The database in the data directory.
pub const FILE: &str = "kabar.db";
const LOG: &str = "kabar.db-wal";
pub(crate) const LOCK: &str = "lock";

/// A file of this size is read through at every start.
const CHECKED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A data directory that is ours.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) connection: sql::Connection,
    pub(crate) log: Log,
    pub(crate) path: PathBuf,
    pub(crate) lock: DirLock,
}

/// What a directory is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be used.
    Use,
    /// To have a realm moved to it.
    Move,
}

pub(crate) fn open(dir: &Path, durability: Durability) -> Result<Opened, OpenError> {
    open_for(dir, durability, Purpose::Use)
}

pub(crate) fn open_for(
    dir: &Path,
    durability: Durability,
    purpose: Purpose,
) -> Result<Opened, OpenError> {
    let made = make_directory(dir)?;
    let mut lock = DirLock::take(dir.join(LOCK))?;
    let path = dir.join(FILE);
    nothing_is_missing(dir, lock.was_clean)?;

    make_private(&path)?;
    let mut connection = open_for_writing(&path).map_err(OpenError::sqlite(&path))?;
    schema::inspect(&connection, &path)?;
    if purpose == Purpose::Use && schema::is_unfinished(&connection, &path)? {
        return Err(OpenError::Unfinished);
    }
    make_durable(&connection, durability).map_err(OpenError::sqlite(&path))?;
    nothing_is_damaged(&connection, dir)?;
    schema::migrate(&mut connection).map_err(OpenError::sqlite(&path))?;
    let log = Log::watch(&mut connection).map_err(OpenError::sqlite(&path))?;
    let connection = for_rules(connection);
    // What a move brings holds this already.
    if purpose == Purpose::Use {
        learn_all(&connection).map_err(OpenError::rules(&path))?;
    }
    sync_directory(dir)?;
    if made {
        sync_directory(&parent(dir)?)?;
    }
    lock.mark_open()?;
    Ok(Opened { connection, log, path, lock })
}

/// Makes the directory, for its owner alone, if it is not there.
fn make_directory(dir: &Path) -> Result<bool, OpenError> {
    if dir.is_dir() {
        return Ok(false);
    }
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(OpenError::io(dir))?;
    Ok(true)
}

/// Makes the file for its owner alone, whatever the directory allows; SQLite's other files follow it.
pub(crate) fn make_private(path: &Path) -> Result<(), OpenError> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(false).mode(0o600).open(path);
    opened.map(drop).map_err(OpenError::io(path))
}

fn parent(dir: &Path) -> Result<PathBuf, OpenError> {
    let whole = dir.canonicalize().map_err(OpenError::io(dir))?;
    Ok(whole.parent().unwrap_or(&whole).to_owned())
}

/// SQLite starts afresh when a file is gone, and drops what is left of the other. We do not.
pub(crate) fn nothing_is_missing(dir: &Path, was_clean: bool) -> Result<(), OpenError> {
    let bytes = |name| metadata(dir.join(name)).map(|file| file.len());
    let has_database = bytes(FILE).is_ok_and(|bytes| bytes > 0);
    let log = bytes(LOG);
    let corrupt =
        |name, what: &str| Err(OpenError::Corrupt { path: dir.join(name), what: what.into() });
    if !has_database && (!was_clean || log.as_ref().is_ok_and(|bytes| *bytes > 0)) {
        return corrupt(FILE, "it is missing or empty, though kabar ran here");
    }
    if !was_clean && log.is_err() {
        let what = "it is missing, though kabar did not close it; if another program has folded it \
                    into kabar.db since, remove the file `lock`";
        return corrupt(LOG, what);
    }
    Ok(())
}

pub(crate) fn nothing_is_damaged(connection: &Connection, dir: &Path) -> Result<(), OpenError> {
    let path = dir.join(FILE);
    let length = |name| metadata(dir.join(name)).map_or(0, |file| file.len());
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let pages = number("page_count").map_err(OpenError::sqlite(&path))?;
    let page_bytes = number("page_size").map_err(OpenError::sqlite(&path))?;
    let whole_bytes = pages.saturating_mul(page_bytes);
    let corrupt = |what| Err(OpenError::Corrupt { path: path.clone(), what });

    // What lies only in the log so far need not be in the file.
    if length(LOG) == 0 && i128::from(length(FILE)) < i128::from(whole_bytes) {
        return corrupt(format!("it has {} of {whole_bytes} bytes", length(FILE)));
    }
    if length(FILE) > CHECKED_BYTES_MAX {
        return Ok(());
    }
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", (), |row| row.get(0))
        .map_err(OpenError::sqlite(&path))?;
    if verdict == "ok" { Ok(()) } else { corrupt(verdict) }
}
