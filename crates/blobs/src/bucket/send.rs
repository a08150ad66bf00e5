//! Contents on their way up.

use std::fs::File;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, TryStreamExt};
use kabar_engine::{Error, Result};
use kabar_model::ContentHash;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt};
use tokio::task::spawn_blocking;

use super::{Inner, failed};
use crate::paths;
use crate::reading::read_exactly;

/// The shortest part; what is no longer than one goes up in one request.
const PART_BYTES: u64 = 8 * 1024 * 1024;

/// The parts of one upload, of 10,000 that S3 allows. Contents that would need more go up in longer parts.
const PARTS_MAX: u64 = 9_000;

/// The parts of one upload that are on their way at the same time.
const PARTS_AT_ONCE: usize = 2;

/// Where the bytes of contents come from.
enum Source {
    Memory(Bytes),
    Disk(Arc<File>),
}

impl Source {
    async fn read(&self, start: u64, end: u64) -> Result<Bytes> {
        match self {
            Self::Memory(bytes) => {
                let [start, end] = [start, end].map(usize::try_from);
                Ok(bytes.slice(start.map_err(Error::failed)?..end.map_err(Error::failed)?))
            }
            Self::Disk(file) => {
                let file = Arc::clone(file);
                let read = spawn_blocking(move || read_exactly(&file, start..end)).await;
                read.map_err(Error::failed)?.map_err(Error::failed)
            }
        }
    }
}

impl Inner {
    /// Makes these bytes the contents of this hash.
    pub(super) async fn send_bytes(&self, contents: Bytes, hash: ContentHash) -> Result<()> {
        let size = contents.len() as u64;
        self.send(Source::Memory(contents), size, hash).await
    }

    /// Makes what this file holds the contents of this hash.
    pub(super) async fn send_file(&self, path: &FilePath, hash: ContentHash) -> Result<()> {
        let path = path.to_owned();
        let opened = spawn_blocking(move || {
            let file = File::open(path)?;
            let size = file.metadata()?.len();
            Ok::<_, std::io::Error>((file, size))
        });
        let (file, size) = opened.await.map_err(Error::failed)?.map_err(Error::failed)?;
        self.send(Source::Disk(Arc::new(file)), size, hash).await
    }

    async fn send(&self, source: Source, size: u64, hash: ContentHash) -> Result<()> {
        let _turn = self.sending.acquire().await.map_err(Error::failed)?;
        let path = paths::kept(hash);
        if size <= PART_BYTES {
            // To ask first would take as long.
            let contents = source.read(0, size).await?;
            return self.store.put(&path, contents.into()).await.map(drop).map_err(failed);
        }
        if self.is_there(&path, size).await? {
            return Ok(());
        }
        let mut upload = self.store.put_multipart(&path).await.map_err(failed)?;
        let sent = match send_parts(&mut *upload, &source, size).await {
            Ok(()) => upload.complete().await.map(drop).map_err(failed),
            Err(error) => Err(error),
        };
        if sent.is_err() {
            // Nobody can be told when they stay: the bucket drops them after a while.
            let _ = upload.abort().await;
        }
        sent
    }

    /// Whether contents are there that nobody removes soon.
    async fn is_there(&self, path: &Path, size: u64) -> Result<bool> {
        let found = match self.store.head(path).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(failed(error)),
        };
        let age = SystemTime::now().duration_since(found.last_modified.into()).unwrap_or_default();
        Ok(found.size == size && age < self.resent_after)
    }
}

async fn send_parts(upload: &mut dyn MultipartUpload, source: &Source, size: u64) -> Result<()> {
    let length = size.div_ceil(PARTS_MAX).max(PART_BYTES);
    let mut under_way = FuturesUnordered::new();
    let mut start = 0;
    while start < size {
        if under_way.len() == PARTS_AT_ONCE {
            under_way.next().await.transpose().map_err(failed)?;
        }
        let end = size.min(start + length);
        let part = source.read(start, end).await?;
        under_way.push(upload.put_part(part.into()));
        start = end;
    }
    under_way.try_collect::<()>().await.map_err(failed)
}
