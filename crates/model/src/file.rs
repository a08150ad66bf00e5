//! Files: what they are called, and what tells their contents apart.

use std::fmt;
use std::sync::Arc;

use crate::code::code;
use crate::limits::{FILE_EXTENSION_BYTES_MAX, FILE_NAME_BYTES_MAX};
use crate::refusal::{Field, Refusal};

code! {
    /// A file's code: six hexadecimal digits, unique in the realm.
    FileCode
}

/// What a file is called: one component, at most 255 bytes, nothing that a terminal or a file system obeys.
/// It is shown and searched for, and never used as a path on the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileName(Arc<str>);

impl FileName {
    /// The name in what a client gave, which may be a path of any system: its last component, without
    /// control characters, leading dots, and white space around it. A name that is too long loses the end
    /// of its stem.
    pub fn clean(given: &str) -> Result<Self, Refusal> {
        let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
        let visible: String = last.chars().filter(|c| !is_hidden(*c)).collect();
        let name = visible.trim_start_matches(|c: char| c == '.' || c.is_whitespace()).trim_end();
        if name.is_empty() {
            return Err(Refusal::Invalid(Field::FileName));
        }
        Ok(Self(shortened(name).into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Controls, line ends, and what turns the direction of the text around it.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shortened(name: &str) -> String {
    if name.len() <= FILE_NAME_BYTES_MAX {
        return name.to_owned();
    }
    let extension = name.rfind('.').map(|dot| &name[dot..]);
    let extension = extension.filter(|e| e.len() <= FILE_EXTENSION_BYTES_MAX).unwrap_or_default();
    let stem_max = FILE_NAME_BYTES_MAX - extension.len();
    let stem = &name[..name.floor_char_boundary(stem_max)];
    format!("{}{extension}", stem.trim_end())
}

/// The SHA-256 of a file's contents: where they are found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// Reads 64 hexadecimal digits in lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let mut hash = [0; 32];
        if text.len() != 2 * hash.len() {
            return None;
        }
        for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |digit: u8| match digit {
                b'0'..=b'9' => Some(digit - b'0'),
                b'a'..=b'f' => Some(digit - b'a' + 10),
                _ => None,
            };
            *byte = digit(digits[0])? << 4 | digit(digits[1])?;
        }
        Some(Self(hash))
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A file that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its code.
    pub code: FileCode,
    /// Its name.
    pub name: FileName,
    /// How many bytes it has.
    pub size: u64,
    /// What its bytes look like (RFC 6838).
    pub media_type: Arc<str>,
    /// Where its contents are.
    pub hash: ContentHash,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(given: &str, expected: Option<&str>) {
        let name = FileName::clean(given).ok();
        assert_eq!(name.as_ref().map(FileName::as_str), expected, "{given:?}");
    }

    #[test]
    fn a_path_of_any_system_is_its_last_component() {
        check("../../x", Some("x"));
        check("/etc/passwd", Some("passwd"));
        check("C:\\Users\\budi\\foto liburan.jpg", Some("foto liburan.jpg"));
        check("a/b\\c", Some("c"));
        check("laporan.tar.gz", Some("laporan.tar.gz"));
        for none in ["", "..", "a/", "a/..", " . . ", "\u{0}\u{7}", "\\"] {
            check(none, None);
        }
    }

    #[test]
    fn what_hides_or_is_obeyed_is_dropped() {
        check(".bashrc", Some("bashrc"));
        check(" ..\u{0}.x\r\n", Some("x"));
        check("a\u{1b}[31m\u{9b}b", Some("a[31mb"));
        check("\u{202e}gnp.exe", Some("gnp.exe"));
        check("a\u{2028}b\u{2066}c", Some("abc"));
        check("\u{0}../x", Some("x"));
    }

    #[test]
    fn a_name_that_is_too_long_keeps_its_extension() {
        let long = FileName::clean(&format!("{}.jpg", "é".repeat(300))).unwrap();
        assert!(long.as_str().len() >= FILE_NAME_BYTES_MAX - 1 && long.as_str().ends_with("é.jpg"));
        check(&"x".repeat(256), Some(&"x".repeat(255)));
        check(&format!("x.{}", "y".repeat(300)), Some(&format!("x.{}", "y".repeat(253))));
    }

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = ContentHash(std::array::from_fn(|i| u8::try_from(i * 7).unwrap()));
        assert_eq!(ContentHash::parse(&hash.to_string()), Some(hash));
        let text = hash.to_string();
        for bad in ["", &text[1..], &text.to_uppercase(), &text.replace('a', "g")] {
            assert_eq!(ContentHash::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_safe_and_clean_already(given in "(?s).{0,300}") {
            if let Ok(name) = FileName::clean(&given) {
                let text = name.as_str();
                prop_assert!(!text.is_empty() && text.len() <= FILE_NAME_BYTES_MAX);
                prop_assert!(!text.starts_with('.') && !text.contains(['/', '\\']));
                prop_assert!(!text.chars().any(is_hidden));
                prop_assert_eq!(FileName::clean(text).unwrap(), name);
            }
        }
    }
}
