//! Base64 (RFC 4648 §4) piece by piece: contents are never whole in memory.
//!
//! ```text
//! contents = [ "b'" ] *digit *2"=" [ "'" ] *WSP      ; padding may be missing
//! ```
//!
//! COMPAT(seed 004): its client sends what Python prints for bytes, `b'…'`.

use std::io;

use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::engine::{DecodePaddingMode, Engine};
use bytes::{Buf, Bytes};
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use thiserror::Error;

/// Decodes with or without padding, which is checked apart.
const DIGITS: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Digits that make whole bytes.
const GROUP: usize = 4;

/// Not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not base64")]
pub struct NotBase64;

/// Decodes contents that come in pieces.
#[derive(Debug, Default)]
pub struct Decoder {
    at: At,
    /// Digits that wait for the rest of their group.
    waiting: Vec<u8>,
    /// The padding so far.
    padding: usize,
    is_quoted: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Start,
    /// After a `b` that may begin `b'`.
    Prefix,
    Digits,
    Padding,
    /// After the closing quote, or white space.
    End,
    Bad,
}

impl Decoder {
    /// Takes the next piece and gives what it decodes to. After a mistake nothing more is decoded.
    pub fn feed(&mut self, mut piece: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::with_capacity(piece.len() / GROUP * 3 + 3);
        while let [byte, rest @ ..] = piece {
            match (self.at, byte) {
                (At::Bad, _) => break,
                (At::Start, b'b') => self.at = At::Prefix,
                (At::Prefix, b'\'') => (self.at, self.is_quoted) = (At::Digits, true),
                (At::Prefix, _) => {
                    self.waiting.push(b'b');
                    self.at = At::Digits;
                    continue;
                }
                (At::Start, _) => {
                    self.at = At::Digits;
                    continue;
                }
                (At::Digits, byte) if is_digit(*byte) => {
                    let (digits, rest) = piece.split_at(digits_at_front(piece));
                    self.decode(digits, &mut decoded);
                    piece = rest;
                    continue;
                }
                (At::Digits | At::Padding, b'=') => {
                    self.padding += 1;
                    self.at = At::Padding;
                }
                (At::Digits | At::Padding, b'\'') if self.is_quoted => self.at = At::End,
                (_, b' ' | b'\t' | b'\r') if !self.is_quoted || self.at == At::End => {
                    self.at = At::End;
                }
                _ => self.at = At::Bad,
            }
            if self.at == At::Bad {
                self.waiting = Vec::new();
                break;
            }
            piece = rest;
        }
        decoded
    }

    /// Whether whole groups of digits have come, the padding counted.
    pub fn is_whole(&self) -> bool {
        self.at != At::Prefix && (self.waiting.len() + self.padding).is_multiple_of(GROUP)
    }

    /// Gives what is left once the last piece has been fed.
    pub fn finish(mut self) -> Result<Vec<u8>, NotBase64> {
        if self.at == At::Prefix {
            self.waiting.push(b'b');
        }
        let is_whole = match self.at {
            At::Bad => false,
            At::End => true,
            At::Start | At::Prefix | At::Digits | At::Padding => !self.is_quoted,
        };
        let padding_fits = self.padding == 0
            || !self.waiting.is_empty() && self.waiting.len() + self.padding == GROUP;
        if !is_whole || !padding_fits {
            return Err(NotBase64);
        }
        DIGITS.decode(&self.waiting).map_err(|_| NotBase64)
    }

    /// Decodes the whole groups among what waits and these.
    fn decode(&mut self, mut digits: &[u8], decoded: &mut Vec<u8>) {
        if !self.waiting.is_empty() {
            let missing = (GROUP - self.waiting.len()).min(digits.len());
            let (first, rest) = digits.split_at(missing);
            self.waiting.extend_from_slice(first);
            digits = rest;
            if self.waiting.len() < GROUP {
                return;
            }
            // Digits alone always decode.
            let _ = DIGITS.decode_vec(&self.waiting, decoded);
            self.waiting.clear();
        }
        let (groups, rest) = digits.split_at(digits.len() / GROUP * GROUP);
        let _ = DIGITS.decode_vec(groups, decoded);
        self.waiting.extend_from_slice(rest);
    }
}

