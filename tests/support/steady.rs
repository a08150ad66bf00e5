//! Somebody who keeps at it: over HTTP, to whichever node lives, again with the same key until there is an answer.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// Where the nodes are; none: it does not run. The load balancer of a test.
pub(crate) type Living = Arc<Mutex<Vec<Option<SocketAddr>>>>;

/// The address of the `n`th of the living nodes, counted round and round.
pub(crate) fn living(nodes: &Living, n: usize) -> Option<(usize, SocketAddr)> {
    let nodes = nodes.lock().unwrap();
    let up: Vec<_> = nodes.iter().enumerate().filter_map(|(n, node)| Some((n, (*node)?))).collect();
    (!up.is_empty()).then(|| up[n % up.len()])
}

/// A connection that lasts for as long as it works.
pub(crate) struct Steady {
    nodes: Living,
    token: String,
    turn: usize,
    stream: Option<(SocketAddr, TcpStream)>,
    /// The longest time from a wish to its answer.
    pub(crate) longest: Duration,
    /// How often a wish had to be repeated.
    pub(crate) repeats: usize,
}

impl Steady {
    pub(crate) fn new(nodes: &Living, token: &str, turn: usize) -> Self {
        let (nodes, token) = (Arc::clone(nodes), token.to_owned());
        Self { nodes, token, turn, stream: None, longest: Duration::ZERO, repeats: 0 }
    }

    /// Posts a text under a key until that is answered with success; its number, if it has one. `None`: not within a minute.
    pub(crate) fn post(&mut self, conversation: &str, text: &str, key: &str) -> Option<Value> {
        let path = format!("POST /api/v1/conversations/{conversation}/messages");
        let body = json!({"text": text, "key": key}).to_string();
        let began = Instant::now();
        while began.elapsed() < Duration::from_mins(1) {
            match self.ask(&path, &body) {
                Ok((200..=202, said)) => {
                    self.longest = self.longest.max(began.elapsed());
                    return Some(said);
                }
                Ok((429 | 500 | 503, _)) | Err(_) => {
                    // Elsewhere, perhaps.
                    self.stream = None;
                    self.turn += 1;
                    self.repeats += 1;
                    thread::sleep(PAUSE);
                }
                Ok((status, said)) => panic!("{text}: {status} {said}"),
            }
        }
        None
    }

    /// One request on the connection there is, or on a new one.
    pub(crate) fn ask(&mut self, request: &str, body: &str) -> io::Result<(u16, Value)> {
        let (address, mut stream) = if let Some(open) = self.stream.take() {
            open
        } else {
            let nobody = io::ErrorKind::NotConnected;
            let (_, address) = living(&self.nodes, self.turn).ok_or(nobody)?;
            let stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
            stream.set_read_timeout(Some(ANSWER_MAX))?;
            stream.set_nodelay(true)?;
            (address, stream)
        };
        let asked = format!(
            "{request} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        stream.write_all(asked.as_bytes())?;
        let mut answer = Vec::new();
        let (head, length) = loop {
            if let Some(found) = lengths(&answer) {
                break found;
            }
            read_some(&mut stream, &mut answer)?;
        };
        while answer.len() < head + length {
            read_some(&mut stream, &mut answer)?;
        }
        let status = answer.get(9..12).and_then(|status| std::str::from_utf8(status).ok());
        let status = status.and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("no status"))?;
        let said = serde_json::from_slice(&answer[head..]).unwrap_or(Value::Null);
        self.stream = Some((address, stream));
        Ok((status, said))
    }
}

/// A connection of a dialect: objects come on it, whatever stands between them.
pub(crate) struct Talk {
    stream: TcpStream,
    arrived: Vec<u8>,
}

impl Talk {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, arrived: Vec::new() })
    }

    pub(crate) fn ask(&mut self, request: &str) -> io::Result<Value> {
        self.stream.write_all(request.as_bytes())?;
        loop {
            let mut objects = serde_json::Deserializer::from_slice(&self.arrived).into_iter();
            if let Some(Ok::<Value, _>(object)) = objects.next() {
                let end = objects.byte_offset();
                self.arrived.drain(..end);
                // What was pushed is no answer.
                if object["FOR"] != "NOTIF" && object["type"] != "broadcast" {
                    return Ok(object);
                }
                continue;
            }
            read_some(&mut self.stream, &mut self.arrived)?;
        }
    }
}

/// The length of the head, and that of the body behind it, once the head is there.
fn lengths(heard: &[u8]) -> Option<(usize, usize)> {
    let end = heard.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let lines = std::str::from_utf8(&heard[..end]).ok()?.to_ascii_lowercase();
    let length = lines.lines().find_map(|line| line.strip_prefix("content-length:"));
    Some((end, length.map_or(0, |length| length.trim().parse().unwrap())))
}

fn read_some(stream: &mut TcpStream, heard: &mut Vec<u8>) -> io::Result<()> {
    let mut piece = [0; 16 * 1024];
    match stream.read(&mut piece)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            heard.extend_from_slice(&piece[..count]);
            Ok(())
        }
    }
}
