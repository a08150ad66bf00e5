//! Cutting requests off what has arrived, and the contents of files that come in them.
//!
//! A request with contents is cut as what stands before them, then their pieces, then their end: they are
//! never whole in memory, nor is what they are wrapped in.

use std::ops::Range;

use bytes::BytesMut;
use kabar_model::limits::BODY_BYTES_MAX;
use kabar_wire::conversation::{Cut, Ending};

use crate::block::{BLOCK_BYTES, QUIET, QUIET_IN_CONTENTS};
use crate::ends::{Ends, Framing, Looked};
use crate::form::ENCODED_BYTES;
use crate::payload::{self, Payload, TooMuch};
use crate::probe::Probe;

/// The longest request, not counting the contents of a file and what follows them: a line without its end,
/// or the blocks with their padding.
pub const REQUEST_BYTES_MAX: usize = 200 * 1024;

/// What is decoded of contents at a time.
const PIECE_BYTES_MAX: usize = 64 * 1024;

/// Room for the command, and for all of a form but a message's text.
const OTHER_BYTES: usize = 8 * 1024;

const _: () = assert!(REQUEST_BYTES_MAX >= ENCODED_BYTES * BODY_BYTES_MAX + OTHER_BYTES);
const _: () = assert!(REQUEST_BYTES_MAX.is_multiple_of(BLOCK_BYTES), "the longest is whole blocks");

/// CR LF.
const LINE_END_BYTES: usize = 2;

/// Cuts requests off the front of an input buffer. Between two calls the buffer may only grow at its end,
/// unless the last call returned a request, or a part of one.
#[derive(Debug)]
pub(crate) struct Cutter {
    file_bytes_max: u64,
    ends: Ends,
    /// The bytes at the front that are known to belong to the request, and whether it ends with them.
    looked: Looked,
    at: At,
    /// What the latest contents turned out to be.
    ended: Option<payload::Ended>,
}

#[derive(Debug)]
enum At {
    /// In a request, or before it, with no contents so far.
    Request(Probe),
    /// In contents.
    Contents(Box<Payload>),
    /// All of them have been cut, but not their end.
    ContentsEnd,
}

impl At {
    const START: Self = Self::Request(Probe::START);
}

impl Cutter {
    /// For files of so many bytes at most.
    pub(crate) fn new(file_bytes_max: u64) -> Self {
        Self {
            file_bytes_max,
            ends: Ends::default(),
            looked: Looked::default(),
            at: At::START,
            ended: None,
        }
    }

    /// What was decided; lines until then.
    pub(crate) fn framing(&self) -> Framing {
        self.ends.framing().unwrap_or(Framing::Line)
    }

    /// Whether the latest request has contents whose end has not been cut.
    pub(crate) fn is_in_contents(&self) -> bool {
        !matches!(self.at, At::Request(_))
    }

    /// What the latest contents turned out to be, once they have ended.
    pub(crate) fn take_ended(&mut self) -> Option<payload::Ended> {
        self.ended.take()
    }

    pub(crate) fn cut(&mut self, input: &mut BytesMut) -> Cut {
        match self.at {
            At::Request(_) => self.cut_request(input),
            At::Contents(_) => self.cut_contents(input),
            At::ContentsEnd => self.end_contents(),
        }
    }

    /// As [`Cutter::cut`], when it has been quiet.
    pub(crate) fn cut_quiet(&mut self, input: &mut BytesMut) -> Cut {
        match self.cut(input) {
            Cut::MoreUnlessQuiet(_) => {
                self.ends.end_quietly();
                self.looked.ended = true;
                self.cut(input)
            }
            other => other,
        }
    }

