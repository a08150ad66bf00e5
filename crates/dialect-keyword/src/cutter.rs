//! Cutting requests off what has arrived, whichever form each has.
//!
//! ```text
//! conversation = *( WSP-CR-LF / ( object / line ) [ contents ] )
//! object       = see `scanner`              ; begins with "{"
//! line         = *OCTET-EXCEPT-LF [CR] LF   ; begins with anything else
//! contents     = *OCTET                     ; as many as were announced and may come
//! ```
//!
//! After something that began like an object and is none, all is passed over up to the next line or `{`.

use bytes::{Buf, BytesMut};
use kabar_wire::conversation::{Cut, Ending};
use kabar_wire::frame::LineFramer;

use crate::object::Object;
use crate::scanner::{Scan, Scanner};

/// The longest request: a line without its end, or an object.
pub const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// The longest piece of contents.
pub(crate) const PIECE_BYTES_MAX: usize = 64 * 1024;

/// Whether a request is an object; otherwise it is a line. No request begins with white space.
pub(crate) fn is_object(request: &[u8]) -> bool {
    request.first() == Some(&b'{')
}

/// Cuts requests off the front of an input buffer. Between two calls the buffer may only grow at its end.
#[derive(Debug)]
pub(crate) struct Cutter {
    at: At,
}

/// What the front of the input belongs to.
#[derive(Debug)]
enum At {
    Between,
    Line(LineFramer),
    Object(Scanner),
    /// What is left of something that is no object.
    Rubbish,
    /// Contents, of which so many bytes have not come.
    Contents(u64),
}

impl Cutter {
    pub(crate) fn new() -> Self {
        Self { at: At::Between }
    }

    /// Whether an object has begun whose end has not come.
    pub(crate) fn is_in_object(&self) -> bool {
        matches!(self.at, At::Object(_))
    }

    /// From here on so many bytes are contents, whatever they look like.
    pub(crate) fn expect_contents(&mut self, bytes: u64) {
        self.at = At::Contents(bytes);
    }

