//! What a command answers, before it is framed.

use kabar_engine::blobs::Pieces;
use kabar_engine::{Error, Posting, Receipt};
use kabar_model::{FileName, Refusal};
use kabar_wire::json::{self, Object};

/// A success.
pub(crate) enum Reply {
    /// An object that is ready.
    Ready(Vec<u8>),
    /// A list of messages; they are read once the client has been sent them whole.
    Inbox(Vec<u8>, Option<Receipt>),
    /// This object, once the message is durable.
    Posting(Posting, Vec<u8>),
    /// A file of this name with these contents.
    File(FileName, Pieces),
}

/// Why a command was not done.
#[derive(Debug)]
pub(crate) enum Complaint {
    /// The form has no such key.
    MissingKey(&'static str),
    /// What this key holds is no text.
    NotUtf8(&'static str),
    /// The contents of a file are not base64.
    NotBase64,
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

/// The object of a file: what stands before its contents, and what behind.
pub(crate) fn around_contents(name: &FileName) -> (Vec<u8>, Vec<u8>) {
    let mut before = ok(|o| {
        o.text("name", name.as_str());
        o.text("filename", name.as_str());
        o.text("payload", "");
    });
    let after = before.split_off(before.len() - PAYLOAD_END_BYTES);
    (before, after)
}

/// `"}`.
const PAYLOAD_END_BYTES: usize = 2;
