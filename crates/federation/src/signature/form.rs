//! The one form that the three headers of a signature have.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::base::covered;
use super::{Fault, Nonce, SKEW_SECS};
use crate::base64url;
use crate::keys::{KeyId, SignatureBytes};

const LABEL: &str = "rl=";
const TAG: &str = "realm-link-1";

/// What a signature says of itself besides what it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    /// In seconds since the Unix epoch.
    pub(super) created: i64,
    pub(super) nonce: Nonce,
    pub(super) keyid: KeyId,
}

impl Parameters {
    /// The list of components with its parameters: the last line of the signature base.
    pub(super) fn input(&self, components: &[&str]) -> String {
        let Self { created, nonce, keyid } = self;
        let list = covered(components);
        let expires = created.saturating_add(SKEW_SECS);
        let nonce = base64url::encode(nonce);
        format!(
            "{list};created={created};expires={expires};nonce=\"{nonce}\";keyid=\"{keyid}\";tag=\"{TAG}\""
        )
    }

    /// Reads a `Signature-Input` header that covers exactly these components.
    ///
    /// ```text
    /// header  = "rl=(" components ")" ";created=" seconds ";expires=" seconds
    ///           ";nonce=" quoted ";keyid=" quoted ";tag=" quoted
    /// seconds = 1*15DIGIT
    /// ```
    pub(super) fn read(header: &str, components: &[&str]) -> Result<Self, Fault> {
        let input = header.strip_prefix(LABEL).ok_or(Fault::Label)?;
        let rest = input.strip_prefix(&covered(components)).ok_or(Fault::Components)?;
        let (created, rest) = seconds(rest, ";created=").ok_or(Fault::Parameters)?;
        let (expires, rest) = seconds(rest, ";expires=").ok_or(Fault::Parameters)?;
        let (nonce, rest) = quoted(rest, ";nonce=\"").ok_or(Fault::Parameters)?;
        let (keyid, rest) = quoted(rest, ";keyid=\"").ok_or(Fault::Parameters)?;
        let (tag, rest) = quoted(rest, ";tag=\"").ok_or(Fault::Parameters)?;
        if !rest.is_empty() {
            return Err(if rest.starts_with(',') { Fault::Label } else { Fault::Parameters });
        }
        if tag != TAG {
            return Err(Fault::Tag);
        }
        if expires != created + SKEW_SECS {
            return Err(Fault::Expiry);
        }
        let nonce = base64url::decode(nonce).ok_or(Fault::Parameters)?;
        let keyid = keyid.parse().map_err(|_| Fault::Parameters)?;
        let read = Self { created, nonce, keyid };
        // One meaning, one text: leading zeros, for example, do not pass.
        if read.input(components) == input { Ok(read) } else { Err(Fault::Parameters) }
    }
}

fn seconds<'a>(text: &'a str, name: &str) -> Option<(i64, &'a str)> {
    let text = text.strip_prefix(name)?;
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    // An integer of a structured field has at most 15 digits (RFC 9651 §3.3.1).
    let (digits, rest) = (end <= 15).then(|| text.split_at(end))?;
    Some((digits.parse().ok()?, rest))
}

fn quoted<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(name)?.split_once('"')
}

/// The value of a `Signature-Input` or `Signature` header with this one member.
pub(super) fn labelled(member: &str) -> String {
    format!("{LABEL}{member}")
}

/// The value of a `Signature` header.
pub(super) fn signature(bytes: &SignatureBytes) -> String {
    labelled(&byte_sequence(bytes))
}

/// Reads a `Signature` header.
pub(super) fn read_signature(header: &str) -> Result<SignatureBytes, Fault> {
    let sequence = header.strip_prefix(LABEL).ok_or(Fault::Label)?;
    if sequence.contains(',') {
        return Err(Fault::Label);
    }
    read_byte_sequence(sequence).ok_or(Fault::Encoding)
}

/// A byte sequence of a structured field (RFC 9651 §3.3.5).
pub(super) fn byte_sequence(bytes: &[u8]) -> String {
    format!(":{}:", BASE64_STANDARD.encode(bytes))
}

/// Reads a byte sequence of exactly `N` bytes.
pub(super) fn read_byte_sequence<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.strip_prefix(':')?.strip_suffix(':')?;
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}

