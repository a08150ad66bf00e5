//! Dialect keyword: what a receiver reads, answers and pushes of lines of text.
//!
//! ```text
//! answer = ( "success" / "failed" ) SP message CRLF *( field *( TAB field ) CRLF ) CRLF
//! push   = "notif" SP from ":" SP text CRLF CRLF
//! ```
//!
//! A text cannot hold a TAB or a line end: what would be one is escaped. So it is what follows the
//! last TAB of its line.

use std::io;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::bytes::printable;
use crate::connection::Connection;
use crate::dialect::Dialect;
use crate::inbox::{Heard, ITEMS_FULL, Looked};
use crate::text::{Body, Text};

/// Awaits the answer to `NOTIF-GET`.
pub(crate) async fn look(
    connection: &mut Connection,
    text: &Text,
    mut on_heard: impl FnMut(Heard),
) -> io::Result<Looked> {
    loop {
        while let Some(frame) = connection.reply() {
            if let Some(body) = pushed(frame, text) {
                on_heard(Heard::Push(body));
                continue;
            }
            if !frame.starts_with(Dialect::Keyword.ok()) {
                let words = format!("inbox refused: {}", printable(frame));
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, words));
            }
            let mut items = 0;
            for line in frame.split(|&byte| byte == b'\n').skip(1).filter(|line| line.len() > 1) {
                on_heard(Heard::Item(item(line, text)));
                items += 1;
            }
            return Ok(Looked { items, is_full: items >= ITEMS_FULL });
        }
        connection.fill().await?;
    }
}

/// Hears what is said unasked until `pause` is over.
pub(crate) async fn listen(
    connection: &mut Connection,
    pause: Duration,
    text: &Text,
    mut on_heard: impl FnMut(Heard),
) -> io::Result<()> {
    let until = Instant::now() + pause;
    loop {
        while let Some(frame) = connection.reply() {
            let Some(body) = pushed(frame, text) else {
                return Err(unasked(frame));
            };
            on_heard(Heard::Push(body));
        }
        match timeout_at(until, connection.fill()).await {
            Ok(filled) => filled?,
            Err(_) => return Ok(()),
        }
    }
}

/// A failure that answers nothing is the last word to somebody who was too slow.
fn unasked(frame: &[u8]) -> io::Error {
    if frame.starts_with(b"failed ") {
        return io::Error::new(io::ErrorKind::ConnectionAborted, printable(frame));
    }
    io::Error::other(format!("a reply that nobody asked for: {}", printable(frame)))
}

fn pushed(frame: &[u8], text: &Text) -> Option<Body> {
    let is_push = Dialect::Keyword.is_push(frame);
    is_push
        .then(|| Dialect::Keyword.pushed_text(frame).map_or(Body::Stranger, |body| text.body(body)))
}

/// The body in a line that ends in CR.
fn item(line: &[u8], text: &Text) -> Body {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.rsplit(|&byte| byte == b'\t').next().map_or(Body::Stranger, |body| text.body(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::{TcpListener, TcpStream};

    fn ours(text: &Text, number: u64) -> String {
        let mut body = Vec::new();
        text.append(number, &mut body);
        String::from_utf8(body).unwrap()
    }

    async fn both_ends() -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = Connection::open(listener.local_addr().unwrap(), Dialect::Keyword);
        let (near, far) = tokio::join!(open, listener.accept());
        (near.unwrap(), far.unwrap().0)
    }

    #[tokio::test]
    async fn items_and_pushes_are_told_apart_in_their_order() {
        let (mut near, mut far) = both_ends().await;
        let text = Text::new(7, 1, 64);
        let (a, b) = (ours(&text, 4), ours(&text, 5));
        let script = format!(
            "notif ana: {b}\r\n\r\nsuccess 2 new\r\n2026-01-01T00:00:00Z\tana\t-\t{a}\r\n\
             2026-01-01T00:00:00Z\tana\t-\thai\r\n\r\nnotif ana: hai\r\n\r\n"
        );
        far.write_all(script.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        let looked = look(&mut near, &text, |what| heard.push(what)).await.unwrap();
        assert_eq!((looked.items, looked.is_full), (2, false));
        let expected =
            [Heard::Push(Body::Ours(5)), Heard::Item(Body::Ours(4)), Heard::Item(Body::Stranger)];
        assert_eq!(heard, expected);
        heard.clear();
        let pause = Duration::from_millis(1);
        listen(&mut near, pause, &text, |what| heard.push(what)).await.unwrap();
        assert_eq!(heard, [Heard::Push(Body::Stranger)]);
    }

    #[tokio::test]
    async fn a_refusal_is_quoted_and_a_reply_too_many_is_an_error() {
        let (mut near, mut far) = both_ends().await;
        let text = Text::new(7, 1, 64);
        far.write_all(b"failed unauthorized!\r\nhint\r\n\r\n").await.unwrap();
        let refused = look(&mut near, &text, |_| ()).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        far.write_all(b"success 0 new\r\n\r\n").await.unwrap();
        let pause = Duration::from_secs(10);
        let error = listen(&mut near, pause, &text, |_| ()).await.unwrap_err();
        assert!(error.to_string().contains("nobody asked for"));
    }
}
