//! Blocks of a fixed size, for clients that end nothing they send.
//!
//! ```text
//! request = *full-block last-block          ; cut every 1,024 bytes
//! last-block = *OCTET 1*SP / full-block     ; full: ended by quiet alone
//! output  = *full-block last-block          ; a full object is followed by a block of spaces
//! ```
//!
//! COMPAT(seed 000): its client reads [`BLOCK_BYTES`] at a time, trims what it read, and takes the object
//! as ended when that is then shorter than a block. So no block of an output but the last may end in a
//! space, and none may begin with one.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kabar_wire::conversation::{Cut, Ending};

use crate::cutter::REQUEST_BYTES_MAX;

/// What a client of this framing sends and reads at a time.
pub const BLOCK_BYTES: usize = 1_024;

/// A request that fills its last block has ended when nothing has come for this long.
pub const QUIET: Duration = Duration::from_millis(200);

/// A space inside a JSON text that no trimming takes away.
const ESCAPED_SPACE: &[u8] = br"\u0020";

/// An object as it is sent in blocks. It must be compact: a space anywhere but inside a text would not
/// survive.
pub(crate) fn padded(object: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(object.len() + BLOCK_BYTES);
    for &byte in object {
        // What is escaped here moves the rest on, so the edges are those of the output.
        let at_edge = matches!(out.len() % BLOCK_BYTES, 0 | LAST_IN_BLOCK);
        if byte == b' ' && at_edge {
            out.extend_from_slice(ESCAPED_SPACE);
        } else {
            out.push(byte);
        }
    }
    let whole = (out.len() / BLOCK_BYTES + 1) * BLOCK_BYTES;
    out.resize(whole, b' ');
    out
}

const LAST_IN_BLOCK: usize = BLOCK_BYTES - 1;

/// Cuts requests in blocks off the front of an input buffer. Between two calls the buffer may only grow at
/// its end, unless the last call returned a request.
#[derive(Debug, Default)]
pub(crate) struct BlockCutter {
    /// The bytes of the blocks that have been looked at; none of them ends in a space.
    scanned: usize,
}

impl BlockCutter {
    pub(crate) fn cut(&mut self, input: &mut BytesMut) -> Cut {
        while self.scanned + BLOCK_BYTES <= input.len() {
            let end = self.scanned + BLOCK_BYTES;
            if end > REQUEST_BYTES_MAX {
                break;
            }
            if input[end - 1] != b' ' {
                self.scanned = end;
                continue;
            }
            // Nothing but spaces may follow a request that filled its last block.
            if let Some(request) = self.take(input, end) {
                return Cut::Request(request);
            }
        }
        if input.len() > REQUEST_BYTES_MAX {
            Cut::Broken(Ending::TooLong)
        } else if self.scanned > 0 && self.scanned == input.len() {
            Cut::MoreUnlessQuiet(QUIET)
        } else {
            Cut::More
        }
    }

    /// As [`BlockCutter::cut`], when it has been quiet.
    pub(crate) fn cut_quiet(&mut self, input: &mut BytesMut) -> Cut {
        match self.cut(input) {
            Cut::MoreUnlessQuiet(_) => {
                let all = input.len();
                self.take(input, all).map_or(Cut::More, Cut::Request)
            }
            other => other,
        }
    }

    /// Takes whole blocks off the input: a request, unless they are blank.
    fn take(&mut self, input: &mut BytesMut, bytes: usize) -> Option<Bytes> {
        self.scanned = 0;
        let mut request = input.split_to(bytes);
        let end = request.iter().rposition(|byte| *byte != b' ')? + 1;
        request.truncate(end);
        Some(request.freeze())
    }
}

#[cfg(test)]
mod tests;
