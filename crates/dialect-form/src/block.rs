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
//! space, and none may begin with one; and no write but the last may end within a block.

use std::io;
use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt};

use crate::scan::find;

/// What a client of this framing sends and reads at a time.
pub const BLOCK_BYTES: usize = 1_024;

/// A request that fills its last block has ended when nothing has come for this long.
pub const QUIET: Duration = Duration::from_millis(200);

/// The same within the contents of a file, which cross thousands of block ends on lines that stall.
pub(crate) const QUIET_IN_CONTENTS: Duration = Duration::from_secs(10);

/// A space inside a JSON text that no trimming takes away.
const ESCAPED_SPACE: &[u8] = br"\u0020";

const LAST_IN_BLOCK: usize = BLOCK_BYTES - 1;

/// An object as it is sent in blocks. It must be compact: a space anywhere but inside a text would not
/// survive.
pub(crate) fn padded(object: &[u8]) -> Vec<u8> {
    let mut blocks = Blocks { out: Vec::with_capacity(object.len() + BLOCK_BYTES) };
    blocks.push(object);
    blocks.finish()
}

/// As [`padded`], for an object that comes in pieces.
pub(crate) fn padded_pieces(
    object: BoxStream<'static, io::Result<Vec<u8>>>,
) -> BoxStream<'static, io::Result<Vec<u8>>> {
    let mut blocks = Blocks::default();
    let pieces = object.map(Some).chain(stream::once(std::future::ready(None)));
    let padded = pieces.map(move |piece| match piece {
        Some(piece) => piece.map(|piece| {
            blocks.push(&piece);
            blocks.take_whole()
        }),
        None => Ok(std::mem::take(&mut blocks).finish()),
    });
    padded.boxed()
}

/// An object on its way out.
#[derive(Default)]
struct Blocks {
    /// What is still to be sent. It begins at the edge of a block.
    out: Vec<u8>,
}

impl Blocks {
    fn push(&mut self, mut object: &[u8]) {
        while let Some(plain) = find(object, b' ') {
            self.out.extend_from_slice(&object[..plain]);
            // What is escaped here moves the rest on, so the edges are those of the output.
            let at_edge = matches!(self.out.len() % BLOCK_BYTES, 0 | LAST_IN_BLOCK);
            self.out.extend_from_slice(if at_edge { ESCAPED_SPACE } else { b" " });
            object = &object[plain + 1..];
        }
        self.out.extend_from_slice(object);
    }

    fn take_whole(&mut self) -> Vec<u8> {
        let rest = self.out.split_off(self.out.len() / BLOCK_BYTES * BLOCK_BYTES);
        std::mem::replace(&mut self.out, rest)
    }

    fn finish(mut self) -> Vec<u8> {
        let whole = (self.out.len() / BLOCK_BYTES + 1) * BLOCK_BYTES;
        self.out.resize(whole, b' ');
        self.out
    }
}

#[cfg(test)]
mod tests;
