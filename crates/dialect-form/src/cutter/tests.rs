use kabar_wire::conversation::{Cut, Ending};
use proptest::prelude::*;

use super::*;
use crate::block;
use crate::laws::{Came, cut_all};

fn requests(came: &[Came]) -> Vec<&str> {
    came.iter().map(|came| std::str::from_utf8(&came.request).unwrap()).collect()
}

#[track_caller]
fn check(input: &str, expected: &[&str], framing: Framing) {
    for piece in [1, 3, 1_000, 1_024, 1_025, usize::MAX] {
        let pieces: Vec<&[u8]> = input.as_bytes().chunks(piece).collect();
        let (came, decided, _) = cut_all(&pieces);
        assert_eq!((&requests(&came)[..], decided), (expected, framing), "in pieces of {piece}");
    }
}

fn form(length: usize) -> String {
    format!("send m={}", "x".repeat(length - 7))
}

/// A request as a client sends it that cuts it into blocks.
fn in_blocks(request: &str) -> Vec<u8> {
    let mut sent = request.as_bytes().to_vec();
    sent.resize(sent.len().next_multiple_of(BLOCK_BYTES), b' ');
    sent
}

#[test]
fn the_first_request_decides() {
    check("inbox a=1\r\nlogout b=2\n", &["inbox a=1", "logout b=2"], Framing::Line);
    check(
        &format!("{:1024}{:1024}", "inbox a=1", "logout b=2"),
        &["inbox a=1", "logout b=2"],
        Framing::Block,
    );
    check("inbox a=1", &[], Framing::Line);
}

#[test]
fn what_was_decided_stays() {
    let blank = " ".repeat(1_100);
    check(&format!("inbox\n{blank}\ninbox\n"), &["inbox", &blank, "inbox"], Framing::Line);
    let long = format!("{:1024}{:1024}", "inbox a=1", "a\nb");
    check(&long, &["inbox a=1", "a\nb"], Framing::Block);
}

#[test]
fn lines_and_blocks_may_be_long_from_the_first_on() {
    for length in [1_022, 1_023, 1_024, 1_025, 2_047, 2_048, 2_049, 70_000] {
        let request = form(length);
        check(&format!("{request}\r\ninbox\n"), &[&request, "inbox"], Framing::Line);
        let padded = length.next_multiple_of(BLOCK_BYTES);
        if padded > length {
            let blank = " ".repeat(padded - length);
            let input = format!("{request}{blank}{:1024}", "inbox");
            check(&input, &[&request, "inbox"], Framing::Block);
        }
    }
}

#[test]
fn quiet_decides_where_a_first_block_is_full() {
    let request = form(2_048);
    let mut cutter = Cutter::new(0);
    let mut input = BytesMut::from(&request[..1_000]);
    assert_eq!(cutter.cut(&mut input), Cut::More);
    assert_eq!(cutter.cut_quiet(&mut input), Cut::More, "quiet means nothing within a block");
    input.extend_from_slice(&request.as_bytes()[1_000..]);
    assert_eq!(cutter.cut(&mut input), Cut::MoreUnlessQuiet(QUIET));
    assert_eq!(cutter.cut_quiet(&mut input), Cut::Request(request.into()));
    assert_eq!(cutter.framing(), Framing::Block);

    // The LF that was on its way makes it a line.
    let request = form(1_024);
    let mut cutter = Cutter::new(0);
    let mut input = BytesMut::from(&request[..]);
    assert_eq!(cutter.cut(&mut input), Cut::MoreUnlessQuiet(QUIET));
    input.extend_from_slice(b"\n");
    assert_eq!(cutter.cut_quiet(&mut input), Cut::Request(request.into()));
    assert_eq!(cutter.framing(), Framing::Line);
}

