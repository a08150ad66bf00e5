//! Requests: one realm asks another.

use kabar_model::RealmName;

use super::{Fault, Nonce, ReceivedHeaders, SignedHeaders, Verified, form, message};
use crate::keys::{KeyId, PublicKey, SecretKey};

/// What the signature of a request covers, in this order.
const COMPONENTS: [&str; 7] = [
    r#""@method""#,
    r#""@path""#,
    r#""@query""#,
    r#""content-type""#,
    r#""content-digest""#,
    r#""kabar-from""#,
    r#""kabar-to""#,
];

/// A request that is to be signed; it is sent exactly so.
#[derive(Clone, Copy, Debug)]
pub struct RequestParts<'a> {
    /// In capital letters.
    pub method: &'a str,
    /// With its first `/`, encoded as it is sent.
    pub path: &'a str,
    /// What follows the `?`, encoded as it is sent; empty when there is none.
    pub query: &'a str,
    /// Sent also without a body.
    pub content_type: &'a str,
    /// The body, or nothing.
    pub body: &'a [u8],
    /// The realm that asks.
    pub from: &'a RealmName,
    /// The realm that is asked.
    pub to: &'a RealmName,
}

/// A request as it came.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedRequest<'a> {
    /// As received.
    pub method: &'a str,
    /// As received, not decoded.
    pub path: &'a str,
    /// What followed the `?`, not decoded; empty when there was nothing.
    pub query: &'a str,
    /// The headers that count.
    pub headers: ReceivedHeaders<'a>,
    /// The whole body.
    pub body: &'a [u8],
}

/// Signs a request at `created`, in seconds since the Unix epoch. Its parts are text that this
/// realm made itself, printable ASCII; with others it is refused by whom it reaches.
pub fn sign_request(
    key: &SecretKey,
    request: &RequestParts<'_>,
    created: i64,
    nonce: Nonce,
) -> SignedHeaders {
    let digest = form::content_digest(request.body);
    let query = format!("?{}", request.query);
    let RequestParts { method, path, content_type, from, to, .. } = *request;
    let values = [method, path, &query, content_type, &digest, from.as_str(), to.as_str()];
    message::sign(key, &COMPONENTS, &values, &digest, (created, nonce))
}

/// Whether a request comes from whom it says, is meant for `us`, and was signed at `now` or near it.
///
/// `key` gives the public key of that name, if it is one of that realm. Nothing is believed of a
/// message before its signature was verified; a [`Fault::Clock`] comes only after that.
pub fn verify_request(
    request: &ReceivedRequest<'_>,
    us: &RealmName,
    key: impl FnOnce(&RealmName, &KeyId) -> Option<PublicKey>,
    now: i64,
) -> Result<Verified, Fault> {
    let ReceivedRequest { method, path, query, headers, body } = *request;
    let method = message::short("@method", method)?;
    let path = message::short("@path", path)?;
    let query = format!("?{}", message::short("@query", query)?);
    let received = message::Received {
        components: &COMPONENTS,
        before: &[("@method", method), ("@path", path), ("@query", &query)],
        headers: message::Headers::read(&headers)?,
        after: &[],
        body,
    };
    received.verify(us, key, now)
}
