//! Cutting a byte stream into lines.
//!
//! ```text
//! line = *OCTET-EXCEPT-LF [CR] LF      ; the CR before the LF is not part of the line
//! ```

use bytes::{Bytes, BytesMut};
use thiserror::Error;

/// A line is longer than its connection allows. The framing cannot be trusted after this, so the
/// connection ends; the input is left as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a line is longer than {line_bytes_max} bytes")]
pub struct LineTooLong {
    /// The cap that was exceeded, in bytes without the line ending.
    pub line_bytes_max: usize,
}

/// Cuts lines off the front of an input buffer and remembers how far it has looked, so that a line
/// that arrives byte by byte costs as much as one that arrives whole.
///
/// Between two calls the buffer may only grow at its end, unless the last call returned a line.
#[derive(Debug)]
pub struct LineFramer {
    line_bytes_max: usize,
    /// Bytes at the front of the input that are known to hold no LF.
    scanned: usize,
}

impl LineFramer {
    /// A framer for lines of at most `line_bytes_max` bytes, not counting the line ending.
    pub fn new(line_bytes_max: usize) -> Self {
        Self { line_bytes_max, scanned: 0 }
    }

    /// Takes the next line, without its LF or CR LF, off the front of `input`.
    ///
    /// `Ok(None)` means that the line is not complete yet. A line over the cap is refused as soon
    /// as that is certain, ended or not, and every later call refuses it again.
    pub fn cut(&mut self, input: &mut BytesMut) -> Result<Option<Bytes>, LineTooLong> {
        // An LF beyond the longest line, its CR and its LF comes too late to be looked for.
        let window = input.len().min(self.line_bytes_max.saturating_add(2));
        let from = self.scanned.min(window);
        let Some(offset) = input[from..window].iter().position(|&byte| byte == b'\n') else {
            self.scanned = window;
            // The last byte may still turn out to be the CR of the line ending.
            let certain = window - usize::from(input[..window].ends_with(b"\r"));
            return if certain > self.line_bytes_max { Err(self.too_long()) } else { Ok(None) };
        };
        let end = from + offset;
        let length = end - usize::from(input[..end].ends_with(b"\r"));
        if length > self.line_bytes_max {
            return Err(self.too_long());
        }
        self.scanned = 0;
        let mut line = input.split_to(end + 1);
        line.truncate(length);
        Ok(Some(line.freeze()))
    }

    fn too_long(&self) -> LineTooLong {
        LineTooLong { line_bytes_max: self.line_bytes_max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `pieces` one after the other; the lines, and whether the last one was too long.
    fn cut_all(pieces: &[&[u8]], line_bytes_max: usize) -> (Vec<Vec<u8>>, bool) {
        let mut framer = LineFramer::new(line_bytes_max);
        let mut input = BytesMut::new();
        let mut lines = Vec::new();
        for piece in pieces {
            input.extend_from_slice(piece);
            loop {
                match framer.cut(&mut input) {
                    Ok(Some(line)) => lines.push(line.to_vec()),
                    Ok(None) => break,
                    Err(LineTooLong { .. }) => return (lines, true),
                }
            }
        }
        (lines, false)
    }

    #[track_caller]
    fn check(input: &[u8], line_bytes_max: usize, lines: &[&[u8]], too_long: bool) {
        let expected = (lines.iter().map(|line| line.to_vec()).collect::<Vec<_>>(), too_long);
        assert_eq!(cut_all(&[input], line_bytes_max), expected, "whole");
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(cut_all(&bytes, line_bytes_max), expected, "byte by byte");
    }

    #[test]
    fn a_line_ends_at_lf_and_loses_one_cr() {
        check(b"a\nb\r\n\r\n\nc\r\r\nd", 64, &[b"a", b"b", b"", b"", b"c\r"], false);
        check(b"a\rb\n", 64, &[b"a\rb"], false);
        check(b"\xff\x00\xc3\n", 64, &[b"\xff\x00\xc3"], false);
    }

    #[test]
    fn a_line_of_exactly_the_cap_passes_and_one_byte_more_does_not() {
        check(b"12345\n", 5, &[b"12345"], false);
        check(b"12345\r\n", 5, &[b"12345"], false);
        check(b"123456\n", 5, &[], true);
        check(b"123456\r\n", 5, &[], true);
        check(b"ok\r\n123456\r\n", 5, &[b"ok"], true);
    }

    #[test]
    fn an_unended_line_is_refused_as_soon_as_it_is_certain() {
        check(b"12345", 5, &[], false);
        check(b"123456", 5, &[], true);
        // A CR in the sixth place may be the start of the line ending, until it is not.
        check(b"12345\r", 5, &[], false);
        check(b"12345\rx", 5, &[], true);
        check(b"12345\r\r", 5, &[], true);
        check(b"1234\r\r", 5, &[], false);
    }

    #[test]
    fn a_refusal_stays_and_leaves_the_input() {
        let mut framer = LineFramer::new(2);
        let mut input = BytesMut::from(&b"abc\nd\n"[..]);
        for _ in 0..2 {
            assert_eq!(framer.cut(&mut input), Err(LineTooLong { line_bytes_max: 2 }));
        }
        assert_eq!(&input[..], b"abc\nd\n");
    }

    #[test]
    fn caps_at_the_ends_of_the_range_hold() {
        check(b"\n\r\n", 0, &[b"", b""], false);
        check(b"a\n", 0, &[], true);
        check(b"a\r\n", usize::MAX, &[b"a"], false);
    }

    #[test]
    fn a_shrunk_buffer_is_no_reason_to_panic() {
        let mut framer = LineFramer::new(64);
        let mut input = BytesMut::from(&b"abcdef"[..]);
        assert_eq!(framer.cut(&mut input), Ok(None));
        input.truncate(1);
        assert_eq!(framer.cut(&mut input), Ok(None));
    }

    proptest! {
        #[test]
        fn split_input_gives_the_same_lines_as_whole_input(
            input in proptest::collection::vec(
                prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'a'), any::<u8>()], 0..200),
            splits in proptest::collection::vec(0_usize..200, 0..8),
            line_bytes_max in 0_usize..12,
        ) {
            let mut splits: Vec<usize> = splits.into_iter().map(|at| at.min(input.len())).collect();
            splits.extend([0, input.len()]);
            splits.sort_unstable();
            let pieces: Vec<&[u8]> = splits.windows(2).map(|pair| &input[pair[0]..pair[1]]).collect();
            prop_assert_eq!(
                cut_all(&pieces, line_bytes_max),
                cut_all(&[&input], line_bytes_max)
            );
        }
    }
}
