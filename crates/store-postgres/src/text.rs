//! SQL and texts as PostgreSQL takes them.

use std::borrow::Cow;

/// Stands before `0` for U+0000, which PostgreSQL keeps in no text, and before `1` for itself. Unicode will never give
/// this number to a character.
const ESCAPE: char = '\u{10FFFE}';

/// The statement with `$1` for each `?1`. What stands in quotes is left as it is.
pub(crate) fn dollars(sql: &str) -> String {
    let mut quoted = false;
    let of = |c: char| {
        quoted ^= c == '\'';
        if c == '?' && !quoted { '$' } else { c }
    };
    sql.chars().map(of).collect()
}

/// The text as it is kept.
pub(crate) fn kept(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\0' => kept.extend([ESCAPE, '0']),
            ESCAPE => kept.extend([ESCAPE, '1']),
            c => kept.push(c),
        }
    }
    Cow::Owned(kept)
}

/// What [`kept`] was made of, where that is something else. A text that nobody escaped is taken as it stands.
pub(crate) fn meant(kept: &str) -> Option<String> {
    let mut parts = kept.split(ESCAPE);
    let mut text = parts.next()?.to_owned();
    if text.len() == kept.len() {
        return None;
    }
    for part in parts {
        let (c, rest) = match part.as_bytes().first() {
            Some(b'0') => ('\0', &part[1..]),
            Some(b'1') => (ESCAPE, &part[1..]),
            _ => (ESCAPE, part),
        };
        text.push(c);
        text.push_str(rest);
    }
    Some(text)
}

/// An array as the database reads it, of what is written as its elements are.
pub(crate) fn array(elements: impl IntoIterator<Item = String>) -> String {
    let elements: Vec<String> = elements.into_iter().collect();
    format!("{{{}}}", elements.join(","))
}

/// A text as an element of an array.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_renamed_outside_of_quotes() {
        let sql = "SELECT '?1', x FROM t WHERE a = ?1 AND b = ?12";
        assert_eq!(dollars(sql), "SELECT '?1', x FROM t WHERE a = $1 AND b = $12");
    }

    #[test]
    fn every_text_comes_back_and_none_holds_a_nul() {
        for text in ["", "hai", "a\0b", "\0\0", "\u{10FFFE}", "\u{10FFFE}0\0\u{10FFFE}1", "0\0"] {
            let kept = kept(text);
            assert!(!kept.contains('\0'));
            let back = meant(&kept).unwrap_or_else(|| kept.clone().into_owned());
            assert_eq!(back, text);
        }
        assert!(matches!(kept("hai"), Cow::Borrowed("hai")));
        assert_eq!(meant("hai"), None);
    }
}
