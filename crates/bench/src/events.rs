//! A WebSocket to the events of the API, as far as a client that only stays needs it (RFC 6455).

use std::io;
use std::net::SocketAddr;

use crate::accounts::Account;
use crate::bytes::{find, printable};
use crate::connection::{Connection, in_time};
use crate::dialect::Dialect;

/// The streams of one account, with room below what the server allows each.
pub(crate) const STREAMS_EACH: u32 = 24;

/// An empty ping.
const PING: [u8; 2] = [0x89, 0];
/// A whole text frame, in its first byte.
const TEXT: u8 = 0x81;
const HEAD_END: &[u8] = b"\r\n\r\n";

/// Opens a stream and waits until the server has greeted on it.
pub(crate) async fn open(server: SocketAddr, account: &Account) -> io::Result<Connection> {
    let mut connection = Connection::open(server, Dialect::Line).await?;
    let request = format!(
        "GET /api/v1/events HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a2FiYXIgYmVuY2htYXJrIQ==\r\n\
         Authorization: Bearer {}\r\n\r\n",
        account.token
    );
    in_time(async {
        connection.write(request.as_bytes()).await?;
        let head = loop {
            match at(connection.unread(), HEAD_END) {
                Some(end) => break end + HEAD_END.len(),
                None => connection.fill().await?,
            }
        };
        if !connection.unread().starts_with(b"HTTP/1.1 101 ") {
            let said = printable(connection.unread());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, said));
        }
        connection.consume(head);
        let hello = loop {
            match frame_bytes(connection.unread())? {
                Some(bytes) if bytes <= connection.unread().len() => break bytes,
                _ => connection.fill().await?,
            }
        };
        connection.consume(hello);
        Ok(())
    })
    .await?;
    connection.release_buffer();
    Ok(connection)
}

/// Whether nothing but pings came, and the connection is open; never waits.
pub(crate) fn is_quiet(connection: &Connection) -> bool {
    let mut pings = connection.unread().chunks(PING.len());
    pings.all(|frame| frame == PING) && connection.has_only(&PING)
}

fn at(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let start = from + find(&bytes[from..], mark[0])?;
        if bytes[start..].starts_with(mark) {
            return Some(start);
        }
        from = start + 1;
    }
}

/// The length of the text frame that `bytes` begin with, as soon as they tell.
fn frame_bytes(bytes: &[u8]) -> io::Result<Option<usize>> {
    match *bytes {
        [TEXT, length @ 0..126, ..] => Ok(Some(2 + usize::from(length))),
        [TEXT, 126, high, low, ..] => Ok(Some(4 + usize::from(u16::from_be_bytes([high, low])))),
        [] | [TEXT] | [TEXT, 126] | [TEXT, 126, _] => Ok(None),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "no greeting on the stream")),
    }
}

#[cfg(test)]
mod tests {
    use super::{at, frame_bytes};

    #[test]
    fn a_frame_tells_its_length_once_enough_of_it_came() {
        assert_eq!(frame_bytes(&[]).unwrap(), None);
        assert_eq!(frame_bytes(&[0x81, 5, b'{']).unwrap(), Some(7));
        assert_eq!(frame_bytes(&[0x81, 126, 1]).unwrap(), None);
        assert_eq!(frame_bytes(&[0x81, 126, 1, 0]).unwrap(), Some(260));
        assert!(frame_bytes(&[0x88, 2]).is_err());
    }

    #[test]
    fn the_end_of_a_head_is_found_behind_half_ends() {
        assert_eq!(at(b"a\r\nb\r\n\r\nc", b"\r\n\r\n"), Some(4));
        assert_eq!(at(b"a\r\n\r", b"\r\n\r\n"), None);
    }
}
