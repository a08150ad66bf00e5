//! The text of a message.

use crate::limits::BODY_BYTES_MAX;
use crate::refusal::{Field, Refusal};

/// A message's text: not empty, at most 64 KiB, no white space around it, kept as sent inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body(Box<str>);

impl Body {
    /// Reads a text; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        if text.is_empty() {
            Err(Refusal::Invalid(Field::Body))
        } else if text.len() > BODY_BYTES_MAX {
            Err(Refusal::TooLong(Field::Body))
        } else {
            Ok(Self(text.into()))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_trimmed_and_kept_as_sent_inside() {
        assert_eq!(Body::parse(" \t hai  kamu\u{1}😀 \r").unwrap().as_str(), "hai  kamu\u{1}😀");
        assert_eq!(Body::parse(" \u{a0}\n "), Err(Refusal::Invalid(Field::Body)));
    }

    #[test]
    fn a_body_may_fill_its_limit_exactly() {
        assert!(Body::parse(&"x".repeat(BODY_BYTES_MAX)).is_ok());
        let long = "x".repeat(BODY_BYTES_MAX + 1);
        assert_eq!(Body::parse(&long), Err(Refusal::TooLong(Field::Body)));
    }
}
