//! Responses: the realm that was asked answers, and only to that request.

use kabar_model::RealmName;

use super::{Fault, Nonce, ReceivedHeaders, SignedHeaders, Verified, form, message};
use crate::keys::{KeyId, PublicKey, SecretKey, SignatureBytes};

/// What the signature of a response covers, in this order. The last is the signature of the request
/// (RFC 9421 §2.4).
const COMPONENTS: [&str; 6] = [
    r#""@status""#,
    r#""content-type""#,
    r#""content-digest""#,
    r#""kabar-from""#,
    r#""kabar-to""#,
    r#""signature";req;key="rl""#,
];

/// A response that is to be signed; it is sent exactly so.
#[derive(Clone, Copy, Debug)]
pub struct ResponseParts<'a> {
    /// The status code.
    pub status: u16,
    /// Sent also without a body.
    pub content_type: &'a str,
    /// The body, or nothing.
    pub body: &'a [u8],
    /// The realm that answers.
    pub from: &'a RealmName,
    /// The realm that asked.
    pub to: &'a RealmName,
}

/// A response as it came.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedResponse<'a> {
    /// The status code.
    pub status: u16,
    /// The headers that count.
    pub headers: ReceivedHeaders<'a>,
    /// The whole body.
    pub body: &'a [u8],
}

/// The request that a response must answer.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The realm that asked: this one.
    pub from: &'a RealmName,
    /// The realm that was asked.
    pub to: &'a RealmName,
    /// The signature of the request.
    pub signature_bytes: &'a SignatureBytes,
}

/// Signs a response to the request with this signature.
pub fn sign_response(
    key: &SecretKey,
    response: &ResponseParts<'_>,
    request_signature: &SignatureBytes,
    created: i64,
    nonce: Nonce,
) -> SignedHeaders {
    let ResponseParts { status, content_type, body, from, to } = *response;
    let status = status.to_string();
    let digest = form::content_digest(body);
    let request = form::byte_sequence(request_signature);
    let values = [&status, content_type, &digest, from.as_str(), to.as_str(), &request];
    message::sign(key, &COMPONENTS, &values, &digest, (created, nonce))
}

/// Whether a response comes from the realm that was asked, answers that request, and was signed at
/// `now` or near it. For `key` see [`super::verify_request`].
pub fn verify_response(
    response: &ReceivedResponse<'_>,
    asked: &Asked<'_>,
    key: impl FnOnce(&RealmName, &KeyId) -> Option<PublicKey>,
    now: i64,
) -> Result<Verified, Fault> {
    let ReceivedResponse { status, headers, body } = *response;
    let headers = message::Headers::read(&headers)?;
    if !headers.are_from(asked.to) {
        return Err(Fault::Sender);
    }
    let received = message::Received {
        components: &COMPONENTS,
        before: &[("@status", &status.to_string())],
        headers,
        after: &[("signature", &form::byte_sequence(asked.signature_bytes))],
        body,
    };
    received.verify(asked.from, key, now)
}