    pub(crate) fn cut(&mut self, input: &mut BytesMut) -> Cut {
        loop {
            match &mut self.at {
                At::Between => {
                    let white = input.iter().position(|byte| !byte.is_ascii_whitespace());
                    input.advance(white.unwrap_or(input.len()));
                    if input.is_empty() {
                        return Cut::More;
                    }
                    self.at = if is_object(input) {
                        At::Object(Scanner::new())
                    } else {
                        At::Line(LineFramer::new(REQUEST_BYTES_MAX))
                    };
                }
                At::Rubbish => {
                    let end = input.iter().position(|byte| matches!(byte, b'\n' | b'{'));
                    input.advance(end.unwrap_or(input.len()));
                    if input.is_empty() {
                        return Cut::More;
                    }
                    self.at = At::Between;
                }
                At::Contents(0) => {
                    self.at = At::Between;
                    return Cut::ContentsEnd;
                }
                At::Contents(_) if input.is_empty() => return Cut::More,
                At::Contents(left) => {
                    let wanted = usize::try_from(*left).unwrap_or(usize::MAX);
                    let length = input.len().min(wanted).min(PIECE_BYTES_MAX);
                    *left -= length as u64;
                    return Cut::Contents(input.split_to(length).freeze());
                }
                At::Line(framer) => match framer.cut(input) {
                    Ok(None) => return Cut::More,
                    Ok(Some(line)) => {
                        self.at = At::Between;
                        return Cut::Request(line);
                    }
                    Err(_) => return Cut::Broken(Ending::TooLong),
                },
                At::Object(scanner) => {
                    let window = &input[..input.len().min(REQUEST_BYTES_MAX)];
                    let (length, whole) = match scanner.scan(window) {
                        Scan::More if input.len() > REQUEST_BYTES_MAX => {
                            return Cut::Broken(Ending::TooLong);
                        }
                        Scan::More => return Cut::More,
                        Scan::Whole(length) => (length, true),
                        Scan::Bad(length) => (length, false),
                    };
                    let object = input.split_to(length).freeze();
                    let is_json = whole && Object::parse(&object).is_ok();
                    self.at = if is_json { At::Between } else { At::Rubbish };
                    return Cut::Request(object);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::laws::{Cuts, cut_all};

    #[track_caller]
    fn check(input: &str, expected: &[&str]) {
        check_contents(input, expected, &[]);
    }

    #[track_caller]
    fn check_contents(input: &str, requests: &[&str], contents: &[&str]) {
        let owned = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        let expected = Cuts { requests: owned(requests), contents: owned(contents), broken: false };
        assert_eq!(cut_all(&[input.as_bytes()]), expected, "whole");
        let bytes: Vec<&[u8]> = input.as_bytes().chunks(1).collect();
        assert_eq!(cut_all(&bytes), expected, "byte by byte");
    }

    #[test]
    fn lines_and_objects_may_be_mixed() {
        check(
            " \r\n HELP\r\n\n{\"a\":1}{\"b\":{}}\nQUIT now \n{\"c\":[]} HELP\n",
            &["HELP", "{\"a\":1}", "{\"b\":{}}", "QUIT now ", "{\"c\":[]}", "HELP"],
        );
        check("HELP", &[]);
        check("{\"a\":1", &[]);
    }

    #[test]
    fn after_what_is_no_object_the_rest_of_the_line_is_passed_over() {
        check("{hello} you}\r\nHELP\n", &["{", "HELP"]);
        check("{\"a\":tru} x\nHELP\n", &["{\"a\":tru}", "HELP"]);
        check("{\"a\":\"no end\nHELP\n", &["{\"a\":\"no end", "HELP"]);
        check("{\"a\":01}HELP\nHELP\n", &["{\"a\":01}", "HELP"]);
        check("{\"a\":\"\\q\"}{\"b\":1}", &["{\"a\":\"\\q\"}", "{\"b\":1}"]);
        check("{{\"b\":1}", &["{", "{\"b\":1}"]);
    }

    #[test]
    fn an_object_nested_too_deep_goes_as_a_whole() {
        let deep = format!("{}1{}", "{\"a\":".repeat(40), "}".repeat(40));
        check(&format!("{deep} rest\nHELP\n"), &[&deep, "HELP"]);
    }

    #[test]
    fn contents_are_exactly_what_was_announced_whatever_they_look_like() {
        let send = "FILE-SEND-PRIVATE budi x 7";
        check_contents(&format!("{send}\r\n{{\n}}QUIT\nHELP\n"), &[send, "HELP"], &["{\n}QUIT"]);
        let object =
            r#"{"COMMAND":"FILE-SEND-GROUP","code":"00ab12","file_name":"x","file_size":4}"#;
        check_contents(&format!("{object}\n\r\n HELP\n"), &[object, "HELP"], &["\n\r\n "]);
        let none = "FILE-SEND-GROUP 00ab12 x 0";
        check_contents(&format!("{none}\r\n\r\nHELP\n"), &[none, "HELP"], &[""]);
        check_contents(&format!("{send}\r\nhalf"), &[send], &["half"]);
    }

    #[test]
    fn contents_are_handed_on_as_they_lie_in_the_input() {
        let mut cutter = Cutter::new();
        cutter.expect_contents(PIECE_BYTES_MAX as u64 + 10);
        let mut input = BytesMut::from(&vec![7; PIECE_BYTES_MAX + 20][..]);
        let start = input.as_ptr();
        let Cut::Contents(piece) = cutter.cut(&mut input) else { panic!("contents") };
        assert_eq!((piece.as_ptr(), piece.len()), (start, PIECE_BYTES_MAX));
        let Cut::Contents(piece) = cutter.cut(&mut input) else { panic!("contents") };
        assert_eq!((piece.len(), input.len()), (10, 10));
        assert_eq!(cutter.cut(&mut input), Cut::ContentsEnd);
    }

    #[test]
    fn a_request_may_fill_its_limit_exactly() {
        let object = |length: usize| format!("{{\"a\":\"{}\"}}\r\n", "x".repeat(length - 8));
        let line = |length: usize| format!("{}\r\n", "x".repeat(length));
        for input in [object(REQUEST_BYTES_MAX), line(REQUEST_BYTES_MAX)] {
            let Cuts { requests, broken, .. } = cut_all(&[input.as_bytes()]);
            assert!(!broken && requests == [input.trim_end().as_bytes()], "{}", &input[..8]);
        }
        for input in [object(REQUEST_BYTES_MAX + 1), line(REQUEST_BYTES_MAX + 1)] {
            let pieces: Vec<&[u8]> = input.as_bytes().chunks(1_000).collect();
            for pieces in [&[input.as_bytes()][..], &pieces] {
                let Cuts { requests, broken, .. } = cut_all(pieces);
                assert!(broken && requests.is_empty(), "{}", &input[..8]);
            }
        }
    }

    proptest! {
        #[test]
        fn split_input_gives_the_same_requests_as_whole_input(
            input in prop::collection::vec(
                prop::sample::select(&b"{}[]\",:a1\\ \r\n\0\xc3"[..]), 0..80),
            piece in 1_usize..9,
        ) {
            let pieces: Vec<&[u8]> = input.chunks(piece).collect();
            prop_assert_eq!(cut_all(&pieces), cut_all(&[&input]));
        }

        #[test]
        fn split_contents_are_the_same_as_whole_ones(
            parts in prop::collection::vec(prop_oneof![
                prop::collection::vec(prop::sample::select(&b"{}\" \r\nHELP\0\xff"[..]), 0..20),
                (0_u64..25).prop_map(|size| format!("\nFILE-SEND-GROUP 0 x {size}\n").into_bytes()),
                (0_u64..25).prop_map(|size| format!(
                    "\n{{\"COMMAND\":\"FILE-GROUP-SEND\",\"code\":\"0\",\"file_name\":\"x\",\"file_size\":{size}}}"
                ).into_bytes()),
            ], 0..8),
            piece in 1_usize..9,
        ) {
            let input = parts.concat();
            let pieces: Vec<&[u8]> = input.chunks(piece).collect();
            prop_assert_eq!(cut_all(&pieces), cut_all(&[&input]));
        }
    }
}
