//! A polite client of dialect line.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use serde_json::Value;

use super::PATIENCE;

/// A connection, and what has arrived on it but was not asked for yet.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    arrived: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, arrived: Vec::new() }
    }

    /// Logged in; the session's token, too.
    pub(crate) fn login(address: SocketAddr, user: &str, password: &str) -> (Self, String) {
        let mut client = Self::connect(address);
        let reply = client.ask(&format!("auth {user} {password}"));
        let token = reply["tokenid"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
        (client, token)
    }

    /// With an account of its own, just made.
    pub(crate) fn register(address: SocketAddr, user: &str) -> (Self, String) {
        let mut client = Self::connect(address);
        let reply = client.ask(&format!("register {user} rahasia Indonesia {user}"));
        let token = reply["tokenid"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
        (client, token)
    }

    /// Sends bytes as they are. The other side may have hung up; what it says first tells why.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Sends bytes one by one.
    pub(crate) fn trickle(&mut self, bytes: &[u8]) {
        bytes.chunks(1).for_each(|byte| self.write(byte));
    }

    /// Says that nothing more comes from this side.
    pub(crate) fn end_of_input(&mut self) {
        // A connection that is gone already needs no end.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Sends a line.
    pub(crate) fn say(&mut self, line: &str) {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// The next reply; an error when the connection ends first.
    pub(crate) fn hear(&mut self) -> io::Result<Value> {
        let reply = self.hear_until(b"\r\n\r\n")?;
        assert!(reply.iter().all(|byte| (0x20..0x7F).contains(byte)), "not ASCII");
        Ok(serde_json::from_slice(&reply).unwrap())
    }

    /// The next line whatever it is, without its end; an error when the connection ends first.
    pub(crate) fn hear_line(&mut self) -> io::Result<String> {
        Ok(String::from_utf8(self.hear_until(b"\r\n")?).unwrap())
    }

    fn hear_until(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        let mut looked_at = 0;
        loop {
            let new = &self.arrived[looked_at..];
            if let Some(at) = new.windows(end.len()).position(|window| window == end) {
                let mut heard: Vec<u8> = self.arrived.drain(..looked_at + at + end.len()).collect();
                heard.truncate(looked_at + at);
                return Ok(heard);
            }
            looked_at = (self.arrived.len() + 1).saturating_sub(end.len());
            self.read_some()?;
        }
    }

    /// Waits for the first bytes of what comes.
    pub(crate) fn hear_some(&mut self) {
        self.read_some().unwrap();
    }

    fn read_some(&mut self) -> io::Result<()> {
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.arrived.extend_from_slice(&chunk[..count]);
                Ok(())
            }
        }
    }

    /// Sends a line and waits for its reply.
    #[track_caller]
    pub(crate) fn ask(&mut self, line: &str) -> Value {
        self.say(line);
        self.hear().unwrap()
    }

    /// Sends a line whose reply must be a success.
    #[track_caller]
    pub(crate) fn must(&mut self, line: &str) -> Value {
        let reply = self.ask(line);
        assert_eq!(reply["status"], "OK", "{line}: {reply}");
        reply
    }

    /// Sends a line that must be refused; why it was.
    #[track_caller]
    pub(crate) fn refused(&mut self, line: &str) -> String {
        let reply = self.ask(line);
        assert_eq!(reply["status"], "ERROR", "{line}: {reply}");
        reply["message"].as_str().unwrap().to_owned()
    }

    /// Waits until the other side hangs up; what came before that.
    #[track_caller]
    pub(crate) fn hear_all(&mut self) -> String {
        String::from_utf8(self.hear_bytes()).unwrap()
    }

    /// The same, whatever the bytes are.
    #[track_caller]
    pub(crate) fn hear_bytes(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.arrived);
        // A reset is a way of hanging up, too; silence is none.
        if let Err(error) = self.stream.read_to_end(&mut rest) {
            let kind = error.kind();
            assert!(kind != io::ErrorKind::WouldBlock, "still open: {}", rest.escape_ascii());
        }
        rest
    }
}

/// An error, byte for byte.
pub(crate) fn error_line(message: &str) -> String {
    format!("{{\"status\":\"ERROR\",\"message\":\"{message}\"}}\r\n\r\n")
}

/// The texts of one sender in an inbox reply; none if there is nothing from there.
pub(crate) fn texts_from(reply: &Value, sender: &str) -> Vec<String> {
    let found = texts(reply).into_iter().find(|(name, _)| name == sender);
    found.map(|(_, texts)| texts).unwrap_or_default()
}

/// The texts in an inbox reply, by sender.
pub(crate) fn texts(reply: &Value) -> Vec<(String, Vec<String>)> {
    let senders = reply["messages"].as_object().unwrap();
    let text = |item: &Value| item["msg"].as_str().unwrap().to_owned();
    senders
        .iter()
        .map(|(sender, items)| {
            (sender.clone(), items.as_array().unwrap().iter().map(text).collect())
        })
        .collect()
}
