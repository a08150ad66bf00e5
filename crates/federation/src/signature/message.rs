//! What requests and responses have in common: four headers between what is theirs alone.

use kabar_model::RealmName;

use super::base::{is_plain, signature_base};
use super::form::{self, Parameters};
use super::{
    DIGEST_HEADER, FROM_HEADER, Fault, INPUT_HEADER, Nonce, PART_BYTES_MAX, ReceivedHeaders,
    SIGNATURE_HEADER, SKEW_SECS, SignedHeaders, TO_HEADER, Verified,
};
use crate::keys::{KeyId, PublicKey, SecretKey};

const CONTENT_TYPE: &str = "content-type";

/// Signs these components with their values, of which one is the digest of the body.
pub(super) fn sign(
    key: &SecretKey,
    components: &[&str],
    values: &[&str],
    content_digest: &str,
    (created, nonce): (i64, Nonce),
) -> SignedHeaders {
    let input = Parameters { created, nonce, keyid: key.public().id() }.input(components);
    let signature_bytes = key.sign(signature_base(components, values, &input).as_bytes());
    SignedHeaders {
        content_digest: content_digest.to_owned(),
        signature_input: form::labelled(&input),
        signature: form::signature(&signature_bytes),
        signature_bytes,
    }
}

/// The headers, all there and none too long.
pub(super) struct Headers<'a> {
    content_type: &'a str,
    from: &'a str,
    to: &'a str,
    content_digest: &'a str,
    input: &'a str,
    signature: &'a str,
}

impl<'a> Headers<'a> {
    pub(super) fn read(headers: &ReceivedHeaders<'a>) -> Result<Self, Fault> {
        let read = |name, value: Option<&'a str>| short(name, value.ok_or(Fault::Missing(name))?);
        Ok(Self {
            content_type: read(CONTENT_TYPE, headers.content_type)?,
            from: read(FROM_HEADER, headers.from)?,
            to: read(TO_HEADER, headers.to)?,
            content_digest: read(DIGEST_HEADER, headers.content_digest)?,
            input: read(INPUT_HEADER, headers.signature_input)?,
            signature: read(SIGNATURE_HEADER, headers.signature)?,
        })
    }

    pub(super) fn are_from(&self, realm: &RealmName) -> bool {
        self.from == realm.as_str()
    }
}

/// Refuses a part that is too long to be looked at.
pub(super) fn short<'a>(name: &'static str, value: &'a str) -> Result<&'a str, Fault> {
    if value.len() <= PART_BYTES_MAX { Ok(value) } else { Err(Fault::TooLong(name)) }
}

/// A message as it came: what its signature must cover, and the values of that.
pub(super) struct Received<'a> {
    pub(super) components: &'a [&'a str],
    /// Name and value of each component before the content type.
    pub(super) before: &'a [(&'static str, &'a str)],
    pub(super) headers: Headers<'a>,
    /// The same of each after the receiver.
    pub(super) after: &'a [(&'static str, &'a str)],
    pub(super) body: &'a [u8],
}

impl Received<'_> {
    /// Form, digest, key, signature, time; in this order, and the first fault is the answer.
    pub(super) fn verify(
        &self,
        us: &RealmName,
        key: impl FnOnce(&RealmName, &KeyId) -> Option<PublicKey>,
        now: i64,
    ) -> Result<Verified, Fault> {
        let headers = &self.headers;
        let parameters = Parameters::read(headers.input, self.components)?;
        let signature_bytes = form::read_signature(headers.signature)?;
        // Names are equal when their bytes are, so another way to write one does not pass.
        let from = RealmName::parse(headers.from).ok().filter(|name| name.as_str() == headers.from);
        let from = from.ok_or(Fault::Sender)?;
        if headers.to != us.as_str() {
            return Err(Fault::Receiver);
        }
        let values = self.values()?;
        if headers.content_digest != form::content_digest(self.body) {
            return Err(Fault::Digest);
        }
        let Parameters { created, nonce, keyid } = parameters;
        let key = key(&from, &keyid).ok_or(Fault::Key)?;
        let base = signature_base(self.components, &values, &parameters.input(self.components));
        if !key.is_signature_of(base.as_bytes(), &signature_bytes) {
            return Err(Fault::Signature);
        }
        let off_secs = created.saturating_sub(now);
        if off_secs.saturating_abs() > SKEW_SECS {
            return Err(Fault::Clock { off_secs, signature_bytes });
        }
        Ok(Verified { from, keyid, nonce, created, signature_bytes })
    }

    /// The values of all components, each one line of plain text.
    fn values(&self) -> Result<Vec<&str>, Fault> {
        let headers = &self.headers;
        let common = [
            (CONTENT_TYPE, headers.content_type),
            (DIGEST_HEADER, headers.content_digest),
            (FROM_HEADER, headers.from),
            (TO_HEADER, headers.to),
        ];
        let all = self.before.iter().chain(&common).chain(self.after);
        all.map(|(name, value)| if is_plain(value) { Ok(*value) } else { Err(Fault::Text(name)) })
            .collect()
    }
}
