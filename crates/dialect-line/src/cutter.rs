//! Cutting requests off what has arrived: lines, and files whose contents are longer than any line.
//!
//! ```text
//! conversation = *( file / line )
//! file         = head contents [CR] LF      ; head: an uploading command, [token,] its words, 1*SP
//! line         = *OCTET-EXCEPT-LF [CR] LF
//! ```

use bytes::{Buf, BytesMut};
use kabar_model::SessionToken;
use kabar_wire::base64::Decoder;
use kabar_wire::conversation::{Cut, Ending};
use kabar_wire::frame::LineFramer;

use crate::command;
use crate::session::LINE_BYTES_MAX;

/// What may come of a file beyond the longest one, so that its sender is told instead of cut off.
const CONTENTS_BYTES_SURPLUS: u64 = 1024 * 1024;

/// Cuts requests off the front of an input buffer. Between two calls the buffer may only grow at its end,
/// unless the last call returned something.
#[derive(Debug)]
pub(crate) struct Cutter {
    at: At,
    /// The most base64 that is read of one file.
    digits_max: u64,
}

#[derive(Debug)]
enum At {
    Line(LineFramer),
    Contents {
        decoder: Decoder,
        digits: u64,
    },
    /// All contents have been given; whether they were base64.
    ContentsEnd(bool),
}

impl Cutter {
    /// A cutter for files of at most so many bytes.
    pub(crate) fn new(file_bytes_max: u64) -> Self {
        let groups = file_bytes_max.saturating_add(CONTENTS_BYTES_SURPLUS).div_ceil(3);
        Self { at: line(), digits_max: groups.saturating_mul(4) }
    }

    /// Whether contents of the latest request are still to come.
    pub(crate) fn awaits_contents(&self) -> bool {
        !matches!(self.at, At::Line(_))
    }

    pub(crate) fn cut(&mut self, input: &mut BytesMut) -> Cut {
        match &mut self.at {
            At::Line(framer) => {
                if let Some(length) = head(input) {
                    self.at = At::Contents { decoder: Decoder::default(), digits: 0 };
                    return Cut::Request(input.split_to(length).freeze());
                }
                match framer.cut(input) {
                    Ok(Some(line)) => Cut::Request(line),
                    Ok(None) => Cut::More,
                    Err(_) => Cut::Broken(Ending::TooLong),
                }
            }
            At::Contents { decoder, digits } => {
                let end = memchr(input);
                let piece = input.split_to(end.unwrap_or(input.len()));
                let mut contents = decoder.feed(&piece);
                // As they came: what is no base64 has an end, too.
                *digits += piece.len() as u64;
                if *digits > self.digits_max {
                    return Cut::Broken(Ending::TooLong);
                }
                if end.is_some() {
                    input.advance(1);
                    let last = std::mem::take(decoder).finish();
                    self.at = At::ContentsEnd(last.is_ok());
                    contents.extend(last.unwrap_or_default());
                } else if piece.is_empty() {
                    return Cut::More;
                }
                Cut::Contents(contents.into())
            }
            At::ContentsEnd(_) => Cut::ContentsEnd,
        }
    }

    /// Goes on to the next request; says whether the contents were base64.
    pub(crate) fn end_contents(&mut self) -> bool {
        match std::mem::replace(&mut self.at, line()) {
            At::ContentsEnd(was_base64) => was_base64,
            At::Line(_) | At::Contents { .. } => false,
        }
    }
}

fn line() -> At {
    At::Line(LineFramer::new(LINE_BYTES_MAX))
}

fn memchr(input: &[u8]) -> Option<usize> {
    input.iter().position(|byte| *byte == b'\n')
}

/// The length of the head of a file at the front of the input, if the first of its contents has come, too.
fn head(input: &[u8]) -> Option<usize> {
    let mut at = 0;
    let command = word(input, &mut at)?;
    let words = command::words_before_contents(command)?;
    let second = word(input, &mut at)?;
    let is_token = std::str::from_utf8(second).ok().and_then(SessionToken::parse).is_some();
    // The second word was the first of them, or the token.
    for _ in 0..if is_token { words } else { words - 1 } {
        word(input, &mut at)?;
    }
    let contents = at + input[at..].iter().position(|byte| *byte != b' ')?;
    let begins = !matches!(input[contents], b'\r' | b'\n') && contents <= LINE_BYTES_MAX;
    begins.then_some(contents)
}

