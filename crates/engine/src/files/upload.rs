//! Contents on their way in.

use std::sync::Arc;

use bytes::Bytes;
use kabar_model::{ContentHash, Field, Refusal, UserId};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::blobs::{BlobWriter, Blobs};
use crate::error::{Error, Result};

use super::space::Share;
use super::turns::{Turn, Turns};
use super::unsent::{Hold, Unsent};

/// Contents that are no longer than this stay in memory until they are whole: nothing is written for somebody
/// who has not logged in, and a small file is written at once.
const SMALL_BYTES_MAX: usize = 64 * 1024;

/// What is looked at to tell the media type.
const SAMPLE_BYTES: usize = 4 * 1024;

/// The contents of a file, as they arrive. What was taken is gone when this is dropped.
pub struct Upload {
    blobs: Arc<dyn Blobs>,
    turns: Arc<Turns>,
    unsent: Arc<Unsent>,
    /// What it takes of the room for all.
    share: Share,
    /// Who uploads, if that is known: strangers' uploads stay small.
    user: Option<UserId>,
    bytes_max: u64,
    size: u64,
    hash: Sha256,
    /// All of it while it is small, then how it begins.
    start: Vec<u8>,
    large: Option<Large>,
    /// What became of it, once it has been made durable.
    finished: Option<(Contents, Hold)>,
    /// Whether all that was taken is kept. Not so when somebody stopped waiting for a write.
    is_whole: bool,
}

/// Contents that are written as they come.
struct Large {
    /// Never locked: it lets an upload be shared by reference.
    writer: Mutex<Box<dyn BlobWriter>>,
    /// Held while pieces come.
    turn: Option<Turn>,
}

/// Contents that are durable.
#[derive(Clone)]
pub(super) struct Contents {
    pub(super) hash: ContentHash,
    pub(super) size: u64,
    pub(super) media_type: Arc<str>,
}

impl Upload {
    pub(super) fn new(
        blobs: Arc<dyn Blobs>,
        turns: Arc<Turns>,
        unsent: Arc<Unsent>,
        share: Share,
        user: Option<UserId>,
        bytes_max: u64,
    ) -> Self {
        Self {
            blobs,
            turns,
            unsent,
            share,
            user,
            bytes_max,
            size: 0,
            hash: Sha256::new(),
            start: Vec::new(),
            large: None,
            finished: None,
            is_whole: true,
        }
    }

    /// Whether it can still be sent, or go on. Not so once it was sent.
    pub fn is_of_use(&self) -> bool {
        self.is_whole
    }

    /// How much has come.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next piece; waits a little while too many others upload. Refuses `Busy`, also when there is no
    /// room: then nothing was taken, and the same piece may do later. Refuses `TooLong` contents, and `SessionUnknown` when a stranger's upload
    /// is no longer small. After these, after a failure, and when nobody waited for the end of this, the upload is
    /// of no use.
    pub async fn write(&mut self, piece: Bytes) -> Result<()> {
        let size = self.size + piece.len() as u64;
        if size > self.bytes_max {
            self.is_whole = false;
            return Err(Refusal::TooLong(Field::File).into());
        }
        self.check()?;
        if self.finished.is_some() {
            return Err(Error::failed("nothing can be added to what is whole"));
        }
        let is_small = self.large.is_none() && self.start.len() + piece.len() <= SMALL_BYTES_MAX;
        // Waited for before anything is taken.
        let turn = if is_small { None } else { self.turn().await? };
        self.share.grow(piece.len() as u64)?;
        self.is_whole = false;
        self.hash.update(&piece);
        if let Some(large) = &mut self.large {
            large.turn = large.turn.take().or(turn);
            large.writer.get_mut().write(piece).await?;
        } else if is_small {
            self.start.extend_from_slice(&piece);
        } else {
            self.begin_large(piece, turn).await?;
        }
        self.size = size;
        self.is_whole = true;
        Ok(())
    }

    /// A turn, unless there is one.
    async fn turn(&self) -> Result<Option<Turn>> {
        if self.large.as_ref().is_some_and(|large| large.turn.is_some()) {
            return Ok(None);
        }
        let user = self.user.ok_or(Refusal::SessionUnknown)?;
        self.turns.take(user).await.map(Some)
    }

    async fn begin_large(&mut self, piece: Bytes, turn: Option<Turn>) -> Result<()> {
        let mut writer = self.blobs.begin().await?;
        let start = Bytes::from(std::mem::take(&mut self.start));
        self.start = start.iter().chain(&piece).take(SAMPLE_BYTES).copied().collect();
        writer.write(start).await?;
        writer.write(piece).await?;
        self.large = Some(Large { writer: Mutex::new(writer), turn });
        Ok(())
    }

