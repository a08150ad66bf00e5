//! HTTP Message Signatures (RFC 9421) in the one profile of realm links, with Ed25519.
//!
//! Nothing is negotiated: one label, one tag, one list of components in one order, one order of
//! parameters. What comes must have exactly the form that this code writes; each deviation has a
//! [`Fault`] of its own. There is no `alg` parameter: the key that `keyid` names is an Ed25519 key
//! and nothing else, and the RFC takes the algorithm from the key material where that is so
//! (§3.2 step 6); what a message says of it could only contradict.
//!
//! The body is covered through `Content-Digest` (RFC 9530). The length of a body is for the caller
//! to limit, before it calls.

mod base;
mod fault;
mod form;
mod message;
mod replay;
mod request;
mod response;

pub use fault::Fault;
pub use replay::{NONCES_MAX, ReplayGuard};
pub use request::{ReceivedRequest, RequestParts, sign_request, verify_request};
pub use response::{Asked, ReceivedResponse, ResponseParts, sign_response, verify_response};

use std::collections::HashMap;

use kabar_model::RealmName;

use crate::keys::{KeyId, SignatureBytes};

/// The header with the realm that sends.
pub const FROM_HEADER: &str = "kabar-from";
/// The header with the realm that is meant.
pub const TO_HEADER: &str = "kabar-to";
/// The header with the hash of the body.
pub const DIGEST_HEADER: &str = "content-digest";
/// The header that says what is signed.
pub const INPUT_HEADER: &str = "signature-input";
/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "signature";

/// For how long a signature is good, and how far clocks may be apart.
pub const SKEW_SECS: i64 = 300;

/// The longest header, method, path or query that is read.
pub const PART_BYTES_MAX: usize = 1024;

/// Random bytes that make every message another one.
pub type Nonce = [u8; 16];

/// What signing adds to a message: the values of three headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    /// The value of [`DIGEST_HEADER`].
    pub content_digest: String,
    /// The value of [`INPUT_HEADER`].
    pub signature_input: String,
    /// The value of [`SIGNATURE_HEADER`].
    pub signature: String,
    /// The signature itself; the answer to a request is bound to it.
    pub signature_bytes: SignatureBytes,
}

impl SignedHeaders {
    /// All headers that are signed but `Content-Type`, and the signature, by their names.
    pub fn named(self, from: &RealmName, to: &RealmName) -> [(&'static str, String); 5] {
        [
            (FROM_HEADER, from.to_string()),
            (TO_HEADER, to.to_string()),
            (DIGEST_HEADER, self.content_digest),
            (INPUT_HEADER, self.signature_input),
            (SIGNATURE_HEADER, self.signature),
        ]
    }
}

/// The headers of a message as they came; `None` is a header that did not come.
///
/// A header that came more than once must be given as one text with commas, which no form here has.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReceivedHeaders<'a> {
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// [`FROM_HEADER`].
    pub from: Option<&'a str>,
    /// [`TO_HEADER`].
    pub to: Option<&'a str>,
    /// [`DIGEST_HEADER`].
    pub content_digest: Option<&'a str>,
    /// [`INPUT_HEADER`].
    pub signature_input: Option<&'a str>,
    /// [`SIGNATURE_HEADER`].
    pub signature: Option<&'a str>,
}

impl<'a> ReceivedHeaders<'a> {
    /// Those among all headers, whose names are in lower case.
    pub fn among(all: &'a HashMap<String, String>) -> Self {
        let header = |name: &str| all.get(name).map(String::as_str);
        Self {
            content_type: header("content-type"),
            from: header(FROM_HEADER),
            to: header(TO_HEADER),
            content_digest: header(DIGEST_HEADER),
            signature_input: header(INPUT_HEADER),
            signature: header(SIGNATURE_HEADER),
        }
    }
}

/// A message whose signature is right and whose time is now.
///
/// Whether it came before is for [`ReplayGuard`] to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The realm that sent it.
    pub from: RealmName,
    /// The key it is signed with.
    pub keyid: KeyId,
    /// What makes it another message than all others.
    pub nonce: Nonce,
    /// When it was signed, in seconds since the Unix epoch, by the clock of the sender.
    pub created: i64,
    /// The signature; the answer to a request is bound to it.
    pub signature_bytes: SignatureBytes,
}

#[cfg(test)]
mod tests;
