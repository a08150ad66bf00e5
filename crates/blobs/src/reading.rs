//! Contents on their way out, in pieces.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use kabar_engine::blobs::{PIECE_BYTES_MAX, Pieces};
use kabar_engine::{Error, Result};
use object_store::path::Path;
use object_store::{GetOptions, GetResultPayload, ObjectStore, ObjectStoreExt};
use tokio::task::spawn_blocking;

/// The bytes of this range; `None` if there is nothing at `path`. Contents that end before the range does
/// are damaged: that is an error, never a short answer.
pub(crate) async fn open(
    store: &dyn ObjectStore,
    path: &Path,
    range: Range<u64>,
) -> Result<Option<Pieces>> {
    if range.is_empty() {
        return open_nothing(store, path, range.end).await;
    }
    let found = match store.get_opts(path, GetOptions::new().with_range(Some(range.clone()))).await
    {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(Error::failed(error)),
    };
    if found.range != range {
        return Err(too_short(range.end, found.meta.size));
    }
    Ok(Some(match found.payload {
        // The store itself would read a file 8 KiB at a time.
        GetResultPayload::File(file, _) => from_file(file, range),
        GetResultPayload::Stream(pieces) => from_stream(pieces, range.end - range.start),
    }))
}

/// No range of a store may be empty, so only the size is asked for.
async fn open_nothing(store: &dyn ObjectStore, path: &Path, end: u64) -> Result<Option<Pieces>> {
    match store.head(path).await {
        Ok(found) if found.size >= end => Ok(Some(stream::empty().boxed())),
        Ok(found) => Err(too_short(end, found.size)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(Error::failed(error)),
    }
}

fn too_short(end: u64, size: u64) -> Error {
    Error::failed(format!("contents of {size} bytes were to have {end} at least"))
}

/// Reads a piece when it is asked for. The file stays open, so it is whole even when it is removed or
/// replaced meanwhile.
fn from_file(file: File, range: Range<u64>) -> Pieces {
    stream::try_unfold((Arc::new(file), range), |(file, rest)| async move {
        if rest.is_empty() {
            return Ok(None);
        }
        let end = rest.end.min(rest.start + PIECE_BYTES_MAX as u64);
        let (from, piece) = (Arc::clone(&file), rest.start..end);
        let read = spawn_blocking(move || read_exactly(&from, piece)).await;
        let piece = read.map_err(Error::failed)?.map_err(Error::failed)?;
        Ok(Some((piece, (file, end..rest.end))))
    })
    .boxed()
}

pub(crate) fn read_exactly(file: &File, range: Range<u64>) -> io::Result<Bytes> {
    let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
    let mut piece = vec![0; length];
    file.read_exact_at(&mut piece, range.start)?;
    Ok(piece.into())
}

/// Passes pieces on, and makes sure that they are as many bytes as were asked for.
fn from_stream(pieces: BoxStream<'static, object_store::Result<Bytes>>, length: u64) -> Pieces {
    stream::try_unfold((pieces, Bytes::new(), length), |(mut pieces, mut held, due)| async move {
        while held.is_empty() {
            match pieces.next().await {
                Some(piece) => held = piece.map_err(Error::failed)?,
                None if due == 0 => return Ok(None),
                None => return Err(Error::failed(format!("contents ended {due} bytes early"))),
            }
        }
        let piece = held.split_to(held.len().min(PIECE_BYTES_MAX));
        let rest = due.checked_sub(piece.len() as u64);
        let rest = rest.ok_or_else(|| Error::failed("more contents than were asked for"))?;
        Ok(Some((piece, (pieces, held, rest))))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use object_store::memory::InMemory;

    use super::*;

    /// Pieces as a bucket sends them.
    fn sent(lengths: &[usize]) -> BoxStream<'static, object_store::Result<Bytes>> {
        let pieces: Vec<_> = lengths.iter().map(|length| Ok(vec![7; *length].into())).collect();
        stream::iter(pieces).boxed()
    }

    #[tokio::test]
    async fn a_store_that_is_no_directory_is_read_in_pieces_too() {
        let store = InMemory::new();
        let path = Path::from("sha256/ab/x");
        assert!(open(&store, &path, 0..1).await.unwrap().is_none());
        assert!(open(&store, &path, 0..0).await.unwrap().is_none());
        let contents: Vec<u8> = (0..=u8::MAX).cycle().take(2 * PIECE_BYTES_MAX + 5).collect();
        store.put(&path, contents.clone().into()).await.unwrap();
        let size = contents.len() as u64;
        for range in [0..size, 3..size - 1, 9..10, 4..4] {
            let pieces = open(&store, &path, range.clone()).await.unwrap().unwrap();
            let pieces: Vec<Bytes> = pieces.try_collect().await.unwrap();
            assert!(pieces.iter().all(|piece| (1..=PIECE_BYTES_MAX).contains(&piece.len())));
            let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
            assert!(pieces.concat() == contents[start..end], "{range:?}");
        }
        for range in [0..size + 1, size..size + 1, size + 1..size + 1] {
            assert!(open(&store, &path, range.clone()).await.is_err(), "{range:?}");
        }
    }

    #[tokio::test]
    async fn pieces_are_as_many_bytes_as_were_asked_for_or_an_error() {
        let whole: Vec<Bytes> = from_stream(sent(&[0, 3, 0, 4, 0]), 7).try_collect().await.unwrap();
        assert_eq!(whole.concat(), [7; 7]);
        for (lengths, due) in [(&[3, 3][..], 7), (&[], 1), (&[8], 7), (&[7, 1], 7)] {
            let outcome = from_stream(sent(lengths), due).try_collect::<Vec<Bytes>>().await;
            assert!(outcome.is_err(), "{lengths:?}");
        }
    }
}
