//! The word of a realm's root key for a key that the realm signs with.

use kabar_model::{RealmName, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{NotAKey, PublicKey, SecretKey, SignatureBytes, known};
use crate::base64url;

/// "The realm `realm` signs with `key` from `from` on", signed by the realm's root key.
///
/// Signed are the lines `kabar realm key 1`, `realm NAME`, `key KEY` and `from MICROSECONDS`, each
/// with a line feed behind it. As JSON: an object of these three and `signature`, in base64url.
/// Reading one does not verify it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct KeyStatement {
    /// Whose key it is: the name that the realm gives itself.
    pub realm: RealmName,
    /// The key.
    pub key: PublicKey,
    /// When the realm begins to sign with it.
    pub from: Timestamp,
    /// The root key's signature of all this.
    pub signature: SignatureBytes,
}

impl KeyStatement {
    /// States it with the root key.
    pub fn sign(root: &SecretKey, realm: RealmName, key: PublicKey, from: Timestamp) -> Self {
        let signature = root.sign(text(&realm, &key, from).as_bytes());
        Self { realm, key, from, signature }
    }

    /// Whether the owner of this root key states it.
    pub fn verify(&self, root: &PublicKey) -> bool {
        let text = text(&self.realm, &self.key, self.from);
        let hash = Sha256::new().chain_update(root.as_bytes()).chain_update(self.signature);
        let hash = hash.chain_update(&text).finalize().into();
        known::holds(hash, || root.is_signature_of(text.as_bytes(), &self.signature))
    }
}

/// The first line is in no other text that a root key signs.
fn text(realm: &RealmName, key: &PublicKey, from: Timestamp) -> String {
    format!("kabar realm key 1\nrealm {realm}\nkey {key}\nfrom {}\n", from.0)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    realm: String,
    key: PublicKey,
    from: i64,
    signature: String,
}

impl TryFrom<Wire> for KeyStatement {
    type Error = NotAKey;

    fn try_from(wire: Wire) -> Result<Self, NotAKey> {
        let realm = RealmName::parse(&wire.realm).ok();
        Ok(Self {
            // As it is signed, in lower case.
            realm: realm.filter(|realm| realm.as_str() == wire.realm).ok_or(NotAKey)?,
            key: wire.key,
            from: Timestamp(wire.from),
            signature: base64url::decode(&wire.signature).ok_or(NotAKey)?,
        })
    }
}

impl From<KeyStatement> for Wire {
    fn from(statement: KeyStatement) -> Self {
        Self {
            realm: statement.realm.to_string(),
            key: statement.key,
            from: statement.from.0,
            signature: base64url::encode(&statement.signature),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> SecretKey {
        SecretKey::from_bytes(&[1; 32])
    }

    fn statement() -> KeyStatement {
        let key = SecretKey::from_bytes(&[2; 32]).public();
        KeyStatement::sign(&root(), RealmName::parse("kampus-a").unwrap(), key, Timestamp(5))
    }

    #[test]
    fn a_statement_is_the_roots_and_of_every_word_in_it() {
        let said = statement();
        let root = root().public();
        assert!(said.verify(&root));
        assert!(!said.verify(&said.key));
        let name = RealmName::parse("kampus-b").unwrap();
        assert!(!KeyStatement { realm: name, ..said.clone() }.verify(&root));
        assert!(!KeyStatement { key: root, ..said.clone() }.verify(&root));
        assert!(!KeyStatement { from: Timestamp(6), ..said.clone() }.verify(&root));
        assert!(!KeyStatement { signature: [0; 64], ..said }.verify(&root));
    }

    #[test]
    fn the_signed_text_is_fixed() {
        let said = statement();
        let expected = format!("kabar realm key 1\nrealm kampus-a\nkey {}\nfrom 5\n", said.key);
        assert!(root().public().is_signature_of(expected.as_bytes(), &said.signature));
    }

    #[test]
    fn a_statement_reads_back_as_written() {
        let json = serde_json::to_value(statement()).unwrap();
        assert_eq!(json["realm"], "kampus-a");
        assert_eq!(json["from"], 5);
        assert_eq!(serde_json::from_value::<KeyStatement>(json.clone()).unwrap(), statement());
        for (field, bad) in [
            ("realm", serde_json::json!("a b")),
            ("realm", serde_json::json!("Kampus-A")),
            ("key", serde_json::json!("AAAA")),
            ("from", serde_json::json!("5")),
            ("signature", serde_json::json!("AAAA")),
            ("more", serde_json::json!(1)),
        ] {
            let mut json = json.clone();
            json[field] = bad;
            assert!(serde_json::from_value::<KeyStatement>(json).is_err(), "{field}");
        }
    }
}
