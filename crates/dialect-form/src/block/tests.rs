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

/// What happens to an input.
#[derive(Clone, Debug)]
enum Event<'a> {
    Bytes(&'a [u8]),
    Quiet,
}

/// The requests in what comes so. Quiet is passed on only to who asked for it.
fn cut_all(events: &[Event<'_>]) -> Vec<String> {
    let mut cutter = BlockCutter::default();
    let (mut input, mut requests) = (BytesMut::new(), Vec::new());
    let mut asked = false;
    for event in events {
        let mut quiet = match event {
            Event::Bytes(bytes) => {
                input.extend_from_slice(bytes);
                false
            }
            Event::Quiet if asked => true,
            Event::Quiet => continue,
        };
        loop {
            let cut = if std::mem::take(&mut quiet) {
                cutter.cut_quiet(&mut input)
            } else {
                cutter.cut(&mut input)
            };
            asked = matches!(cut, Cut::MoreUnlessQuiet(QUIET));
            match cut {
                Cut::Request(request) => requests.push(String::from_utf8_lossy(&request).into()),
                Cut::More | Cut::MoreUnlessQuiet(_) => break,
                Cut::Broken(_) => panic!("broken"),
            }
        }
    }
    assert_eq!(input.len(), 0, "something is left");
    requests
}

/// A request as the client sends it.
fn sent_by_client(request: &str) -> Vec<u8> {
    let mut sent = request.as_bytes().to_vec();
    sent.resize(sent.len().next_multiple_of(BLOCK_BYTES), b' ');
    sent
}

/// A request of that many bytes.
fn request(command: &str, length: usize) -> String {
    let form = "session=1&message=%20+=&";
    let form: String = form.chars().cycle().take(length.saturating_sub(command.len())).collect();
    format!("{command}{form}")
}

#[test]
fn a_request_of_any_length_is_cut_whole_however_it_comes() {
    for length in (20..60).chain(1_000..1_050).chain(2_040..2_055).chain([3_072, 70_000]) {
        for command in ["send ", "file list "] {
            let request = request(command, length);
            let sent = sent_by_client(&request);
            for piece in [1, 7, 1_000, 1_023, 1_024, 1_025, 100_000] {
                let mut events: Vec<_> = sent.chunks(piece).map(Event::Bytes).collect();
                events.push(Event::Quiet);
                assert_eq!(cut_all(&events), [&*request], "{length} in pieces of {piece}");
            }
        }
    }
}

#[test]
fn only_a_full_block_waits_for_quiet() {
    let cut = |length: usize| {
        let sent = sent_by_client(&request("send ", length));
        BlockCutter::default().cut(&mut BytesMut::from(&sent[..]))
    };
    assert!(matches!(cut(1_023), Cut::Request(_)));
    assert_eq!(cut(1_024), Cut::MoreUnlessQuiet(QUIET));
    assert!(matches!(cut(1_025), Cut::Request(_)));
    assert_eq!(BlockCutter::default().cut(&mut BytesMut::new()), Cut::More);

    // Quiet in the middle of a block ends nothing.
    let mut input = BytesMut::from(&request("send ", 1_025)[..]);
    assert_eq!(BlockCutter::default().cut_quiet(&mut input), Cut::More);
    assert_eq!(input.len(), 1_025);
}

#[test]
fn blank_blocks_are_no_requests() {
    let full = request("send ", BLOCK_BYTES);
    let blank = [b' '; BLOCK_BYTES];
    let sent = full.as_bytes();
    let at_once = [Event::Bytes(sent), Event::Bytes(&blank)];
    assert_eq!(cut_all(&at_once), [&*full]);
    let after_quiet =
        [Event::Bytes(sent), Event::Quiet, Event::Bytes(&blank), Event::Bytes(&blank)];
    assert_eq!(cut_all(&after_quiet), [&*full]);
}

#[test]
fn a_request_may_fill_its_limit_exactly() {
    let longest = request("send ", REQUEST_BYTES_MAX);
    let mut input = BytesMut::from(longest.as_bytes());
    let mut cutter = BlockCutter::default();
    assert_eq!(cutter.cut(&mut input), Cut::MoreUnlessQuiet(QUIET));
    assert_eq!(cutter.cut_quiet(&mut input), Cut::Request(longest.clone().into()));

    let mut input = BytesMut::from(&longest.as_bytes()[..REQUEST_BYTES_MAX - 1]);
    input.extend_from_slice(b" ");
    assert!(matches!(BlockCutter::default().cut(&mut input), Cut::Request(_)));

    let mut input = BytesMut::from(longest.as_bytes());
    input.extend_from_slice(b"x");
    assert_eq!(BlockCutter::default().cut(&mut input), Cut::Broken(Ending::TooLong));
    input.resize(REQUEST_BYTES_MAX + BLOCK_BYTES, b' ');
    assert_eq!(BlockCutter::default().cut(&mut input), Cut::Broken(Ending::TooLong));
}

fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![20_usize..60, 1_015_usize..1_035, 2_040_usize..2_060, 20_usize..5_000]
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
    fn requests_split_and_joined_anywhere_come_out_whole(
        lengths in prop::collection::vec(lengths(), 1..6),
        splits in prop::collection::vec(0_usize..20_000, 0..12),
    ) {
        let requests: Vec<String> =
            lengths.iter().map(|length| request("file list ", *length)).collect();
        let (mut sent, mut ends_in_quiet) = (Vec::new(), Vec::new());
        for request in &requests {
            sent.extend(sent_by_client(request));
            if request.len().is_multiple_of(BLOCK_BYTES) {
                ends_in_quiet.push(sent.len());
            }
        }
        let mut cuts: Vec<usize> = splits.into_iter().map(|at| at.min(sent.len())).collect();
        cuts.extend(&ends_in_quiet);
        cuts.extend([0, sent.len()]);
        cuts.sort_unstable();
        cuts.dedup();
        let mut events = Vec::new();
        for pair in cuts.windows(2) {
            events.push(Event::Bytes(&sent[pair[0]..pair[1]]));
            if ends_in_quiet.contains(&pair[1]) {
                events.push(Event::Quiet);
            }
        }
        prop_assert_eq!(cut_all(&events), requests);
    }
}
