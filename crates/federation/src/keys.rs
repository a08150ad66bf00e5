//! Ed25519 keys: the one that a realm is known by, and those that it signs with.

mod known;
mod statement;

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer, SigningKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use statement::KeyStatement;

use crate::base64url;
use crate::random::{self, NoRandom};

/// The bytes of an Ed25519 signature: R and S (RFC 8032 §5.1.6).
pub type SignatureBytes = [u8; 64];

/// A text is not what it should be: a key, or the name of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key")]
pub struct NotAKey;

/// A public key: a point on the curve that is not of small order, so a signature says something.
///
/// As text: its 32 bytes in base64url without padding, 43 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key with these bytes, if they are one.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, NotAKey> {
        known::key(&bytes).map(|_| Self(bytes)).ok_or(NotAKey)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The short name of this key.
    pub fn id(&self) -> KeyId {
        let hash = Sha256::digest(self.0);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        KeyId(id)
    }

    /// Whether the owner of this key signed exactly these bytes.
    pub fn is_signature_of(&self, bytes: &[u8], signature: &SignatureBytes) -> bool {
        // The strict form: no second signature can be made out of a valid one.
        known::key(&self.0)
            .is_some_and(|key| key.verify_strict(bytes, &Signature::from_bytes(signature)).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        Self::from_bytes(base64url::decode(text).ok_or(NotAKey)?)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

/// A secret key. Its `Debug` form does not show it, and its memory is cleared when it is dropped.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// A new key.
    pub fn generate() -> Result<Self, NoRandom> {
        random::bytes().map(|seed| Self::from_bytes(&seed))
    }

    /// The key with this seed (RFC 8032 §5.1.5); any 32 bytes are one.
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, to be stored where nobody else reads it.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// The signature of these bytes, the same each time.
    pub fn sign(&self, bytes: &[u8]) -> SignatureBytes {
        self.0.sign(bytes).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// The short name of a public key: the first 16 bytes of its SHA-256.
///
/// As text: base64url without padding, 22 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId([u8; 16]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        base64url::decode(text).map(Self).ok_or(NotAKey)
    }
}

impl TryFrom<String> for KeyId {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `test-key-ed25519` of RFC 9421 B.1.4.
    const SEED: &str = "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU";
    const PUBLIC: &str = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs";

    fn known() -> SecretKey {
        SecretKey::from_bytes(&base64url::decode(SEED).unwrap())
    }

    #[test]
    fn the_public_half_is_that_of_the_rfc() {
        assert_eq!(known().public().to_string(), PUBLIC);
        assert_eq!(PUBLIC.parse(), Ok(known().public()));
        assert_eq!(known().to_bytes(), base64url::decode(SEED).unwrap());
        assert_ne!(SecretKey::generate().unwrap().public(), known().public());
    }

    #[test]
    fn a_signature_is_of_one_key_and_one_text() {
        let signature = known().sign(b"hai");
        assert!(known().public().is_signature_of(b"hai", &signature));
        assert!(!known().public().is_signature_of(b"hal", &signature));
        assert!(!SecretKey::from_bytes(&[7; 32]).public().is_signature_of(b"hai", &signature));
        for bit in 0..512 {
            let mut other = signature;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!known().public().is_signature_of(b"hai", &other), "bit {bit}");
        }
    }

    #[test]
    fn only_points_that_bind_a_signature_are_keys() {
        // The neutral element: with it, a signature of anything is a signature of everything.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert_eq!(PublicKey::from_bytes(neutral), Err(NotAKey));
        // y = 2 is on no point of the curve.
        let mut off = [0; 32];
        off[0] = 2;
        assert_eq!(PublicKey::from_bytes(off), Err(NotAKey));
        for bad in ["", "x", &PUBLIC[1..], &format!("{PUBLIC}="), &PUBLIC.replace('_', "/")] {
            assert_eq!(bad.parse::<PublicKey>(), Err(NotAKey), "{bad:?}");
        }
    }

    #[test]
    fn a_secret_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", known()), "SecretKey(…)");
    }

    #[test]
    fn the_name_of_a_key_is_the_start_of_its_hash() {
        let id = known().public().id();
        let hash = Sha256::digest(known().public().as_bytes());
        assert_eq!(id.to_string(), base64url::encode(&hash[..16]));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("x".parse::<KeyId>(), Err(NotAKey));
    }

    #[test]
    fn keys_are_texts_in_json() {
        let key = known().public();
        let json = serde_json::to_string(&(key, key.id())).unwrap();
        assert_eq!(json, format!("[\"{PUBLIC}\",\"{}\"]", key.id()));
        assert_eq!(serde_json::from_str::<(PublicKey, KeyId)>(&json).unwrap(), (key, key.id()));
        assert!(serde_json::from_str::<PublicKey>("\"x\"").is_err());
    }
}
