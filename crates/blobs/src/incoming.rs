//! A file that is being written, which nothing leads to yet.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::disk::FILE_MODE;

/// A file on its way in. Dropped before it is closed, it is removed, on a thread that may block.
#[derive(Debug)]
pub(crate) struct Incoming {
    path: PathBuf,
    /// Closed while nothing comes.
    file: Option<Arc<File>>,
    is_closed: bool,
}

impl Incoming {
    /// Makes the file, for its owner alone.
    pub(crate) fn begin(path: PathBuf) -> io::Result<Self> {
        let file = open(OpenOptions::new().create_new(true).mode(FILE_MODE), &path)?;
        Ok(Self { path, file: Some(file), is_closed: false })
    }

    /// Adds bytes at the end; gives them back, so that what held them can hold others.
    pub(crate) async fn write<B>(&mut self, bytes: B) -> io::Result<B>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let (file, path) = (self.file.clone(), self.path.clone());
        let written = spawn_blocking(move || {
            // Taken up again.
            let file = file.map_or_else(|| open(&mut OpenOptions::new(), &path), Ok)?;
            (&*file).write_all(bytes.as_ref())?;
            Ok::<_, io::Error>((file, bytes))
        });
        let (file, bytes) = written.await.map_err(io::Error::other)??;
        self.file = Some(file);
        Ok(bytes)
    }

    /// Closes the file until more comes. Synced first: who opens it later may not hear of a failed write.
    pub(crate) async fn rest(&mut self) -> io::Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        spawn_blocking(move || file.sync_data()).await.map_err(io::Error::other)?
    }

    /// Nothing comes any more; where it lies.
    pub(crate) fn close(mut self) -> PathBuf {
        self.is_closed = true;
        std::mem::take(&mut self.path)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if self.is_closed {
            return;
        }
        let path = std::mem::take(&mut self.path);
        // Nobody can be told when it stays: the next start removes it.
        let remove = move || drop(fs::remove_file(path));
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

fn open(options: &mut OpenOptions, path: &Path) -> io::Result<Arc<File>> {
    options.append(true).open(path).map(Arc::new)
}
