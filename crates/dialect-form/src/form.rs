//! The grammar of a request (`application/x-www-form-urlencoded` behind a command):
//!
//! ```text
//! request = *SP command [ 1*SP form ] *SP
//! command = word [ 1*SP word ]          ; a second one only where the form, or nothing, follows it
//! form    = pair *( "&" pair )
//! pair    = key [ "=" value ]           ; UTF-8, "+" for a space, "%XX" for any byte
//! ```
//!
//! The first of a repeated key counts. A `%` that begins no escape stands for itself, and so do spaces
//! inside a form: people type them.

use percent_encoding::percent_decode;

use crate::reply::Complaint;

/// What stands for one byte at most: `%XX`.
pub(crate) const ENCODED_BYTES: usize = 3;

/// A request as words: what may be its command, and what follows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) first: &'a [u8],
    pub(crate) after_first: Form<'a>,
    pub(crate) second: &'a [u8],
    pub(crate) after_second: Form<'a>,
}

impl<'a> Request<'a> {
    pub(crate) fn read(request: &'a [u8]) -> Self {
        let (first, rest) = split_word(trim(request));
        let (second, last) = split_word(rest);
        Self { first, after_first: Form(rest), second, after_second: Form(last) }
    }

    /// Whether the second word can only be a part of the command: it holds no `=`, what follows does.
    pub(crate) fn has_two_words(&self) -> bool {
        let (third, _) = split_word(self.after_second.0);
        !self.second.is_empty() && !self.second.contains(&b'=') && third.contains(&b'=')
    }
}

fn trim(text: &[u8]) -> &[u8] {
    let text = trim_start(text);
    let end = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    &text[..end]
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| *byte != b' ').unwrap_or(text.len());
    &text[start..]
}

fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, trim_start(rest))
}

/// Keys and values, decoded when they are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form<'a>(&'a [u8]);

impl<'a> Form<'a> {
    /// A form by itself.
    pub(crate) fn of(form: &'a [u8]) -> Self {
        Self(form)
    }

    /// As it came.
    pub(crate) fn encoded(self) -> &'a [u8] {
        self.0
    }

    /// The value of a key, if it is there.
    pub(crate) fn text(&self, key: &'static str) -> Result<Option<String>, Complaint> {
        let Some(value) = self.value(key) else { return Ok(None) };
        String::from_utf8(decode(value)).map(Some).map_err(|_| Complaint::NotUtf8(key))
    }

    /// The value of a key that must be there.
    pub(crate) fn need(&self, key: &'static str) -> Result<String, Complaint> {
        self.text(key)?.ok_or(Complaint::MissingKey(key))
    }

    /// The value of a key that must be there under one of two names; the first is asked for.
    pub(crate) fn need_either(
        &self,
        key: &'static str,
        also: &'static str,
    ) -> Result<String, Complaint> {
        let given = self.text(key)?;
        given.map_or_else(|| self.text(also)?.ok_or(Complaint::MissingKey(key)), Ok)
    }

    fn value(&self, key: &str) -> Option<&[u8]> {
        self.0.split(|byte| *byte == b'&').find_map(|pair| {
            let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(end);
            is_key(name, key).then(|| value.get(1..).unwrap_or_default())
        })
    }
}

/// Whether what stands before a `=` is this key.
pub(crate) fn is_key(encoded: &[u8], key: &str) -> bool {
    encoded.len() <= ENCODED_BYTES * key.len() && decode(encoded) == key.as_bytes()
}

fn decode(encoded: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
    let spaced: Vec<u8> = encoded.iter().map(plain).collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(form: &str, key: &'static str, expected: Option<&str>) {
        let value = Form(form.as_bytes()).text(key).unwrap();
        assert_eq!(value.as_deref(), expected, "{form}");
    }

    #[test]
    fn values_are_decoded_and_keys_come_in_any_order() {
        check("b=2&a=1", "a", Some("1"));
        check("a=satu+dua%20tiga", "a", Some("satu dua tiga"));
        check("a=1%2B1%3D2%26%25", "a", Some("1+1=2&%"));
        check("a=%F0%9F%98%80%c3%a9", "a", Some("😀é"));
        check("a=é", "a", Some("é"));
        check("a=x=y", "a", Some("x=y"));
        check("%61=1", "a", Some("1"));
        check("a=%0D%0A%00", "a", Some("\r\n\0"));
    }

    #[test]
    fn the_first_of_a_repeated_key_counts_and_unknown_ones_do_not() {
        check("a=1&a=2", "a", Some("1"));
        check("a&a=2", "a", Some(""));
        check("&&x=%FF&a=2", "a", Some("2"));
        check("aa=1&A=2", "a", None);
        check("", "a", None);
        check("halo", "a", None);
    }

    #[test]
    fn a_percent_sign_that_begins_no_escape_stands_for_itself() {
        check("a=100%", "a", Some("100%"));
        check("a=100% benar", "a", Some("100% benar"));
        check("a=%zz%4", "a", Some("%zz%4"));
    }

    #[test]
    fn a_value_that_is_not_utf_8_is_refused_by_its_key() {
        for form in [&b"a=%FF"[..], b"a=\xff", b"a=%C3"] {
            assert!(matches!(Form(form).text("a"), Err(Complaint::NotUtf8("a"))));
        }
    }

    #[test]
    fn a_key_with_two_names_is_asked_for_by_its_first() {
        let either = |form: &'static str| Form(form.as_bytes()).need_either("to", "also").ok();
        assert_eq!(either("also=2"), Some("2".into()));
        assert_eq!(either("also=2&to=1"), Some("1".into()));
        assert!(matches!(Form(b"x=1").need_either("to", "also"), Err(Complaint::MissingKey("to"))));
    }

    #[test]
    fn a_second_word_belongs_to_the_command_when_the_form_follows_it() {
        let read = |text: &'static str| Request::read(text.as_bytes());
        for (text, two) in [
            ("file list session=1", true),
            ("  send   file  username=b&x=1 ", true),
            ("send username=b&message=hai kamu=saya", false),
            ("inbox session=1 ", false),
            ("inbox", false),
            ("send halo kamu", false),
            ("", false),
        ] {
            assert_eq!(read(text).has_two_words(), two, "{text:?}");
        }
        let request = read("  inbox   session=1&x=a b  ");
        assert_eq!(request.first, b"inbox");
        assert_eq!(request.after_first.text("x").ok().flatten().as_deref(), Some("a b"));
    }
}