#[test]
fn only_a_full_block_waits_for_quiet() {
    let cut =
        |length: usize| Cutter::new(0).cut(&mut BytesMut::from(&in_blocks(&form(length))[..]));
    assert!(matches!(cut(1_023), Cut::Request(_)));
    assert_eq!(cut(1_024), Cut::MoreUnlessQuiet(QUIET));
    assert!(matches!(cut(1_025), Cut::Request(_)));
    assert_eq!(Cutter::new(0).cut(&mut BytesMut::new()), Cut::More);
    assert_eq!(Cutter::new(0).cut_quiet(&mut BytesMut::new()), Cut::More);
}

#[test]
fn blank_blocks_are_no_requests() {
    let full = form(BLOCK_BYTES);
    let blank = " ".repeat(BLOCK_BYTES);
    check(&format!("{full}{blank}{blank}"), &[&full], Framing::Block);
    check(&blank, &[], Framing::Block);

    let mut cutter = Cutter::new(0);
    let mut input = BytesMut::from(&full[..]);
    assert_eq!(cutter.cut_quiet(&mut input), Cut::Request(full.into()));
    input.extend_from_slice(blank.as_bytes());
    assert_eq!(cutter.cut(&mut input), Cut::More);
    assert!(input.is_empty());
}

#[test]
fn a_request_may_fill_its_limit_exactly() {
    let longest = form(REQUEST_BYTES_MAX);
    check(&format!("{longest}\r\n"), &[&longest], Framing::Line);
    let mut cutter = Cutter::new(0);
    let mut input = BytesMut::from(&longest[..]);
    assert_eq!(cutter.cut(&mut input), Cut::MoreUnlessQuiet(QUIET));
    assert_eq!(cutter.cut_quiet(&mut input), Cut::Request(longest.into()));
    // With its padding.
    let longest = form(REQUEST_BYTES_MAX - 1);
    check(&format!("{longest} "), &[&longest], Framing::Block);

    let first = format!("{:1024}", "inbox");
    for before in ["", "inbox\n", &first] {
        for end in ["\r\n", "xx", "  ", &" ".repeat(BLOCK_BYTES)] {
            let too_long = format!("{before}{}{end}", form(REQUEST_BYTES_MAX + 1));
            for piece in [1_000, usize::MAX] {
                let pieces: Vec<&[u8]> = too_long.as_bytes().chunks(piece).collect();
                let (came, _, rest) = cut_all(&pieces);
                assert_eq!(came.len(), usize::from(!before.is_empty()));
                assert_eq!(rest, Cut::Broken(Ending::TooLong), "{before:.9} {end:?} {piece}");
            }
        }
    }
}

#[test]
fn answers_end_as_requests_do() {
    assert_eq!(Framing::Line.seal(b"{}".to_vec()), b"{}\n");
    assert_eq!(Framing::Block.seal(b"{}".to_vec()), format!("{:1024}", "{}").as_bytes());
}

/// An upload with so many digits, and what decodes to as many groups.
fn upload(before: &str, groups: usize, after: &str) -> (String, Vec<u8>) {
    (format!("{before}payload={}{after}", "aGFs".repeat(groups)), b"hal".repeat(groups))
}

#[track_caller]
fn check_upload(input: &[u8], head: &str, contents: &[u8], rest: &str, framing: Framing) {
    for piece in [1, 7, 1_000, 1_023, 1_024, 1_025, usize::MAX] {
        let pieces: Vec<&[u8]> = input.chunks(piece).collect();
        let (came, decided, left) = cut_all(&pieces);
        assert_eq!(requests(&came), [head, "inbox"], "in pieces of {piece}");
        assert!(came[0].contents == contents, "in pieces of {piece}");
        let ended = payload::Ended { is_base64: true, rest: rest.into() };
        assert_eq!(came[0].ended.as_ref(), Some(&ended), "in pieces of {piece}");
        assert_eq!((decided, left, &came[1].ended), (framing, Cut::More, &None));
    }
}