/// The word at `at`, if it has ended with a space; `at` moves behind it.
fn word<'a>(input: &'a [u8], at: &mut usize) -> Option<&'a [u8]> {
    let rest = input.get(*at..)?;
    let start = rest.iter().position(|byte| *byte != b' ')?;
    let length = rest[start..].iter().position(|byte| matches!(byte, b' ' | b'\n'))?;
    *at += start + length;
    (input.get(*at) == Some(&b' ')).then(|| &rest[start..start + length])
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "9abf3546-137d-4fd7-9d18-1f33e82acf8d";

    /// A request, with its contents if it has any that are base64.
    type Found = (Bytes, Option<Vec<u8>>);

    /// All requests in these pieces, and whether the rest was refused.
    fn cut_all(pieces: &[&[u8]], file_bytes_max: u64) -> (Vec<Found>, bool) {
        let mut cutter = Cutter::new(file_bytes_max);
        let mut input = BytesMut::new();
        let mut requests: Vec<Found> = Vec::new();
        for piece in pieces {
            input.extend_from_slice(piece);
            loop {
                match cutter.cut(&mut input) {
                    Cut::More | Cut::MoreUnlessQuiet(_) => break,
                    Cut::Request(request) => {
                        let contents = cutter.awaits_contents().then(Vec::new);
                        requests.push((request, contents));
                    }
                    Cut::Contents(piece) => {
                        let (_, contents) = requests.last_mut().expect("contents of a request");
                        contents.as_mut().expect("a request with contents").extend(&piece);
                    }
                    Cut::ContentsEnd => {
                        if !cutter.end_contents() {
                            requests.last_mut().expect("a request").1 = None;
                        }
                    }
                    Cut::Broken(_) => return (requests, true),
                }
            }
        }
        (requests, false)
    }

    #[track_caller]
    fn check(input: &str, expected: &[(&str, Option<&str>)]) {
        let owned = |(request, contents): &(&str, Option<&str>)| {
            (Bytes::from((*request).to_owned()), contents.map(|c| c.as_bytes().to_vec()))
        };
        let expected: Vec<_> = expected.iter().map(owned).collect();
        assert_eq!(cut_all(&[input.as_bytes()], 100), (expected.clone(), false), "whole");
        let bytes: Vec<&[u8]> = input.as_bytes().chunks(1).collect();
        assert_eq!(cut_all(&bytes, 100), (expected, false), "byte by byte");
    }

    #[test]
    fn a_file_is_cut_into_its_head_and_its_contents() {
        check(
            "send b halo\r\n sendfile b x.txt aGFs\r\n\nSendGroupFile g y b'aGE='\nlist\n",
            &[
                ("send b halo", None),
                (" sendfile b x.txt ", Some("hal")),
                ("", None),
                ("SendGroupFile g y ", Some("ha")),
                ("list", None),
            ],
        );
        let head = format!("sendfile {TOKEN} b  x ");
        check(&format!("{head}aGFs \r\nlist\n"), &[(&head, Some("hal")), ("list", None)]);
        // A file for another realm has one word more.
        let heads = [
            "sendfilerealm b u x ".to_owned(),
            format!("SENDGROUPFILEREALM {TOKEN} b  u,v x.txt "),
        ];
        for head in &heads {
            check(&format!("{head}aGFs\nlist\n"), &[(head, Some("hal")), ("list", None)]);
        }
    }

    #[test]
    fn a_line_without_contents_is_a_line() {
        for line in
            ["sendfile", "sendfile b", "sendfile b x", "sendfile b x  ", "sendfilex b x aGFs"]
        {
            check(&format!("{line}\r\nlist\n"), &[(line, None), ("list", None)]);
        }
        for line in ["sendfilerealm b", "sendfilerealm b u x", "sendgroupfilerealm b g x "] {
            check(&format!("{line}\nlist\n"), &[(line, None), ("list", None)]);
        }
        let line = format!("sendfile {TOKEN} b x");
        check(&format!("{line}\nlist\n"), &[(&line, None), ("list", None)]);
    }

    #[test]
    fn what_is_not_base64_ends_with_its_line() {
        check("sendfile b x ?aGFs!\nlist\n", &[("sendfile b x ", None), ("list", None)]);
    }

    #[test]
    fn contents_may_be_longer_than_a_line_but_not_endless() {
        let long = "QUJD".repeat(LINE_BYTES_MAX);
        let whole = format!("sendfile b x {long}\nlist\n");
        let (requests, broken) = cut_all(&[whole.as_bytes()], 1024 * 1024);
        assert!(!broken && requests.len() == 2);
        assert_eq!(requests[0].1.as_ref().map(Vec::len), Some(3 * LINE_BYTES_MAX));
        let endless = format!("sendfile b x {}", "QUJD".repeat(400_000));
        let pieces: Vec<&[u8]> = endless.as_bytes().chunks(1_000).collect();
        assert!(cut_all(&pieces, 100).1, "1.2 MB where 100 bytes are allowed");
        let name = "n".repeat(LINE_BYTES_MAX);
        assert!(cut_all(&[format!("sendfile b {name} QUJD").as_bytes()], 100).1);
    }

    proptest! {
        #[test]
        fn split_input_gives_the_same_requests_as_whole_input(
            parts in prop::collection::vec(prop::sample::select(&[
                "sendfile ", "sendfilerealm ", "b ", "x ", "aGFs", "aGE=", "\r\n", "\n", " ", "b'", "'", "list", "\u{e9}",
            ][..]), 0..30),
            piece in 1_usize..9,
        ) {
            let input = parts.concat().into_bytes();
            let pieces: Vec<&[u8]> = input.chunks(piece).collect();
            prop_assert_eq!(cut_all(&pieces, 100), cut_all(&[&input], 100));
        }
    }
}
