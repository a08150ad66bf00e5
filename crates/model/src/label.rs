//! What hooks and programs are called.

use std::fmt;
use std::sync::Arc;

use crate::limits::LABEL_CHARS_MAX;
use crate::name::one_line;
use crate::refusal::{Field, Refusal};

/// What its maker calls a hook or a program: 1–64 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label(Arc<str>);

impl Label {
    /// Reads a label; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        one_line(text, LABEL_CHARS_MAX, Field::Label).map(Self)
    }

    /// The label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_short_and_on_one_line() {
        assert_eq!(Label::parse(" nightly builds ").unwrap().as_str(), "nightly builds");
        assert!(Label::parse(&"x".repeat(LABEL_CHARS_MAX)).is_ok());
        for bad in ["", " ", "a\nb", "\u{202e}x", &"x".repeat(LABEL_CHARS_MAX + 1)] {
            assert_eq!(Label::parse(bad), Err(Refusal::Invalid(Field::Label)), "{bad:?}");
        }
    }
}
