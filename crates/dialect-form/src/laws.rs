//! What must hold for every input, for property tests and fuzz targets. Each panics where its law is
//! broken.

use bytes::BytesMut;
use kabar_wire::conversation::Cut;

use crate::cutter::{Cutter, REQUEST_BYTES_MAX};
use crate::ends::Framing;
use crate::payload::Ended;

/// The factor from the byte that chooses them to the size of pieces, so that some are larger than a block.
const PIECE_STEP_BYTES: usize = 5;

/// The longest file. So much more is read that only the longest inputs are broken off.
const FILE_BYTES: u64 = 3_000;

/// Requests and contents are the same however the input is split, and requests are within the limit; quiet
/// loses nothing but padding. The first byte chooses the size of the pieces.
///
/// # Panics
/// When the law is broken.
pub fn cutting(input: &[u8]) {
    let Some((piece, input)) = input.split_first() else { return };
    let piece_bytes = usize::from(*piece) * PIECE_STEP_BYTES + 1;
    let pieces: Vec<&[u8]> = input.chunks(piece_bytes).collect();
    let whole = cut_all(&[input]);
    assert_eq!(cut_all(&pieces), whole, "a split changed the requests");
    for came in &whole.0 {
        assert!(came.request.len() <= REQUEST_BYTES_MAX, "a request is over the limit");
    }

    let (mut cutter, mut rest) = (Cutter::new(FILE_BYTES), BytesMut::from(input));
    let mut came = 0;
    loop {
        match cutter.cut_quiet(&mut rest) {
            Cut::Request(bytes) | Cut::Contents(bytes) => came += bytes.len(),
            Cut::ContentsEnd => came += cutter.take_ended().map_or(0, |ended| ended.rest.len()),
            Cut::More | Cut::Broken(_) => break,
            Cut::MoreUnlessQuiet(_) => panic!("it has been quiet"),
        }
        assert!(came <= input.len() - rest.len(), "bytes from nowhere");
    }
}

/// A request that came.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) request: Vec<u8>,
    /// Its contents, as far as they came.
    pub(crate) contents: Vec<u8>,
    /// What the contents turned out to be.
    pub(crate) ended: Option<Ended>,
}

/// The requests in an input that comes in these pieces, the framing, and what the rest is. Contents that are
/// broken off are left out.
pub(crate) fn cut_all(pieces: &[&[u8]]) -> (Vec<Came>, Framing, Cut) {
    let mut cutter = Cutter::new(FILE_BYTES);
    let (mut input, mut requests) = (BytesMut::new(), Vec::<Came>::new());
    let mut rest = Cut::More;
    for piece in pieces {
        input.extend_from_slice(piece);
        rest = loop {
            match cutter.cut(&mut input) {
                Cut::Request(request) => {
                    requests.push(Came { request: request.to_vec(), ..Came::default() });
                }
                Cut::Contents(piece) => {
                    let came = requests.last_mut().expect("contents follow their request");
                    came.contents.extend_from_slice(&piece);
                }
                Cut::ContentsEnd => {
                    let came = requests.last_mut().expect("contents follow their request");
                    came.ended = cutter.take_ended();
                    assert!(came.ended.is_some(), "nobody knows what the contents were");
                }
                Cut::Broken(reason) => {
                    if let Some(came) = requests.last_mut() {
                        came.contents.clear();
                    }
                    return (requests, cutter.framing(), Cut::Broken(reason));
                }
                other => break other,
            }
        };
    }
    (requests, cutter.framing(), rest)
}
