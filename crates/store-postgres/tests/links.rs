//! What is said over links to other realms: the tests of the store on SQLite, on PostgreSQL.
#![allow(clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::duplicate_mod, reason = "each of those files brings its own")]

// Those tests name the store and what they spoil it with by their crates.
extern crate self as kabar_store_sqlite;
extern crate self as rusqlite;

#[path = "realm/mod.rs"]
mod database;
#[path = "../../store-sqlite/tests/links.rs"]
mod links;
#[path = "../../store-sqlite/tests/links_again.rs"]
mod links_again;
#[path = "../../store-sqlite/tests/links_in.rs"]
mod links_in;
#[path = "../../store-sqlite/tests/links_kept.rs"]
mod links_kept;
#[path = "../../store-sqlite/tests/links_later.rs"]
mod links_later;
#[path = "../../store-sqlite/tests/links_random.rs"]
mod links_random;
#[path = "../../store-sqlite/tests/links_refused.rs"]
mod links_refused;
#[path = "../../store-sqlite/tests/realm/mod.rs"]
mod realm;
mod together;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kabar_store_postgres::{Buses, OnFatal, Settings};
use kabar_testbed::Postgres;

pub use kabar_store_postgres::{OpenError, PostgresStore as SqliteStore};

/// A file in the directory of a realm that names its database.
pub const FILE: &str = "kabar.db";

/// Opens a copy of the database that the directory names, which so stays as it was: a copy of the file is a backup.
pub fn open(dir: &Path, on_fatal: OnFatal) -> Result<SqliteStore, OpenError> {
    let url = if let Ok(url) = fs::read_to_string(dir.join(FILE)) {
        Postgres::shared().copy_database(name(&url))
    } else {
        let (store, url) = database::fresh();
        store.close();
        url
    };
    fs::write(dir.join(FILE), &url)?;
    kabar_store_postgres::open(&Settings { url, accept_unsafe: false }, Buses::default(), on_fatal)
}

fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

/// What changes rows behind the store's back.
#[derive(Debug)]
pub struct Connection(PathBuf);

impl Connection {
    /// To the database that this file names.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        fs::metadata(&path)?;
        Ok(Self(path))
    }

    /// Runs statements, in which messages need no number in the order of arrival.
    pub fn execute_batch(&self, sql: &str) -> io::Result<()> {
        let before = "CREATE SEQUENCE IF NOT EXISTS arrivals START 1000;
                      ALTER TABLE message ALTER id SET DEFAULT nextval('arrivals')";
        let after = "UPDATE head SET arrival = (SELECT coalesce(max(id), 0) FROM message)";
        // Before 16, PostgreSQL wants a name for what is selected from.
        let sql = sql.replace("UNION SELECT 4)", "UNION SELECT 4) AS numbers");
        let url = fs::read_to_string(&self.0)?;
        Postgres::shared().sql(name(&url), &format!("{before}; {sql}; {after}"));
        Ok(())
    }
}
