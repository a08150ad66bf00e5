use proptest::prelude::*;

use super::*;

const MAX: u64 = 1_000;

fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, Ended), TooMuch> {
    let mut payload = Payload::new(MAX);
    let mut decoded = Vec::new();
    for piece in pieces {
        decoded.extend(payload.feed(piece)?);
    }
    let (last, ended) = payload.finish();
    decoded.extend(last);
    Ok((decoded, ended))
}

#[track_caller]
fn check(text: &[u8], contents: Option<&[u8]>, rest: &str) {
    let whole = decode(&[text]).unwrap();
    let pieces: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(decode(&pieces).unwrap(), whole, "byte by byte");
    let (decoded, Ended { is_base64, rest: came }) = whole;
    assert_eq!(is_base64.then_some(&decoded[..]), contents, "{}", text.escape_ascii());
    assert_eq!(came, rest.as_bytes());
}

#[test]
fn contents_are_decoded_up_to_the_next_key() {
    check(b"aGFsbw==", Some(b"halo"), "");
    check(b"aGFsbw%3D%3d", Some(b"halo"), "");
    check(b"aGFsbw", Some(b"halo"), "");
    check(b"aGFsbw==&session=1&filename=%41", Some(b"halo"), "session=1&filename=%41");
    check(b"&a=1", Some(b""), "a=1");
    check(b"", Some(b""), "");
    check(b"&", Some(b""), "");
    check(b"b'aGFsbw=='", Some(b"halo"), "");
    check(b"b%27aGFsbw%3D%3D%27", Some(b"halo"), "");
}

#[test]
fn a_plus_sign_stands_for_itself_encoded_or_not() {
    check(b"++//", Some(b"\xfb\xef\xff"), "");
    check(b"%2B%2b%2F/", Some(b"\xfb\xef\xff"), "");
}

#[test]
fn what_ends_the_request_is_no_part_of_it() {
    check(b"aGFsbw==\r", Some(b"halo"), "");
    check(b"aGFsbw==&a=1\r", Some(b"halo"), "a=1");
    check(b"aGFsbw==   ", Some(b"halo"), "");
    check(b"aGFsbw==&a=1 b  ", Some(b"halo"), "a=1 b");
}

#[test]
fn anything_else_is_no_base64_whatever_follows() {
    for bad in
        ["a", "aGFs%", "aGFs%4", "aGFs%zz", "a GFs", "aGFs%20aGFs", "%C3%A9", "a-_a", "halo!"]
    {
        check(bad.as_bytes(), None, "");
        check(format!("{bad}&a=1").as_bytes(), None, "a=1");
    }
}

#[test]
fn what_follows_may_fill_its_limit_exactly() {
    let rest = "x".repeat(REST_BYTES_MAX);
    check(format!("aGFs&{rest}").as_bytes(), Some(b"hal"), &rest);
    check(format!("aGFs&{rest}\r").as_bytes(), Some(b"hal"), &rest);
    for more in ["x", "\rx", "x\r"] {
        let text = format!("aGFs&{rest}{more}");
        assert_eq!(decode(&[text.as_bytes()]), Err(TooMuch));
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(1_000).collect();
        assert_eq!(decode(&pieces), Err(TooMuch));
    }
}

#[test]
fn contents_that_are_too_long_are_read_for_a_while() {
    let most = usize::try_from((MAX + SURPLUS_BYTES_MAX).div_ceil(3) * 4).unwrap();
    for digit in ["A", "!", "%41"] {
        let text = digit.repeat(most);
        assert!(decode(&[text.as_bytes()]).is_ok());
        let text = text + digit;
        assert_eq!(decode(&[text.as_bytes()]), Err(TooMuch));
    }
}

proptest! {
    #[test]
    fn pieces_of_any_size_decode_the_same(
        text in prop::collection::vec(prop::sample::select(&b"aAzZ09+/=%2B4&b' \r\xff"[..]), 0..60),
        piece in 1_usize..9,
    ) {
        let pieces: Vec<&[u8]> = text.chunks(piece).collect();
        prop_assert_eq!(decode(&pieces), decode(&[&text]));
    }
}
