//! Small marks: a client's key for a message, an emoji, the code of an invitation.

use std::fmt;

use crate::limits::{CLIENT_KEY_CHARS_MAX, EMOJI_BYTES_MAX, INVITATION_CODE_CHARS};
use crate::refusal::{Field, Refusal};

/// What a client calls a message of its own, so that sending it again does not double it: 1–64 printable
/// ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey(Box<str>);

impl ClientKey {
    /// Reads a key; nothing of it is trimmed.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > CLIENT_KEY_CHARS_MAX {
            Err(Refusal::TooLong(Field::Key))
        } else if text.is_empty() || !text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            Err(Refusal::Invalid(Field::Key))
        } else {
            Ok(Self(text.into()))
        }
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody makes of a message in one picture: no letters, digits, controls or white space, at most 64
/// bytes. Which pictures there are changes every year (UTS #51), so no list of them is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Emoji(Box<str>);

/// What makes a keycap of the digit before it.
const KEYCAP: char = '\u{20e3}';
/// What asks for the coloured form of the character before it.
const COLOURED: char = '\u{fe0f}';

impl Emoji {
    /// Reads an emoji; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        if text.len() > EMOJI_BYTES_MAX {
            return Err(Refusal::TooLong(Field::Emoji));
        }
        let is_picture = !text.is_empty() && text.chars().all(is_of_picture);
        if is_picture && text.chars().any(is_seen) || is_keycap(text) {
            Ok(Self(text.into()))
        } else {
            Err(Refusal::Invalid(Field::Emoji))
        }
    }

    /// The emoji.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Letters, digits and ASCII are for texts; what turns or breaks the text around it is for nobody.
fn is_of_picture(c: char) -> bool {
    let is_text = c.is_ascii() || c.is_alphanumeric() && !is_pictured_letter(c);
    let turns = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
    );
    let is_private = matches!(
        c,
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}'
    );
    !(is_text || turns || is_private || c.is_control() || c.is_whitespace())
}

/// Pictures that Unicode counts among the letters: Ⓜ, and squared and regional letters, of which flags are
/// made.
fn is_pictured_letter(c: char) -> bool {
    matches!(c, '\u{24c2}' | '\u{1f130}'..='\u{1f251}')
}

/// Whether there is anything to see: joiners, forms and tags alone are nothing.
fn is_seen(c: char) -> bool {
    !matches!(c, '\u{200d}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e007f}')
}

/// A keycap: `0`–`9`, `#` or `*`, perhaps its coloured form, and the cap.
fn is_keycap(text: &str) -> bool {
    let Some(rest) = text.strip_suffix(KEYCAP) else { return false };
    let key = rest.strip_suffix(COLOURED).unwrap_or(rest);
    matches!(key.as_bytes(), [b'0'..=b'9' | b'#' | b'*'])
}

/// The characters of an invitation's code: no two of them look alike.
const ALPHABET: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";

/// The code of an invitation: who knows it may join. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct InvitationCode([u8; INVITATION_CODE_CHARS]);

impl InvitationCode {
    /// Reads a code in any case; anything else is not a code.
    pub fn parse(text: &str) -> Option<Self> {
        let mut code = [0; INVITATION_CODE_CHARS];
        if text.len() != code.len() {
            return None;
        }
        for (place, given) in code.iter_mut().zip(text.bytes()) {
            *place = given.to_ascii_lowercase();
        }
        code.iter().all(|c| ALPHABET.contains(c)).then_some(Self(code))
    }

    /// A code from random bytes: as many of the first ones as there are characters, each of which makes any
    /// character almost equally likely.
    #[expect(clippy::missing_panics_doc, reason = "a remainder is an index")]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        // 128 bits are far more than the code has (49.5), so the remainder is as good as random.
        let mut rest = u128::from_le_bytes(bytes);
        let base = ALPHABET.len() as u128;
        Self(std::array::from_fn(|_| {
            let digit = usize::try_from(rest % base).expect("less than the alphabet has");
            rest /= base;
            ALPHABET[digit]
        }))
    }

    /// The code, for those who may know it.
    #[expect(clippy::missing_panics_doc, reason = "a code is ASCII")]
    pub fn reveal(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }
}

impl fmt::Debug for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_plain() {
        assert_eq!(ClientKey::parse("a 1~").unwrap().as_str(), "a 1~");
        assert!(ClientKey::parse(&"k".repeat(CLIENT_KEY_CHARS_MAX)).is_ok());
        let long = "k".repeat(CLIENT_KEY_CHARS_MAX + 1);
        assert_eq!(ClientKey::parse(&long), Err(Refusal::TooLong(Field::Key)));
        for bad in ["", "é", "a\n", "\u{7f}"] {
            assert_eq!(ClientKey::parse(bad), Err(Refusal::Invalid(Field::Key)), "{bad:?}");
        }
    }

    #[test]
    fn an_emoji_is_a_picture_and_no_text() {
        for good in ["👍", "❤️", "🇮🇩", "👩‍👩‍👧‍👦", "👍🏽", "1️⃣", "#⃣", "🅰️", "Ⓜ️", "™️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]
        {
            assert_eq!(Emoji::parse(good).unwrap().as_str(), good);
        }
        assert_eq!(Emoji::parse(" 👍 ").unwrap().as_str(), "👍");
        let bad = [
            "",
            " ",
            "a",
            "1",
            "12⃣",
            "é",
            "字",
            "👍a",
            "👍 👍",
            "\u{1b}",
            "\u{202e}👍",
            "\u{200d}",
            "\u{fe0f}",
            "<",
            "👍\n",
            "\u{e001}",
        ];
        for bad in bad {
            let parsed = Emoji::parse(bad);
            let trimmed = bad.trim() == "👍";
            assert_eq!(parsed.is_ok(), trimmed, "{bad:?}");
        }
        let long = "👍".repeat(EMOJI_BYTES_MAX / 4 + 1);
        assert_eq!(Emoji::parse(&long), Err(Refusal::TooLong(Field::Emoji)));
    }

    #[test]
    fn a_code_is_read_in_any_case_and_not_shown() {
        let code = InvitationCode::parse("ABCDEF2345").unwrap();
        assert_eq!(code.reveal(), "abcdef2345");
        assert_eq!(format!("{code:?}"), "InvitationCode(…)");
        for bad in ["", "abcdef234", "abcdef23456", "abcdef234l", "abcdef2340", "abcdef23 5"] {
            assert!(InvitationCode::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn random_bytes_make_codes_that_can_be_read_again() {
        for byte in 0..=u8::MAX {
            let code = InvitationCode::from_random([byte; 16]);
            assert_eq!(InvitationCode::parse(code.reveal()), Some(code));
        }
        let one = InvitationCode::from_random([1; 16]);
        assert_ne!(one, InvitationCode::from_random([2; 16]));
    }
}