    /// Nothing comes for a while: others may have the turn, and no more of it stays in memory than tells what it
    /// is. The next piece takes a turn again. After a failure, and when nobody waited for the end of this, the
    /// upload is of no use.
    pub async fn rest(&mut self) -> Result<()> {
        self.check()?;
        self.is_whole = false;
        if self.large.is_none() && self.start.len() > SAMPLE_BYTES {
            self.begin_large(Bytes::new(), None).await?;
        }
        self.start.shrink_to_fit();
        if let Some(large) = &mut self.large {
            let turn = large.turn.take();
            large.writer.get_mut().rest().await?;
            drop(turn);
        }
        self.is_whole = true;
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.is_whole { Ok(()) } else { Err(Error::failed("an earlier write has failed")) }
    }

    /// Makes the contents durable, once. They are kept for as long as this may be sent.
    pub(super) async fn finish(&mut self) -> Result<Contents> {
        self.check()?;
        if let Some((contents, hold)) = &mut self.finished {
            hold.was_refused = false;
            return Ok(contents.clone());
        }
        self.is_whole = false;
        let hash = ContentHash(self.hash.clone().finalize().into());
        let hold = self.unsent.hold(hash);
        let media_type = media_type(&self.start[..self.start.len().min(SAMPLE_BYTES)]).into();
        let start = std::mem::take(&mut self.start);
        match self.large.take() {
            Some(large) => large.writer.into_inner().finish(hash).await?,
            None => self.blobs.put(hash, start.into()).await?,
        }
        let contents = Contents { hash, size: self.size, media_type };
        self.finished = Some((contents.clone(), hold));
        self.is_whole = true;
        Ok(contents)
    }

    /// What became of sending it.
    pub(super) fn was_sent<T>(&mut self, outcome: &Result<T>) {
        match outcome {
            // It may be sent again, and is swept when it is given up.
            Err(Error::Refused(_)) => {
                if let Some((_, hold)) = &mut self.finished {
                    hold.was_refused = true;
                }
            }
            Ok(_) | Err(Error::Failed(_)) => self.is_whole = false,
        }
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
    use super::super::space::Space;
    use super::*;
    use crate::testing::MemoryBlobs;

    fn upload(blobs: &MemoryBlobs, space: &Arc<Space>) -> Upload {
        let share = Share::none_yet(Arc::clone(space), 300_000);
        let (turns, unsent) = Default::default();
        Upload::new(Arc::new(blobs.clone()), turns, unsent, share, Some(UserId(1)), 1 << 20)
    }

    #[tokio::test]
    async fn uploads_share_their_room_and_what_did_not_fit_may_come_again() {
        let (blobs, space) = (MemoryBlobs::default(), Arc::default());
        let [mut one, mut other] = [upload(&blobs, &space), upload(&blobs, &space)];
        one.write(vec![1; 200_000].into()).await.unwrap();
        other.write(vec![2; 100_000].into()).await.unwrap();
        let refused = other.write(vec![2; 1].into()).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(&Refusal::Busy));
        assert_eq!((other.size(), other.is_of_use()), (100_000, true));
        drop(one);
        other.write(vec![2; 200_000].into()).await.unwrap();
        other.finish().await.unwrap();
        drop(other);
        upload(&blobs, &space).write(vec![3; 300_000].into()).await.unwrap();
    }

    #[tokio::test]
    async fn an_upload_that_rests_holds_a_sample_at_most() {
        let (blobs, space) = (MemoryBlobs::default(), Arc::default());
        for first in [SAMPLE_BYTES, SAMPLE_BYTES + 1, SMALL_BYTES_MAX + 1] {
            let mut upload = upload(&blobs, &space);
            for length in [first, 1, 100_000] {
                upload.write(vec![b'x'; length].into()).await.unwrap();
                upload.rest().await.unwrap();
                assert!(upload.start.capacity() <= 2 * SAMPLE_BYTES, "{}", upload.start.capacity());
                assert_eq!(blobs.awake(), 0);
                assert!(upload.large.as_ref().is_none_or(|large| large.turn.is_none()));
            }
            let contents = upload.finish().await.unwrap();
            let expected = Sha256::digest(vec![b'x'; first + 100_001]);
            assert_eq!(
                (&contents.hash.0[..], &*contents.media_type),
                (&expected[..], "text/plain")
            );
            assert!(blobs.open(contents.hash, 0..contents.size).await.unwrap().is_some());
        }
    }

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
