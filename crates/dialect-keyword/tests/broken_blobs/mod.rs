//! Contents on a disk that fails.

use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use kabar_engine::blobs::{BlobWriter, Blobs, Kept, Pieces};
use kabar_engine::{Error, Result};
use kabar_model::ContentHash;

/// Takes large contents up to a length, and gives zeros up to another.
pub(crate) struct BrokenBlobs {
    pub(crate) written_bytes_max: usize,
    pub(crate) read_bytes_max: usize,
}

struct BrokenWriter {
    written_bytes: usize,
    written_bytes_max: usize,
}

#[async_trait]
impl BlobWriter for BrokenWriter {
    async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.written_bytes += piece.len();
        if self.written_bytes > self.written_bytes_max {
            return Err(Error::failed("the disk is broken"));
        }
        Ok(())
    }

    async fn rest(&mut self) -> Result<()> {
        Ok(())
    }

    async fn finish(self: Box<Self>, _hash: ContentHash) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Blobs for BrokenBlobs {
    async fn put(&self, _hash: ContentHash, _contents: Bytes) -> Result<()> {
        Ok(())
    }

    async fn begin(&self) -> Result<Box<dyn BlobWriter>> {
        let written_bytes_max = self.written_bytes_max;
        Ok(Box::new(BrokenWriter { written_bytes: 0, written_bytes_max }))
    }

    async fn open(&self, _hash: ContentHash, _range: Range<u64>) -> Result<Option<Pieces>> {
        let start = Bytes::from(vec![0; self.read_bytes_max]);
        let pieces = [Ok(start), Err(Error::failed("the disk is broken"))];
        Ok(Some(stream::iter(pieces).boxed()))
    }

    async fn kept(&self) -> Result<Kept> {
        Ok(stream::empty().boxed())
    }

    async fn remove(&self, _hash: ContentHash) -> Result<()> {
        Ok(())
    }
}
