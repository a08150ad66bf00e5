//! Base64 in pieces of any size: out of a reply, and into a request.

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};

use super::Failure;

/// Padding is looked at before the engine sees the text.
const ENGINE: GeneralPurpose =
    GeneralPurpose::new(&ALPHABET, NO_PAD.with_decode_allow_trailing_bits(true));

/// So some programs write bytes as text.
const OPENING: &[u8] = b"b'";

/// How base64 stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Writing {
    /// As it is.
    Plain,
    /// As a value in a form: three characters of its alphabet mean something else there.
    Percent,
}

/// A piece of a file as it is sent. All pieces but the last have a size divisible by three.
pub(in crate::shell) fn encode(piece: &[u8], writing: Writing) -> String {
    let text = STANDARD.encode(piece);
    match writing {
        Writing::Plain => text,
        Writing::Percent => text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
    }
}

/// Base64 text on its way to bytes.
#[derive(Debug, Default)]
pub(in crate::shell) struct Decoder {
    /// Characters that do not make whole bytes yet.
    pending: Vec<u8>,
    begun: bool,
    quoted: bool,
    ended: bool,
}

impl Decoder {
    /// Takes some text and gives the bytes that are whole. Line ends and spaces in it are nothing.
    pub(in crate::shell) fn push(&mut self, text: &[u8]) -> Result<Vec<u8>, Failure> {
        for byte in text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()) {
            match byte {
                b'=' => self.ended = true,
                b'\'' if self.quoted => self.ended = true,
                _ if self.ended => return Err(Failure::NotBase64),
                byte => self.pending.push(byte),
            }
            self.quoted |= !self.begun && self.pending == OPENING;
            if !self.begun && self.quoted {
                self.pending.clear();
            }
            self.begun |= self.quoted || self.pending.len() >= OPENING.len();
        }
        let rest = self.pending.split_off(self.pending.len() / 4 * 4);
        let whole = std::mem::replace(&mut self.pending, rest);
        ENGINE.decode(whole).map_err(|_| Failure::NotBase64)
    }

    /// The last bytes.
    pub(in crate::shell) fn end(self) -> Result<Vec<u8>, Failure> {
        ENGINE.decode(self.pending).map_err(|_| Failure::NotBase64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str, size: usize) -> Option<Vec<u8>> {
        let mut decoder = Decoder::default();
        let mut bytes = vec![];
        for piece in text.as_bytes().chunks(size) {
            bytes.extend(decoder.push(piece).ok()?);
        }
        bytes.extend(decoder.end().ok()?);
        Some(bytes)
    }

    #[test]
    fn what_is_encoded_in_pieces_comes_back_from_pieces_of_any_size() {
        let contents: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let text: String = contents.chunks(3 * 7).map(|p| encode(p, Writing::Plain)).collect();
        for size in [1, 2, 3, 5, 64, 5000] {
            assert_eq!(decoded(&text, size).unwrap(), contents);
            assert_eq!(decoded(&format!("b'{text}'"), size).unwrap(), contents);
        }
    }

    #[test]
    fn padding_and_line_ends_may_be_there_or_not() {
        for text in ["aGFsbw==", "aGFsbw", "aG\r\nFs bw=\n=", "b'aGFsbw=='", "b'aGFsbw'"] {
            for size in [1, 3, 100] {
                assert_eq!(decoded(text, size).unwrap(), b"halo", "{text}");
            }
        }
        assert_eq!(decoded("", 1).unwrap(), b"");
        assert_eq!(decoded("b''", 1).unwrap(), b"");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["a", "aGF*", "aGFsb", "aGFsbw==x", "aG=Fsbw", "'aGFs'", "b'aGFs'x", "aé"] {
            assert_eq!(decoded(text, 3), None, "{text}");
        }
    }

    #[test]
    fn in_a_form_no_character_of_base64_is_special() {
        let bytes = [0xfb, 0xef, 0xff, 0xfb];
        assert_eq!(encode(&bytes, Writing::Plain), "++//+w==");
        assert_eq!(encode(&bytes, Writing::Percent), "%2B%2B%2F%2F%2Bw%3D%3D");
    }
}
