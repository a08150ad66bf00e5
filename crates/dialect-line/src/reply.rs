//! What a command answers, before it is bytes.

use kabar_engine::blobs::Pieces;
use kabar_engine::{Error, Posting, Receipt};
use kabar_model::{File, Refusal};
use kabar_wire::json::{self, Object};

use crate::profile::Profile;
use crate::wording::Text;

/// The end of every answer.
pub(crate) const END: &[u8] = b"\r\n\r\n";

/// A success.
pub(crate) enum Reply {
    /// An object that is ready.
    Ready(Vec<u8>),
    /// A list of messages; they are read once the client has been sent them whole.
    Inbox(Vec<u8>, Option<Receipt>),
    /// "Message sent", once it is durable.
    Posting(Posting),
    /// A file and its contents.
    File(File, Pieces),
    /// The last answer of this connection.
    Last(Vec<u8>),
}

impl Reply {
    /// A reply whose only news is a sentence.
    pub(crate) fn text(profile: Profile, text: Text) -> Self {
        Self::Ready(ok(|o| o.text("message", text.words(profile))))
    }
}

/// Why a command was not done.
pub(crate) enum Complaint {
    /// An argument is missing, surplus or bad.
    Usage,
    /// The engine said no, or failed.
    Error(Error),
    /// Several were to get it, and these of them are unknown.
    AmongReceivers(Vec<String>),
    /// No such group, where the wish was to join it.
    GroupUnknownToJoin,
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
    out.extend_from_slice(END);
    out
}

/// A file up to its contents, and what follows them.
pub(crate) fn around_contents(file: &File) -> (Vec<u8>, Vec<u8>) {
    let mut before = ok(|o| {
        o.text("file_name", file.name.as_str());
        o.number("file_size", file.size);
        o.text("file_content", "");
    });
    let after = [br#""}"#, END].concat();
    before.truncate(before.len() - after.len());
    (before, after)
}

/// An error with its reason.
pub(crate) fn error(message: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(96);
    json::object(&mut out, |o| {
        o.text("status", "ERROR");
        o.text("message", message);
    });
    out.extend_from_slice(END);
    out
}
