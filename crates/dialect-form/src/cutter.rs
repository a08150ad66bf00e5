//! Cutting requests off what has arrived, however this connection ends them.
//!
//! The first request decides, and what decides it is the order of the bytes, however they were split on
//! their way: whichever comes first, a LF (lines) or a space at the end of a block (blocks). Neither a form
//! nor a command that is cut into blocks holds a LF or, before its padding, a space that far on. Where a
//! block is full and nothing follows, quiet decides for blocks.

use bytes::BytesMut;
use kabar_model::limits::BODY_BYTES_MAX;
use kabar_wire::conversation::{Cut, Ending};
use kabar_wire::frame::LineFramer;

use crate::block::{self, BLOCK_BYTES, BlockCutter};

/// The longest request: a line without its end, or the blocks with their padding.
pub const REQUEST_BYTES_MAX: usize = 200 * 1024;

/// What stands for one byte of a value at most: `%XX`.
const ENCODED_BYTES: usize = 3;
/// Room for the command, and for all of a form but a message's text.
const OTHER_BYTES: usize = 8 * 1024;

const _: () = assert!(REQUEST_BYTES_MAX >= ENCODED_BYTES * BODY_BYTES_MAX + OTHER_BYTES);
const _: () = assert!(REQUEST_BYTES_MAX.is_multiple_of(BLOCK_BYTES), "the longest is whole blocks");

/// CR LF.
const LINE_END_BYTES: usize = 2;

/// How requests and answers end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Line,
    Block,
}

impl Framing {
    /// An object as it is sent.
    pub(crate) fn seal(self, mut object: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Line => {
                object.push(b'\n');
                object
            }
            Self::Block => block::padded(&object),
        }
    }
}

/// Cuts requests off the front of an input buffer. Between two calls the buffer may only grow at its end,
/// unless the last call returned a request.
#[derive(Debug)]
pub(crate) enum Cutter {
    /// These bytes at the front hold no LF, and no space at the end of a block.
    Undecided {
        scanned: usize,
    },
    Line(LineFramer),
    Block(BlockCutter),
}

impl Cutter {
    pub(crate) fn new() -> Self {
        Self::Undecided { scanned: 0 }
    }

    /// What was decided; lines until then.
    pub(crate) fn framing(&self) -> Framing {
        match self {
            Self::Undecided { .. } | Self::Line(_) => Framing::Line,
            Self::Block(_) => Framing::Block,
        }
    }

    pub(crate) fn cut(&mut self, input: &mut BytesMut) -> Cut {
        if let Self::Undecided { scanned } = self {
            match decide(scanned, input) {
                Some(Framing::Line) => *self = Self::Line(LineFramer::new(REQUEST_BYTES_MAX)),
                Some(Framing::Block) => *self = Self::Block(BlockCutter::default()),
                None if *scanned >= REQUEST_BYTES_MAX + LINE_END_BYTES => {
                    return Cut::Broken(Ending::TooLong);
                }
                None if is_full(*scanned) => return Cut::MoreUnlessQuiet(block::QUIET),
                None => return Cut::More,
            }
        }
        match self {
            Self::Undecided { .. } => Cut::More,
            Self::Line(framer) => match framer.cut(input) {
                Ok(Some(line)) => Cut::Request(line),
                Ok(None) => Cut::More,
                Err(_) => Cut::Broken(Ending::TooLong),
            },
            Self::Block(cutter) => cutter.cut(input),
        }
    }

    /// As [`Cutter::cut`], when it has been quiet.
    pub(crate) fn cut_quiet(&mut self, input: &mut BytesMut) -> Cut {
        match self.cut(input) {
            Cut::MoreUnlessQuiet(_) => {
                if let Self::Undecided { .. } = self {
                    *self = Self::Block(BlockCutter::default());
                }
                match self {
                    Self::Block(cutter) => cutter.cut_quiet(input),
                    Self::Undecided { .. } | Self::Line(_) => Cut::More,
                }
            }
            other => other,
        }
    }
}

/// Looks at what has come since the last time; `scanned` moves on to where it is not yet decided.
fn decide(scanned: &mut usize, input: &[u8]) -> Option<Framing> {
    while *scanned < input.len() {
        let block_end = (*scanned / BLOCK_BYTES + 1) * BLOCK_BYTES;
        let end = block_end.min(input.len());
        if input[*scanned..end].contains(&b'\n') {
            return Some(Framing::Line);
        }
        if end == block_end && input[end - 1] == b' ' {
            return Some(Framing::Block);
        }
        *scanned = end;
    }
    None
}

/// Whether so many bytes are whole blocks, and no more than a request may have.
fn is_full(bytes: usize) -> bool {
    (1..=REQUEST_BYTES_MAX).contains(&bytes) && bytes.is_multiple_of(BLOCK_BYTES)
}

#[cfg(test)]
mod tests;
