//! The numbers by which the index knows messages.
//!
//! Everything is hashed to 32 bits, so a message may be named wrongly; each that is named is looked at. Where a message
//! stands in the order of arrival is a mark as well, one for each size of block. The database intersects the marks, so of
//! words that are everywhere it reads no more than what lies in one block.

use std::collections::BTreeSet;

use kabar_engine::store::Message;
use kabar_store_sql::pieces::{Wanted, pieces, said};

use crate::text::array;

/// The sizes of blocks, in bits of their numbers. A search begins with the small ones.
pub(super) const BLOCK_BITS: [u32; 5] = [13, 16, 19, 22, 25];

/// What a mark is of.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
enum Of {
    Piece = 1,
    Conversation,
    Author,
    File,
    Block,
}

/// The marks of a message.
pub(super) fn marks(message: &Message) -> BTreeSet<i32> {
    let mut marks: BTreeSet<i32> = pieces(&said(message)).map(piece).collect();
    marks.insert(number(Of::Conversation, message.place.conversation.0));
    marks.insert(number(Of::Author, message.author.0));
    if message.file.is_some() {
        marks.insert(number(Of::File, 0));
    }
    marks.extend((0..BLOCK_BITS.len()).map(|level| block(level, message.arrival.0)));
    marks
}

/// What messages that are searched for have: all of the first, and one of the second unless there are none.
pub(super) fn wanted(wanted: &Wanted) -> (Vec<i32>, Vec<i32>) {
    let mut all: Vec<i32> = wanted.pieces.iter().copied().map(piece).collect();
    all.extend(wanted.from.map(|from| number(Of::Author, from.0)));
    all.extend(wanted.has_file.then(|| number(Of::File, 0)));
    let mut one: Vec<i32> = wanted.within.iter().map(|id| number(Of::Conversation, id.0)).collect();
    if one.len() == 1 {
        all.append(&mut one);
    }
    (all, one)
}

/// The block of that size that a place is in.
pub(super) fn block(level: usize, arrival: i64) -> i32 {
    let bits = BLOCK_BITS[level];
    number(Of::Block, (arrival >> bits) << 6 | i64::from(bits))
}

fn piece([first, second, third]: [char; 3]) -> i32 {
    let chars = [first, second, third].map(u64::from);
    hash(Of::Piece, chars[0] << 42 | chars[1] << 21 | chars[2])
}

fn number(of: Of, number: i64) -> i32 {
    hash(of, number.cast_unsigned())
}

/// Spreads numbers evenly (the finaliser of `SplitMix64`). What it gives stands in databases.
fn hash(of: Of, number: u64) -> i32 {
    let mut mixed = number ^ (of as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let [a, b, c, d, ..] = (mixed ^ (mixed >> 31)).to_be_bytes();
    i32::from_be_bytes([a, b, c, d])
}

/// Marks as an array of the database.
pub(super) fn list<'a>(marks: impl IntoIterator<Item = &'a i32>) -> String {
    array(marks.into_iter().map(i32::to_string))
}

/// The marks of what is said, for tests.
#[cfg(test)]
pub(super) fn marks_of(compared: &str) -> BTreeSet<i32> {
    pieces(compared).map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stay_what_they_are() {
        // Whoever changes one of these counts `MAKE` up.
        let of = [
            piece(['a', 'b', 'c']),
            number(Of::Conversation, 1),
            number(Of::Author, 1),
            number(Of::File, 0),
            block(0, 8_192),
        ];
        assert_eq!(of, [-107_821_654, -1_091_859_039, 942_667_852, -125_060_952, 6_023_636]);
        assert_eq!(block(0, 8_192), block(0, 16_383));
        assert_ne!(block(0, 8_191), block(0, 8_192));
        assert_ne!(block(0, 0), block(1, 0));
    }
}
