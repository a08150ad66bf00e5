//! Objects as clients of the object form can read them.
//!
//! COMPAT(seed 001): its client reads [`BLOCK_BYTES`] at a time and takes the object as ended when all it
//! has so far ends in `}`. So in an object of several blocks no block but the last may end in `}`: between
//! two tokens a space moves the brace on, inside a text it is written as an escape.

/// What the client reads at a time.
pub(crate) const BLOCK_BYTES: usize = 1_024;

/// The same object, with no `}` at the end of a block unless it is its last byte.
pub(crate) fn with_braces_off_block_ends(object: Vec<u8>) -> Vec<u8> {
    if object.len() <= BLOCK_BYTES {
        return object;
    }
    let Some((end, rest)) = object.split_last() else { return object };
    let mut out = Vec::with_capacity(object.len() + object.len() / 64);
    let (mut in_text, mut escaped) = (false, false);
    for &byte in rest {
        let ends_block = (out.len() + 1).is_multiple_of(BLOCK_BYTES);
        match byte {
            b'}' if ends_block && in_text => out.extend_from_slice(br"\u007d"),
            b'}' if ends_block => out.extend_from_slice(b" }"),
            _ => out.push(byte),
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            _ => {}
        }
    }
    out.push(*end);
    out
}

#[cfg(test)]
mod tests {
    use kabar_wire::json;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// What the client has when it takes the object as ended.
    fn read_by_client(sent: &[u8]) -> &[u8] {
        let mut read = 0;
        while read < sent.len() {
            read = (read + BLOCK_BYTES).min(sent.len());
            if sent[read - 1] == b'}' {
                break;
            }
        }
        &sent[..read]
    }

    #[track_caller]
    fn check(object: &[u8]) {
        let sent = with_braces_off_block_ends(object.to_vec());
        assert_eq!(read_by_client(&sent), sent, "the client stops too early");
        let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        assert_eq!(parse(&sent), parse(object));
    }

    fn object(texts: &[String], nested: usize) -> Vec<u8> {
        let mut out = Vec::new();
        json::object(&mut out, |o| {
            o.list("l", |list| {
                for text in texts {
                    list.object(|o| o.text("t", text));
                }
                for _ in 0..nested {
                    list.object(|o| o.object("o", |_| {}));
                }
            });
            o.object("o", |_| {});
        });
        out
    }

    #[test]
    fn a_brace_at_a_block_end_is_moved_on_at_every_length() {
        for length in 900..1_100 {
            check(&object(&["x".repeat(length)], 3));
            check(&object(&["}".repeat(length)], 3));
            check(&object(&["\\}\"}".repeat(length / 4 + 1), "}\u{1}".into()], 3));
        }
        for nested in 0..600 {
            check(&object(&[], nested));
        }
    }

    #[test]
    fn what_the_client_would_have_taken_for_the_end() {
        let naive = object(&["}".repeat(2_000)], 0);
        assert_ne!(read_by_client(&naive), naive, "this test stands on a real hazard");
        let sent = with_braces_off_block_ends(naive);
        assert_eq!(sent[BLOCK_BYTES - 1..][..6], *br"\u007d");
    }

    #[test]
    fn an_object_within_one_block_or_without_hazard_stays_as_it_is() {
        for small in [object(&["}}".into()], 2), object(&["x".repeat(3_000)], 0)] {
            assert_eq!(with_braces_off_block_ends(small.clone()), small);
        }
    }

    proptest! {
        #[test]
        fn the_client_reads_any_object_whole(
            texts in prop::collection::vec("[}\"\\\\a\u{0}é]{0,700}", 0..5),
            nested in 0_usize..200,
        ) {
            check(&object(&texts, nested));
        }
    }
}
