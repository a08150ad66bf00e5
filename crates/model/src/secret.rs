//! What must not be shown: passwords and tokens. Their `Debug` forms say nothing.

use std::fmt;

use uuid::Uuid;

use crate::limits::PASSWORD_BYTES_MAX;
use crate::refusal::{Field, Refusal};

/// A password as typed: not empty, at most 1,024 bytes.
#[derive(Clone)]
pub struct Password(Box<str>);

impl Password {
    /// Reads a password; nothing of it is trimmed.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() {
            Err(Refusal::Invalid(Field::Password))
        } else if text.len() > PASSWORD_BYTES_MAX {
            Err(Refusal::TooLong(Field::Password))
        } else {
            Ok(Self(text.into()))
        }
    }

    /// The password itself, for hashing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What a client shows to be taken for a session: a version-4 UUID.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionToken(Uuid);

impl SessionToken {
    /// Reads a token in the hyphenated form in which it was given out, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return None;
        }
        Uuid::try_parse(text).ok().map(Self)
    }

    /// The token with these bits.
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The 16 bytes, for hashing.
    pub fn expose(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The text that is given to the client.
    pub fn reveal(&self) -> String {
        self.0.hyphenated().to_string()
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_empty_and_not_endless() {
        assert!(Password::parse("x").is_ok());
        assert!(Password::parse(&"x".repeat(PASSWORD_BYTES_MAX)).is_ok());
        assert!(Password::parse("").is_err());
        assert!(Password::parse(&"x".repeat(PASSWORD_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn secrets_do_not_print_themselves() {
        let token = SessionToken::parse("9abf3546-137d-4fd7-9d18-1f33e82acf8d").unwrap();
        assert_eq!(format!("{token:?}"), "SessionToken(…)");
        assert_eq!(token.reveal(), "9abf3546-137d-4fd7-9d18-1f33e82acf8d");
        assert_eq!(format!("{:?}", Password::parse("surabaya").unwrap()), "Password(…)");
    }

    #[test]
    fn only_the_hyphenated_form_is_a_token() {
        for bad in [
            "",
            "messi",
            "9abf3546137d4fd79d181f33e82acf8d",
            "{9abf3546-137d-4fd7-9d18-1f33e82acf8d}",
        ] {
            assert!(SessionToken::parse(bad).is_none(), "{bad}");
        }
    }
}
