//! What a file consists of: blocks of one pattern with a counter each, written in the coding of
//! the wire once and sent again and again. Pure: no sockets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::dialect::Dialect;

/// A multiple of three bytes, so that blocks written in base64 follow each other without padding.
const BLOCK_BYTES: usize = 48 * 1024;
/// The counter stands at the front, in hexadecimal digits: neither they nor their base64 hold
/// anything that a form would escape, so that it can be changed in place.
const COUNTER_DIGITS: usize = 12;

/// How contents are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Raw,
    Base64,
    /// Base64 as a value in a form.
    Base64InForm,
}

impl Coding {
    pub(crate) fn up(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Line => Self::Base64,
            Dialect::Form => Self::Base64InForm,
            Dialect::Keyword => Self::Raw,
        }
    }

    pub(crate) fn down(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Line | Dialect::Form => Self::Base64,
            Dialect::Keyword => Self::Raw,
        }
    }

    fn write(self, raw: &[u8]) -> Vec<u8> {
        match self {
            Self::Raw => raw.to_vec(),
            Self::Base64 => STANDARD.encode(raw).into_bytes(),
            Self::Base64InForm => {
                let escaped = STANDARD.encode(raw).replace('+', "%2B").replace('/', "%2F");
                escaped.replace('=', "%3D").into_bytes()
            }
        }
    }
}

/// One file, read from its front.
#[derive(Debug)]
pub(crate) struct Content {
    coding: Coding,
    raw: Vec<u8>,
    coded: Vec<u8>,
    /// Bytes of the file after the current block.
    left: u64,
    number: u64,
}

impl Content {
    /// `run` and `file` make it differ from any other: a server may store equal ones once.
    pub(crate) fn new(run: u32, file: u32, size: u64, coding: Coding) -> Self {
        let mut raw = format!("{:0COUNTER_DIGITS$x}-{run:08x}-{file:08x}-", 0).into_bytes();
        // All values of a byte, in an order that does not repeat within a line of base64.
        let pattern = (raw.len()..BLOCK_BYTES).map(|at| (at * 7 + at / 256) & 0xFF);
        raw.extend(pattern.map(|byte| u8::try_from(byte).expect("masked to eight bits")));
        let coded = coding.write(&raw);
        Self { coding, raw, coded, left: size, number: 0 }
    }

    /// The next part, as it is written; nothing at the end.
    pub(crate) fn next(&mut self) -> Option<&[u8]> {
        let bytes = usize::try_from(self.left).map_or(BLOCK_BYTES, |left| left.min(BLOCK_BYTES));
        if bytes == 0 {
            return None;
        }
        let counter = format!("{:0COUNTER_DIGITS$x}", self.number);
        if bytes == BLOCK_BYTES {
            let counter = self.coding.write(counter.as_bytes());
            self.coded[..counter.len()].copy_from_slice(&counter);
        } else {
            self.raw[..COUNTER_DIGITS].copy_from_slice(counter.as_bytes());
            self.coded = self.coding.write(&self.raw[..bytes]);
        }
        self.number += 1;
        self.left -= bytes as u64;
        Some(&self.coded)
    }
}

/// Compares what arrives with what was sent.
#[derive(Debug)]
pub(crate) struct Comparison {
    content: Content,
    /// Of the current part, what has not arrived.
    part: Vec<u8>,
    at: usize,
    done: bool,
}

/// The contents are not those that were sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Different;

impl Comparison {
    pub(crate) fn new(content: Content) -> Self {
        let mut comparison = Self { content, part: Vec::new(), at: 0, done: false };
        comparison.go_on();
        comparison
    }

    /// How many of `bytes` belong to the file; all of them, until it is complete.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<usize, Different> {
        let mut used = 0;
        while !self.done && used < bytes.len() {
            let count = (self.part.len() - self.at).min(bytes.len() - used);
            if bytes[used..used + count] != self.part[self.at..self.at + count] {
                return Err(Different);
            }
            self.at += count;
            used += count;
            if self.at == self.part.len() {
                self.go_on();
            }
        }
        Ok(used)
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.done
    }

    fn go_on(&mut self) {
        self.part.clear();
        self.at = 0;
        match self.content.next() {
            Some(part) => self.part.extend_from_slice(part),
            None => self.done = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(size: u64, coding: Coding) -> Vec<u8> {
        let (mut content, mut all) = (Content::new(7, 3, size, coding), Vec::new());
        while let Some(part) = content.next() {
            all.extend_from_slice(part);
        }
        all
    }

    const SIZES: [u64; 8] = [1, 11, 12, 13, 49_151, 49_152, 49_153, 200_000];

    #[test]
    fn every_coding_writes_the_same_file_of_the_size_asked_for() {
        for size in SIZES {
            let raw = whole(size, Coding::Raw);
            assert_eq!(raw.len() as u64, size);
            let coded = whole(size, Coding::Base64);
            assert_eq!(STANDARD.decode(&coded).unwrap(), raw, "{size}");
            let form = String::from_utf8(whole(size, Coding::Base64InForm)).unwrap();
            assert!(form.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%'));
            let plain = form.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
            assert_eq!(plain.as_bytes(), coded, "{size}");
        }
    }

    #[test]
    fn no_two_blocks_or_files_are_alike() {
        let raw = whole(200_000, Coding::Raw);
        let blocks: Vec<_> = raw.chunks(BLOCK_BYTES).collect();
        assert_eq!(&blocks[3][..12], b"000000000003");
        assert_ne!(blocks[0], blocks[1]);
        let mut other = Content::new(7, 4, 200_000, Coding::Raw);
        assert_ne!(blocks[0], other.next().unwrap());
    }

    #[test]
    fn what_arrives_in_any_pieces_is_compared_to_the_last_byte() {
        for size in SIZES {
            let sent = [whole(size, Coding::Base64), b"\"}".to_vec()].concat();
            for step in [1, 1000, 65_536, sent.len()] {
                let content = Content::new(7, 3, size, Coding::Base64);
                let (mut comparison, mut used) = (Comparison::new(content), 0);
                for piece in sent.chunks(step) {
                    used += comparison.take(piece).unwrap();
                }
                assert_eq!((used, comparison.is_complete()), (sent.len() - 2, true));
            }
            let mut wrong = sent.clone();
            let last = wrong.len() - 3;
            wrong[last] ^= 1;
            let mut comparison = Comparison::new(Content::new(7, 3, size, Coding::Base64));
            assert_eq!(comparison.take(&wrong), Err(Different));
        }
    }
}
