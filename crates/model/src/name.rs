//! What people are called.

use std::fmt;
use std::sync::Arc;

use precis_core::profile::PrecisFastInvocation;
use precis_profiles::UsernameCaseMapped;

use crate::address::RealmName;
use crate::limits::{COUNTRY_CHARS_MAX, DISPLAY_NAME_CHARS_MAX, USERNAME_CHARS_MAX};
use crate::refusal::{Field, Refusal};

/// The name of an account: 1–32 letters, digits, `.`, `_` or `-`, normalised with the
/// `UsernameCaseMapped` profile of PRECIS (RFC 8265 §3.3), so that equal names are equal bytes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username(Arc<str>);

impl Username {
    /// Reads a username in whatever case it was typed.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.is_ascii() {
            // Plain ASCII needs no tables: lower case is all that the profile would change.
            if text.is_empty()
                || text.len() > USERNAME_CHARS_MAX
                || !text.bytes().all(is_username_ascii)
            {
                return Err(Refusal::Invalid(Field::Username));
            }
            return Ok(Self(text.to_ascii_lowercase().into()));
        }
        let name =
            UsernameCaseMapped::enforce(text).map_err(|_| Refusal::Invalid(Field::Username))?;
        // The case mapping knows characters that have no lower case of their own: such a name would not be
        // read again as it was written.
        let is_stable = UsernameCaseMapped::enforce(name.as_ref()).is_ok_and(|again| again == name);
        if !is_stable {
            return Err(Refusal::Invalid(Field::Username));
        }
        let plain = name.chars().all(|c| !c.is_ascii() || is_username_ascii(c as u8));
        if !plain || name.chars().count() > USERNAME_CHARS_MAX {
            return Err(Refusal::Invalid(Field::Username));
        }
        Ok(Self(name.as_ref().into()))
    }

    /// What somebody of another realm is called here: `user@realm`. Nobody here can be: such a name cannot be typed as
    /// a username.
    #[must_use]
    pub fn at(&self, realm: &RealmName) -> Self {
        Self(format!("{}@{realm}", self.bare()).into())
    }

    /// Reads a name as it is kept: `user`, or `user@realm` of somebody of another realm.
    pub fn parse_kept(text: &str) -> Result<Self, Refusal> {
        match text.split_once('@') {
            None => Self::parse(text),
            Some((user, realm)) => Ok(Self::parse(user)?.at(&RealmName::parse(realm)?)),
        }
    }

    /// The normalised name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in its own realm.
    pub fn bare(&self) -> &str {
        self.0.split_once('@').map_or(&*self.0, |(user, _)| user)
    }

    /// The same, as it is called in its own realm.
    #[must_use]
    pub fn without_realm(&self) -> Self {
        Self(self.bare().into())
    }

    /// The other realm that it is of, if it is.
    pub fn realm(&self) -> Option<RealmName> {
        self.0.split_once('@').and_then(|(_, realm)| RealmName::parse(realm).ok())
    }
}

fn is_username_ascii(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// What a person is shown as: 1–64 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(Arc<str>);

impl DisplayName {
    /// Reads a display name; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        one_line(text, DISPLAY_NAME_CHARS_MAX, Field::Name).map(Self)
    }

    /// The name of someone who gave none.
    pub fn of(username: &Username) -> Self {
        Self(Arc::clone(&username.0))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a person says they are from: 1–64 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country(Arc<str>);

impl Country {
    /// Reads a country; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        one_line(text, COUNTRY_CHARS_MAX, Field::Country).map(Self)
    }

    /// The country.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Trims `text` and takes it when it is short, not empty, and free of characters that
/// would break a line or turn the reading direction of what surrounds it.
pub(crate) fn one_line(text: &str, chars_max: usize, field: Field) -> Result<Arc<str>, Refusal> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().take(chars_max + 1).count() <= chars_max;
    if fits && !text.chars().any(breaks_a_line) {
        Ok(text.into())
    } else {
        Err(Refusal::Invalid(field))
    }
}

/// What two names of one line must share to be the same: lower case, single spaces.
pub(crate) fn same_name_key(name: &str) -> String {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

fn breaks_a_line(c: char) -> bool {
    let bidi_control = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c.is_control() || bidi_control || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_short_plain_and_not_empty() {
        for good in ["messi", "a", "a.b_c-9", &"x".repeat(32), "józef", "алиса", "ñandú"] {
            assert!(Username::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a@b", "a:b", "a/b", "a\u{0}", "a\n", "😀", "a\u{202E}b", "a,b"] {
            assert_eq!(Username::parse(bad), Err(Refusal::Invalid(Field::Username)), "{bad:?}");
        }
        assert!(Username::parse(&"x".repeat(33)).is_err());
        assert!(Username::parse(&"é".repeat(32)).is_ok());
        assert!(Username::parse(&"é".repeat(33)).is_err());
    }

    #[test]
    fn case_and_composition_do_not_matter() {
        assert_eq!(Username::parse("MESSI"), Username::parse("messi"));
        assert_eq!(Username::parse("JÓZEF"), Username::parse("jo\u{301}zef"));
    }

    #[test]
    fn a_name_that_was_taken_is_read_again_as_it_was_written() {
        for code in 0..=u32::from(char::MAX) {
            let Some(c) = char::from_u32(code) else { continue };
            for text in [c.to_string(), format!("a{c}"), format!("{c}\u{301}")] {
                if let Ok(name) = Username::parse(&text) {
                    assert_eq!(Username::parse(name.as_str()), Ok(name.clone()), "U+{code:04X}");
                }
            }
        }
        assert!(Username::parse("Ꭰ").is_err());
    }

    #[test]
    fn a_display_name_is_one_line() {
        assert_eq!(DisplayName::parse("  Lionel Messi ").unwrap().as_str(), "Lionel Messi");
        for bad in ["", "   ", "a\nb", "a\u{7}b", "a\u{202E}b", "a\u{2028}b", &"x".repeat(65)] {
            assert_eq!(DisplayName::parse(bad), Err(Refusal::Invalid(Field::Name)), "{bad:?}");
        }
        assert!(DisplayName::parse(&"ö".repeat(64)).is_ok());
    }
}
