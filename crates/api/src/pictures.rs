//! How large pictures are, so that a page can keep their place before they are there.
//!
//! The size stands near the beginning of each format: PNG (W3C PNG §11.2.1), `GIF89a` §18, JPEG (ITU T.81 §B.2.2)
//! and WebP (RFC 9649 §2). What is not found there is not looked for.

use futures_util::StreamExt;
use kabar_engine::Engine;
use kabar_model::{ContentHash, File};
use quick_cache::sync::Cache;

/// How much of a picture is looked at.
const HEAD_BYTES: u64 = 64 * 1024;
/// Pictures whose size is remembered.
const PICTURES_MAX: usize = 10_000;

/// Sizes of pictures, in pixels, by contents.
pub(crate) struct Pictures(Cache<ContentHash, Option<(u32, u32)>>);

impl Default for Pictures {
    fn default() -> Self {
        Self(Cache::new(PICTURES_MAX))
    }
}

impl Pictures {
    /// The width and height of a file that is a picture; `None` when it is not, or is odd.
    pub(crate) async fn size(&self, engine: &Engine, file: &File) -> Option<(u32, u32)> {
        if !file.media_type.starts_with("image/") {
            return None;
        }
        if let Some(size) = self.0.get(&file.hash) {
            return size;
        }
        // One from another realm may be on its way still.
        let mut pieces =
            engine.contents_of(file.hash, 0..HEAD_BYTES.min(file.size)).await.ok()??;
        let mut head = Vec::new();
        while let Some(piece) = pieces.next().await {
            head.extend_from_slice(&piece.ok()?);
        }
        let size = size(&head).filter(|(width, height)| *width > 0 && *height > 0);
        self.0.insert(file.hash, size);
        size
    }
}

fn size(head: &[u8]) -> Option<(u32, u32)> {
    match head {
        [0x89, b'P', b'N', b'G', ..] => Some((be32(head, 16)?, be32(head, 20)?)),
        [b'G', b'I', b'F', b'8', ..] => Some((le16(head, 6)?, le16(head, 8)?)),
        [0xff, 0xd8, ..] => jpeg(head),
        [b'R', b'I', b'F', b'F', ..] => webp(head),
        _ => None,
    }
}

/// Walks the segments to the one that begins a frame.
fn jpeg(head: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let marker = match head.get(at..at + 2)? {
            [0xff, 0xff] => {
                at += 1;
                continue;
            }
            [0xff, marker] => *marker,
            _ => return None,
        };
        let is_frame = matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if is_frame {
            return Some((be16(head, at + 7)?, be16(head, at + 5)?));
        }
        let is_bare = matches!(marker, 0x01 | 0xd0..=0xd8);
        at += 2 + if is_bare { 0 } else { usize::try_from(be16(head, at + 2)?).ok()?.max(2) };
    }
}

fn webp(head: &[u8]) -> Option<(u32, u32)> {
    match head.get(12..16)? {
        b"VP8 " => Some((le16(head, 26)? & 0x3fff, le16(head, 28)? & 0x3fff)),
        b"VP8L" => {
            let bits = le32(head, 21)?;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => Some(((le32(head, 24)? & 0xff_ffff) + 1, (le32(head, 27)? & 0xff_ffff) + 1)),
        _ => None,
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into())
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into())
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_each_format_is_found_near_its_beginning() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0";
        let gif = b"GIF89a\x80\x02\xe0\x01";
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08\x01\xe0\x02\x80";
        let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x80\x02\xe0\x01";
        let lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x7f\xc2\x77\0";
        let extended = b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0\0";
        for picture in [&png[..], gif, jpeg, lossy, lossless, extended] {
            assert_eq!(size(picture), Some((640, 480)), "{}", picture.escape_ascii());
            for end in 0..picture.len() - 2 {
                let _ = size(&picture[..end]);
            }
        }
        assert_eq!(size(b"\xff\xd8\xff\xe0\0\0\xff\xd9"), None);
        assert_eq!(size(b"GIF"), None);
    }
}
