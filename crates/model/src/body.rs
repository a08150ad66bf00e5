//! The text of a message.

use crate::limits::BODY_BYTES_MAX;
use crate::refusal::{Field, Refusal};

/// How many bytes a text takes as a JSON string of ASCII alone, without its quotation marks: what it costs
/// to say it, at most, in any dialect.
pub fn escaped_bytes(text: &str) -> usize {
    let cost = |c: char| match c {
        '"' | '\\' => 2,
        ' '..='~' => 1,
        _ => 6 * c.len_utf16(),
    };
    text.chars().map(cost).sum()
}

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
    fn the_cost_of_a_text_is_that_of_its_escapes() {
        for (text, bytes) in
            [("", 0), ("halo", 4), ("\"\\", 4), ("\n\u{1}", 12), ("é", 6), ("😀", 12)]
        {
            assert_eq!(escaped_bytes(text), bytes, "{text:?}");
        }
    }

    #[test]
    fn a_body_may_fill_its_limit_exactly() {
        assert!(Body::parse(&"x".repeat(BODY_BYTES_MAX)).is_ok());
        let long = "x".repeat(BODY_BYTES_MAX + 1);
        assert_eq!(Body::parse(&long), Err(Refusal::TooLong(Field::Body)));
    }
}
