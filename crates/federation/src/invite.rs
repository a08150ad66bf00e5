//! Invites: all that a realm needs to link to another, in one text.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kabar_model::RealmName;
use sha2::{Digest, Sha256};

use crate::address::Endpoint;
use crate::base64url;
use crate::keys::PublicKey;

/// The longest invite: the longest names, and not one character more.
pub const INVITE_CHARS_MAX: usize = 510;

const KIND: &str = "kabar-realm-";
const VERSION: &str = "1.";
const CHECKSUM_BYTES: usize = 4;

/// What one administrator gives to another to link their realms, once.
///
/// As text it is `kabar-realm-1.` and, in base64url without padding: the root key (32 bytes), the
/// secret (16), the port (2, high byte first), the length of the realm's name (1) and the name, the
/// host, and the first 4 bytes of the SHA-256 of all before it, `kabar-realm-1.` included.
/// The secret makes it one: its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Invite {
    /// What the inviting realm calls itself.
    pub realm: RealmName,
    /// Where it is.
    pub endpoint: Endpoint,
    /// Its root key.
    pub root: PublicKey,
    /// Who shows this was invited.
    pub secret: [u8; 16],
}

/// A text is no invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// It does not begin like one.
    #[error("not an invite: it begins with `kabar-realm-1.`")]
    Kind,
    /// It is one of another version of kabar.
    #[error("the invite is of another version")]
    Version,
    /// It was not copied whole.
    #[error("a character of the invite is wrong or missing")]
    Damaged,
    /// It was made like this; no copy is to blame.
    #[error("the invite says something that cannot be")]
    Contents,
}

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.realm.as_str();
        let mut bytes = [&self.root.as_bytes()[..], &self.secret].concat();
        bytes.extend(self.endpoint.port().to_be_bytes());
        // A realm's name has at most 64 characters.
        bytes.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        bytes.extend(name.bytes());
        bytes.extend(self.endpoint.host().bytes());
        bytes.extend(checksum(&bytes));
        write!(f, "{KIND}{VERSION}{}", base64url::encode(&bytes))
    }
}

impl fmt::Debug for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invite({} at {}, …)", self.realm, self.endpoint)
    }
}

impl FromStr for Invite {
    type Err = InviteError;

    fn from_str(text: &str) -> Result<Self, InviteError> {
        let text = text.strip_prefix(KIND).ok_or(InviteError::Kind)?;
        let text = text.strip_prefix(VERSION).ok_or(InviteError::Version)?;
        if text.len() > INVITE_CHARS_MAX - KIND.len() - VERSION.len() {
            return Err(InviteError::Damaged);
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| InviteError::Damaged)?;
        let (bytes, sum) = bytes.split_last_chunk().ok_or(InviteError::Damaged)?;
        if *sum != checksum(bytes) {
            return Err(InviteError::Damaged);
        }
        contents(bytes).ok_or(InviteError::Contents)
    }
}

