//! One connection: a socket and the bytes that arrived on it, cut into replies by scanning.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::bytes::find;

/// Every success begins so.
pub(crate) const OK: &[u8] = b"{\"status\":\"OK\"";
/// Every reply ends so; JSON holds no bare control characters, so this is nowhere else.
pub(crate) const END: &[u8] = b"\r\n\r\n";

const BUFFER_BYTES_FIRST: usize = 16 * 1024;
/// More than one escaped message of 64 KiB, the longest thing looked at in one piece.
const BUFFER_BYTES_MAX: usize = 1024 * 1024;
/// How long a request outside the measurement may take.
const ASK_SECS_MAX: u64 = 30;

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// `buffer[start..end]` arrived and is not consumed; no reply ends in `start..scanned`.
    start: usize,
    scanned: usize,
    end: usize,
}

/// Bounds an exchange outside any measurement.
pub(crate) async fn in_time<T>(exchange: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(Duration::from_secs(ASK_SECS_MAX), exchange).await.unwrap_or_else(|_| {
        let silent = format!("no answer within {ASK_SECS_MAX} s");
        Err(io::Error::new(io::ErrorKind::TimedOut, silent))
    })
}

impl Connection {
    pub(crate) async fn open(server: SocketAddr) -> io::Result<Self> {
        let stream = in_time(TcpStream::connect(server)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new(), start: 0, scanned: 0, end: 0 })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Waits for more bytes; the end of the stream is an error, since a reply is outstanding.
    pub(crate) async fn fill(&mut self) -> io::Result<()> {
        self.make_room()?;
        let read = self.stream.read(&mut self.buffer[self.end..]).await?;
        if read == 0 {
            let closed = "the server closed the connection";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, closed));
        }
        self.end += read;
        Ok(())
    }

    /// The next whole reply with its end mark, consumed, if it has arrived.
    pub(crate) fn reply(&mut self) -> Option<&[u8]> {
        loop {
            let Some(offset) = find(&self.buffer[self.scanned..self.end], END[0]) else {
                self.scanned = self.end;
                return None;
            };
            let at = self.scanned + offset;
            self.scanned = at;
            let mark = self.buffer[at..self.end].get(..END.len())?;
            if mark == END {
                let reply = self.start..at + END.len();
                self.start = reply.end;
                self.scanned = reply.end;
                return Some(&self.buffer[reply]);
            }
            self.scanned = at + 1;
        }
    }

    /// What arrived and is not consumed.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(crate) fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        self.scanned = self.scanned.max(self.start);
    }

    /// One request and its reply, outside any measurement.
    pub(crate) async fn ask(&mut self, line: &[u8]) -> io::Result<Vec<u8>> {
        in_time(async {
            self.write(line).await?;
            loop {
                if let Some(reply) = self.reply() {
                    return Ok(reply.to_vec());
                }
                self.fill().await?;
            }
        })
        .await
    }

    /// Whether the server kept silent and the connection open; never waits.
    pub(crate) fn is_quiet(&self) -> bool {
        let nothing_more = matches!(self.stream.try_read(&mut [0]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        nothing_more && self.unread().is_empty()
    }

    /// Gives the buffer's memory back; for connections that will stay silent.
    pub(crate) fn release_buffer(&mut self) {
        if self.unread().is_empty() {
            self.buffer = Vec::new();
            (self.start, self.scanned, self.end) = (0, 0, 0);
        }
    }

    fn make_room(&mut self) -> io::Result<()> {
        if self.start == self.end {
            (self.start, self.scanned, self.end) = (0, 0, 0);
        }
        if self.end < self.buffer.len() {
            return Ok(());
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.scanned -= self.start;
        self.end -= self.start;
        self.start = 0;
        if self.end > self.buffer.len() / 2 || self.buffer.is_empty() {
            let grown = (self.buffer.len() * 2).max(BUFFER_BYTES_FIRST);
            if grown > BUFFER_BYTES_MAX {
                let long = format!("more than {} KiB without an end", self.buffer.len() / 1024);
                return Err(io::Error::new(io::ErrorKind::InvalidData, long));
            }
            self.buffer.resize(grown, 0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn both_ends() -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = Connection::open(listener.local_addr().unwrap());
        let (near, far) = tokio::join!(open, listener.accept());
        (near.unwrap(), far.unwrap().0)
    }

    async fn next(connection: &mut Connection) -> io::Result<String> {
        loop {
            if let Some(reply) = connection.reply() {
                return Ok(String::from_utf8(reply.to_vec()).unwrap());
            }
            connection.fill().await?;
        }
    }

    #[tokio::test]
    async fn replies_are_cut_at_the_end_mark_however_they_arrive() {
        let (mut near, mut far) = both_ends().await;
        far.write_all(b"{1}\r\n\r\n{2}\r\n\r\n{3").await.unwrap();
        assert_eq!(next(&mut near).await.unwrap(), "{1}\r\n\r\n");
        assert_eq!(next(&mut near).await.unwrap(), "{2}\r\n\r\n");
        assert_eq!(near.reply(), None);
        for piece in ["\rx}\r", "\n", "\r", "\n"] {
            far.write_all(piece.as_bytes()).await.unwrap();
            near.fill().await.unwrap();
        }
        assert_eq!(next(&mut near).await.unwrap(), "{3\rx}\r\n\r\n");
    }

    #[tokio::test]
    async fn a_reply_larger_than_the_buffer_is_whole_and_one_without_end_is_refused() {
        let (mut near, mut far) = both_ends().await;
        let large = format!("{}\r\n\r\n", "x".repeat(BUFFER_BYTES_FIRST * 3));
        far.write_all(large.as_bytes()).await.unwrap();
        assert_eq!(next(&mut near).await.unwrap(), large);
        let endless = async move {
            let piece = vec![b'x'; BUFFER_BYTES_MAX];
            // The other end gives up before all is written.
            while far.write_all(&piece).await.is_ok() {}
        };
        let reading = async move { next(&mut near).await.unwrap_err().kind() };
        let (kind, ()) = tokio::join!(reading, endless);
        assert_eq!(kind, io::ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn a_closed_connection_is_an_error_and_not_quiet() {
        let (mut near, far) = both_ends().await;
        assert!(near.is_quiet());
        drop(far);
        assert_eq!(near.fill().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(!near.is_quiet());
    }
}