    fn cut_request(&mut self, input: &mut BytesMut) -> Cut {
        loop {
            if !self.looked.ended {
                let window = input.len().min(REQUEST_BYTES_MAX + LINE_END_BYTES);
                let fresh = input.get(self.looked.bytes..window).unwrap_or_default();
                let Looked { bytes, ended } = self.ends.look(fresh);
                self.looked = Looked { bytes: self.looked.bytes + bytes, ended };
            }
            let request = &input[..self.looked.bytes.min(input.len())];
            if let Some(key) = self.look_for_contents(request) {
                return self.begin_contents(input, key);
            }
            let (bytes, text) = (request.len(), self.without_end(request).len());
            // What has no end yet, or one that lies beyond the limit.
            if text > REQUEST_BYTES_MAX {
                return Cut::Broken(Ending::TooLong);
            }
            if !self.looked.ended {
                return if bytes == 0 { Cut::More } else { self.rest() };
            }
            let mut request = input.split_to(bytes);
            request.truncate(text);
            (self.looked, self.at) = (Looked::default(), At::START);
            // Nothing but spaces may follow a request that filled its last block.
            if self.framing() == Framing::Line || text > 0 {
                return Cut::Request(request.freeze());
            }
        }
    }

    fn look_for_contents(&mut self, request: &[u8]) -> Option<Range<usize>> {
        let At::Request(probe) = &mut self.at else { return None };
        probe.find(&request[..request.len().min(REQUEST_BYTES_MAX)])
    }

    fn begin_contents(&mut self, input: &mut BytesMut, key: Range<usize>) -> Cut {
        let mut head = input.split_to(key.end);
        head.truncate(key.start);
        self.looked.bytes -= key.end;
        self.at = At::Contents(Box::new(Payload::new(self.file_bytes_max)));
        Cut::Request(head.freeze())
    }

    fn cut_contents(&mut self, input: &mut BytesMut) -> Cut {
        let At::Contents(payload) = &mut self.at else { return Cut::More };
        loop {
            if self.looked == Looked::default() {
                self.looked = self.ends.look(input);
            }
            let bytes = self.looked.bytes.min(PIECE_BYTES_MAX).min(input.len());
            if bytes == 0 {
                break;
            }
            let mut piece = input.split_to(bytes);
            self.looked.bytes -= bytes;
            let is_last = self.looked == Looked { bytes: 0, ended: true };
            if is_last && self.ends.framing() == Some(Framing::Line) {
                piece.truncate(bytes - 1);
            }
            match payload.feed(&piece) {
                Ok(decoded) if decoded.is_empty() => {}
                Ok(decoded) => return Cut::Contents(decoded.into()),
                Err(TooMuch) => return Cut::Broken(Ending::TooLong),
            }
        }
        if self.looked.ended { self.end_contents() } else { self.rest_of_contents() }
    }

    /// What to say of contents whose end has not come. A line that stalls must never pass for blocks that have
    /// ended, nor half of a file for a whole one: quiet ends them only where blocks were decided on before,
    /// after whole groups of base64, and when it lasts.
    fn rest_of_contents(&self) -> Cut {
        let At::Contents(payload) = &self.at else { return Cut::More };
        let is_block = self.ends.framing() == Some(Framing::Block);
        if is_block && self.ends.may_end_quietly() && payload.is_whole() {
            Cut::MoreUnlessQuiet(QUIET_IN_CONTENTS)
        } else {
            Cut::More
        }
    }

    /// Cuts what is left of the contents, then their end.
    fn end_contents(&mut self) -> Cut {
        if let At::Contents(payload) = std::mem::replace(&mut self.at, At::ContentsEnd) {
            let (last, ended) = payload.finish();
            self.ended = Some(ended);
            if !last.is_empty() {
                return Cut::Contents(last.into());
            }
        }
        (self.looked, self.at) = (Looked::default(), At::START);
        Cut::ContentsEnd
    }

    /// What to say of a request whose end has not come.
    fn rest(&self) -> Cut {
        if self.ends.may_end_quietly() { Cut::MoreUnlessQuiet(QUIET) } else { Cut::More }
    }

    /// What has come of a request, without what ends it, or may turn out to.
    fn without_end<'a>(&self, request: &'a [u8]) -> &'a [u8] {
        if self.ends.framing() == Some(Framing::Block) {
            return if self.looked.ended { without_padding(request) } else { request };
        }
        let line = request.strip_suffix(b"\n").unwrap_or(request);
        line.strip_suffix(b"\r").unwrap_or(line)
    }
}

fn without_padding(blocks: &[u8]) -> &[u8] {
    let last = blocks.iter().rposition(|byte| *byte != b' ');
    &blocks[..last.map_or(0, |last| last + 1)]
}

#[cfg(test)]
mod tests;
