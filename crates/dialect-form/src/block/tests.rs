use futures_util::{FutureExt, TryStreamExt};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::reply::ok;

/// What the client has when it takes the object as ended.
fn read_by_client(sent: &[u8]) -> Vec<u8> {
    let mut object = Vec::new();
    for block in sent.chunks(BLOCK_BYTES) {
        let trimmed = block.trim_ascii();
        object.extend_from_slice(trimmed);
        if trimmed.len() < BLOCK_BYTES {
            break;
        }
    }
    object
}

#[track_caller]
fn check_output(object: &[u8]) {
    let sent = padded(object);
    assert!(
        sent.len().is_multiple_of(BLOCK_BYTES) && sent.len() > object.len(),
        "not whole blocks"
    );
    let read = read_by_client(&sent);
    assert_eq!(read, sent.trim_ascii_end(), "the client reads something else than was sent");
    let blocks = (read.len() / BLOCK_BYTES + 1) * BLOCK_BYTES;
    assert_eq!(sent.len(), blocks, "blocks are left over for the next read");
    let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    assert_eq!(parse(&read), parse(object));
}

fn object(text: &str) -> Vec<u8> {
    ok(|o| o.text("messages", text))
}

#[test]
fn an_output_of_any_length_is_read_whole() {
    for length in (0..40).chain(950..1_100).chain(1_990..2_110) {
        for pattern in ["x", " ", "} ", "a b", "\" \\ ", "é ", "{ \u{0} "] {
            let text: String = pattern.chars().cycle().take(length).collect();
            check_output(&object(&text));
        }
    }
}

#[test]
fn a_space_that_would_be_trimmed_is_escaped() {
    // Its text begins here.
    let before = object("").len() - 2;
    for place in [BLOCK_BYTES - 1, BLOCK_BYTES, 2 * BLOCK_BYTES - 1, 2 * BLOCK_BYTES] {
        let text = format!("{} {}", "x".repeat(place - before), "y".repeat(1_500));
        let sent = padded(&object(&text));
        assert_eq!(sent[place..][..ESCAPED_SPACE.len()], *ESCAPED_SPACE, "{place}");
        check_output(&object(&text));
    }
    let inside = format!("{} {}", "x".repeat(500), "y".repeat(1_500));
    assert!(padded(&object(&inside)).starts_with(&object(&inside)), "no other is touched");
}

#[test]
fn an_object_that_fills_its_blocks_is_followed_by_a_block_of_spaces() {
    let around = object("").len();
    for blocks in 1..4 {
        let full = object(&"x".repeat(blocks * BLOCK_BYTES - around));
        assert_eq!(full.len(), blocks * BLOCK_BYTES);
        let sent = padded(&full);
        assert_eq!(sent.len(), full.len() + BLOCK_BYTES);
        assert!(sent[full.len()..].iter().all(|byte| *byte == b' '));
        let longer = object(&"x".repeat(blocks * BLOCK_BYTES - around + 1));
        assert_eq!(padded(&longer).len(), sent.len());
    }
}

proptest! {
    #[test]
    fn the_client_reads_any_object_whole(
        texts in prop::collection::vec("[ }{\"\\\\a\u{0}é]{0,900}", 0..5),
        shift in 0_usize..BLOCK_BYTES,
    ) {
        check_output(&ok(|o| {
            o.text("shift", &"x".repeat(shift));
            o.list("texts", |list| texts.iter().for_each(|text| list.text(text)));
        }));
    }

    #[test]
    fn an_object_in_pieces_is_sent_as_one_that_is_whole(
        text in "[ x]{0,4000}",
        contents in 0_usize..5_000,
        pieces in prop::collection::vec(1_usize..1_500, 0..8),
    ) {
        let whole = ok(|o| {
            o.text("name", &text);
            o.text("payload", &"A".repeat(contents));
        });
        let mut rest = &whole[..];
        let mut sent = Vec::new();
        for bytes in pieces {
            let (piece, after) = rest.split_at(bytes.min(rest.len()));
            sent.push(Ok(piece.to_vec()));
            rest = after;
        }
        sent.push(Ok(rest.to_vec()));
        let blocks: Vec<Vec<u8>> =
            padded_pieces(stream::iter(sent).boxed()).try_collect().now_or_never().unwrap().unwrap();
        prop_assert!(blocks.iter().all(|piece| piece.len().is_multiple_of(BLOCK_BYTES)));
        prop_assert_eq!(blocks.concat(), padded(&whole));
    }
}
