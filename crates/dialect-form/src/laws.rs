//! What must hold for every input, for property tests and fuzz targets. Each panics where its law is
//! broken.

use bytes::BytesMut;
use kabar_wire::conversation::Cut;

use crate::cutter::{Cutter, Framing, REQUEST_BYTES_MAX};

/// The factor from the byte that chooses them to the size of pieces, so that some are larger than a block.
const PIECE_STEP_BYTES: usize = 5;

/// Requests are the same however the input is split, and within the limit; quiet loses nothing but
/// padding. The first byte chooses the size of the pieces.
///
/// # Panics
/// When the law is broken.
pub fn cutting(input: &[u8]) {
    let Some((piece, input)) = input.split_first() else { return };
    let piece_bytes = usize::from(*piece) * PIECE_STEP_BYTES + 1;
    let pieces: Vec<&[u8]> = input.chunks(piece_bytes).collect();
    let whole = cut_all(&[input]);
    assert_eq!(cut_all(&pieces), whole, "a split changed the requests");
    for request in &whole.0 {
        assert!(request.len() <= REQUEST_BYTES_MAX, "a request is over the limit");
    }

    let (mut cutter, mut rest) = (Cutter::new(), BytesMut::from(input));
    loop {
        let before = rest.len();
        match cutter.cut_quiet(&mut rest) {
            Cut::Request(request) => {
                assert!(request.len() <= before - rest.len(), "bytes from nowhere");
            }
            Cut::More | Cut::Broken(_) => break,
            Cut::MoreUnlessQuiet(_) => panic!("it has been quiet"),
        }
    }
}

/// The requests in an input that comes in these pieces, the framing, and what the rest is.
pub(crate) fn cut_all(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Framing, Cut) {
    let mut cutter = Cutter::new();
    let (mut input, mut requests) = (BytesMut::new(), Vec::new());
    let mut rest = Cut::More;
    for piece in pieces {
        input.extend_from_slice(piece);
        rest = loop {
            match cutter.cut(&mut input) {
                Cut::Request(request) => requests.push(request.to_vec()),
                Cut::Broken(reason) => {
                    return (requests, cutter.framing(), Cut::Broken(reason));
                }
                other => break other,
            }
        };
    }
    (requests, cutter.framing(), rest)
}
