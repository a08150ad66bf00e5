//! What a search index knows of a message: the overlapping pieces of three characters of what it says, and where and from
//! whom it is. So words of any language are found, and parts of words. How that is written down is each database's.

use std::collections::BTreeSet;

use kabar_engine::store::{Message, SearchQuery, caseless};
use kabar_model::{ConversationId, UserId};

/// Characters in a piece.
const PIECE_CHARS: usize = 3;

/// Pieces of one word that are looked up; the rest of a longer one is compared afterwards.
const PIECES_MAX: usize = 32;

/// Conversations that are looked up by number. With more, what is in others is sorted out afterwards.
const CONVERSATIONS_MAX: usize = 200;

/// What every address of the web has.
const LINK: &str = "://";

/// What a message says, as an index compares it: its text and its file's name.
pub fn said(message: &Message) -> String {
    let mut text = compared(&message.body);
    if let Some(file) = &message.file {
        text.push('\n');
        text.push_str(&compared(file.name.as_str()));
    }
    text
}

/// A text as an index compares it. Some end a text at a NUL.
fn compared(text: &str) -> String {
    caseless(text).replace('\0', " ")
}

/// The pieces of a text; none of a short one.
pub fn pieces(compared: &str) -> impl Iterator<Item = [char; PIECE_CHARS]> + '_ {
    let mut chars = compared.chars();
    let mut before = (chars.next(), chars.next());
    chars.filter_map(move |last| {
        let piece = [before.0?, before.1?, last];
        before = (before.1, Some(last));
        Some(piece)
    })
}

/// What an index is asked for: messages that have all of this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Pieces of what they say.
    pub pieces: BTreeSet<[char; PIECE_CHARS]>,
    /// Who wrote them.
    pub from: Option<UserId>,
    /// They are files.
    pub has_file: bool,
    /// They are in one of these conversations; with none, in any.
    pub within: Vec<ConversationId>,
}

impl Wanted {
    /// What is asked for somebody who is in these conversations; `None` when there is nothing to go by.
    pub fn of(query: &SearchQuery, own: &[ConversationId]) -> Option<Self> {
        let mut wanted = Self { from: query.from, has_file: query.has_file, ..Self::default() };
        for word in &query.words {
            wanted.pieces.extend(pieces(&compared(word)).take(PIECES_MAX));
        }
        if query.has_link {
            wanted.pieces.extend(pieces(LINK));
        }
        wanted.within = match query.within {
            Some(within) => vec![within],
            None if own.len() > CONVERSATIONS_MAX => Vec::new(),
            None => own.to_vec(),
        };
        (wanted != Self::default()).then_some(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_a_piece_from_each_character_on() {
        let of = |text: &str| pieces(text).map(String::from_iter).collect::<Vec<_>>();
        assert_eq!(of("pagi"), ["pag", "agi"]);
        assert_eq!(of("日本語の"), ["日本語", "本語の"]);
        for short in ["", "a", "ab"] {
            assert_eq!(of(short), [""; 0], "{short}");
        }
    }

    #[test]
    fn an_index_is_asked_for_what_it_can_know() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let query = SearchQuery { words: words(&["PAGI", "ab"]), ..SearchQuery::default() };
        let wanted = Wanted::of(&query, &[ConversationId(7)]).unwrap();
        assert_eq!(wanted.pieces, BTreeSet::from([['p', 'a', 'g'], ['a', 'g', 'i']]));
        assert_eq!(wanted.within, [ConversationId(7)]);
        let many: Vec<_> = (0..1_000).map(ConversationId).collect();
        let short = SearchQuery { words: words(&["ab"]), ..SearchQuery::default() };
        assert_eq!(Wanted::of(&short, &many), None);
        let long = SearchQuery { words: vec!["abcdefghij".repeat(40)], ..SearchQuery::default() };
        assert!(Wanted::of(&long, &many).unwrap().pieces.len() <= PIECES_MAX);
    }
}
