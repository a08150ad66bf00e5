//! Contents on their way in.

use std::mem;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use kabar_engine::blobs::BlobWriter;
use kabar_engine::{Error, Result};
use kabar_model::ContentHash;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt};

use crate::directory::Inner;
use crate::paths;

/// What is written at a time, and so what a writer holds in memory.
const PART_BYTES: usize = 256 * 1024;

/// Contents that are being written. Dropped before it has finished, the store removes what it wrote, on a
/// thread that may block.
pub(crate) struct Writer {
    inner: Arc<Inner>,
    upload: Box<dyn MultipartUpload>,
    path: Path,
    part: Vec<u8>,
    /// Whether everything that was taken is written or in `part`. Not so after an error, nor when somebody
    /// stopped waiting for a write.
    is_whole: bool,
}

impl Writer {
    pub(crate) async fn begin(inner: Arc<Inner>) -> Result<Self> {
        let path = paths::incoming();
        let upload = inner.store.put_multipart(&path).await.map_err(Error::failed)?;
        Ok(Self { inner, upload, path, part: Vec::new(), is_whole: true })
    }

    async fn write_part(&mut self) -> Result<()> {
        let part = mem::take(&mut self.part);
        if part.is_empty() {
            return Ok(());
        }
        self.is_whole = false;
        self.upload.put_part(part.into()).await.map_err(Error::failed)?;
        self.is_whole = true;
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.is_whole { Ok(()) } else { Err(Error::failed("an earlier write has failed")) }
    }

    async fn keep(mut self: Box<Self>, hash: ContentHash) -> Result<()> {
        self.check()?;
        self.write_part().await?;
        self.upload.complete().await.map_err(Error::failed)?;
        self.inner.settle(self.path, hash).await
    }
}

#[async_trait]
impl BlobWriter for Writer {
    async fn write(&mut self, mut piece: Bytes) -> Result<()> {
        self.check()?;
        while !piece.is_empty() {
            if self.part.capacity() == 0 {
                self.part.reserve_exact(PART_BYTES);
            }
            let room = PART_BYTES - self.part.len();
            self.part.extend_from_slice(&piece.split_to(piece.len().min(room)));
            if self.part.len() == PART_BYTES {
                self.write_part().await?;
            }
        }
        Ok(())
    }

    async fn finish(self: Box<Self>, hash: ContentHash) -> Result<()> {
        to_its_end(self.keep(hash)).await
    }
}

/// Runs to its end even when nobody waits any more, so that nothing is left half done. Only the end of the
/// runtime stops it, and the next start cleans up then.
pub(crate) async fn to_its_end<F>(deed: F) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    tokio::spawn(deed).await.map_err(Error::failed)?
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};
    use std::task::Poll;

    use kabar_engine::Blobs;
    use object_store::{PutPayload, PutResult, UploadPart};

    use super::*;
    use crate::DirectoryBlobs;

    /// A store that takes a part badly, and all that follow well.
    #[derive(Debug)]
    struct Faulty {
        store: Box<dyn MultipartUpload>,
        fault: Option<Fault>,
    }

    #[derive(Clone, Copy, Debug)]
    enum Fault {
        /// The disk is full.
        Full,
        /// The disk takes its time.
        Slow,
    }

    #[async_trait]
    impl MultipartUpload for Faulty {
        fn put_part(&mut self, data: PutPayload) -> UploadPart {
            match self.fault.take() {
                None => self.store.put_part(data),
                Some(Fault::Slow) => Box::pin(pending()),
                Some(Fault::Full) => Box::pin(async {
                    let source = std::io::Error::from(std::io::ErrorKind::StorageFull).into();
                    Err(object_store::Error::Generic { store: "full", source })
                }),
            }
        }

        async fn complete(&mut self) -> object_store::Result<PutResult> {
            self.store.complete().await
        }

        async fn abort(&mut self) -> object_store::Result<()> {
            self.store.abort().await
        }
    }

    async fn writer(blobs: &DirectoryBlobs, fault: Option<Fault>) -> Box<Writer> {
        let whole = Writer::begin(Arc::clone(blobs.inner())).await.unwrap();
        let Writer { inner, upload, path, part, is_whole } = whole;
        let upload = Box::new(Faulty { store: upload, fault });
        Box::new(Writer { inner, upload, path, part, is_whole })
    }

    #[tokio::test]
    async fn contents_that_miss_a_part_are_never_kept() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = DirectoryBlobs::open(dir.path()).unwrap();
        let hash = ContentHash([1; 32]);
        let part = Bytes::from(vec![1; PART_BYTES]);

        let mut full = writer(&blobs, Some(Fault::Full)).await;
        assert!(full.write(part.clone()).await.is_err());
        assert!(full.write(part.clone()).await.is_err(), "it stays of no use");
        assert!(full.finish(hash).await.is_err());

        let mut late = writer(&blobs, Some(Fault::Full)).await;
        late.write(part.slice(1..)).await.unwrap();
        assert!(late.finish(hash).await.is_err(), "the last part counts, too");

        let mut slow = writer(&blobs, Some(Fault::Slow)).await;
        {
            let mut given_up = slow.write(part.clone());
            poll_fn(|context| Poll::Ready(given_up.as_mut().poll(context).is_pending())).await;
        }
        assert!(slow.finish(hash).await.is_err());

        assert!(blobs.open(hash, 0..1).await.unwrap().is_none());
        let mut sound = writer(&blobs, None).await;
        sound.write(part).await.unwrap();
        sound.finish(hash).await.unwrap();
        assert!(blobs.open(hash, 0..1).await.unwrap().is_some());
    }
}
