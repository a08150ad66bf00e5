//! One connection: a socket and the bytes that arrived on it, cut into replies by scanning.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::accounts::Account;
use crate::bytes::{find, printable};
use crate::dialect::Dialect;

const BUFFER_BYTES_FIRST: usize = 16 * 1024;
/// More than one escaped message of 64 KiB, the longest thing looked at in one piece.
const BUFFER_BYTES_MAX: usize = 1024 * 1024;
/// What is read at a time where much is expected.
const BUFFER_BYTES_BULK: usize = 256 * 1024;
/// How long a request outside the measurement may take.
const ASK_SECS_MAX: u64 = 30;

pub(crate) struct Connection {
    dialect: Dialect,
    stream: TcpStream,
    buffer: Vec<u8>,
    /// `buffer[start..end]` arrived and is not consumed; no reply ends in `start..scanned`.
    start: usize,
    scanned: usize,
    end: usize,
    /// Whether the first reply is still to come, which a greeting may stand before.
    is_new: bool,
}

/// Bounds an exchange outside any measurement.
pub(crate) async fn in_time<T>(exchange: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(Duration::from_secs(ASK_SECS_MAX), exchange).await.unwrap_or_else(|_| {
        let silent = format!("no answer within {ASK_SECS_MAX} s");
        Err(io::Error::new(io::ErrorKind::TimedOut, silent))
    })
}

impl Connection {
    pub(crate) async fn open(server: SocketAddr, dialect: Dialect) -> io::Result<Self> {
        let stream = in_time(TcpStream::connect(server)).await?;
        stream.set_nodelay(true)?;
        let buffer = Vec::new();
        Ok(Self { dialect, stream, buffer, start: 0, scanned: 0, end: 0, is_new: true })
    }

    /// One on which `account` may make requests at once.
    pub(crate) async fn open_as(
        server: SocketAddr,
        dialect: Dialect,
        account: &Account,
    ) -> io::Result<Self> {
        let mut connection = Self::open(server, dialect).await?;
        if !dialect.has_tokens() {
            connection.demand(&dialect.log_in(account)).await?;
        }
        Ok(connection)
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
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

    /// The next whole reply or push with its end mark, consumed, if it has arrived.
    pub(crate) fn reply(&mut self) -> Option<&[u8]> {
        let end = self.dialect.end();
        loop {
            let Some(offset) = find(&self.buffer[self.scanned..self.end], end[0]) else {
                self.scanned = self.end;
                return None;
            };
            let at = self.scanned + offset;
            self.scanned = at;
            let mark = self.buffer[at..self.end].get(..end.len())?;
            if mark == end {
                let mut reply = self.start..at + end.len();
                self.start = reply.end;
                self.scanned = reply.end;
                if std::mem::take(&mut self.is_new) {
                    reply.start += self.dialect.greeting_bytes(&self.buffer[reply.clone()]);
                }
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

    /// Waits for the next reply, passing over what is said unasked.
    pub(crate) async fn next_reply(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let dialect = self.dialect;
            match self.reply() {
                Some(frame) if dialect.is_push(frame) => (),
                Some(reply) => return Ok(reply.to_vec()),
                None => self.fill().await?,
            }
        }
    }

    /// One request and its reply, outside any measurement.
    pub(crate) async fn ask(&mut self, line: &[u8]) -> io::Result<Vec<u8>> {
        in_time(async {
            self.write(line).await?;
            self.next_reply().await
        })
        .await
    }

    /// As [`Connection::ask`]; a refusal is `PermissionDenied`, with the server's words.
    pub(crate) async fn demand(&mut self, line: &[u8]) -> io::Result<Vec<u8>> {
        let reply = self.ask(line).await?;
        if reply.starts_with(self.dialect.ok()) {
            return Ok(reply);
        }
        Err(io::Error::new(io::ErrorKind::PermissionDenied, printable(&reply)))
    }

    /// The socket, not blocking, and what has arrived on it and is not consumed.
    pub(crate) fn into_parts(self) -> io::Result<(std::net::TcpStream, Vec<u8>)> {
        let unread = self.unread().to_vec();
        Ok((self.stream.into_std()?, unread))
    }

    /// Whether the server kept silent and the connection open; never waits.
    pub(crate) fn is_quiet(&self) -> bool {
        let nothing_more = matches!(self.stream.try_read(&mut [0]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        nothing_more && self.unread().is_empty()
    }

    /// Whether the connection is open and nothing but `frame`, any number of times, waits on it.
    pub(crate) fn has_only(&self, frame: &[u8]) -> bool {
        let mut waiting = [0; 64];
        loop {
            match self.stream.try_read(&mut waiting) {
                Ok(0) => return false,
                Ok(read) if waiting[..read].chunks(frame.len()).all(|part| part == frame) => (),
                Ok(_) => return false,
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
    }

    /// Makes room to read much at a time.
    pub(crate) fn expect_bulk(&mut self) {
        if self.buffer.len() < BUFFER_BYTES_BULK {
            self.buffer.resize(BUFFER_BYTES_BULK, 0);
        }
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
        let open = Connection::open(listener.local_addr().unwrap(), Dialect::Line);
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

    #[tokio::test]
    async fn a_greeting_is_no_reply_and_pushes_are_passed_over() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = Connection::open(listener.local_addr().unwrap(), Dialect::Keyword);
        let (near, far) = tokio::join!(open, listener.accept());
        let (mut near, mut far) = (near.unwrap(), far.unwrap().0);
        far.write_all(b"welcome!\r\nsuccess in\r\n\r\n").await.unwrap();
        assert_eq!(near.next_reply().await.unwrap(), b"success in\r\n\r\n");
        far.write_all(b"notif a: b\r\n\r\nfailed no\r\n\r\n").await.unwrap();
        let refused = near.demand(b"QUIT\r\n").await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        assert!(refused.to_string().contains("failed no"));
    }
}
