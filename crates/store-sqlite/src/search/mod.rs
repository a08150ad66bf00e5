//! The search index: a database file of its own, derived from the messages. It is filled behind the writer and
//! never on the path of an accept; when it is missing, damaged or of another make, it is made anew.

mod file;
mod find;
mod follower;
mod tokens;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::{self, JoinHandle};
use std::{fmt, io};

use kabar_store_sql::Stop;

use self::follower::Follower;

pub(crate) use self::file::IndexFile;
pub(crate) use self::find::find;

/// The index and the thread that fills it.
pub(crate) struct Search {
    file: Arc<IndexFile>,
    stop: Arc<Stop>,
    /// There until the index closes.
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search").finish_non_exhaustive()
    }
}

impl Search {
    /// Follows the messages in the database `realm`, which lies in `dir`, as `commits` counts up.
    pub(crate) fn start(dir: &Path, realm: &Path, commits: Arc<AtomicU64>) -> io::Result<Self> {
        let file = Arc::new(IndexFile::new(dir));
        let stop = Arc::new(Stop::default());
        let follower =
            Follower::new(Arc::clone(&file), realm.to_owned(), commits, Arc::clone(&stop));
        let thread = thread::Builder::new().name("search-index".into());
        let thread = Some(thread.spawn(move || follower.run())?);
        Ok(Self { file, stop, thread })
    }

    /// What searches read.
    pub(crate) fn file(&self) -> Arc<IndexFile> {
        Arc::clone(&self.file)
    }

    /// Stops the thread and leaves one file.
    pub(crate) fn close(&mut self) {
        self.file.close();
        self.stop.now();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the search index had panicked");
        }
    }
}

#[cfg(test)]
mod tests;
