//! Contents that come from another realm.

use std::ops::Range;

use bytes::Bytes;
use kabar_model::{ContentHash, File};
use sha2::{Digest, Sha256};

use crate::blobs::{BlobWriter, Pieces};
use crate::engine::Engine;
use crate::error::Result;
use crate::sessions::Caller;
use crate::store::{FileKey, FileScope};

/// Contents on their way that are looked through for some.
const WANTED_LOOKED_AT: usize = 10_000;

/// Contents as they come from another realm. What was taken is gone when this is dropped.
pub struct Fetch {
    writer: Box<dyn BlobWriter>,
    hash: Sha256,
    size: u64,
}

impl Fetch {
    /// How much has come.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next piece. After a failure this is of no use.
    pub async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.hash.update(&piece);
        self.size += piece.len() as u64;
        self.writer.write(piece).await?;
        self.writer.rest().await
    }
}

impl Engine {
    /// Begins to take contents that a message of another realm refers to.
    pub async fn fetch(&self) -> Result<Fetch> {
        let writer = self.files.blobs.begin().await?;
        Ok(Fetch { writer, hash: Sha256::new(), size: 0 })
    }

    /// Keeps what has come, if those are the contents of this hash.
    pub async fn fetched(&self, fetch: Fetch, hash: ContentHash) -> Result<bool> {
        if ContentHash(fetch.hash.finalize().into()) != hash {
            return Ok(false);
        }
        fetch.writer.finish(hash).await?;
        Ok(true)
    }

    /// Part of a file that somebody may read, cut to what there is; `None` when it is from another realm and its contents
    /// have not come from there.
    pub async fn contents_come(
        &self,
        caller: &Caller,
        file: &File,
        range: Range<u64>,
    ) -> Result<Option<Pieces>> {
        let end = range.end.min(file.size);
        let pieces = self.contents_of(file.hash, range.start.min(end)..end).await?;
        if pieces.is_some() {
            return Ok(pieces);
        }
        let key = FileKey::Code(file.code);
        let sent = self.store.find_file(caller.user(), FileScope::Everywhere, &key).await?;
        if let Some(sent) = sent
            && self.directory.user(sent.author).await?.username.realm().is_some()
        {
            return Ok(None);
        }
        self.contents_in(file, range).await.map(Some)
    }

    /// Whether contents are on their way from another realm.
    pub(crate) async fn are_coming(&self, hash: ContentHash) -> Result<bool> {
        let Some(kept) = self.link_store() else { return Ok(false) };
        for link in kept.links().await? {
            let wanted = kept.wanted(link.id, WANTED_LOOKED_AT).await?;
            if wanted.iter().any(|(wanted, _)| *wanted == hash) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Part of contents, if they are here and have so much.
    pub async fn contents_of(
        &self,
        hash: ContentHash,
        range: Range<u64>,
    ) -> Result<Option<Pieces>> {
        self.files.blobs.open(hash, range).await
    }
}
