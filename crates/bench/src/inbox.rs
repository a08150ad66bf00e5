//! Looking into an inbox. A reply in JSON is read while it arrives: the bodies are found by
//! scanning, nothing is parsed.

use std::io;

use crate::bytes::{find_either, printable};
use crate::connection::{Connection, in_time};
use crate::dialect::Dialect;
use crate::lines;
use crate::text::{Body, Text};

/// Stands before each body. Inside a JSON string its quotes would be escaped, and a sender called
/// `msg` is followed by `[`: it is found nowhere else.
const MARK: &[u8] = b"\"msg\":\"";
const MARK_LETTER: u8 = b'g';
const MARK_LETTER_AT: usize = 3;

/// A reply this full may not be all there is.
pub(crate) const ITEMS_FULL: u64 = 1000;
const BYTES_FULL: u64 = 7 * 1024 * 1024;

/// Looks into an inbox before it is taken as one that never gets empty.
const LOOKS_MAX: u32 = 10_000;

/// Looks into an inbox once, telling `on_heard` of each item, and of each push that comes before
/// the end of the reply; a refusal is `PermissionDenied`.
pub(crate) async fn look(
    connection: &mut Connection,
    request: &[u8],
    text: &Text,
    mut on_heard: impl FnMut(Heard),
) -> io::Result<Looked> {
    connection.write(request).await?;
    if connection.dialect() == Dialect::Keyword {
        return lines::look(connection, text, on_heard).await;
    }
    let mut scan = InboxScan::new(connection.dialect());
    loop {
        connection.fill().await?;
        let on_body = |body| on_heard(Heard::Item(body));
        let (used, progress) = scan.feed(connection.unread(), text, on_body);
        connection.consume(used);
        match progress {
            Progress::More => (),
            Progress::Done => return Ok(scan.looked()),
            Progress::Refused => return Err(refusal(connection).await),
        }
    }
}

/// What one look found.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    pub(crate) items: u64,
    /// Whether the server may hold more than it put into this reply.
    pub(crate) is_full: bool,
}

/// How a receiver came to know a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It was in the inbox.
    Item(Body),
    /// It was said unasked.
    Push(Body),
}

async fn refusal(connection: &mut Connection) -> io::Error {
    loop {
        if let Some(reply) = connection.reply() {
            let words = format!("inbox refused: {}", printable(reply));
            return io::Error::new(io::ErrorKind::PermissionDenied, words);
        }
        if let Err(error) = connection.fill().await {
            return error;
        }
    }
}

/// Empties an inbox before the measurement; how many items there were.
pub(crate) async fn empty(connection: &mut Connection, request: &[u8]) -> io::Result<u64> {
    let (nobodys, mut items) = (Text::new(0, 0, 0), 0);
    for _ in 0..LOOKS_MAX {
        let looked = in_time(look(connection, request, &nobodys, |_| ())).await?;
        if looked.items == 0 {
            return Ok(items);
        }
        items += looked.items;
    }
    Err(io::Error::other(format!("an inbox is still not empty after {LOOKS_MAX} looks")))
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The reply goes on; more bytes are needed.
    More,
    /// The reply is read to its end.
    Done,
    /// The reply is not a success; nothing of it is consumed.
    Refused,
}

/// Position in one reply.
#[derive(Debug)]
pub(crate) struct InboxScan {
    ok: &'static [u8],
    end: &'static [u8],
    begun: bool,
    items: u64,
    bytes: u64,
}

impl InboxScan {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { ok: dialect.ok(), end: dialect.end(), begun: false, items: 0, bytes: 0 }
    }

    /// Looks at `bytes`, what arrived and is not consumed, and tells `on_body` of each whole item.
    /// Returns how many bytes can be consumed.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        text: &Text,
        on_body: impl FnMut(Body),
    ) -> (usize, Progress) {
        let (used, progress) = self.scan(bytes, text, on_body);
        self.bytes += used as u64;
        (used, progress)
    }

    fn looked(&self) -> Looked {
        let is_full = self.items >= ITEMS_FULL || self.bytes >= BYTES_FULL;
        Looked { items: self.items, is_full }
    }

    fn scan(
        &mut self,
        bytes: &[u8],
        text: &Text,
        mut on_body: impl FnMut(Body),
    ) -> (usize, Progress) {
        let mut at = 0;
        if !self.begun {
            let head = &bytes[..bytes.len().min(self.ok.len())];
            if !self.ok.starts_with(head) {
                return (0, Progress::Refused);
            }
            if head.len() < self.ok.len() {
                return (0, Progress::More);
            }
            self.begun = true;
            at = self.ok.len();
        }
        loop {
            let Some(offset) = find_either(&bytes[at..], MARK_LETTER, self.end[0]) else {
                return (at.max(bytes.len().saturating_sub(MARK_LETTER_AT)), Progress::More);
            };
            let found = at + offset;
            let ends = bytes[found] == self.end[0];
            let mark = if ends { self.end } else { MARK };
            let first = if ends { found } else { found.saturating_sub(MARK_LETTER_AT) };
            match bytes[first..].get(..mark.len()) {
                None => return (first.max(at), Progress::More),
                Some(here) if here != mark => at = found + 1,
                Some(_) if ends => return (first + mark.len(), Progress::Done),
                Some(_) => {
                    let Some((past, body)) = body_at(bytes, first + MARK.len(), text) else {
                        return (first.max(at), Progress::More);
                    };
                    on_body(body);
                    self.items += 1;
                    at = past;
                }
            }
        }
    }
}

