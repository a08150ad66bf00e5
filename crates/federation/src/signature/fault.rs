//! Why a message is not believed.

use crate::keys::SignatureBytes;

/// What is wrong with a signed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A header, the method, the path or the query is too long to be looked at.
    #[error("`{0}` is too long")]
    TooLong(&'static str),
    /// A header is not there.
    #[error("no header `{0}`")]
    Missing(&'static str),
    /// A value that is signed is not one line of printable ASCII.
    #[error("`{0}` is not one line of plain text")]
    Text(&'static str),
    /// The signature has another label, or there are several.
    #[error("the signature must have one label, `rl`")]
    Label,
    /// Other components are signed, or in another order.
    #[error("the signature covers other components than it must")]
    Components,
    /// A parameter is missing, doubled, in another place, or not of its form.
    #[error("the parameters of the signature are not of their form")]
    Parameters,
    /// The signature is made for something else.
    #[error("the signature has another tag")]
    Tag,
    /// The signature would be good for a longer or shorter time than it must.
    #[error("the signature does not expire when it must")]
    Expiry,
    /// The signature is not 64 bytes in base64.
    #[error("the signature is not of its form")]
    Encoding,
    /// The body is not the one that was signed, or its hash is not of its form.
    #[error("the digest is not that of the body")]
    Digest,
    /// The sender is no realm, or not the realm that was asked.
    #[error("the message is from another realm than it should be")]
    Sender,
    /// The message is for another realm.
    #[error("the message is for another realm")]
    Receiver,
    /// No such key is known of the sender.
    #[error("the key is not known")]
    Key,
    /// The key did not sign this.
    #[error("the signature is wrong")]
    Signature,
    /// All is right but the clocks are too far apart; the sender may be told the time.
    #[error("the sender's clock is {off_secs} s ahead")]
    Clock {
        /// How far the sender's clock is ahead of ours; negative: behind.
        off_secs: i64,
        /// The signature of the message, to which the answer is bound.
        signature_bytes: SignatureBytes,
    },
    /// The same message came before.
    #[error("the message came before")]
    Replayed,
    /// More messages came than can be told apart; later there is room again.
    #[error("too many messages in too short a time")]
    Busy,
}

impl Fault {
    /// What this is called on the wire and in logs; a code does not change its meaning.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "header_too_long",
            Self::Missing(_) => "header_missing",
            Self::Text(_) => "header_invalid",
            Self::Label => "signature_label",
            Self::Components => "signature_components",
            Self::Parameters => "signature_parameters",
            Self::Tag => "signature_tag",
            Self::Expiry => "signature_expiry",
            Self::Encoding => "signature_encoding",
            Self::Digest => "content_digest",
            Self::Sender => "wrong_sender",
            Self::Receiver => "wrong_receiver",
            Self::Key => "key_unknown",
            Self::Signature => "bad_signature",
            Self::Clock { .. } => "clock",
            Self::Replayed => "replayed",
            Self::Busy => "busy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other realms and the logs of operators know these.
    #[test]
    fn codes_do_not_change() {
        let clock = Fault::Clock { off_secs: -301, signature_bytes: [0; 64] };
        for (fault, code) in [
            (Fault::TooLong("@path"), "header_too_long"),
            (Fault::Missing("signature"), "header_missing"),
            (Fault::Text("@path"), "header_invalid"),
            (Fault::Label, "signature_label"),
            (Fault::Components, "signature_components"),
            (Fault::Parameters, "signature_parameters"),
            (Fault::Tag, "signature_tag"),
            (Fault::Expiry, "signature_expiry"),
            (Fault::Encoding, "signature_encoding"),
            (Fault::Digest, "content_digest"),
            (Fault::Sender, "wrong_sender"),
            (Fault::Receiver, "wrong_receiver"),
            (Fault::Key, "key_unknown"),
            (Fault::Signature, "bad_signature"),
            (clock, "clock"),
            (Fault::Replayed, "replayed"),
            (Fault::Busy, "busy"),
        ] {
            assert_eq!(fault.code(), code);
        }
        assert_eq!(clock.to_string(), "the sender's clock is -301 s ahead");
    }
}
