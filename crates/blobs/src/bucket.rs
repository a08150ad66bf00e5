//! Contents in an object store that speaks S3, for all nodes of a realm.
//!
//! What comes in pieces lies in a directory of the node until it is whole. Then its hash is known, and it goes up under
//! it: in one request if it is short, else in parts, which the object store puts together when it is told that these
//! were all. So nothing half is ever found, and there is nothing to tidy up but parts of uploads that were cut short:
//! let the bucket drop these after a day (`AbortIncompleteMultipartUpload`).

mod http;
mod send;
mod settings;

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use kabar_engine::blobs::{BlobWriter, Blobs, Kept, Pieces};
use kabar_engine::{Error, Result};
use kabar_model::{ContentHash, Timestamp};
use object_store::client::HttpError;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

pub use self::settings::{BucketError, BucketSettings, Credentials};
use crate::incoming::Incoming;
use crate::writing::{Place, Writer, to_its_end};
use crate::{disk, paths, reading};

/// Contents that are there already and younger than this are not sent again. What no message refers to is removed after
/// a day at the earliest, so they stay for long enough.
const RESENT_AFTER: Duration = Duration::from_hours(6);

/// Contents that go up at the same time; others wait for their turn. Each holds a few parts in memory.
const SENDING_MAX: usize = 8;

/// The longest text of an error that is passed on, in characters.
const ERROR_CHARS_MAX: usize = 300;

/// How the text of an answer with status 500 or above begins, which is not said otherwise.
const SERVER_ERROR: &str = "Server returned non-2xx status code: 5";

/// Keeps contents in a bucket, which other nodes use as well.
pub struct BucketBlobs(Arc<Inner>);

/// What is shared with those who write.
struct Inner {
    store: Arc<dyn ObjectStore>,
    /// Where contents lie until they are whole.
    incoming: PathBuf,
    resent_after: Duration,
    sending: Semaphore,
}

impl fmt::Debug for BucketBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BucketBlobs").field(&self.0.store.to_string()).finish()
    }
}

/// Why a bucket is of no use.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The object store does not answer, or says that it cannot now: it may later.
    #[error(transparent)]
    Away(Error),
    /// It answers that it will not: there is no such bucket, the credentials are not good.
    #[error(transparent)]
    Refused(Error),
}

impl BucketBlobs {
    /// Understands the settings and empties the directory for what is on its way. Says nothing about whether the bucket
    /// is there: [`BucketBlobs::check`] does.
    pub fn open(settings: &BucketSettings) -> std::result::Result<Self, BucketError> {
        Ok(Self::with(settings.store()?, disk::empty(&settings.incoming)?, RESENT_AFTER))
    }

    /// The same for tests: contents that are kept again are sent again at once.
    #[doc(hidden)]
    pub fn open_resending(settings: &BucketSettings) -> std::result::Result<Self, BucketError> {
        Ok(Self::with(settings.store()?, disk::empty(&settings.incoming)?, Duration::ZERO))
    }

    fn with(store: Arc<dyn ObjectStore>, incoming: PathBuf, resent_after: Duration) -> Self {
        let sending = Semaphore::new(SENDING_MAX);
        Self(Arc::new(Inner { store, incoming, resent_after, sending }))
    }

    /// Asks the bucket for something small.
    pub async fn check(&self) -> std::result::Result<(), CheckError> {
        let mut kept = self.0.store.list(Some(&Path::from(paths::KEPT)));
        match kept.try_next().await {
            Ok(_) => Ok(()),
            Err(error) if is_away(&error) => Err(CheckError::Away(failed(error))),
            Err(error) => Err(CheckError::Refused(failed(error))),
        }
    }
}

#[async_trait]
impl Place for Inner {
    async fn begin(&self) -> Result<Incoming> {
        let path = self.incoming.join(uuid::Uuid::new_v4().to_string());
        let begun = spawn_blocking(move || Incoming::begin(path)).await;
        begun.map_err(Error::failed)?.map_err(Error::failed)
    }

    async fn settle(&self, incoming: Incoming, hash: ContentHash) -> Result<()> {
        let path = incoming.close();
        let sent = self.send_file(&path, hash).await;
        // Sent or not. When it stays, the next start removes it.
        let _ = spawn_blocking(move || std::fs::remove_file(path)).await;
        sent
    }
}

#[async_trait]
impl Blobs for BucketBlobs {
    async fn put(&self, hash: ContentHash, contents: Bytes) -> Result<()> {
        let inner = Arc::clone(&self.0);
        to_its_end(async move { inner.send_bytes(contents, hash).await }).await
    }

    async fn begin(&self) -> Result<Box<dyn BlobWriter>> {
        Ok(Box::new(Writer::begin(self.0.clone()).await?))
    }

    async fn open(&self, hash: ContentHash, range: Range<u64>) -> Result<Option<Pieces>> {
        let opened = reading::open(&*self.0.store, &paths::kept(hash), range).await;
        Ok(opened.map_err(told)?.map(|pieces| pieces.map_err(told).boxed()))
    }

    async fn kept(&self) -> Result<Kept> {
        let listed = self.0.store.list(Some(&Path::from(paths::KEPT)));
        // What is not called like contents is somebody else's.
        let kept = listed.try_filter_map(|found| std::future::ready(Ok(contents(&found))));
        Ok(kept.map_err(failed).boxed())
    }

    async fn remove(&self, hash: ContentHash) -> Result<()> {
        match self.0.store.delete(&paths::kept(hash)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }
}

/// Which contents an object is, and since when.
fn contents(found: &ObjectMeta) -> Option<(ContentHash, Timestamp)> {
    let hash = ContentHash::parse(found.location.filename()?)?;
    let is_in_place = found.location == paths::kept(hash);
    is_in_place.then(|| (hash, disk::moment(SystemTime::from(found.last_modified))))
}

/// Whether nobody answered, or only somebody who stands before an object store that is not there.
fn is_away(error: &object_store::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<HttpError>() || error.to_string().starts_with(SERVER_ERROR) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// A failure whose text is short and on one line, whatever the object store said.
fn failed(error: impl fmt::Display) -> Error {
    Error::failed(format!("the object store: {}", in_short(&error.to_string())))
}

/// The same for what has become a failure already.
fn told(error: Error) -> Error {
    match error {
        Error::Failed(cause) => failed(cause),
        refused @ Error::Refused(_) => refused,
    }
}

fn in_short(text: &str) -> String {
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = plain.chars().filter(|char| !char.is_control());
    plain.take(ERROR_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_object_store_says_is_passed_on_short_and_on_one_line() {
        let said = format!("<Error>\r\n\t<Code>\x1b[31m\0No</Code>{}", "x".repeat(10_000));
        let told = failed(said).to_string();
        assert!(
            told.starts_with("failed: the object store: <Error> <Code>[31mNo</Code>x"),
            "{told}"
        );
        assert!(told.chars().all(|char| !char.is_control()) && told.len() < 400, "{told}");
    }
}
