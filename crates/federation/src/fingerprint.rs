//! Fingerprints: eight words that two administrators read to each other.
//!
//! The words are proquints (D. S. Wilkerson, arXiv 0901.4016): sixteen bits each as consonant,
//! vowel, consonant, vowel, consonant. They can be spoken in most languages and need no list.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::keys::PublicKey;

const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 4] = b"aiou";

const WORDS: usize = 8;

/// 128 bits of a hash as eight words with single spaces between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u16; WORDS]);

/// The fingerprint of a link: the same on both sides if both know the same two root keys.
pub fn fingerprint(a: &PublicKey, b: &PublicKey) -> Fingerprint {
    let hash = Sha256::new()
        .chain_update(b"kabar realm link fingerprint 1\n")
        .chain_update(a.min(b).as_bytes())
        .chain_update(a.max(b).as_bytes());
    Fingerprint::of(&hash.finalize())
}

/// The fingerprint of one realm.
pub fn fingerprint_of(root: &PublicKey) -> Fingerprint {
    let hash =
        Sha256::new().chain_update(b"kabar realm fingerprint 1\n").chain_update(root.as_bytes());
    Fingerprint::of(&hash.finalize())
}

impl Fingerprint {
    fn of(hash: &[u8]) -> Self {
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip(hash.as_chunks().0) {
            *word = u16::from_be_bytes(*bytes);
        }
        Self(words)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, bits) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{}", word(*bits))?;
        }
        Ok(())
    }
}

/// The word of sixteen bits, from the highest to the lowest.
fn word(bits: u16) -> String {
    let consonant = |shift: u16| char::from(CONSONANTS[usize::from(bits >> shift & 15)]);
    let vowel = |shift: u16| char::from(VOWELS[usize::from(bits >> shift & 3)]);
    [consonant(12), vowel(10), consonant(6), vowel(4), consonant(0)].iter().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::keys::SecretKey;

    fn key(seed: u8) -> PublicKey {
        SecretKey::from_bytes(&[seed; 32]).public()
    }

    #[test]
    fn words_are_those_of_the_paper() {
        assert_eq!([word(0x7f00), word(0x0001)], ["lusab", "babad"]);
    }

    #[test]
    fn every_word_has_bits_of_its_own() {
        let words: HashSet<String> = (0..=u16::MAX).map(word).collect();
        assert_eq!(words.len(), 65_536);
    }

    #[test]
    fn both_sides_see_the_same_and_others_something_else() {
        assert_eq!(fingerprint(&key(1), &key(2)), fingerprint(&key(2), &key(1)));
        let all = [
            fingerprint(&key(1), &key(2)),
            fingerprint(&key(1), &key(3)),
            fingerprint(&key(1), &key(1)),
            fingerprint_of(&key(1)),
        ];
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }

    #[test]
    fn a_fingerprint_never_changes() {
        assert_eq!(
            fingerprint(&key(1), &key(2)).to_string(),
            "bamil linot hokoh hitod dogid virub natod rapus"
        );
        assert_eq!(
            fingerprint_of(&key(1)).to_string(),
            "kinov fizuf ralaj fozuz pigup hiruj dudab lanoh"
        );
    }
}
