//! Where requests end, however this connection ends them.
//!
//! The first request decides, and what decides it is the order of the bytes, however they were split on
//! their way: whichever comes first, a LF (lines) or a space at the end of a block (blocks). Neither a form
//! nor a command that is cut into blocks holds a LF or, before its padding, a space that far on. Where a
//! block is full and nothing follows, quiet decides for blocks.

use std::io;

use futures_util::stream::BoxStream;
use kabar_engine::blobs::Pieces;
use kabar_wire::base64;

use crate::block::{self, BLOCK_BYTES};
use crate::scan::find;

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

    /// As [`Framing::seal`], for an object with contents in it, which are asked for as they are sent.
    pub(crate) fn seal_contents(
        self,
        before: Vec<u8>,
        contents: Pieces,
        mut after: Vec<u8>,
    ) -> BoxStream<'static, io::Result<Vec<u8>>> {
        match self {
            Self::Line => {
                after.push(b'\n');
                base64::encoded(before, contents, after)
            }
            Self::Block => block::padded_pieces(base64::encoded(before, contents, after)),
        }
    }
}

/// Looks for the ends of requests in the bytes of a connection, each of which it is shown once.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    framing: Option<Framing>,
    /// The bytes since the last edge of a block, which that of a request is, too.
    in_block: usize,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looked {
    /// As many bytes belong to the request, its end included.
    pub(crate) bytes: usize,
    /// Whether it ends with them.
    pub(crate) ended: bool,
}

impl Ends {
    /// What was decided, if it was.
    pub(crate) fn framing(&self) -> Option<Framing> {
        self.framing
    }

    /// Looks at what follows the bytes before.
    pub(crate) fn look(&mut self, fresh: &[u8]) -> Looked {
        if self.framing == Some(Framing::Line) {
            return self.look_for_line_end(fresh);
        }
        let mut bytes = 0;
        while bytes < fresh.len() {
            let rest = &fresh[bytes..];
            let block = &rest[..rest.len().min(BLOCK_BYTES - self.in_block)];
            if self.framing.is_none() && block.contains(&b'\n') {
                self.framing = Some(Framing::Line);
                let line = self.look_for_line_end(block);
                return Looked { bytes: bytes + line.bytes, ended: true };
            }
            bytes += block.len();
            self.in_block = (self.in_block + block.len()) % BLOCK_BYTES;
            if self.in_block == 0 && block.ends_with(b" ") {
                self.framing = Some(Framing::Block);
                return Looked { bytes, ended: true };
            }
        }
        Looked { bytes, ended: false }
    }

    fn look_for_line_end(&mut self, fresh: &[u8]) -> Looked {
        self.in_block = 0;
        match find(fresh, b'\n') {
            Some(at) => Looked { bytes: at + 1, ended: true },
            None => Looked { bytes: fresh.len(), ended: false },
        }
    }

    /// Whether a request of which something has come, and not its end, has ended if nothing more comes.
    pub(crate) fn may_end_quietly(&self) -> bool {
        self.framing != Some(Framing::Line) && self.in_block == 0
    }

    /// It was quiet where that means the end.
    pub(crate) fn end_quietly(&mut self) {
        self.framing = Some(Framing::Block);
    }
}