/// The value of a `Content-Digest` header (RFC 9530 §2).
pub(super) fn content_digest(body: &[u8]) -> String {
    format!("sha-256={}", byte_sequence(&Sha256::digest(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPONENTS: [&str; 2] = ["\"a\"", "\"b\""];

    fn parameters() -> Parameters {
        let keyid = base64url::encode(&[2; 16]).parse().unwrap();
        Parameters { created: 1_000, nonce: [1; 16], keyid }
    }

    /// RFC 9530 B.1 and B.2.
    #[test]
    fn digests_are_those_of_the_rfc() {
        for (body, digest) in [
            ("{\"hello\": \"world\"}\n", "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="),
            ("", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        ] {
            assert_eq!(content_digest(body.as_bytes()), format!("sha-256=:{digest}:"));
        }
    }

    #[test]
    fn parameters_have_one_form_and_each_other_its_fault() {
        let good = labelled(&parameters().input(&COMPONENTS));
        assert_eq!(
            good,
            "rl=(\"a\" \"b\");created=1000;expires=1300;nonce=\"AQEBAQEBAQEBAQEBAQEBAQ\";\
             keyid=\"AgICAgICAgICAgICAgICAg\";tag=\"realm-link-1\""
        );
        assert_eq!(Parameters::read(&good, &COMPONENTS), Ok(parameters()));
        let two = format!("{good}, {good}");
        let other = format!("sig1={}, {good}", &good[3..]);
        let late = good.replace("expires=1300", "expires=1301");
        for (bad, fault) in [
            ("", Fault::Label),
            (&two, Fault::Label),
            (&other, Fault::Label),
            (&format!("{good},x=()"), Fault::Label),
            (&good.replacen("rl", "RL", 1), Fault::Label),
            (&format!(" {good}"), Fault::Label),
            (&good.replace("\"a\" \"b\"", "\"b\" \"a\""), Fault::Components),
            (&good.replace("\"a\" ", ""), Fault::Components),
            (&good.replace("\"b\"", "\"b\" \"c\""), Fault::Components),
            (&good.replace("\"b\"", "\"b\";req"), Fault::Components),
            (&good.replace("\"a\" ", "\"a\"  "), Fault::Components),
            (&late, Fault::Expiry),
            (&good.replace("expires=1300", "expires=1000"), Fault::Expiry),
            (&good.replace("realm-link-1", "realm-link-2"), Fault::Tag),
            (&good.replace("realm-link-1", ""), Fault::Tag),
            (&good.replace(";tag=\"realm-link-1\"", ""), Fault::Parameters),
            (&good.replace(";created=1000", ""), Fault::Parameters),
            (&good.replace(";expires=1300", ""), Fault::Parameters),
            (&good.replace("created=1000", "created=1000;created=1000"), Fault::Parameters),
            (&good.replace("created=1000", "created=01000"), Fault::Parameters),
            (&good.replace("created=1000", "created=-1000"), Fault::Parameters),
            (&good.replace("created=1000", "created=+1000"), Fault::Parameters),
            (&good.replace("created=1000", "created=1000.0"), Fault::Parameters),
            (&good.replace("created=1000", "created="), Fault::Parameters),
            (&good.replace("created=1000", "created=1000000000000000"), Fault::Parameters),
            (&good.replace("AQEBAQ\"", "AQEBAR\""), Fault::Parameters),
            (&good.replace("AQEBAQ\"", "AQEBAQ==\""), Fault::Parameters),
            (&good.replace("AgICAg\"", "AgIC\""), Fault::Parameters),
            (&good.replace(";keyid", ";alg=\"ed25519\";keyid"), Fault::Parameters),
            (&format!("{good};alg=\"ed25519\""), Fault::Parameters),
            (&format!("{good} "), Fault::Parameters),
            (&good[..good.len() - 1], Fault::Parameters),
        ] {
            assert_eq!(Parameters::read(bad, &COMPONENTS), Err(fault), "{bad}");
        }
    }

    #[test]
    fn a_signature_has_one_form() {
        let good = signature(&[7; 64]);
        assert_eq!(read_signature(&good), Ok([7; 64]));
        for (bad, fault) in [
            ("", Fault::Label),
            (&good[3..], Fault::Label),
            (&format!("x{good}"), Fault::Label),
            (&format!("{good}, x=:AAAA:"), Fault::Label),
            (&format!("{good}, {good}"), Fault::Label),
            ("rl=::", Fault::Encoding),
            ("rl=:AAAA:", Fault::Encoding),
            (&good.replace("==:", "=:"), Fault::Encoding),
            (&good.replace("==:", ":"), Fault::Encoding),
            (&good[..good.len() - 1], Fault::Encoding),
            (&format!("{good};x"), Fault::Encoding),
        ] {
            assert_eq!(read_signature(bad), Err(fault), "{bad}");
        }
    }
}