fn contents(bytes: &[u8]) -> Option<Invite> {
    let (root, bytes) = bytes.split_first_chunk()?;
    let (secret, bytes) = bytes.split_first_chunk()?;
    let (port, bytes) = bytes.split_first_chunk()?;
    let (name_bytes, bytes) = bytes.split_first()?;
    let (name, host) = str::from_utf8(bytes).ok()?.split_at_checked(usize::from(*name_bytes))?;
    let realm = RealmName::parse(name).ok()?;
    let endpoint = Endpoint::new(host, u16::from_be_bytes(*port)).ok()?;
    // One invite, one text: names are written as this crate writes them.
    let is_same = realm.as_str() == name && endpoint.host() == host;
    let root = PublicKey::from_bytes(*root).ok()?;
    is_same.then_some(Invite { realm, endpoint, root, secret: *secret })
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let hash = Sha256::new().chain_update(KIND).chain_update(VERSION).chain_update(bytes);
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&hash.finalize()[..CHECKSUM_BYTES]);
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::address::HOST_BYTES_MAX;
    use crate::keys::SecretKey;

    fn invite(name: &str, host: &str, port: u16) -> Invite {
        Invite {
            realm: RealmName::parse(name).unwrap(),
            endpoint: Endpoint::new(host, port).unwrap(),
            root: SecretKey::from_bytes(&[1; 32]).public(),
            secret: [2; 16],
        }
    }

    /// An invite with these bytes and a right checksum.
    fn text_of(bytes: &[u8]) -> String {
        let whole = [bytes, &checksum(bytes)].concat();
        format!("kabar-realm-1.{}", base64url::encode(&whole))
    }

    #[test]
    fn an_invite_never_changes_its_form() {
        let invite = invite("kampus-b", "127.0.0.1", 8889);
        let text = "kabar-realm-1.iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1wCAgICAgICAgICAgICAgICIrkIa2FtcHVzLWIxMjcuMC4wLjHxqC9o";
        assert_eq!(invite.to_string(), text);
        assert_eq!(text.parse(), Ok(invite));
    }

    #[test]
    fn an_invite_does_not_print_its_secret() {
        let said = format!("{:?}", invite("kampus-b", "127.0.0.1", 8889));
        assert_eq!(said, "Invite(kampus-b at 127.0.0.1:8889, …)");
    }

    #[test]
    fn the_longest_names_fit() {
        let label = "x".repeat(63);
        let host = format!("{label}.{label}.{label}.{}", "x".repeat(HOST_BYTES_MAX - 192));
        let longest = invite(&"n".repeat(64), &host, 65_535);
        assert_eq!(longest.to_string().len(), INVITE_CHARS_MAX);
        assert_eq!(longest.to_string().parse(), Ok(longest.clone()));
        assert_eq!(format!("{longest}A").parse::<Invite>(), Err(InviteError::Damaged));
    }

    #[test]
    fn every_slip_of_a_hand_is_told() {
        let good = invite("kampus-b", "kampus-b.example", 8889).to_string();
        for place in "kabar-realm-1.".len()..good.len() {
            let mut missing = good.clone();
            missing.remove(place);
            let mut wrong = good.clone();
            let other = if &good[place..=place] == "A" { "B" } else { "A" };
            wrong.replace_range(place..=place, other);
            for text in [&missing, &wrong, &good[..place]] {
                assert_eq!(text.parse::<Invite>(), Err(InviteError::Damaged), "{text}");
            }
        }
        for (text, error) in [
            ("", InviteError::Kind),
            ("halo", InviteError::Kind),
            (&good[1..], InviteError::Kind),
            (&good.to_uppercase(), InviteError::Kind),
            (&good.replace("-1.", "-2."), InviteError::Version),
            ("kabar-realm-", InviteError::Version),
            ("kabar-realm-1.", InviteError::Damaged),
            (&format!("{good} "), InviteError::Damaged),
            (&format!("{good}="), InviteError::Damaged),
            (&good.replace("1.", "1. "), InviteError::Damaged),
        ] {
            assert_eq!(text.parse::<Invite>(), Err(error), "{text}");
        }
    }

    #[test]
    fn what_no_realm_can_be_is_not_invited_to() {
        let good = invite("b", "a.example", 8889);
        let head =
            |port: u16| [&good.root.as_bytes()[..], &good.secret, &port.to_be_bytes()[..]].concat();
        assert_eq!(text_of(&[&head(8889)[..], b"\x01ba.example"].concat()), good.to_string());
        let mut no_key = head(8889);
        no_key[..32].fill(0);
        for (head, rest) in [
            (head(0), &b"\x01ba.example"[..]),
            (no_key, b"\x01ba.example"),
            (head(8889), b""),
            (head(8889), b"\x00a.example"),
            (head(8889), b"\x01b"),
            (head(8889), b"\xffba.example"),
            (head(8889), b"\x01Ba.example"),
            (head(8889), b"\x01bA.example"),
            (head(8889), b"\x01b[::1]"),
            (head(8889), b"\x01ba b"),
            (head(8889), b"\x01b\xff\xfe"),
            (head(8889), "\u{1}éa".as_bytes()),
        ] {
            let text = text_of(&[&head[..], rest].concat());
            assert_eq!(text.parse::<Invite>(), Err(InviteError::Contents), "{rest:?}");
        }
    }

    proptest! {
        #[test]
        fn an_invite_reads_back_as_written(
            name in "[a-z0-9._-]{1,64}",
            host in "[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\\.[a-z]{1,20}){0,5}",
            port in 1_u16..,
            seed: [u8; 32],
            secret: [u8; 16],
        ) {
            let root = SecretKey::from_bytes(&seed).public();
            let invite = Invite { root, secret, ..invite(&name, &host, port) };
            let text = invite.to_string();
            prop_assert!(text.len() <= INVITE_CHARS_MAX && !text.contains(char::is_whitespace));
            prop_assert_eq!(text.parse(), Ok(invite));
        }

        #[test]
        fn no_text_breaks_the_reader(text in "(?s)(kabar-realm-1\\.)?.{0,600}", bytes: Vec<u8>) {
            let _ = text.parse::<Invite>();
            let made = text_of(&bytes);
            if let Ok(invite) = made.parse::<Invite>() {
                prop_assert_eq!(invite.to_string(), made);
            }
        }
    }
}
