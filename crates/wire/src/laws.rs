//! What must hold for every input, as functions over arbitrary bytes: property tests and fuzz
//! targets call the same ones. Each panics where its law is broken.

use bytes::BytesMut;

use crate::{Known, LineFramer, SNIFF_BYTES_MAX, Sniff, before_login, json, sniff, transcript};

/// Words of every dialect, with every overlap between them: the same word in two dialects, and a
/// command of two words that begins like one of one word.
const KNOWN: Known<'_> = Known {
    line: &["auth", "send", "inbox", "logout", "exit"],
    form: &["auth", "send", "inbox", "file_list", "file list", "send file", "get file"],
    keyword: &["AUTH-LOGIN", "HELP"],
    tls: true,
    irc: true,
};

/// Lines are the same however the input is split, hold no LF and are within the cap. The first two
/// bytes choose the cap and the size of the pieces.
///
/// # Panics
/// When the law is broken.
pub fn framing(input: &[u8]) {
    let [line_bytes_max, piece_bytes, input @ ..] = input else {
        return;
    };
    let line_bytes_max = usize::from(*line_bytes_max);
    let cut_all = |piece_bytes: usize| {
        let mut framer = LineFramer::new(line_bytes_max);
        let (mut buffer, mut lines) = (BytesMut::new(), Vec::new());
        for piece in input.chunks(piece_bytes) {
            buffer.extend_from_slice(piece);
            loop {
                match framer.cut(&mut buffer) {
                    Ok(Some(line)) => lines.push(line),
                    Ok(None) => break,
                    Err(refused) => return (lines, Err(refused)),
                }
            }
        }
        (lines, Ok(()))
    };
    let whole = cut_all(input.len().max(1));
    assert_eq!(whole, cut_all(usize::from(*piece_bytes).max(1)), "a split changed the lines");
    for line in &whole.0 {
        assert!(line.len() <= line_bytes_max, "a line is over the cap");
        assert!(!line.contains(&b'\n'), "a line holds an LF");
    }
}

/// A decision about the first bytes is not changed by more bytes, and is taken within
/// [`SNIFF_BYTES_MAX`]. The first byte chooses what is served.
///
/// # Panics
/// When the law is broken.
pub fn sniffing(input: &[u8]) {
    let [served, input @ ..] = input else { return };
    let known = Known {
        line: if served & 1 == 0 { KNOWN.line } else { &[] },
        form: if served & 2 == 0 { KNOWN.form } else { &[] },
        keyword: if served & 4 == 0 { KNOWN.keyword } else { &[] },
        tls: served & 8 == 0,
        irc: served & 16 == 0,
    };
    let whole = sniff(input, &known);
    let lengths = 0..=input.len().min(SNIFF_BYTES_MAX);
    let first = lengths.map(|length| sniff(&input[..length], &known));
    let first = first.into_iter().find(|decision| *decision != Sniff::NeedMore);
    assert_eq!(first.unwrap_or(Sniff::NeedMore), whole, "more bytes changed the decision");
    assert!(whole != Sniff::NeedMore || input.len() < SNIFF_BYTES_MAX, "undecided at the limit");
}

/// A line that passes holds no control character, and passes with a suffix of plain text too.
///
/// # Panics
/// When the law is broken.
pub fn guarding(line: &[u8]) {
    if before_login(line).is_ok() {
        assert!(!line.iter().any(u8::is_ascii_control), "a control character passed");
        let longer = [line, b" Host: x"].concat();
        let method = crate::guard::HTTP_METHODS.iter().any(|word| word.as_bytes() == line);
        assert!(method || before_login(&longer).is_ok(), "the end of a line mattered");
    }
}

/// Text, as a key and as a value, comes out as printable ASCII with every quote inside it escaped.
///
/// # Panics
/// When the law is broken.
pub fn writing(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut out = Vec::new();
    json::object(&mut out, |object| {
        object.text(&text, &text);
        object.list("list", |list| list.text(&text));
    });
    assert!(out.iter().all(|byte| (0x20..=0x7E).contains(byte)), "a byte is not printable ASCII");
    let mut quotes = 0;
    let mut bytes = out.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => quotes += 1,
            _ => (),
        }
    }
    assert_eq!(quotes, 8, "text left its quotes");
}

/// Any text is a transcript or is refused with a line number it has.
///
/// # Panics
/// When the law is broken.
pub fn transcripts(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Err(error) = transcript::check(&text) {
        let line = error.split_once(": ").and_then(|(line, _)| line.parse().ok());
        let lines = text.lines().count();
        assert!(line.is_some_and(|line: usize| (1..=lines).contains(&line)), "{error}");
    }
}
