//! Where a message ends, on connections where the server also speaks unasked.

use super::{Lost, REPLY_BYTES_MAX};

/// One thing that a server said.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::shell) enum Cut {
    /// A reply or a push.
    Message(Vec<u8>),
    /// Words between objects, such as a greeting.
    Chatter(Vec<u8>),
}

/// The framing of a connection.
#[derive(Debug)]
pub(in crate::shell) enum Cutter {
    /// Each message is a line.
    Lines(Vec<u8>),
    /// Each message is a JSON object, with no end but its last brace.
    Objects(Object),
}

/// An object, or chatter, of which some bytes have come.
#[derive(Debug, Default)]
pub(in crate::shell) struct Object {
    bytes: Vec<u8>,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Cutter {
    /// Takes bytes off `input` until one message is whole, or none are left.
    pub(in crate::shell) fn feed(&mut self, input: &mut &[u8]) -> Result<Option<Cut>, Lost> {
        let (cut, held) = match self {
            Self::Lines(line) => (feed_line(line, input), line.len()),
            Self::Objects(object) => (object.feed(input), object.bytes.len()),
        };
        let size = match &cut {
            Some(Cut::Message(bytes) | Cut::Chatter(bytes)) => bytes.len(),
            None => held,
        };
        if size >= REPLY_BYTES_MAX { Err(Lost::TooLong) } else { Ok(cut) }
    }

    /// True when no message is half read.
    pub(in crate::shell) fn is_between(&self) -> bool {
        match self {
            Self::Lines(line) => line.is_empty(),
            Self::Objects(object) => object.bytes.is_empty(),
        }
    }
}

/// Empty lines, and what clients with fixed blocks pad with, are nothing.
fn feed_line(line: &mut Vec<u8>, input: &mut &[u8]) -> Option<Cut> {
    while let Some(at) = input.iter().position(|byte| *byte == b'\n') {
        line.extend_from_slice(&input[..at]);
        *input = &input[at + 1..];
        let whole = std::mem::take(line);
        if !whole.trim_ascii().is_empty() {
            return Some(Cut::Message(whole));
        }
    }
    line.extend_from_slice(input);
    *input = &[];
    None
}

impl Object {
    fn feed(&mut self, input: &mut &[u8]) -> Option<Cut> {
        while let Some((&byte, rest)) = input.split_first() {
            let begins_object = self.depth == 0 && byte == b'{';
            if begins_object && !self.bytes.is_empty() {
                return Some(Cut::Chatter(std::mem::take(&mut self.bytes)));
            }
            *input = rest;
            if self.depth == 0 && !begins_object {
                if byte == b'\n' && !self.bytes.is_empty() {
                    return Some(Cut::Chatter(std::mem::take(&mut self.bytes)));
                }
                if !self.bytes.is_empty() || !byte.is_ascii_whitespace() {
                    self.bytes.push(byte);
                }
            } else if self.takes_last(byte) {
                return Some(Cut::Message(std::mem::take(&mut self.bytes)));
            }
        }
        None
    }

    /// One byte of an object; true when it is the last.
    fn takes_last(&mut self, byte: u8) -> bool {
        self.bytes.push(byte);
        if self.escaped {
            self.escaped = false;
        } else if self.in_string {
            self.escaped = byte == b'\\';
            self.in_string = byte != b'"';
        } else {
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
        }
        self.depth == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out when the bytes arrive in pieces of that size: `!` before chatter.
    fn cut(mut cutter: Cutter, bytes: &[u8], size: usize) -> Vec<String> {
        let mut cuts = vec![];
        for mut piece in bytes.chunks(size) {
            while !piece.is_empty() {
                match cutter.feed(&mut piece).unwrap() {
                    Some(Cut::Message(bytes)) => cuts.push(String::from_utf8(bytes).unwrap()),
                    Some(Cut::Chatter(bytes)) => {
                        cuts.push(format!("!{}", String::from_utf8(bytes).unwrap()));
                    }
                    None => {}
                }
            }
        }
        cuts
    }

    #[test]
    fn objects_without_an_end_are_told_apart_in_pieces_of_any_size() {
        let bytes = br#"Welcome, friend
{"a":"}{\"\\"}  {"b":[{"c":"]"}]}{} bye{"d":1}"#;
        let wanted = [
            "!Welcome, friend",
            r#"{"a":"}{\"\\"}"#,
            r#"{"b":[{"c":"]"}]}"#,
            "{}",
            "!bye",
            r#"{"d":1}"#,
        ];
        for size in 1..=bytes.len() {
            assert_eq!(cut(Cutter::Objects(Object::default()), bytes, size), wanted, "{size}");
        }
    }

    #[test]
    fn lines_are_told_apart_in_pieces_of_any_size_and_padding_is_no_line() {
        let bytes = b"{\"a\":1}\n{\"b\":\"\\n\"}\r\n  \n\n{}\nrest";
        let wanted = ["{\"a\":1}", "{\"b\":\"\\n\"}\r", "{}"];
        for size in 1..=bytes.len() {
            assert_eq!(cut(Cutter::Lines(vec![]), bytes, size), wanted, "{size}");
        }
    }

    #[test]
    fn a_message_may_be_as_long_as_the_limit_and_no_longer() {
        for (size, fits) in [(REPLY_BYTES_MAX - 3, true), (REPLY_BYTES_MAX - 2, false)] {
            let mut bytes = vec![b'x'; size];
            bytes[0] = b'"';
            bytes[size - 1] = b'"';
            let object = [b"[", &bytes[..], b"]\n"].concat();
            let line = Cutter::Lines(vec![]).feed(&mut &object[..]);
            assert_eq!(line.is_ok_and(|cut| cut.is_some()), fits);
            let object = [b"{", &bytes[..], b"}"].concat();
            let mut cutter = Cutter::Objects(Object::default());
            assert_eq!(cutter.feed(&mut &object[..]).is_ok_and(|cut| cut.is_some()), fits);
        }
        let endless = vec![b'x'; REPLY_BYTES_MAX];
        assert_eq!(Cutter::Lines(vec![]).feed(&mut &endless[..]), Err(Lost::TooLong));
        let chatter = Cutter::Objects(Object::default()).feed(&mut &endless[..]);
        assert_eq!(chatter, Err(Lost::TooLong));
    }
}
