//! A polite client of dialect line.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use super::server::PATIENCE;

/// A connection, and what has arrived on it but was not asked for yet.
pub struct Client {
    pub stream: TcpStream,
    arrived: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, arrived: Vec::new() }
    }

    /// Logged in; the session's token, too.
    pub fn login(address: SocketAddr, user: &str, password: &str) -> (Self, String) {
        let mut client = Self::connect(address);
        let reply = client.ask(&format!("auth {user} {password}"));
        let token = reply["tokenid"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
        (client, token)
    }

    /// With an account of its own, just made.
    pub fn register(address: SocketAddr, user: &str) -> (Self, String) {
        let mut client = Self::connect(address);
        let reply = client.ask(&format!("register {user} rahasia Indonesia {user}"));
        let token = reply["tokenid"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
        (client, token)
    }

    /// Sends a line.
    pub fn say(&mut self, line: &str) {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// The next reply; an error when the connection ends first.
    pub fn hear(&mut self) -> io::Result<Value> {
        loop {
            if let Some(end) = self.arrived.windows(4).position(|window| window == b"\r\n\r\n") {
                let reply: Vec<u8> = self.arrived.drain(..end + 4).collect();
                assert!(reply[..end].iter().all(|byte| (0x20..0x7F).contains(byte)), "not ASCII");
                return Ok(serde_json::from_slice(&reply[..end]).unwrap());
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.arrived.extend_from_slice(&chunk[..count]),
            }
        }
    }

    /// Sends a line and waits for its reply.
    pub fn ask(&mut self, line: &str) -> Value {
        self.say(line);
        self.hear().unwrap()
    }

    /// Sends a line whose reply must be a success.
    pub fn must(&mut self, line: &str) -> Value {
        let reply = self.ask(line);
        assert_eq!(reply["status"], "OK", "{line}: {reply}");
        reply
    }

    /// Waits until the other side hangs up; what came before that.
    pub fn hear_all(&mut self) -> String {
        let mut rest = std::mem::take(&mut self.arrived);
        // A reset is a way of hanging up, too.
        let _ = self.stream.read_to_end(&mut rest);
        String::from_utf8(rest).unwrap()
    }
}

/// The texts in an inbox reply, by sender.
pub fn texts(reply: &Value) -> Vec<(String, Vec<String>)> {
    let senders = reply["messages"].as_object().unwrap();
    let text = |item: &Value| item["msg"].as_str().unwrap().to_owned();
    senders
        .iter()
        .map(|(sender, items)| {
            (sender.clone(), items.as_array().unwrap().iter().map(text).collect())
        })
        .collect()
}
