//! Contents on their way in.

use std::sync::Arc;

use bytes::Bytes;
use kabar_model::{ContentHash, Field, Refusal, UserId};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::blobs::{BlobWriter, Blobs};
use crate::error::Result;

use super::turns::{Turn, Turns};

/// Contents that are no longer than this stay in memory until they are whole: nothing is written for somebody
/// who has not logged in, and a small file is written at once.
const SMALL_BYTES_MAX: usize = 64 * 1024;

/// What is looked at to tell the media type.
const SAMPLE_BYTES: usize = 4 * 1024;

/// The contents of a file, as they arrive. What was taken is gone when this is dropped.
pub struct Upload {
    blobs: Arc<dyn Blobs>,
    turns: Arc<Turns>,
    /// Who uploads, if that is known: strangers' uploads stay small.
    user: Option<UserId>,
    bytes_max: u64,
    size: u64,
    hash: Sha256,
    /// All of it while it is small, then how it begins.
    start: Vec<u8>,
    large: Option<Large>,
}

/// Contents that are written as they come.
struct Large {
    /// Never locked: it lets an upload be shared by reference.
    writer: Mutex<Box<dyn BlobWriter>>,
    _turn: Turn,
}

/// Contents that are durable.
pub(super) struct Contents {
    pub(super) hash: ContentHash,
    pub(super) size: u64,
    pub(super) media_type: Arc<str>,
}

impl Upload {
    pub(super) fn new(
        blobs: Arc<dyn Blobs>,
        turns: Arc<Turns>,
        user: Option<UserId>,
        bytes_max: u64,
    ) -> Self {
        let hash = Sha256::new();
        Self { blobs, turns, user, bytes_max, size: 0, hash, start: Vec::new(), large: None }
    }

    /// How much has come.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next piece; waits a little while too many others upload. Refuses `TooLong` contents, `Busy`,
    /// and `SessionUnknown` when a stranger's upload is no longer small. After an error the upload is of no use.
    pub async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.size += piece.len() as u64;
        if self.size > self.bytes_max {
            return Err(Refusal::TooLong(Field::File).into());
        }
        self.hash.update(&piece);
        if let Some(large) = &mut self.large {
            return large.writer.get_mut().write(piece).await;
        }
        if self.start.len() + piece.len() <= SMALL_BYTES_MAX {
            self.start.extend_from_slice(&piece);
            return Ok(());
        }
        let user = self.user.ok_or(Refusal::SessionUnknown)?;
        let turn = self.turns.take(user).await?;
        let mut writer = self.blobs.begin().await?;
        let start = Bytes::from(std::mem::take(&mut self.start));
        self.start = start.iter().chain(&piece).take(SAMPLE_BYTES).copied().collect();
        writer.write(start).await?;
        writer.write(piece).await?;
        self.large = Some(Large { writer: Mutex::new(writer), _turn: turn });
        Ok(())
    }

    /// Makes the contents durable.
    pub(super) async fn finish(self) -> Result<Contents> {
        let hash = ContentHash(self.hash.finalize().into());
        let media_type = media_type(&self.start[..self.start.len().min(SAMPLE_BYTES)]).into();
        match self.large {
            Some(large) => large.writer.into_inner().finish(hash).await?,
            None => self.blobs.put(hash, self.start.into()).await?,
        }
        Ok(Contents { hash, size: self.size, media_type })
    }
}

/// What contents that begin like this are.
fn media_type(start: &[u8]) -> &'static str {
    if let Some(known) = infer::get(start) {
        return known.mime_type();
    }
    let is_text = match std::str::from_utf8(start) {
        Ok(_) => true,
        // The sample may end within a character.
        Err(error) => error.error_len().is_none(),
    };
    if is_text && !start.contains(&0) { "text/plain" } else { "application/octet-stream" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_tell_what_they_are() {
        for (start, expected) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "image/png"),
            (b"%PDF-1.7", "application/pdf"),
            (b"halo dunia", "text/plain"),
            ("selesai é".as_bytes(), "text/plain"),
            (&"é".as_bytes()[..1], "text/plain"),
            (b"", "text/plain"),
            (b"a\0b", "application/octet-stream"),
            (b"\xff\xfe\xfd", "application/octet-stream"),
        ] {
            assert_eq!(media_type(start), expected, "{}", start.escape_ascii());
        }
    }
}
