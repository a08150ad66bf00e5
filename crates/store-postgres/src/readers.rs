//! The connections that read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kabar_engine::{Error, Result};
use kabar_store_sql::sql::{self, Connection};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::driver::{PostgresDriver, Role};
use crate::settings::Address;

/// Reads of a node at one time. A server has few connections, and many nodes share them.
const READS_MAX: usize = 8;

/// How long a read waits for others to end.
const PLACE_PATIENCE: Duration = Duration::from_secs(5);

/// Connections that are opened when first needed and kept.
pub(crate) struct Readers {
    address: Arc<Address>,
    places: Arc<Semaphore>,
    /// Those nobody uses; `None` once the store closes.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Readers {
    pub(crate) fn new(address: Arc<Address>) -> Self {
        let idle = Mutex::new(Some(Vec::with_capacity(READS_MAX)));
        Self { address, places: Arc::new(Semaphore::new(READS_MAX)), idle }
    }

    /// Reads one state of the database: `read` does not see what is committed meanwhile.
    pub(crate) async fn read<T, F>(self: &Arc<Self>, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> sql::Result<T> + Send + 'static,
    {
        let place = timeout(PLACE_PATIENCE, Arc::clone(&self.places).acquire_owned());
        let place = place.await.map_err(Error::failed)?.map_err(Error::failed)?;
        let readers = Arc::clone(self);
        // Whoever asked may go; the place is taken until the read has ended.
        let reading = spawn_blocking(move || {
            let _place = place;
            readers.read_now(read)
        });
        reading.await.map_err(Error::failed)?.map_err(Error::failed)
    }

    fn read_now<T>(&self, read: impl FnOnce(&Connection) -> sql::Result<T>) -> sql::Result<T> {
        let kept = self.lock().as_mut().and_then(Vec::pop);
        let connection = kept.unwrap_or_else(|| {
            Connection::new(PostgresDriver::new(Arc::clone(&self.address), Role::Reader))
        });
        let (outcome, is_whole) = read_one_state(&connection, read);
        if is_whole
            && let Some(idle) = self.lock().as_mut()
            && idle.len() < READS_MAX
        {
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

/// Reads one state of the database; says also whether the connection is worth keeping.
pub(crate) fn read_one_state<T>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> sql::Result<T>,
) -> (sql::Result<T>, bool) {
    let Some(driver) = connection.driver::<PostgresDriver>() else {
        return (read(connection), false);
    };
    driver.begin_reading();
    let outcome = read(connection);
    let ended = driver.end_reading();
    (outcome, ended.is_ok() && !driver.is_lost())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_read_keeps_its_place_when_its_asker_has_gone() {
        // Nothing is asked of a database.
        let address = Address::parse("postgres://nobody@127.0.0.1:1/none").unwrap();
        let readers = Arc::new(Readers::new(Arc::new(address)));
        let (begun, begins) = mpsc::channel();
        let (mut ends, mut reads) = (Vec::new(), Vec::new());
        for _ in 0..READS_MAX {
            let (end, ended) = mpsc::channel::<()>();
            let (readers, begun) = (Arc::clone(&readers), begun.clone());
            reads.push(tokio::spawn(async move {
                let read = move |_: &Connection| {
                    begun.send(()).unwrap();
                    let _ = ended.recv();
                    Ok(())
                };
                readers.read(read).await
            }));
            ends.push(end);
        }
        for _ in 0..READS_MAX {
            begins.recv().unwrap();
        }
        for read in reads {
            read.abort();
            assert!(read.await.unwrap_err().is_cancelled());
        }
        let ran = Arc::new(AtomicBool::new(false));
        let runs = Arc::clone(&ran);
        let further = readers.read(move |_| {
            runs.store(true, Ordering::SeqCst);
            Ok(())
        });
        assert!(timeout(2 * PLACE_PATIENCE, further).await.unwrap().is_err());
        assert!(!ran.load(Ordering::SeqCst));
        drop(ends);
        readers.read(|_| Ok(())).await.unwrap();
    }
}
