//! Contents in a directory.

use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use kabar_engine::blobs::{BlobWriter, Blobs, Kept, Pieces};
use kabar_engine::{Error, Result};
use kabar_model::ContentHash;
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::task::spawn_blocking;

use crate::disk::{Disk, OpenError};
use crate::incoming::Incoming;
use crate::writing::{Place, Writer, to_its_end};
use crate::{paths, reading};

/// Keeps contents in a directory. Nobody else may write there.
pub struct DirectoryBlobs(Arc<Inner>);

/// What is shared with those who write.
struct Inner {
    store: Arc<dyn ObjectStore>,
    disk: Arc<Disk>,
}

impl fmt::Debug for DirectoryBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DirectoryBlobs").field(&self.0.disk.root()).finish()
    }
}

impl DirectoryBlobs {
    /// Opens the directory, and makes it if it is not there, for its owner alone. Removes what a crash left
    /// half written.
    pub fn open(path: &FilePath) -> std::result::Result<Self, OpenError> {
        let disk = Arc::new(Disk::open(path)?);
        let store = LocalFileSystem::new_with_prefix(disk.root())
            .map_err(|error| OpenError::other(disk.root(), error))?;
        Ok(Self(Arc::new(Inner { store: Arc::new(store), disk })))
    }

    #[cfg(test)]
    pub(crate) fn inner(&self) -> Arc<dyn Place> {
        self.0.clone()
    }
}

#[async_trait]
impl Place for Inner {
    async fn begin(&self) -> Result<Incoming> {
        let path = self.disk.root().join(paths::incoming().as_ref());
        let begun = spawn_blocking(move || Incoming::begin(path)).await;
        begun.map_err(Error::failed)?.map_err(Error::failed)
    }

    async fn settle(&self, incoming: Incoming, hash: ContentHash) -> Result<()> {
        let disk = Arc::clone(&self.disk);
        let settled = spawn_blocking(move || {
            let from = incoming.close();
            disk.settle(&from, hash).inspect_err(|_| {
                // It may be in its place already, or the disk may be gone.
                let _ = fs::remove_file(&from);
            })
        });
        settled.await.map_err(Error::failed)?.map_err(Error::failed)
    }
}

#[async_trait]
impl Blobs for DirectoryBlobs {
    async fn put(&self, hash: ContentHash, contents: Bytes) -> Result<()> {
        let inner = Arc::clone(&self.0);
        to_its_end(async move {
            let mut incoming = inner.begin().await?;
            incoming.write(contents).await.map_err(Error::failed)?;
            inner.settle(incoming, hash).await
        })
        .await
    }

    async fn begin(&self) -> Result<Box<dyn BlobWriter>> {
        Ok(Box::new(Writer::begin(self.0.clone()).await?))
    }

    async fn open(&self, hash: ContentHash, range: Range<u64>) -> Result<Option<Pieces>> {
        reading::open(&*self.0.store, &paths::kept(hash), range).await
    }

    async fn kept(&self) -> Result<Kept> {
        let disk = Arc::clone(&self.0.disk);
        let shards = stream::iter(0..=u8::MAX).then(move |first| {
            let disk = Arc::clone(&disk);
            async move {
                let kept = spawn_blocking(move || disk.kept_in_shard(first)).await;
                kept.map_err(Error::failed)?.map_err(Error::failed)
            }
        });
        Ok(shards.map_ok(|kept| stream::iter(kept.into_iter().map(Ok))).try_flatten().boxed())
    }

    async fn remove(&self, hash: ContentHash) -> Result<()> {
        match self.0.store.delete(&paths::kept(hash)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::failed(error)),
        }
    }
}