/// The body that begins at `start` and the position after its closing quote, if it has arrived.
fn body_at(bytes: &[u8], start: usize, text: &Text) -> Option<(usize, Body)> {
    let past = start + text.len();
    // The usual case, one comparison: our texts hold no quote, so the one after them closes.
    if bytes.get(past) == Some(&b'"')
        && let Some(number) = text.read(&bytes[start..past])
    {
        return Some((past + 1, Body::Ours(number)));
    }
    let mut at = start;
    loop {
        at += find_either(bytes.get(at..)?, b'"', b'\\')?;
        if bytes[at] == b'"' {
            return Some((at + 1, Body::Stranger));
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(body: &str) -> String {
        format!(
            "{{\"msg_from\":\"Bench g\\\"msg\\\":\\\"\",\"msg_to\":\"Bench 1\",\"msg\":\"{body}\",\
             \"sent_at\":\"2026-01-01T00:00:00Z\"}}"
        )
    }

    fn ours(text: &Text, number: u64) -> String {
        let mut body = Vec::new();
        text.append(number, &mut body);
        String::from_utf8(body).unwrap()
    }

    /// Feeds `reply` in pieces of `step` bytes, as a connection does.
    fn read(reply: &[u8], text: &Text, step: usize) -> (Vec<Body>, Progress, usize) {
        read_in(Dialect::Line, reply, text, step)
    }

    fn read_in(
        dialect: Dialect,
        reply: &[u8],
        text: &Text,
        step: usize,
    ) -> (Vec<Body>, Progress, usize) {
        let (mut scan, mut bodies) = (InboxScan::new(dialect), Vec::new());
        let (mut start, mut end) = (0, 0);
        while end < reply.len() {
            end = reply.len().min(end + step);
            let (used, progress) = scan.feed(&reply[start..end], text, |body| bodies.push(body));
            start += used;
            if progress != Progress::More {
                assert_eq!(scan.items, bodies.len() as u64);
                return (bodies, progress, start);
            }
        }
        (bodies, Progress::More, start)
    }

    #[test]
    fn bodies_are_found_however_the_reply_is_cut() {
        let text = Text::new(7, 1, 64);
        let items =
            [item(&ours(&text, 0)), item("hi"), item(r#"a \"msg\":\" \\"#), item(&ours(&text, 1))];
        let reply =
            format!("{{\"status\":\"OK\",\"messages\":{{\"msg\":[{}]}}}}\r\n\r\n", items.join(","));
        for step in 1..=reply.len() {
            let (bodies, progress, used) = read(reply.as_bytes(), &text, step);
            let expected = [Body::Ours(0), Body::Stranger, Body::Stranger, Body::Ours(1)];
            assert_eq!(bodies, expected, "{step}");
            assert_eq!((progress, used), (Progress::Done, reply.len()), "{step}");
        }
    }

    #[test]
    fn an_empty_inbox_has_no_items_and_leaves_the_next_reply_alone() {
        let text = Text::new(7, 1, 64);
        let one = "{\"status\":\"OK\",\"messages\":{}}\r\n\r\n";
        let two = format!("{one}{one}");
        for step in 1..=two.len() {
            assert_eq!(read(two.as_bytes(), &text, step), (vec![], Progress::Done, one.len()));
        }
    }

    #[test]
    fn in_dialect_form_a_reply_ends_with_its_line() {
        let text = Text::new(7, 1, 64);
        let one =
            format!("{{\"status\":\"OK\",\"messages\":{{\"a\":[{}]}}}}\n", item(&ours(&text, 3)));
        let two = format!("{one}{one}");
        for step in 1..=two.len() {
            let found = read_in(Dialect::Form, two.as_bytes(), &text, step);
            assert_eq!(found, (vec![Body::Ours(3)], Progress::Done, one.len()), "{step}");
        }
    }

    #[test]
    fn an_error_is_refused_and_left_unread() {
        let text = Text::new(7, 1, 64);
        let reply = b"{\"status\":\"ERROR\",\"message\":\"Session is not found\"}\r\n\r\n";
        for step in 1..=reply.len() {
            assert_eq!(read(reply, &text, step), (vec![], Progress::Refused, 0));
        }
    }

    #[test]
    fn a_thousand_items_or_seven_mebibytes_are_full() {
        let (text, mut scan) = (Text::new(7, 1, 64), InboxScan::new(Dialect::Line));
        let one = item("hi");
        scan.feed(Dialect::Line.ok(), &text, |_| ());
        for _ in 0..ITEMS_FULL - 1 {
            scan.feed(one.as_bytes(), &text, |_| ());
        }
        assert!(!scan.looked().is_full);
        scan.feed(one.as_bytes(), &text, |_| ());
        assert!(scan.looked().is_full);

        let mut scan =
            InboxScan { begun: true, bytes: BYTES_FULL - 10, ..InboxScan::new(Dialect::Line) };
        assert!(!scan.looked().is_full);
        scan.feed(&[b'x'; 20], &text, |_| ());
        assert!(scan.looked().is_full);
    }
}
