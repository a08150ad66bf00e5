//! The socket. [`Connection`] is for servers that only answer: one request at a time, each answered
//! before the next is sent.

pub(super) mod live;
pub(super) mod messages;
pub(super) mod ticking;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::url::Address;

/// From the wish to connect to the connection, name look-up included.
pub(super) const CONNECT_SECS: u64 = 10;

/// How long a server may say nothing. Longer than the longest request that a server makes of
/// another one on the way to an answer (30 s).
pub(super) const REPLY_IDLE_SECS: u64 = 60;

/// As [`REPLY_IDLE_SECS`], once the person wants to leave.
pub(super) const FAREWELL_SECS: u64 = 2;

/// One reply with its end.
pub(super) const REPLY_BYTES_MAX: usize = 16 * 1024 * 1024;

const REPLY_END: &[u8] = b"\r\n\r\n";
pub(super) const READ_BYTES: usize = 16 * 1024;

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum Unreachable {
    /// The host name could not be turned into an address.
    UnknownHost(io::Error),
    /// No address answered in time.
    Timeout,
    /// The system's reason, that of the last address tried.
    Failed(io::Error),
}

/// Why a connection is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// Ended by the other side or by the network.
    Closed,
    /// Nothing came for [`REPLY_IDLE_SECS`].
    Silent,
    /// A reply exceeds [`REPLY_BYTES_MAX`].
    TooLong,
}

pub(super) struct Connection {
    stream: TcpStream,
}

impl Connection {
    pub(super) fn open(address: &Address) -> Result<Self, Unreachable> {
        let stream = open(address)?;
        limit(&stream, REPLY_IDLE_SECS).map_err(Unreachable::Failed)?;
        Ok(Self { stream })
    }

    /// Sends a line and waits for its reply.
    pub(super) fn ask(&mut self, line: &str) -> Result<Vec<u8>, Lost> {
        self.stream.write_all(line.as_bytes()).map_err(|error| lost(&error))?;
        read_reply(&mut self.stream)
    }

    /// Sends the last line. Its reply is waited for, so that the server has read the line before
    /// the connection ends, but what it says no longer matters.
    pub(super) fn leave(mut self, line: &str) {
        if limit(&self.stream, FAREWELL_SECS).is_ok() {
            let _ = self.ask(line);
        }
    }
}

/// A new connection.
pub(super) fn open(address: &Address) -> Result<TcpStream, Unreachable> {
    let (host, port) = (address.host.clone(), address.port);
    let (sender, receiver) = mpsc::channel();
    // A thread, since the system's name look-up knows no time limit of ours. One that is too
    // late ends by itself, or with the program.
    thread::spawn(move || sender.send(connect(&host, port)));
    let stream = receiver
        .recv_timeout(Duration::from_secs(CONNECT_SECS))
        .unwrap_or(Err(Unreachable::Timeout))?;
    stream.set_nodelay(true).map_err(Unreachable::Failed)?;
    Ok(stream)
}

fn connect(host: &str, port: u16) -> Result<TcpStream, Unreachable> {
    let addresses: Vec<SocketAddr> =
        (host, port).to_socket_addrs().map_err(Unreachable::UnknownHost)?.collect();
    // Each address gets its share, or a first one that swallows packets would use up the time.
    let share = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let wait = Duration::from_secs(CONNECT_SECS) / share;
    let mut failure = Unreachable::UnknownHost(ErrorKind::NotFound.into());
    for address in addresses {
        match TcpStream::connect_timeout(&address, wait) {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == ErrorKind::TimedOut => failure = Unreachable::Timeout,
            Err(error) => failure = Unreachable::Failed(error),
        }
    }
    Err(failure)
}

fn limit(stream: &TcpStream, secs: u64) -> io::Result<()> {
    let limit = Some(Duration::from_secs(secs));
    stream.set_read_timeout(limit).and_then(|()| stream.set_write_timeout(limit))
}

