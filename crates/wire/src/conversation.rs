//! What one connection loop needs of every text dialect.
//!
//! A dialect's side of a conversation owns no socket, task or clock: it cuts requests from bytes and
//! answers them. The loop decides when to read, how many answers may wait, and when to close.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::guard;

/// One conversation in a text dialect.
pub trait Conversation: Send {
    /// Cuts the next request off the front of what has arrived.
    fn cut(&mut self, input: &mut BytesMut) -> Cut;

    /// As [`Conversation::cut`], when nothing has come for as long as [`Cut::MoreUnlessQuiet`] said.
    fn cut_quiet(&mut self, input: &mut BytesMut) -> Cut {
        self.cut(input)
    }

    /// Whether no client of this dialect sends this before a login: then the connection is closed without
    /// a word.
    fn is_suspicious(&self, request: &[u8]) -> bool {
        guard::before_login(request).is_err()
    }

    /// Whether this request may be taken up while answers to earlier ones still wait for the disk.
    /// Requests are always taken up in their order.
    fn overlaps(&self, request: &[u8]) -> bool;

    /// Answers a request. When the future is done, the request has taken its place among all others;
    /// its answer may still be [`Output::Later`].
    fn answer(&mut self, request: Bytes) -> BoxFuture<'_, Answer>;

    /// Whether contents of the latest request are still to come. They arrive as [`Cut::Contents`], however
    /// long they are, and are never whole in memory. Until they have ended nothing is said unasked.
    fn awaits_contents(&self) -> bool {
        false
    }

    /// Whether nothing may be said unasked now, since what comes next are contents, here or there.
    fn says_nothing_unasked(&self) -> bool {
        self.awaits_contents()
    }

    /// Takes a piece of the contents of the latest request.
    fn take_in(&mut self, _piece: Bytes) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }

    /// Answers the latest request once its contents have ended.
    fn finish(&mut self) -> BoxFuture<'_, Answer> {
        std::future::ready(Answer::now(Vec::new())).boxed()
    }

    /// Waits for something to be said unasked. Never done where nothing is. Dropping the future before it is
    /// done loses nothing.
    fn unasked(&mut self) -> BoxFuture<'_, Unasked> {
        std::future::pending().boxed()
    }

    /// How far apart two outputs must be written, for clients that take what comes in one read for one
    /// thing.
    fn pause_between_outputs(&self) -> Option<Duration> {
        None
    }

    /// Whether somebody has shown who they are on this connection.
    fn is_known(&self) -> bool;

    /// The last words to a client whose input was the reason to close.
    fn farewell(&self, reason: Ending) -> Vec<u8>;

    /// The connection has ended, however that came: what nobody can use after it is given up.
    fn leave(&mut self) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }
}

/// What the front of the input is.
#[derive(Debug, PartialEq, Eq)]
pub enum Cut {
    /// Not yet a whole request.
    More,
    /// A whole request if nothing more comes for this time.
    MoreUnlessQuiet(Duration),
    /// A request, or one without its contents, which follow.
    Request(Bytes),
    /// A piece of the contents of the latest request, as it is meant: whatever it was wrapped in is off.
    Contents(Bytes),
    /// The end of those contents.
    ContentsEnd,
    /// Nothing that can be trusted any more; the connection ends.
    Broken(Ending),
}

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A request was longer than any may be.
    TooLong,
    /// Too much was sent before a login.
    TooMuchBeforeLogin,
    /// Too many requests in a row made no sense.
    TooManyErrors,
}

/// The answer to a request.
pub struct Answer {
    /// What is written.
    pub output: Output,
    /// To be done once the output has been written whole; never if writing failed. Nothing else is
    /// answered meanwhile.
    pub written: Option<BoxFuture<'static, ()>>,
    /// What the request was worth.
    pub worth: Worth,
    /// Whether the connection ends with this answer.
    pub close: bool,
}

impl Answer {
    /// An answer that is ready.
    pub fn now(output: Vec<u8>) -> Self {
        Self { output: Output::Now(output), written: None, worth: Worth::Sense, close: false }
    }
}

/// Something that is said unasked.
#[derive(Debug, PartialEq, Eq)]
pub enum Unasked {
    /// This.
    Say(Vec<u8>),
    /// The last words, or none: the connection ends.
    Close(Vec<u8>),
}

/// Bytes to be written.
pub enum Output {
    /// They are here.
    Now(Vec<u8>),
    /// They come once something is durable.
    Later(BoxFuture<'static, Vec<u8>>),
    /// They come in pieces, each asked for once the one before has been written. An error ends the
    /// connection: half of an answer cannot be taken back.
    Pieces(BoxStream<'static, io::Result<Vec<u8>>>),
}

/// Whether a request made sense, whatever the answer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It was understood.
    Sense,
    /// It was not a request of this dialect.
    Nonsense,
}
