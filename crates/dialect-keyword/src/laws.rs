//! What must hold for every input, for property tests and fuzz targets. Each panics where its law is
//! broken.

use bytes::BytesMut;
use kabar_wire::conversation::{Cut, Ending};

use crate::blocks::{BLOCK_BYTES, with_braces_off_block_ends};
use crate::cutter::{Cutter, PIECE_BYTES_MAX, REQUEST_BYTES_MAX, is_object};
use crate::object::Object;
use crate::request::Request;

/// Requests and contents are the same however the input is split, within the limit, and can all be read or refused; a
/// client of the object form reads each object whole. The first byte chooses the size of the pieces.
///
/// # Panics
/// When the law is broken.
pub fn cutting(input: &[u8]) {
    let Some((piece, input)) = input.split_first() else { return };
    let pieces: Vec<&[u8]> = input.chunks(usize::from(*piece) + 1).collect();
    let cuts = cut_all(&[input]);
    assert_eq!(cut_all(&pieces), cuts, "a split changed what was cut");
    for request in cuts.requests {
        assert!(request.len() <= REQUEST_BYTES_MAX, "a request is over the limit");
        assert!(!request[0].is_ascii_whitespace(), "a request begins with white space");
        drop(Request::read(&request));
        if is_object(&request) && Object::parse(&request).is_ok() {
            read_whole(request);
        }
    }
}

/// No piece of an object but the last ends like one.
fn read_whole(object: Vec<u8>) {
    let sent = with_braces_off_block_ends(object);
    let mut blocks = sent.chunks(BLOCK_BYTES).rev().skip(1);
    assert!(blocks.all(|block| !block.ends_with(b"}")), "a client stops too early");
    assert!(Object::parse(&sent).is_ok(), "no object any more");
}

/// What was cut off an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cuts {
    pub(crate) requests: Vec<Vec<u8>>,
    /// Of each request that announced some, as far as they came.
    pub(crate) contents: Vec<Vec<u8>>,
    pub(crate) broken: bool,
}

/// What is cut off an input that comes in these pieces, when every file that is announced may come.
pub(crate) fn cut_all(pieces: &[&[u8]]) -> Cuts {
    let (mut cutter, mut input) = (Cutter::new(), BytesMut::new());
    let (mut cuts, mut size) = (Cuts::default(), None);
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match cutter.cut(&mut input) {
                Cut::Request(request) => {
                    assert_eq!(size, None, "a request within contents");
                    size = announced(&request);
                    if let Some(size) = size {
                        cutter.expect_contents(size);
                        cuts.contents.push(Vec::new());
                    }
                    cuts.requests.push(request.to_vec());
                }
                Cut::Contents(piece) => {
                    assert!((1..=PIECE_BYTES_MAX).contains(&piece.len()), "{}", piece.len());
                    cuts.contents.last_mut().expect("some were announced").extend(piece);
                }
                Cut::ContentsEnd => {
                    let whole = cuts.contents.last().expect("some were announced");
                    assert_eq!(size.take(), Some(whole.len() as u64), "as many as were announced");
                }
                Cut::Broken(Ending::TooLong) => return Cuts { broken: true, ..cuts },
                Cut::More => break,
                other => panic!("{other:?}"),
            }
        }
    }
    cuts
}

/// How large a file is that this request announces.
fn announced(request: &[u8]) -> Option<u64> {
    let Request { command, given, .. } = Request::read(request).ok()?;
    given.arguments(command.parameters).ok()?.take_number().ok()
}
