//! What must hold for every input, for property tests and fuzz targets. Each panics where its law is
//! broken.

use bytes::BytesMut;
use kabar_wire::conversation::{Cut, Ending};

use crate::blocks::{BLOCK_BYTES, with_braces_off_block_ends};
use crate::cutter::{Cutter, REQUEST_BYTES_MAX, is_object};
use crate::object::Object;
use crate::request::Request;

/// Requests are the same however the input is split, within the limit, and can all be read or refused; a
/// client of the object form reads each object whole. The first byte chooses the size of the pieces.
///
/// # Panics
/// When the law is broken.
pub fn cutting(input: &[u8]) {
    let Some((piece, input)) = input.split_first() else { return };
    let pieces: Vec<&[u8]> = input.chunks(usize::from(*piece) + 1).collect();
    let (requests, broken) = cut_all(&[input]);
    assert_eq!(cut_all(&pieces), (requests.clone(), broken), "a split changed the requests");
    for request in requests {
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

/// The requests in an input that comes in these pieces, and whether it broke.
pub(crate) fn cut_all(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, bool) {
    let mut cutter = Cutter::new();
    let (mut input, mut requests) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match cutter.cut(&mut input) {
                Cut::Request(request) => requests.push(request.to_vec()),
                Cut::Broken(Ending::TooLong) => return (requests, true),
                Cut::More => break,
                other => panic!("{other:?}"),
            }
        }
    }
    (requests, false)
}
