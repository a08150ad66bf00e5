//! Rooms: a name, and whoever is in it now.

use std::sync::Arc;

use crate::limits::ROOM_NAME_CHARS_MAX;
use crate::name::{one_line, same_name_key};
use crate::refusal::{Field, Refusal};

/// A room's name: 1–64 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomName(Arc<str>);

impl RoomName {
    /// Reads a room's name; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        one_line(text, ROOM_NAME_CHARS_MAX, Field::Room).map(Self)
    }

    /// The name as it was first written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two names must share to be the same room: lower case, single spaces.
    pub fn key(&self) -> String {
        same_name_key(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_differ_by_more_than_case_and_spacing() {
        let key = |s: &str| RoomName::parse(s).unwrap().key();
        assert_eq!(key(" Ruang  12"), key("ruang 12"));
        assert_ne!(key("12345 67890"), key("1234567890"));
        for bad in ["", " ", "a\nb", &"x".repeat(65)] {
            assert_eq!(RoomName::parse(bad), Err(Refusal::Invalid(Field::Room)), "{bad:?}");
        }
    }
}
