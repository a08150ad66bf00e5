//! Who is meant: someone of this realm, or of another.

use std::fmt;
use std::sync::Arc;

use crate::limits::REALM_NAME_CHARS_MAX;
use crate::name::Username;
use crate::refusal::{Field, Refusal};

/// The name of a realm: 1–64 ASCII letters, digits, `.`, `_` or `-`, without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

    /// The address of somebody who is kept under this name.
    pub fn kept(username: &Username) -> Self {
        match username.realm() {
            Some(realm) => Self { username: username.without_realm(), realm: Some(realm) },
            None => Self { username: username.clone(), realm: None },
        }
    }

    /// What this person is called in a realm that is `here`.
    pub fn kept_as(&self, here: &RealmName) -> Username {
        match &self.realm {
            Some(realm) if realm != here => self.username.at(realm),
            _ => self.username.clone(),
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
    fn somebody_of_another_realm_is_kept_by_their_address() {
        let here = RealmName::parse("lab").unwrap();
        let kept = |text| Address::parse(text).unwrap().kept_as(&here);
        assert_eq!(kept("Messi@LAB").as_str(), "messi");
        let away = kept("Messi@Kampus-B");
        assert_eq!((away.as_str(), away.bare()), ("messi@kampus-b", "messi"));
        assert_eq!(away.realm(), RealmName::parse("kampus-b").ok());
        assert_eq!(Username::parse_kept(away.as_str()), Ok(away.clone()));
        assert!(Username::parse(away.as_str()).is_err());
        assert!(Username::parse_kept("a@b@c").is_err());
    }

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
