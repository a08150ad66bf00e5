use kabar_wire::conversation::{Cut, Ending};
use proptest::prelude::*;

use super::*;
use crate::laws::cut_all;

#[track_caller]
fn check(input: &str, requests: &[&str], framing: Framing) {
    let requests: Vec<Vec<u8>> = requests.iter().map(|request| request.as_bytes().into()).collect();
    for piece in [1, 3, 1_000, 1_024, 1_025, usize::MAX] {
        let pieces: Vec<&[u8]> = input.as_bytes().chunks(piece).collect();
        let (came, decided, _) = cut_all(&pieces);
        assert_eq!((came, decided), (requests.clone(), framing), "in pieces of {piece}");
    }
}

fn form(length: usize) -> String {
    format!("send m={}", "x".repeat(length - 7))
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
    let mut cutter = Cutter::new();
    let mut input = BytesMut::from(&request[..1_000]);
    assert_eq!(cutter.cut(&mut input), Cut::More);
    assert_eq!(cutter.cut_quiet(&mut input), Cut::More, "quiet means nothing within a block");
    input.extend_from_slice(&request.as_bytes()[1_000..]);
    assert_eq!(cutter.cut(&mut input), Cut::MoreUnlessQuiet(block::QUIET));
    assert_eq!(cutter.cut_quiet(&mut input), Cut::Request(request.into()));
    assert_eq!(cutter.framing(), Framing::Block);

    // The LF that was on its way makes it a line.
    let request = form(1_024);
    let mut cutter = Cutter::new();
    let mut input = BytesMut::from(&request[..]);
    assert_eq!(cutter.cut(&mut input), Cut::MoreUnlessQuiet(block::QUIET));
    input.extend_from_slice(b"\n");
    assert_eq!(cutter.cut_quiet(&mut input), Cut::Request(request.into()));
    assert_eq!(cutter.framing(), Framing::Line);
}

#[test]
fn a_request_may_fill_its_limit_exactly() {
    let longest = form(REQUEST_BYTES_MAX);
    check(&format!("{longest}\r\n"), &[&longest], Framing::Line);
    for too_long in [form(REQUEST_BYTES_MAX + 1) + "\r\n", form(REQUEST_BYTES_MAX + 3)] {
        for piece in [1_000, usize::MAX] {
            let pieces: Vec<&[u8]> = too_long.as_bytes().chunks(piece).collect();
            let (requests, _, rest) = cut_all(&pieces);
            assert_eq!((requests.len(), rest), (0, Cut::Broken(Ending::TooLong)));
        }
    }
}

#[test]
fn answers_end_as_requests_do() {
    assert_eq!(Framing::Line.seal(b"{}".to_vec()), b"{}\n");
    assert_eq!(Framing::Block.seal(b"{}".to_vec()), format!("{:1024}", "{}").as_bytes());
}

/// Runs of bytes that matter, around the size of a block.
fn inputs() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop::sample::select(&b"a  \n\r"[..]);
    let length = prop_oneof![0_usize..4, 1_000_usize..1_030];
    prop::collection::vec((byte, length), 0..6).prop_map(|runs| {
        runs.into_iter().flat_map(|(byte, length)| std::iter::repeat_n(byte, length)).collect()
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
}
