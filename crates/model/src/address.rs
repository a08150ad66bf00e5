//! Who is meant: someone of this realm, or of another.

use std::fmt;
use std::sync::Arc;

use crate::limits::REALM_NAME_CHARS_MAX;
use crate::name::Username;
use crate::refusal::{Field, Refusal};

/// The name of a realm: 1–64 ASCII letters, digits, `.`, `_` or `-`, without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RealmName(Arc<str>);

impl RealmName {
    /// Reads a realm's name in whatever case it was typed.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let fits = (1..=REALM_NAME_CHARS_MAX).contains(&text.len());
        if fits && text.bytes().all(plain) {
            Ok(Self(text.to_ascii_lowercase().into()))
        } else {
            Err(Refusal::Invalid(Field::Realm))
        }
    }

    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RealmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person as others write them: `user`, or `user@realm`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The account.
    pub username: Username,
    /// Its realm; absent: this one.
    pub realm: Option<RealmName>,
}

impl Address {
    /// Reads `user` or `user@realm`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        match text.split_once('@') {
            None => Ok(Self { username: Username::parse(text)?, realm: None }),
            Some((user, realm)) => {
                Ok(Self { username: Username::parse(user)?, realm: Some(RealmName::parse(realm)?) })
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.realm {
            None => write!(f, "{}", self.username),
            Some(realm) => write!(f, "{}@{realm}", self.username),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_written() {
        for text in ["messi", "messi@kampus-b", "a.b@lab_2.example"] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "@", "a@", "@b", "a@b@c", "a@b c", "a b@c"] {
            assert!(Address::parse(bad).is_err(), "{bad:?}");
        }
    }
}
