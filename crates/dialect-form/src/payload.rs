//! The contents of a file on their way in, from the first byte of their value to the end of the request:
//!
//! ```text
//! contents = value [ "&" form ]
//! value    = *( base64-digit / "%" 2HEXDIG )   ; "+" stands for itself here
//! ```
//!
//! COMPAT(sloppy clients): a `+` in a value stands for a space elsewhere, but no base64 holds spaces, and
//! not everybody encodes it. What is sent is never whole in memory.

use kabar_wire::base64::Decoder;

use crate::scan::find;

/// The most that follows the contents in the form of a request.
const REST_BYTES_MAX: usize = 8 * 1024;
/// What is read and thrown away of contents that are too long before the connection is closed.
const SURPLUS_BYTES_MAX: u64 = 1024 * 1024;

/// More came than is read, even to be thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

/// What is known once contents have ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Whether they were base64.
    pub(crate) is_base64: bool,
    /// The part of the form that followed them.
    pub(crate) rest: Vec<u8>,
}

/// Decodes contents as they come.
#[derive(Debug)]
pub(crate) struct Payload {
    /// The beginning of a `%XX` whose end has not come.
    escape: Vec<u8>,
    base64: Decoder,
    /// How many more digits are read.
    digits_left: u64,
    /// What came behind the contents, if they have ended.
    rest: Option<Vec<u8>>,
}

impl Payload {
    /// For contents of files that may have so many bytes.
    pub(crate) fn new(file_bytes_max: u64) -> Self {
        let groups = file_bytes_max.saturating_add(SURPLUS_BYTES_MAX).div_ceil(3);
        Self {
            escape: Vec::new(),
            base64: Decoder::default(),
            digits_left: groups.saturating_mul(4),
            rest: None,
        }
    }

    /// Takes what comes next and gives what it decodes to.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> Result<Vec<u8>, TooMuch> {
        if self.rest.is_some() {
            return self.keep(piece).map(|()| Vec::new());
        }
        let end = find(piece, b'&');
        let decoded = self.decode(&piece[..end.unwrap_or(piece.len())])?;
        if let Some(end) = end {
            self.keep(&piece[end + 1..])?;
        }
        Ok(decoded)
    }

    /// Whether it could end here: not within an escape or a group of digits.
    pub(crate) fn is_whole(&self) -> bool {
        self.rest.is_some() || self.escape.is_empty() && self.base64.is_whole()
    }

    /// What is left of the contents once everything has come.
    pub(crate) fn finish(mut self) -> (Vec<u8>, Ended) {
        // An escape without its end stands for itself, which is no base64.
        let broken = std::mem::take(&mut self.escape);
        self.base64.feed(&broken);
        let (last, is_base64) = match self.base64.finish() {
            Ok(last) => (last, true),
            Err(_) => (Vec::new(), false),
        };
        let mut rest = self.rest.unwrap_or_default();
        // Of the end of a line, or the last block.
        rest.pop_if(|last| *last == b'\r');
        rest.truncate(rest.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1));
        (last, Ended { is_base64, rest })
    }

    fn keep(&mut self, piece: &[u8]) -> Result<(), TooMuch> {
        let rest = self.rest.get_or_insert_default();
        let bytes = rest.len() + piece.len();
        let is_cr_last = piece.last().or(rest.last()) == Some(&b'\r');
        if bytes - usize::from(is_cr_last) > REST_BYTES_MAX {
            return Err(TooMuch);
        }
        rest.extend_from_slice(piece);
        Ok(())
    }

    fn decode(&mut self, text: &[u8]) -> Result<Vec<u8>, TooMuch> {
        if self.escape.is_empty() && !text.contains(&b'%') {
            self.count(text)?;
            return Ok(self.base64.feed(text));
        }
        let text = self.unescape(text);
        self.count(&text)?;
        Ok(self.base64.feed(&text))
    }

    fn count(&mut self, digits: &[u8]) -> Result<(), TooMuch> {
        self.digits_left = self.digits_left.checked_sub(digits.len() as u64).ok_or(TooMuch)?;
        Ok(())
    }

    /// Takes the percent-encoding off.
    fn unescape(&mut self, text: &[u8]) -> Vec<u8> {
        let begun = std::mem::take(&mut self.escape);
        let joined = if begun.is_empty() { Vec::new() } else { [&begun, text].concat() };
        let mut text = if begun.is_empty() { text } else { &joined };
        let mut plain = Vec::with_capacity(text.len());
        while let Some(at) = text.iter().position(|byte| *byte == b'%') {
            plain.extend_from_slice(&text[..at]);
            let [percent, high, low, ..] = &text[at..] else {
                self.escape = text[at..].to_vec();
                return plain;
            };
            let byte = hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low);
            plain.push(byte.unwrap_or(*percent));
            text = &text[at + if byte.is_some() { 3 } else { 1 }..];
        }
        plain.extend_from_slice(text);
        plain
    }
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