/// Reads up to the end of a reply. What follows it in the same read was never asked for, and is
/// dropped rather than taken for the answer to the next command.
fn read_reply(stream: &mut impl Read) -> Result<Vec<u8>, Lost> {
    let mut reply = Vec::new();
    let mut chunk = vec![0; READ_BYTES];
    loop {
        let read = match stream.read(&mut chunk) {
            Ok(0) => return Err(Lost::Closed),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(lost(&error)),
        };
        let searched = reply.len().saturating_sub(REPLY_END.len() - 1);
        reply.extend_from_slice(&chunk[..read]);
        if let Some(at) = find(&reply[searched..], REPLY_END) {
            reply.truncate(searched + at);
            return within_limit(reply);
        }
        if reply.len() >= REPLY_BYTES_MAX {
            return Err(Lost::TooLong);
        }
    }
}

fn within_limit(reply: Vec<u8>) -> Result<Vec<u8>, Lost> {
    if reply.len() + REPLY_END.len() > REPLY_BYTES_MAX { Err(Lost::TooLong) } else { Ok(reply) }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn lost(error: &io::Error) -> Lost {
    match error.kind() {
        // A read time-out is the one or the other, depending on the system.
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Lost::Silent,
        _ => Lost::Closed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out a few bytes a read.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let size = self.1.min(self.0.len()).min(buffer.len());
            let (piece, rest) = self.0.split_at(size);
            buffer[..size].copy_from_slice(piece);
            self.0 = rest;
            Ok(size)
        }
    }

    #[test]
    fn a_reply_is_found_in_pieces_of_any_size() {
        let bytes = "{\"a\":\"é\"}\r\n\r\n".as_bytes();
        for size in 1..=bytes.len() {
            let reply = read_reply(&mut Pieces(bytes, size)).unwrap();
            assert_eq!(reply, "{\"a\":\"é\"}".as_bytes(), "{size}");
        }
    }

    #[test]
    fn what_follows_a_reply_is_dropped_and_half_a_reply_is_none() {
        assert_eq!(read_reply(&mut Pieces(b"{}\r\n\r\n{\"x\":1}", 99)).unwrap(), b"{}");
        assert_eq!(read_reply(&mut Pieces(b"{}\r\n\r", 2)), Err(Lost::Closed));
        assert_eq!(read_reply(&mut Pieces(b"", 2)), Err(Lost::Closed));
    }

    #[test]
    fn an_interrupted_read_goes_on_and_a_time_limit_ends_the_wait() {
        struct Interrupted(Option<ErrorKind>);
        impl Read for Interrupted {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                match self.0.take() {
                    Some(kind) => Err(kind.into()),
                    None => Pieces(b"{}\r\n\r\n", 6).read(buffer),
                }
            }
        }
        let read = |kind| read_reply(&mut Interrupted(Some(kind)));
        assert_eq!(read(ErrorKind::Interrupted).unwrap(), b"{}");
        assert_eq!(read(ErrorKind::WouldBlock), Err(Lost::Silent));
        assert_eq!(read(ErrorKind::TimedOut), Err(Lost::Silent));
        assert_eq!(read(ErrorKind::ConnectionReset), Err(Lost::Closed));
    }

    #[test]
    fn a_reply_may_be_as_long_as_the_limit_and_no_longer() {
        let mut bytes = vec![b' '; REPLY_BYTES_MAX - REPLY_END.len()];
        bytes.extend_from_slice(REPLY_END);
        let reply = read_reply(&mut Pieces(&bytes, READ_BYTES)).unwrap();
        assert_eq!(reply.len(), REPLY_BYTES_MAX - REPLY_END.len());
        bytes.insert(0, b' ');
        assert_eq!(read_reply(&mut Pieces(&bytes, READ_BYTES)), Err(Lost::TooLong));
        // The end may also come in the read that crosses the limit.
        assert_eq!(read_reply(&mut Pieces(&bytes, 10_007)), Err(Lost::TooLong));
        assert_eq!(read_reply(&mut io::repeat(b'x')), Err(Lost::TooLong));
    }
}