/// How many digits a piece begins with.
fn digits_at_front(piece: &[u8]) -> usize {
    // Asked of all without stopping first: that is ten times as fast, and nearly always the answer.
    if piece.iter().fold(true, |all, byte| all & is_digit(*byte)) {
        return piece.len();
    }
    piece.iter().position(|byte| !is_digit(*byte)).unwrap_or(piece.len())
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// `before`, then `contents` in base64 with padding, then `after`: an answer in pieces.
pub fn encoded<E: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static>(
    before: Vec<u8>,
    contents: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    after: Vec<u8>,
) -> BoxStream<'static, io::Result<Vec<u8>>> {
    let mut rest = Vec::new();
    let pieces = contents.map(Some).chain(stream::once(std::future::ready(None)));
    let encoded = pieces.map(move |piece| match piece {
        Some(Ok(piece)) => Ok(encode(&mut rest, piece)),
        Some(Err(error)) => Err(io::Error::other(error)),
        None => {
            let mut last = STANDARD.encode(&rest).into_bytes();
            last.extend_from_slice(&after);
            Ok(last)
        }
    });
    stream::once(std::future::ready(Ok(before))).chain(encoded).boxed()
}

/// Encodes as many whole groups as there are; the bytes of the last one wait in `rest`.
fn encode(rest: &mut Vec<u8>, mut piece: Bytes) -> Vec<u8> {
    let mut text = String::with_capacity(piece.len() / 3 * GROUP + GROUP);
    if !rest.is_empty() {
        let first = piece.split_to((3 - rest.len()).min(piece.len()));
        rest.extend_from_slice(&first);
        if rest.len() < 3 {
            return Vec::new();
        }
        STANDARD.encode_string(&*rest, &mut text);
        rest.clear();
    }
    let groups = piece.len() / 3 * 3;
    STANDARD.encode_string(&piece[..groups], &mut text);
    piece.advance(groups);
    rest.extend_from_slice(&piece);
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::FutureExt;
    use futures_util::TryStreamExt;
    use proptest::prelude::*;

    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<Vec<u8>, NotBase64> {
        let mut decoder = Decoder::default();
        let mut contents = Vec::new();
        for piece in pieces {
            contents.extend(decoder.feed(piece));
        }
        contents.extend(decoder.finish()?);
        Ok(contents)
    }

    #[track_caller]
    fn check(text: &str, expected: Option<&[u8]>) {
        let expected = expected.map(<[u8]>::to_vec);
        assert_eq!(decode(&[text.as_bytes()]).ok(), expected, "{text:?} whole");
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(decode(&bytes).ok(), expected, "{text:?} byte by byte");
    }

    #[test]
    fn padding_and_the_wrapping_of_python_are_optional() {
        for text in ["aGFs", "b'aGFs'", "aGFs ", "b'aGFs' \r"] {
            check(text, Some(b"hal"));
        }
        for text in ["aGE=", "aGE", "b'aGE='", "b'aGE'"] {
            check(text, Some(b"ha"));
        }
        for text in ["aA==", "aA", "b'aA=='"] {
            check(text, Some(b"h"));
        }
        for text in ["", "b''", "  "] {
            check(text, Some(b""));
        }
        check("b", None);
        check("bGFi", Some(b"lab"));
        check("bG", Some(b"l"));
    }

    #[test]
    fn anything_else_is_not_base64() {
        for bad in [
            "a", "aGFsa", "aGE==", "aGFs=", "aGFs====", "a===", "=", "aG=E", "a-_a", "aGFs'",
            "b'aGFs", "b'aGFs'x", "aG Fs", "b'aG Fs'", "aGFs\n", "\u{e9}", "'aGFs'", "b'aGFs''",
        ] {
            check(bad, None);
        }
    }

    proptest! {
        #[test]
        fn contents_come_back_whatever_the_pieces(
            contents in prop::collection::vec(any::<u8>(), 0..600),
            piece in 1_usize..200,
            read in 1_usize..200,
        ) {
            let pieces = contents.chunks(piece).map(Bytes::copy_from_slice).map(Ok::<_, Infallible>);
            let pieces: Vec<_> = pieces.collect();
            let answer = encoded(b"<".to_vec(), stream::iter(pieces), b">".to_vec());
            let answer: Vec<Vec<u8>> = answer.try_collect().now_or_never().unwrap().unwrap();
            let text = answer.concat();
            let expected = format!("<{}>", STANDARD.encode(&contents));
            prop_assert_eq!(&text, expected.as_bytes());
            let pieces: Vec<&[u8]> = text[1..text.len() - 1].chunks(read).collect();
            prop_assert_eq!(decode(&pieces), Ok(contents));
        }

        #[test]
        fn no_text_makes_it_panic(text in prop::collection::vec(
            prop::sample::select(&b"abAB+/=' \r\n\xff"[..]), 0..40), piece in 1_usize..9) {
            let pieces: Vec<&[u8]> = text.chunks(piece).collect();
            prop_assert_eq!(decode(&pieces), decode(&[&text]));
        }
    }
}
