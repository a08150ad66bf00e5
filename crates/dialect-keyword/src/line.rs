//! The text form: the words of a request, and fields that nothing can break out of.
//!
//! ```text
//! request = keyword *( 1*SP argument )
//! reply   = ( "success" / "failed" ) SP message CRLF *( field *( TAB field ) CRLF ) CRLF
//! notice  = "notif" SP from [ SP "(" group ")" ] ":" SP text CRLF CRLF
//! ```

use std::fmt::Write as _;

/// The words of a line, taken from the front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    /// The words of this line.
    pub(crate) fn new(line: &'a str) -> Self {
        Self(line.trim())
    }

    /// Takes the next word.
    pub(crate) fn take(&mut self) -> Option<&'a str> {
        let (word, rest) = self.0.split_once(' ').unwrap_or((self.0, ""));
        self.0 = rest.trim_start();
        (!word.is_empty()).then_some(word)
    }

    /// Takes all that is left; absent if that is nothing.
    pub(crate) fn take_rest(&mut self) -> Option<&'a str> {
        let rest = std::mem::take(&mut self.0);
        (!rest.is_empty()).then_some(rest)
    }
}

/// A reply being written.
#[derive(Debug)]
pub(crate) struct Lines(String);

impl Lines {
    /// Begins with this line: a first word, and what it says.
    pub(crate) fn new(word: &str, message: &str) -> Self {
        let mut lines = Self(String::with_capacity(64));
        lines.0.push_str(word);
        lines.0.push(' ');
        escape(&mut lines.0, message);
        lines.0.push_str("\r\n");
        lines
    }

    /// Adds a data line. At least one field is not empty.
    pub(crate) fn add(&mut self, fields: &[&str]) {
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                self.0.push('\t');
            }
            escape(&mut self.0, field);
        }
        self.0.push_str("\r\n");
    }

    /// Ends with the empty line.
    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.push_str("\r\n");
        self.0.into_bytes()
    }
}

/// Adds `text` with everything that a reader may take for the end of a line or a field, or that a
/// terminal obeys, escaped as in JSON.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            _ if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("a String takes every write");
            }
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_apart_by_one_or_more_spaces() {
        let mut words = Words::new("  CHAT-PRIVATE-SEND messi   hello  gimana \r");
        assert_eq!(words.take(), Some("CHAT-PRIVATE-SEND"));
        assert_eq!(words.take(), Some("messi"));
        assert_eq!(words.take_rest(), Some("hello  gimana"));
        assert_eq!((words.take(), words.take_rest()), (None, None));
    }

    #[test]
    fn controls_are_escaped_and_all_else_is_left() {
        let mut out = String::new();
        escape(&mut out, "a\r\n\t\u{8}\u{c}\0\u{1b}\u{7f}\u{85}\u{9b}\u{2028}\u{2029} né😀 \\ \"");
        let expected =
            "a\\r\\n\\t\\b\\f\\u0000\\u001b\\u007f\\u0085\\u009b\\u2028\\u2029 né😀 \\ \"";
        assert_eq!(out, expected);
    }

    proptest! {
        #[test]
        fn no_text_adds_a_line_or_a_field(a in "\\PC*|(?s).*", b in "(?s).+") {
            let mut lines = Lines::new("success", &a);
            lines.add(&[&b, &a]);
            let text = String::from_utf8(lines.end()).unwrap();
            let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
            let broken: String = text.chars().filter(|c| breaks(*c)).collect();
            prop_assert_eq!(broken, "\r\n\t\r\n\r\n");
        }
    }
}
