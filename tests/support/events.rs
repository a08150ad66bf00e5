//! Somebody who hears the events of the API, over a WebSocket (RFC 6455).

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::PATIENCE;

const HEAD_END: &[u8] = b"\r\n\r\n";
/// How long a look for what has come may last.
const LOOK: Duration = Duration::from_millis(20);

/// The first byte of a frame that is whole.
const TEXT: u8 = 0x81;
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

/// A stream of events.
pub(crate) struct Events {
    stream: TcpStream,
    arrived: Vec<u8>,
    /// What comes back with it misses nothing.
    pub(crate) position: Option<String>,
}

impl Events {
    /// Opens a stream; with a position, what came after it is told first.
    pub(crate) fn open(address: SocketAddr, token: &str, since: Option<&str>) -> io::Result<Self> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let since = since.map(|position| format!("?since={position}")).unwrap_or_default();
        let request = format!(
            "GET /api/v1/events{since} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: a2FiYXIga2FiYXIga2Fi\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        let mut arrived = Vec::new();
        let end = loop {
            if let Some(at) = arrived.windows(HEAD_END.len()).position(|bytes| bytes == HEAD_END) {
                break at + HEAD_END.len();
            }
            read_some(&mut stream, &mut arrived)?;
        };
        if !arrived.starts_with(b"HTTP/1.1 101 ") {
            return Err(io::Error::other(arrived.escape_ascii().to_string()));
        }
        arrived.drain(..end);
        stream.set_read_timeout(Some(LOOK))?;
        Ok(Self { stream, arrived, position: since_of(since.as_str()) })
    }

    /// The next event; `None`: none in this time. An error: the stream has ended.
    pub(crate) fn next(&mut self, within: Duration) -> io::Result<Option<Value>> {
        let began = Instant::now();
        loop {
            while let Some((kind, body)) = self.frame() {
                match kind {
                    TEXT => {
                        let event: Value = serde_json::from_slice(&body).unwrap();
                        if let Some(position) = event["position"].as_str() {
                            self.position = Some(position.to_owned());
                        }
                        return Ok(Some(event));
                    }
                    PING => self.put(PONG, &body)?,
                    PONG => {}
                    _ => return Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
            match read_some(&mut self.stream, &mut self.arrived) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if began.elapsed() > within {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for an event that is as wanted; passes over others.
    #[track_caller]
    pub(crate) fn wait<T>(&mut self, what: &str, wanted: impl Fn(&Value) -> Option<T>) -> T {
        let began = Instant::now();
        let mut others = Vec::new();
        while began.elapsed() < PATIENCE {
            let Some(event) = self.next(Duration::from_millis(200)).unwrap() else { continue };
            if let Some(found) = wanted(&event) {
                return found;
            }
            others.push(event.to_string());
        }
        panic!("not told within {PATIENCE:?}: {what}; but {}", others.join("\n"));
    }

    /// Waits until all that was missed has been told.
    #[track_caller]
    pub(crate) fn hello(&mut self) {
        self.wait("hello", |event| (event["type"] == "hello").then_some(()));
    }

    /// Waits for the next new message; its text.
    #[track_caller]
    pub(crate) fn text(&mut self) -> String {
        self.wait("a message", |event| {
            let is_message = event["type"] == "message";
            is_message.then(|| event["message"]["text"].as_str().unwrap().to_owned())
        })
    }

    /// Asks for something over the stream.
    pub(crate) fn say(&mut self, wish: &Value) {
        self.put(TEXT, wish.to_string().as_bytes()).unwrap();
    }

    /// A frame as clients send them: masked, here with zeros.
    fn put(&mut self, kind: u8, body: &[u8]) -> io::Result<()> {
        let length = u8::try_from(body.len()).ok().filter(|length| *length < 126);
        let length = length.expect("what tests say is short");
        let mut frame = vec![kind, 0x80 | length, 0, 0, 0, 0];
        frame.extend_from_slice(body);
        self.stream.write_all(&frame)
    }

    /// The first byte and the body of the next frame, if it has come.
    fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (head, length) = match *self.arrived {
            [_, length @ 0..126, ..] => (2, usize::from(length)),
            [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
            [_, 127, _, _, _, _, a, b, c, d, ..] => {
                (10, usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap())
            }
            _ => return None,
        };
        if self.arrived.len() < head + length {
            return None;
        }
        let kind = self.arrived[0];
        let frame: Vec<u8> = self.arrived.drain(..head + length).skip(head).collect();
        Some((kind, frame))
    }
}

fn since_of(query: &str) -> Option<String> {
    query.strip_prefix("?since=").map(str::to_owned)
}

fn read_some(stream: &mut TcpStream, arrived: &mut Vec<u8>) -> io::Result<()> {
    let mut piece = [0; 16 * 1024];
    match stream.read(&mut piece)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            arrived.extend_from_slice(&piece[..count]);
            Ok(())
        }
    }
}
