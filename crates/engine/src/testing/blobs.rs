//! Contents of files in a map.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use kabar_model::{ContentHash, Timestamp};

use crate::blobs::{BlobWriter, Blobs, Kept, PIECE_BYTES_MAX, Pieces};
use crate::clock::{Clock, SystemClock};
use crate::error::Result;

/// Keeps contents in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryBlobs {
    kept: Arc<Mutex<HashMap<ContentHash, (Bytes, Timestamp)>>>,
    writers: Arc<AtomicUsize>,
    awake: Arc<AtomicUsize>,
}

impl MemoryBlobs {
    fn all(&self) -> MutexGuard<'_, HashMap<ContentHash, (Bytes, Timestamp)>> {
        // A test that panicked elsewhere must not take this one along.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many contents are in part there: begun, and neither kept nor given up.
    pub fn in_part(&self) -> usize {
        self.writers.load(Ordering::Acquire)
    }

    /// How many of these do not rest.
    pub fn awake(&self) -> usize {
        self.awake.load(Ordering::Acquire)
    }
}

struct Writer {
    blobs: MemoryBlobs,
    taken: Vec<u8>,
    is_awake: bool,
}

impl Writer {
    fn wake(&mut self, on: bool) {
        match (std::mem::replace(&mut self.is_awake, on), on) {
            (false, true) => drop(self.blobs.awake.fetch_add(1, Ordering::AcqRel)),
            (true, false) => drop(self.blobs.awake.fetch_sub(1, Ordering::AcqRel)),
            (true, true) | (false, false) => {}
        }
    }
}

#[async_trait]
impl BlobWriter for Writer {
    async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.wake(true);
        self.taken.extend_from_slice(&piece);
        Ok(())
    }

    async fn rest(&mut self) -> Result<()> {
        self.wake(false);
        Ok(())
    }

    async fn finish(self: Box<Self>, hash: ContentHash) -> Result<()> {
        self.blobs.put(hash, self.taken.clone().into()).await
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.wake(false);
        self.blobs.writers.fetch_sub(1, Ordering::AcqRel);
    }
}

#[async_trait]
impl Blobs for MemoryBlobs {
    async fn put(&self, hash: ContentHash, contents: Bytes) -> Result<()> {
        self.all().insert(hash, (contents, SystemClock::default().now()));
        Ok(())
    }

    async fn begin(&self) -> Result<Box<dyn BlobWriter>> {
        self.writers.fetch_add(1, Ordering::AcqRel);
        Ok(Box::new(Writer { blobs: self.clone(), taken: Vec::new(), is_awake: false }))
    }

    async fn open(&self, hash: ContentHash, range: Range<u64>) -> Result<Option<Pieces>> {
        let Some((contents, _)) = self.all().get(&hash).cloned() else { return Ok(None) };
        let at = |offset| usize::try_from(offset).unwrap_or(usize::MAX).min(contents.len());
        let bytes = contents.slice(at(range.start)..at(range.end));
        let mut pieces = Vec::new();
        for piece in bytes.chunks(PIECE_BYTES_MAX) {
            pieces.push(Ok(bytes.slice_ref(piece)));
        }
        Ok(Some(stream::iter(pieces).boxed()))
    }

    async fn kept(&self) -> Result<Kept> {
        let kept: Vec<_> = self.all().iter().map(|(hash, (_, at))| Ok((*hash, *at))).collect();
        Ok(stream::iter(kept).boxed())
    }

    async fn remove(&self, hash: ContentHash) -> Result<()> {
        self.all().remove(&hash);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    #[tokio::test(flavor = "multi_thread")]
    async fn contents_in_memory_keep_the_contract() {
        contract::blobs::run_all(async || (Arc::new(MemoryBlobs::default()) as Arc<dyn Blobs>, ()))
            .await;
    }
}
