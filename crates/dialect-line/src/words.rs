//! The grammar of a line:
//!
//! ```text
//! line    = word *( 1*SP word ) [ 1*SP text ]
//! word    = 1*( any character but SP )
//! text    = the rest of the line, white space around it dropped
//! ```

/// The words of a line, taken from the front.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    /// The words of this line.
    pub fn new(line: &'a str) -> Self {
        Self(line.trim())
    }

    /// The next word without taking it.
    pub fn peek(&self) -> Option<&'a str> {
        let mut rest = *self;
        rest.take()
    }

    /// Takes the next word.
    pub fn take(&mut self) -> Option<&'a str> {
        let (word, rest) = self.0.split_once(' ').unwrap_or((self.0, ""));
        self.0 = rest.trim_start();
        (!word.is_empty()).then_some(word)
    }

    /// All that is left; absent if that is nothing.
    pub fn rest(self) -> Option<&'a str> {
        (!self.0.is_empty()).then_some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_apart_by_one_or_more_spaces() {
        let mut words = Words::new("  send messi   hello  gimana\tkabarnya \r");
        assert_eq!(words.peek(), Some("send"));
        assert_eq!(words.take(), Some("send"));
        assert_eq!(words.take(), Some("messi"));
        assert_eq!(words.rest(), Some("hello  gimana\tkabarnya"));
        assert_eq!(words.take(), Some("hello"));
        assert_eq!(words.take(), Some("gimana\tkabarnya"));
        assert_eq!(words.take(), None);
        assert_eq!(words.rest(), None);
    }

    #[test]
    fn an_empty_line_has_no_words() {
        for line in ["", " ", "\r", " \t "] {
            assert_eq!(Words::new(line).take(), None, "{line:?}");
        }
    }
}