#[test]
fn contents_are_cut_apart_whichever_framing_and_wherever_they_stand() {
    for groups in [0, 1, 200, 241, 242, 243, 244, 245, 246, 497, 498, 499, 5_000] {
        for (before, after) in
            [("file_send a=1&", ""), ("SEND FILE ", "&a=1&b=2"), ("room_send_file x=1&y=2&", "&z")]
        {
            let (request, contents) = upload(before, groups, after);
            let rest = after.trim_start_matches('&');
            for end in ["\n", "\r\n"] {
                let lines = format!("{request}{end}inbox\n");
                check_upload(lines.as_bytes(), before, &contents, rest, Framing::Line);
            }
            if !request.len().is_multiple_of(BLOCK_BYTES) {
                let blocks = [in_blocks(&request), in_blocks("inbox")].concat();
                check_upload(&blocks, before, &contents, rest, Framing::Block);
            }
        }
    }
}

/// A request whose contents, so many digits, fill its last block exactly; its head, and all of it.
fn full(blocks: usize, digits: usize) -> (String, String) {
    let (command, key) = ("file_send a=", "payload=");
    let filling = blocks * BLOCK_BYTES - digits - key.len() - command.len() - 1;
    let head = format!("{command}{}&", "x".repeat(filling));
    let request = format!("{head}{key}{}", "A".repeat(digits));
    assert!(request.len().is_multiple_of(BLOCK_BYTES));
    (head, request)
}

/// Cuts the head and all contents that have come; how many those are, and what is said then.
fn cut_contents(cutter: &mut Cutter, input: &mut BytesMut, head: String) -> (usize, Cut) {
    assert_eq!(cutter.cut(input), Cut::Request(head.into()));
    assert!(cutter.is_in_contents());
    let mut contents = 0;
    loop {
        match cutter.cut(input) {
            Cut::Contents(piece) => contents += piece.len(),
            rest => return (contents, rest),
        }
    }
}

#[test]
fn long_quiet_ends_contents_that_fill_their_last_block() {
    for (blocks, digits) in [(1, 8), (1, 1_000), (2, 1_004)] {
        let mut cutter = Cutter::new(REQUEST_BYTES_MAX as u64);
        let mut input = BytesMut::from(&block::padded(b"inbox a=1")[..]);
        assert_eq!(cutter.cut(&mut input), Cut::Request("inbox a=1".into()));
        let (head, request) = full(blocks, digits);
        input.extend_from_slice(request.as_bytes());
        let (contents, rest) = cut_contents(&mut cutter, &mut input, head);
        assert_eq!((contents, rest), (digits * 6 / 8, Cut::MoreUnlessQuiet(QUIET_IN_CONTENTS)));
        assert_eq!(cutter.cut_quiet(&mut input), Cut::ContentsEnd);
        assert!(!cutter.is_in_contents() && cutter.take_ended().unwrap().is_base64);
        assert_eq!(cutter.cut(&mut input), Cut::More);
    }
}

#[test]
fn half_of_the_contents_never_passes_for_all_of_them() {
    // A first request may be a line that stalls, and a group of digits that is not whole is not the end.
    for (first, digits) in [("", 1_000), ("inbox a=1", 1_002)] {
        let mut cutter = Cutter::new(REQUEST_BYTES_MAX as u64);
        let mut input = BytesMut::new();
        if !first.is_empty() {
            input.extend_from_slice(&block::padded(first.as_bytes()));
            assert_eq!(cutter.cut(&mut input), Cut::Request(first.into()));
        }
        let (head, request) = full(1, digits);
        input.extend_from_slice(request.as_bytes());
        assert_eq!(cut_contents(&mut cutter, &mut input, head).1, Cut::More);
        assert_eq!(cutter.cut_quiet(&mut input), Cut::More);
        assert!(cutter.is_in_contents());
    }
}

