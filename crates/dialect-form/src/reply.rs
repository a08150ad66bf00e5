//! What a command answers, before it is framed.

use kabar_engine::{Error, Posting, Receipt};
use kabar_model::Refusal;
use kabar_wire::json::{self, Object};

/// A success.
pub(crate) enum Reply {
    /// An object that is ready.
    Ready(Vec<u8>),
    /// A list of messages; they are read once the client has been sent them whole.
    Inbox(Vec<u8>, Option<Receipt>),
    /// This object, once the message is durable.
    Posting(Posting, Vec<u8>),
}

/// Why a command was not done.
#[derive(Debug)]
pub(crate) enum Complaint {
    /// The form has no such key.
    MissingKey(&'static str),
    /// What this key holds is no text.
    NotUtf8(&'static str),
    /// The engine said no, or failed.
    Error(Error),
}

impl From<Error> for Complaint {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Refusal> for Complaint {
    fn from(refusal: Refusal) -> Self {
        Self::Error(refusal.into())
    }
}

/// The outcome of a command.
pub(crate) type Outcome = Result<Reply, Complaint>;

/// A success with these fields beside its status.
pub(crate) fn ok(fill: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(96);
    json::object(&mut out, |o| {
        o.text("status", "OK");
        fill(o);
    });
    out
}

/// An error with its reason, under both names that clients look for.
pub(crate) fn error(reason: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(96);
    json::object(&mut out, |o| {
        o.text("status", "ERROR");
        o.text("message", reason);
        o.text("error", reason);
    });
    out
}
