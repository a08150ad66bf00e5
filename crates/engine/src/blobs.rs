//! What the engine asks of a place for the contents of files.
//!
//! Contents are found by their hash and never change. **Durable means durable:** [`Blobs::put`] and
//! [`BlobWriter::finish`] return `Ok` only once the contents, and the way to find them, are on stable storage.
//! Until then nothing is found under that hash, not even a part. `contract` (feature `testing`) holds the tests
//! that every implementation runs.

use std::ops::Range;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;
use kabar_model::{ContentHash, Timestamp};

use crate::error::Result;

/// Contents in pieces of at most [`PIECE_BYTES_MAX`].
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// Contents that are kept, and since when at the latest.
pub type Kept = Pin<Box<dyn Stream<Item = Result<(ContentHash, Timestamp)>> + Send>>;

/// The longest piece that is read at a time.
pub const PIECE_BYTES_MAX: usize = 256 * 1024;

/// Keeps the contents of files.
#[async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Keeps contents that are at hand. Keeping them again keeps them once, as if they were new.
    async fn put(&self, hash: ContentHash, contents: Bytes) -> Result<()>;

    /// Begins to keep contents that come in pieces, under a hash that is known at their end.
    async fn begin(&self) -> Result<Box<dyn BlobWriter>>;

    /// The bytes of this range, which must lie within the contents; `None` if there are none of that hash.
    async fn open(&self, hash: ContentHash, range: Range<u64>) -> Result<Option<Pieces>>;

    /// Everything that is kept, in any order.
    async fn kept(&self) -> Result<Kept>;

    /// Removes contents; it is no error if there are none.
    async fn remove(&self, hash: ContentHash) -> Result<()>;
}

/// Takes contents piece by piece. What was taken is gone when this is dropped before it has finished.
#[async_trait]
pub trait BlobWriter: Send {
    /// Takes the next piece.
    async fn write(&mut self, piece: Bytes) -> Result<()>;

    /// Nothing comes for a while. Until the next piece this costs nothing but the room for what was taken.
    async fn rest(&mut self) -> Result<()>;

    /// Keeps what was taken as the contents of this hash.
    async fn finish(self: Box<Self>, hash: ContentHash) -> Result<()>;
}