#[test]
fn contents_longer_than_a_request_are_not_kept() {
    let (request, contents) = upload("file_send a=1&", 500_000, "");
    let mut cutter = Cutter::new(REQUEST_BYTES_MAX as u64 * 10);
    let (mut input, mut came) = (BytesMut::new(), 0);
    for piece in request.as_bytes().chunks(64 * 1024) {
        input.extend_from_slice(piece);
        loop {
            match cutter.cut(&mut input) {
                Cut::Contents(piece) => {
                    assert!(piece.len() <= PIECE_BYTES_MAX);
                    came += piece.len();
                }
                Cut::Request(_) => {}
                Cut::More | Cut::MoreUnlessQuiet(_) => break,
                other => panic!("{other:?}"),
            }
        }
        assert!(input.is_empty(), "what came is waiting");
    }
    assert_eq!(came, contents.len());
}

#[test]
fn contents_without_end_break_the_connection() {
    let endless = format!("file_send payload={}", "A".repeat(2 * 1024 * 1024));
    for piece in [1_000, usize::MAX] {
        let pieces: Vec<&[u8]> = endless.as_bytes().chunks(piece).collect();
        let (came, _, rest) = cut_all(&pieces);
        assert_eq!(
            (&requests(&came)[..], rest),
            (&["file_send "][..], Cut::Broken(Ending::TooLong))
        );
    }
    // What stands before them has the limit of every request.
    let head = |length: usize| format!("file_send a={}&payload=AAAA\n", "x".repeat(length - 21));
    let (came, ..) = cut_all(&[head(REQUEST_BYTES_MAX).as_bytes()]);
    assert_eq!(came.len(), 1);
    let (came, _, rest) = cut_all(&[head(REQUEST_BYTES_MAX + 1).as_bytes()]);
    assert_eq!((came.len(), rest), (0, Cut::Broken(Ending::TooLong)));
}

/// Runs of bytes that matter, around the size of a block, behind what may be an upload.
fn inputs() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop::sample::select(&b"aA  \n\r&%="[..]);
    let length = prop_oneof![0_usize..5, 1_000_usize..1_030];
    let run = (byte, length).prop_map(|(byte, length)| vec![byte; length]);
    let words =
        [&b"file_send "[..], b"send file ", b"payload=", b"&payload=", b"%2B", b"\n", b"a=1&"];
    let word = prop::sample::select(words.map(<[u8]>::to_vec).to_vec());
    let runs = prop::collection::vec(prop_oneof![run, word], 0..8);
    (any::<bool>(), runs).prop_map(|(is_upload, runs)| {
        let start = if is_upload { &b"file_send payload="[..] } else { b"" };
        [start, &runs.concat()].concat()
    })
}

proptest! {
    #[test]
    fn split_input_gives_the_same_requests_as_whole_input(
        input in inputs(),
        piece in prop_oneof![1_usize..9, 1_000_usize..1_030],
    ) {
        let pieces: Vec<&[u8]> = input.chunks(piece).collect();
        prop_assert_eq!(cut_all(&pieces), cut_all(&[&input]));
    }

    #[test]
    fn no_input_breaks_a_law(input in inputs(), piece in any::<u8>()) {
        crate::laws::cutting(&[&[piece], &input[..]].concat());
    }

    #[test]
    fn requests_in_blocks_split_and_joined_anywhere_come_out_whole(
        lengths in prop::collection::vec(
            prop_oneof![20_usize..60, 1_015_usize..1_024, 2_040_usize..2_048, 20_usize..5_000], 1..6),
        splits in prop::collection::vec(0_usize..20_000, 0..12),
    ) {
        let lengths = lengths.into_iter().filter(|length| !length.is_multiple_of(BLOCK_BYTES));
        let expected: Vec<String> = lengths.map(form).collect();
        let sent: Vec<u8> = expected.iter().flat_map(|request| in_blocks(request)).collect();
        let mut cuts: Vec<usize> = splits.into_iter().map(|at| at.min(sent.len())).collect();
        cuts.extend([0, sent.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &sent[cut[0]..cut[1]]).collect();
        let (came, _, rest) = cut_all(&pieces);
        prop_assert_eq!(requests(&came), expected);
        prop_assert_eq!(rest, Cut::More);
    }
}
