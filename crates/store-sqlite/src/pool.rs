//! The read-only connections.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use kabar_engine::{Error, Result};
use kabar_store_sql::sql::{self, Connection};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::connection::open_for_reading;
use crate::driver::for_rules;
use crate::error::of_sqlite;

/// Reads at one time. More would only wait for the same two or four cores.
const READS_MAX: usize = 4;

/// Connections that are opened when first needed and kept.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    places: Semaphore,
    /// Those nobody uses; `None` once the store closes.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Self {
        let idle = Mutex::new(Some(Vec::with_capacity(READS_MAX)));
        Self { path, places: Semaphore::new(READS_MAX), idle }
    }

    /// Reads one state of the database: `read` does not see what is committed meanwhile.
    pub(crate) async fn read<T, F>(self: &Arc<Self>, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> sql::Result<T> + Send + 'static,
    {
        let _place = self.places.acquire().await.map_err(Error::failed)?;
        let readers = Arc::clone(self);
        let reading = spawn_blocking(move || readers.read_now(read));
        reading.await.map_err(Error::failed)?.map_err(Error::failed)
    }

    fn read_now<T>(&self, read: impl FnOnce(&Connection) -> sql::Result<T>) -> sql::Result<T> {
        let kept = self.lock().as_mut().and_then(Vec::pop);
        let connection = match kept {
            Some(connection) => connection,
            None => for_rules(open_for_reading(&self.path).map_err(of_sqlite)?),
        };
        connection.execute("BEGIN", ())?;
        let outcome = read(&connection);
        connection.roll_back()?;
        if let Some(idle) = self.lock().as_mut() {
            idle.push(connection);
        }
        outcome
    }

    /// Closes what is idle now and what comes back later.
    pub(crate) fn close(&self) {
        self.places.close();
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Vec<Connection>>> {
        // Connections are taken out while they are used, so a panic leaves the list whole.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
