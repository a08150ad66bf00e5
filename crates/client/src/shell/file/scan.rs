//! A reply with a file in it: one JSON object, of which one string is the contents in base64. That
//! string goes through as it comes; the rest is kept.

use super::Failure;
use super::content::Decoder;
use crate::shell::connection::Lost;
use crate::shell::reply::Reply;

/// Everything in the reply but the contents.
const REST_BYTES_MAX: usize = 1024 * 1024;

/// A key that is longer names nothing of interest.
const KEY_BYTES_MAX: usize = 64;

/// A reply of which some bytes have come.
#[derive(Debug)]
pub(in crate::shell) struct Scan {
    field: &'static str,
    /// The object without the contents: an empty string stands in their place.
    rest: Vec<u8>,
    depth: usize,
    key: Vec<u8>,
    in_value: bool,
    state: State,
    decoder: Decoder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    Text {
        escaped: bool,
    },
    Contents,
    /// After a backslash in the contents.
    Escape,
    /// In `\uXXXX` in the contents: the digits read, and their value.
    Unit(u32, u32),
    Done,
}

impl Scan {
    /// `field` holds the contents.
    pub(in crate::shell) fn new(field: &'static str) -> Self {
        Self {
            field,
            rest: Vec::new(),
            depth: 0,
            key: Vec::new(),
            in_value: false,
            state: State::Between,
            decoder: Decoder::default(),
        }
    }

    /// Takes some bytes and gives those of the file that are whole.
    pub(in crate::shell) fn feed(&mut self, mut bytes: &[u8]) -> Result<Vec<u8>, Failure> {
        let mut contents = Vec::new();
        while let Some((&byte, after)) = bytes.split_first() {
            match self.state {
                State::Done => break,
                State::Contents => {
                    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\');
                    let size = bytes.iter().position(is_special).unwrap_or(bytes.len());
                    contents.extend(self.decoder.push(&bytes[..size])?);
                    if let Some(special) = bytes.get(size) {
                        self.state = if *special == b'"' { State::Between } else { State::Escape };
                        self.rest.extend((*special == b'"').then_some(b'"'));
                        bytes = &bytes[size + 1..];
                    } else {
                        bytes = &[];
                    }
                    continue;
                }
                State::Escape | State::Unit(..) => {
                    if let Some(character) = self.unescape(byte)? {
                        contents.extend(self.decoder.push(&[character])?);
                    }
                }
                State::Between | State::Text { .. } => self.keep(byte)?,
            }
            bytes = after;
        }
        Ok(contents)
    }

    pub(in crate::shell) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// The size that the reply tells before the contents.
    pub(in crate::shell) fn size(&self) -> Option<u64> {
        if self.state != State::Contents {
            return None;
        }
        let so_far = [&self.rest[..], b"\"}"].concat();
        Reply::read(&so_far)?.number("file_size")
    }

    /// The reply without the contents, and the last bytes of those.
    pub(in crate::shell) fn end(self) -> Result<(Reply, Vec<u8>), Failure> {
        let reply = Reply::read(&self.rest).ok_or(Failure::BadReply)?;
        Ok((reply, self.decoder.end()?))
    }

