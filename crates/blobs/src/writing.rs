//! Contents on their way in.

use std::sync::Arc;
use std::{io, mem};

use async_trait::async_trait;
use bytes::Bytes;
use kabar_engine::blobs::BlobWriter;
use kabar_engine::{Error, Result};
use kabar_model::ContentHash;

use crate::incoming::Incoming;

/// What is written at a time, and so what a writer holds in memory.
const PART_BYTES: usize = 256 * 1024;

/// Where contents are kept that came whole.
#[async_trait]
pub(crate) trait Place: Send + Sync {
    /// Begins to write somewhere that nothing leads to.
    async fn begin(&self) -> Result<Incoming>;

    /// Makes what was written the contents of this hash, or removes it.
    async fn settle(&self, incoming: Incoming, hash: ContentHash) -> Result<()>;
}

/// Where bytes go one after the other.
#[async_trait]
pub(crate) trait Parts: Send {
    /// Adds a part; gives it back.
    async fn add(&mut self, part: Vec<u8>) -> io::Result<Vec<u8>>;

    /// Nothing comes for a while.
    async fn rest(&mut self) -> io::Result<()>;

    /// Makes all that came the contents of this hash.
    async fn settle(self: Box<Self>, place: &dyn Place, hash: ContentHash) -> Result<()>;
}

#[async_trait]
impl Parts for Incoming {
    async fn add(&mut self, part: Vec<u8>) -> io::Result<Vec<u8>> {
        self.write(part).await
    }

    async fn rest(&mut self) -> io::Result<()> {
        Incoming::rest(self).await
    }

    async fn settle(self: Box<Self>, place: &dyn Place, hash: ContentHash) -> Result<()> {
        place.settle(*self, hash).await
    }
}

/// Contents that are being written. Dropped before it has finished, what it wrote is removed.
pub(crate) struct Writer {
    place: Arc<dyn Place>,
    parts: Box<dyn Parts>,
    part: Vec<u8>,
    /// Whether everything that was taken is written or in `part`. Not so after an error, nor when somebody
    /// stopped waiting for a write.
    is_whole: bool,
}

impl Writer {
    pub(crate) async fn begin(place: Arc<dyn Place>) -> Result<Self> {
        let parts = Box::new(place.begin().await?);
        Ok(Self { place, parts, part: Vec::new(), is_whole: true })
    }

    async fn write_part(&mut self) -> Result<()> {
        if self.part.is_empty() {
            return Ok(());
        }
        self.is_whole = false;
        self.part = self.parts.add(mem::take(&mut self.part)).await.map_err(Error::failed)?;
        self.part.clear();
        self.is_whole = true;
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.is_whole { Ok(()) } else { Err(Error::failed("an earlier write has failed")) }
    }

    async fn keep(mut self: Box<Self>, hash: ContentHash) -> Result<()> {
        self.check()?;
        self.write_part().await?;
        self.parts.settle(&*self.place, hash).await
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

    async fn rest(&mut self) -> Result<()> {
        self.check()?;
        self.write_part().await?;
        self.part = Vec::new();
        self.is_whole = false;
        self.parts.rest().await.map_err(Error::failed)?;
        self.is_whole = true;
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

    use super::*;
    use crate::DirectoryBlobs;

    /// A place that takes a part or a rest badly, and all that follow well.
    struct Faulty {
        parts: Box<dyn Parts>,
        fault: Option<Fault>,
    }

    #[derive(Clone, Copy, Debug)]
    enum Fault {
        /// The disk is full.
        Full,
        /// The disk takes its time.
        Slow,
    }

    impl Faulty {
        async fn fail(&mut self) -> io::Result<()> {
            match self.fault.take() {
                None => Ok(()),
                Some(Fault::Slow) => pending().await,
                Some(Fault::Full) => Err(io::ErrorKind::StorageFull.into()),
            }
        }
    }

    #[async_trait]
    impl Parts for Faulty {
        async fn add(&mut self, part: Vec<u8>) -> io::Result<Vec<u8>> {
            self.fail().await?;
            self.parts.add(part).await
        }

        async fn rest(&mut self) -> io::Result<()> {
            self.fail().await?;
            self.parts.rest().await
        }

        async fn settle(self: Box<Self>, place: &dyn Place, hash: ContentHash) -> Result<()> {
            self.parts.settle(place, hash).await
        }
    }

    async fn writer(blobs: &DirectoryBlobs, fault: Option<Fault>) -> Box<Writer> {
        let whole = Writer::begin(blobs.inner()).await.unwrap();
        let parts = Box::new(Faulty { parts: whole.parts, fault });
        Box::new(Writer { parts, ..whole })
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

        let mut unsynced = writer(&blobs, Some(Fault::Full)).await;
        assert!(unsynced.rest().await.is_err());
        assert!(unsynced.rest().await.is_err(), "a failed sync is not repeated");
        assert!(unsynced.finish(hash).await.is_err());

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
