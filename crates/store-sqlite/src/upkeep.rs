//! What the writer does for its file beside the rules.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use kabar_store_sql::Upkeep;
use kabar_store_sql::sql::{self, Connection};
use rusqlite::config::DbConfig;

use crate::checkpoint::Log;
use crate::driver::of_rules;
use crate::lock::DirLock;
use crate::pool::Readers;

/// Folds the log in, and leaves one clean file behind.
pub(crate) struct FileUpkeep {
    pub(crate) log: Log,
    pub(crate) lock: DirLock,
    pub(crate) readers: Arc<Readers>,
}

impl Upkeep for FileUpkeep {
    /// A file is never out of reach: what cannot be read of it is damaged.
    fn reconnect(&mut self, _connection: &mut Connection) -> sql::Result<()> {
        Ok(())
    }

    fn committed(&mut self, connection: &Connection) -> sql::Result<()> {
        self.log.checkpoint_if_due(connection)
    }

    fn has_more_to_do(&self) -> bool {
        self.log.has_pages()
    }

    fn idle(&mut self, connection: &Connection) -> sql::Result<()> {
        self.log.checkpoint(connection)
    }

    /// Leaves one clean file behind. On any error the log stays, and the next start reads it.
    fn finish(mut self: Box<Self>, connection: Connection) {
        self.readers.close();
        if let Err(error) = self.close_cleanly(&connection) {
            tracing::warn!(%error, "the database was not closed cleanly");
        }
        // The connection first, then the lock.
        drop(connection);
        drop(self.lock);
    }

    /// In unit tests what is queued together goes together, however busy the machine is.
    fn batch_time_max(&self) -> Duration {
        if cfg!(test) { Duration::from_secs(1) } else { kabar_store_sql::BATCH_TIME_MAX }
    }
}

impl FileUpkeep {
    fn close_cleanly(&mut self, connection: &Connection) -> Result<(), Box<dyn Error>> {
        if self.log.empty(connection)? {
            self.lock.mark_clean()?;
            let keeps_log = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            of_rules(connection).set_db_config(keeps_log, false)?;
        }
        Ok(())
    }
}
