//! What the index knows of a message: the trigrams of what it says, and where and from whom it is.
//!
//! The index takes texts apart into overlapping pieces of three characters. So a conversation and an author are
//! written as exactly three characters each, which make one piece; they come from the private use planes of
//! Unicode, so that hardly any text has them. One that does is found wrongly and sorted out afterwards, since
//! every message that the index names is looked at.

use kabar_engine::store::{Message, SearchQuery};
use kabar_model::{ConversationId, UserId};
use kabar_store_sql::pieces::{Wanted, said};

/// The first of the characters that number conversations (plane 15).
const CONVERSATION: u32 = 0xF_0000;
/// The first of those that number authors (plane 16).
const AUTHOR: u32 = 0x10_0000;
/// How many of each there are, in bits.
const DIGIT_BITS: u32 = 15;
/// What a file has; past the last that numbers authors.
const FILE: &str = "\u{10f000}\u{10f000}\u{10f000}";

/// The columns of a message in the index: text, conversation, author, kind.
pub(super) fn columns(message: &Message) -> [String; 4] {
    let kind = if message.file.is_some() { FILE.to_owned() } else { String::new() };
    [said(message), conversation(message.place.conversation), author(message.author), kind]
}

/// What the index is asked; `None` when it has nothing to go by.
pub(super) fn expression(query: &SearchQuery, own: &[ConversationId]) -> Option<String> {
    let wanted = Wanted::of(query, own)?;
    let mut all: Vec<String> =
        wanted.pieces.iter().map(|piece| quoted(&String::from_iter(piece))).collect();
    all.extend(wanted.from.map(|from| quoted(&author(from))));
    all.extend(wanted.has_file.then(|| quoted(FILE)));
    let places: Vec<String> = wanted.within.iter().map(|id| quoted(&conversation(*id))).collect();
    if !places.is_empty() {
        all.push(format!("({})", places.join(" OR ")));
    }
    Some(all.join(" AND "))
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
