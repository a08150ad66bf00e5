//! A realm in a directory: opening it, and what SQLite adds to the rules.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use kabar_engine::Result;
use kabar_engine::store::{Message, SearchQuery};
use kabar_model::UserId;
use kabar_store_sql::sql::{self, Connection};
use kabar_store_sql::{Base, Heralds, OnFatal, SqlStore, Upkeep};

use crate::connection::Durability;
use crate::error::OpenError;
use crate::open::{Opened, open as open_files};
use crate::pool::Readers;
use crate::schema;
use crate::search::{self, Search};
use crate::upkeep::FileUpkeep;

/// A realm in a directory.
pub type SqliteStore = SqlStore<Sqlite>;

/// Opens the realm in `dir`, and makes both if they are not there.
pub fn open(dir: &Path, on_fatal: OnFatal) -> std::result::Result<SqliteStore, OpenError> {
    open_with(dir, on_fatal, Durability::Full)
}

/// Opens with another durability than what is promised.
#[doc(hidden)]
pub fn open_with(
    dir: &Path,
    on_fatal: OnFatal,
    durability: Durability,
) -> std::result::Result<SqliteStore, OpenError> {
    start(dir, on_fatal, durability, |connection, upkeep| (connection, Box::new(upkeep)))
}

/// Opens with what becomes of the connection and the upkeep of the writer.
fn start(
    dir: &Path,
    on_fatal: OnFatal,
    durability: Durability,
    of_writer: impl FnOnce(Connection, FileUpkeep) -> (Connection, Box<dyn Upkeep>),
) -> std::result::Result<SqliteStore, OpenError> {
    let Opened { connection, log, path, lock } = open_files(dir, durability)?;
    let readers = Arc::new(Readers::new(path.clone()));
    let commits = Arc::new(AtomicU64::new(0));
    let upkeep = FileUpkeep { log, lock, readers: Arc::clone(&readers) };
    let (connection, upkeep) = of_writer(connection, upkeep);
    let search = Search::start(dir, &path, Arc::clone(&commits)).map_err(OpenError::io(&path))?;
    let base = Sqlite { readers, search };
    let shared = (commits, Heralds::default());
    SqlStore::start(base, connection, upkeep, shared, on_fatal).map_err(OpenError::io(&path))
}

/// What SQLite adds to the rules.
pub struct Sqlite {
    readers: Arc<Readers>,
    search: Search,
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}

impl Base for Sqlite {
    async fn read<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> sql::Result<T> + Send + 'static,
    {
        self.readers.read(read).await
    }

    async fn search(&self, user: UserId, query: SearchQuery, limit: usize) -> Result<Vec<Message>> {
        let index = self.search.file();
        self.readers.read(move |db| search::find(db, &index, user, &query, limit)).await
    }

    fn touch(connection: &Connection) -> sql::Result<()> {
        let sql = format!("PRAGMA user_version = {}", schema::KNOWN);
        connection.execute(&sql, ()).map(drop)
    }

    fn close(&mut self) {
        self.search.close();
    }
}

#[cfg(test)]
mod lost;
#[cfg(test)]
mod tests;
