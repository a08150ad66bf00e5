//! Groups: what they are called and who may do what in them.

use std::sync::Arc;

use crate::address::RealmName;
use crate::code::code;
use crate::limits::GROUP_NAME_CHARS_MAX;
use crate::name::{one_line, same_name_key};
use crate::refusal::{Field, Refusal};

/// A group's name: 1–64 characters on one line, spaces allowed. `@` is not: `group@realm` is an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupName(Arc<str>);

impl GroupName {
    /// Reads a group's name; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let name = one_line(text, GROUP_NAME_CHARS_MAX, Field::Group)?;
        if name.contains('@') {
            return Err(Refusal::Invalid(Field::Group));
        }
        Ok(Self(name))
    }

    /// What a group of another realm is called here: `name@realm`.
    #[must_use]
    pub fn at(&self, realm: &RealmName) -> Self {
        Self(format!("{}@{realm}", self.0).into())
    }

    /// Reads a name as it is kept, or as an address: `name`, or `name@realm` of a group of another realm.
    pub fn parse_kept(text: &str) -> Result<Self, Refusal> {
        match text.split_once('@') {
            None => Self::parse(text),
            Some((name, realm)) => Ok(Self::parse(name)?.at(&RealmName::parse(realm)?)),
        }
    }

    /// The name as its maker wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two names must share to be the same name: lower case, single spaces.
    pub fn key(&self) -> String {
        same_name_key(&self.0)
    }
}

code! {
    /// A group's code: six hexadecimal digits, unique in the realm.
    GroupCode
}

/// What a member may do in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupRole {
    /// Reads and writes.
    Member,
    /// Invites others, too.
    Admin,
}

/// Who can find a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Anyone finds it in the list and joins by name or code.
    Public,
    /// Joined by code or invitation only.
    Private,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_by_more_than_case_and_spacing() {
        let key = |s: &str| GroupName::parse(s).unwrap().key();
        assert_eq!(key("Kelompok  Bagan"), key(" kelompok bagan "));
        assert_ne!(key("kelompok-bagan"), key("kelompok bagan"));
        for bad in ["", " ", "a@b", "a\nb", &"x".repeat(65)] {
            assert_eq!(GroupName::parse(bad), Err(Refusal::Invalid(Field::Group)), "{bad:?}");
        }
    }

    #[test]
    fn a_code_is_six_hexadecimal_digits() {
        assert_eq!(GroupCode::parse("00Ab9f").unwrap().to_string(), "00ab9f");
        for bad in ["", "00ab9", "00ab9fa", "+0ab9f", "00ab9g"] {
            assert_eq!(GroupCode::parse(bad), None, "{bad}");
        }
        assert_eq!(GroupCode::new(u32::MAX).to_string(), "ffffff");
    }
}