    /// A byte outside the contents.
    fn keep(&mut self, byte: u8) -> Result<(), Failure> {
        if self.rest.len() >= REST_BYTES_MAX {
            return Err(Failure::Lost(Lost::TooLong));
        }
        if self.depth == 0 && byte != b'{' {
            return if byte.is_ascii_whitespace() { Ok(()) } else { Err(Failure::BadReply) };
        }
        self.rest.push(byte);
        let at_top = self.depth == 1;
        if let State::Text { escaped } = self.state {
            let ends = byte == b'"' && !escaped;
            if at_top && !self.in_value && !ends && self.key.len() <= KEY_BYTES_MAX {
                self.key.push(byte);
            }
            let escaped = byte == b'\\' && !escaped;
            self.state = if ends { State::Between } else { State::Text { escaped } };
            return Ok(());
        }
        match byte {
            b'"' if at_top && self.in_value && self.key == self.field.as_bytes() => {
                self.state = State::Contents;
            }
            b'"' => self.state = State::Text { escaped: false },
            b':' if at_top => self.in_value = true,
            b',' if at_top => {
                self.in_value = false;
                self.key.clear();
            }
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.state = State::Done;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A byte of an escape in the contents; what it stands for, once it is whole.
    fn unescape(&mut self, byte: u8) -> Result<Option<u8>, Failure> {
        let whole = match (self.state, byte) {
            (State::Escape, b'u') => {
                self.state = State::Unit(0, 0);
                return Ok(None);
            }
            (State::Unit(digits, value), byte) => {
                let digit = char::from(byte).to_digit(16).ok_or(Failure::NotBase64)?;
                let value = value * 16 + digit;
                if digits < 3 {
                    self.state = State::Unit(digits + 1, value);
                    return Ok(None);
                }
                u8::try_from(value).map_err(|_| Failure::NotBase64)?
            }
            (_, b'n' | b'r' | b't') => b' ',
            (_, byte) => byte,
        };
        self.state = State::Contents;
        Ok(Some(whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(reply: &[u8], size: usize) -> Result<(Reply, Vec<u8>), Failure> {
        let mut scan = Scan::new("payload");
        let mut contents = vec![];
        for piece in reply.chunks(size) {
            contents.extend(scan.feed(piece)?);
        }
        assert!(scan.is_done());
        let (reply, last) = scan.end()?;
        contents.extend(last);
        Ok((reply, contents))
    }

    #[test]
    fn the_contents_go_through_and_the_rest_is_kept_in_pieces_of_any_size() {
        for reply in [
            r#" {"status":"OK","name":"x","payload":"aGFsbw==","n":[{"payload":"*"}]} more"#,
            r#"{ "payload" : "aGFsbw", "name":"x", "status" : "OK" }"#,
            r#"{"payload":"aG\nF\u0073b\u0077","name":"x","status":"OK","x":"\"payload\":\"*\""}"#,
        ] {
            for size in 1..=reply.len() {
                let (rest, contents) = scanned(reply.as_bytes(), size).unwrap();
                assert_eq!(contents, b"halo", "{reply} {size}");
                assert!(rest.is_ok() && rest.text(&["name"]).unwrap() == "x");
                assert_eq!(rest.text(&["payload"]).unwrap(), "");
            }
        }
        let slashes = br#"{"payload":"\/\/8=","status":"OK"}"#;
        assert_eq!(scanned(slashes, 1).unwrap().1, [255, 255]);
    }

    #[test]
    fn a_refusal_has_no_contents_and_is_read_all_the_same() {
        let (reply, contents) = scanned(br#"{"status":"ERROR","message":"no \"x\""}"#, 3).unwrap();
        assert!(!reply.is_ok() && contents.is_empty());
        assert_eq!(reply.reason(), "no \"x\"");
    }

    #[test]
    fn what_is_no_such_reply_is_refused() {
        assert!(matches!(scanned(b"Traceback", 4), Err(Failure::BadReply)));
        assert!(matches!(scanned(b"{\"a\":}", 4), Err(Failure::BadReply)));
        assert!(matches!(scanned(br#"{"payload":"**"}"#, 4), Err(Failure::NotBase64)));
        assert!(matches!(scanned(br#"{"payload":"\u00e9"}"#, 4), Err(Failure::NotBase64)));
    }

    #[test]
    fn the_size_is_known_early_where_the_reply_tells_it_early() {
        let mut scan = Scan::new("payload");
        scan.feed(br#"{"file_size":4,"pay"#).unwrap();
        assert_eq!(scan.size(), None);
        scan.feed(br#"load":"aG"#).unwrap();
        assert_eq!(scan.size(), Some(4));
    }

    #[test]
    fn only_the_contents_may_be_long() {
        let mut scan = Scan::new("payload");
        scan.feed(b"{\"payload\":\"").unwrap();
        let kept = scan.rest.len();
        let piece = vec![b'A'; 64 * 1024];
        for _ in 0..40 {
            assert_eq!(scan.feed(&piece).unwrap().len(), 48 * 1024);
        }
        assert_eq!(scan.rest.len(), kept);
        let mut scan = Scan::new("payload");
        let mut long = b"{\"x\":\"".to_vec();
        long.resize(REST_BYTES_MAX, b'A');
        assert!(scan.feed(&long).is_ok());
        assert!(matches!(scan.feed(b"A"), Err(Failure::Lost(Lost::TooLong))));
    }
}
