//! What one connection loop needs of every text dialect.
//!
//! A dialect's side of a conversation owns no socket, task or clock: it cuts requests from bytes and
//! answers them. The loop decides when to read, how many answers may wait, and when to close.

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;

/// One conversation in a text dialect.
pub trait Conversation: Send {
    /// Cuts the next request off the front of what has arrived.
    fn cut(&mut self, input: &mut BytesMut) -> Cut;

    /// Whether this request may be taken up while answers to earlier ones still wait for the disk.
    /// Requests are always taken up in their order.
    fn overlaps(&self, request: &[u8]) -> bool;

    /// Answers a request. When the future is done, the request has taken its place among all others;
    /// its answer may still be [`Output::Later`].
    fn answer(&mut self, request: Bytes) -> BoxFuture<'_, Answer>;

    /// Whether somebody has shown who they are on this connection.
    fn is_known(&self) -> bool;

    /// The last words to a client whose input was the reason to close.
    fn farewell(&self, reason: Ending) -> Vec<u8>;
}

/// What the front of the input is.
#[derive(Debug, PartialEq, Eq)]
pub enum Cut {
    /// Not yet a whole request.
    More,
    /// A request.
    Request(Bytes),
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

/// Bytes to be written.
pub enum Output {
    /// They are here.
    Now(Vec<u8>),
    /// They come once something is durable.
    Later(BoxFuture<'static, Vec<u8>>),
}

/// Whether a request made sense, whatever the answer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It was understood.
    Sense,
    /// It was not a request of this dialect.
    Nonsense,
}
