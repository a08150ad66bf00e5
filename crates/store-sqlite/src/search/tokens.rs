//! What the index knows of a message: the trigrams of what it says, and where and from whom it is.
//!
//! The index takes texts apart into overlapping pieces of three characters. So a conversation and an author are
//! written as exactly three characters each, which make one piece; they come from the private use planes of
//! Unicode, so that hardly any text has them. One that does is found wrongly and sorted out afterwards, since
//! every message that the index names is looked at.

use std::collections::BTreeSet;

use kabar_engine::store::{Message, SearchQuery, caseless};
use kabar_model::{ConversationId, UserId};

/// Characters in a piece.
const PIECE_CHARS: usize = 3;

/// Pieces of one word that are looked up; the rest of a longer one is compared afterwards.
const PIECES_MAX: usize = 32;

/// Conversations that are looked up by number. With more, what is in others is sorted out afterwards.
const CONVERSATIONS_MAX: usize = 200;

/// The first of the characters that number conversations (plane 15).
const CONVERSATION: u32 = 0xF_0000;
/// The first of those that number authors (plane 16).
const AUTHOR: u32 = 0x10_0000;
/// How many of each there are, in bits.
const DIGIT_BITS: u32 = 15;
/// What a file has; past the last that numbers authors.
const FILE: &str = "\u{10f000}\u{10f000}\u{10f000}";

/// What every address of the web has.
const LINK: &str = "://";

/// The columns of a message in the index: text, conversation, author, kind.
pub(super) fn columns(message: &Message) -> [String; 4] {
    let mut text = compared(&message.body);
    if let Some(file) = &message.file {
        text.push('\n');
        text.push_str(&compared(file.name.as_str()));
    }
    let kind = if message.file.is_some() { FILE.to_owned() } else { String::new() };
    [text, conversation(message.place.conversation), author(message.author), kind]
}

/// What the index is asked; `None` when it has nothing to go by.
pub(super) fn expression(query: &SearchQuery, own: &[ConversationId]) -> Option<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    for word in &query.words {
        all.extend(pieces(word).map(|piece| quoted(&piece)));
    }
    all.extend(query.from.map(|from| quoted(&author(from))));
    all.extend(query.has_file.then(|| quoted(FILE)));
    all.extend(query.has_link.then(|| quoted(LINK)));
    let places: Vec<String> = match query.within {
        Some(within) => vec![quoted(&conversation(within))],
        None if own.len() > CONVERSATIONS_MAX => Vec::new(),
        None => own.iter().map(|id| quoted(&conversation(*id))).collect(),
    };
    if !places.is_empty() {
        all.insert(format!("({})", places.join(" OR ")));
    }
    let all: Vec<String> = all.into_iter().collect();
    (!all.is_empty()).then(|| all.join(" AND "))
}

/// The pieces of a word; none of a short one.
fn pieces(word: &str) -> impl Iterator<Item = String> {
    let chars: Vec<char> = compared(word).chars().collect();
    let pieces: Vec<String> = chars.windows(PIECE_CHARS).map(String::from_iter).collect();
    pieces.into_iter().take(PIECES_MAX)
}

/// A text as the index compares it. It ends a text at a NUL.
fn compared(text: &str) -> String {
    caseless(text).replace('\0', " ")
}

fn conversation(id: ConversationId) -> String {
    number(id.0, CONVERSATION)
}

fn author(id: UserId) -> String {
    number(id.0, AUTHOR)
}

fn number(number: i64, first: u32) -> String {
    let mask = (1 << DIGIT_BITS) - 1;
    let digit = |place: u32| {
        let digit = u32::try_from((number >> (place * DIGIT_BITS)) & mask).unwrap_or(0);
        char::from_u32(first + digit).unwrap_or(char::MAX)
    };
    [digit(2), digit(1), digit(0)].into_iter().collect()
}

fn quoted(piece: &str) -> String {
    format!("\"{}\"", piece.replace('"', "\"\""))
}
