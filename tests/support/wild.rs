//! The clients that are out there: fixed-size reads, no terminators, nothing told apart but by what arrives.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::PATIENCE;

/// Reads 64 bytes at a time and decodes each piece by itself, until the text ends in CRLF CRLF.
pub(crate) fn read_line(stream: &mut TcpStream) -> Value {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        let mut piece = [0; 64];
        let count = stream.read(&mut piece).unwrap();
        assert_ne!(count, 0, "hung up after {text:?}");
        text += std::str::from_utf8(&piece[..count]).unwrap();
    }
    serde_json::from_str(&text).unwrap()
}

/// Reads blocks of 1,024 bytes, trims each, and takes the object as ended with one that is then shorter.
pub(crate) fn read_blocks(stream: &mut TcpStream) -> Value {
    let mut text = String::new();
    loop {
        let mut block = [0; 1024];
        stream.read_exact(&mut block).unwrap();
        let block = std::str::from_utf8(&block).unwrap().trim();
        text += block;
        if block.len() < 1024 {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

/// Receives up to 1,024 bytes at a time and takes the object as ended when it ends in a brace.
pub(crate) fn read_brace(stream: &mut TcpStream) -> Value {
    read_brace_of(stream).0
}

/// The same; also says whether another object had come by then. The client that is out there would take the
/// two for one, but a test on a machine that is busy may come too late to read them apart.
pub(crate) fn read_brace_of(stream: &mut TcpStream) -> (Value, bool) {
    let mut text = Vec::new();
    loop {
        let mut piece = [0; 1024];
        let count = stream.peek(&mut piece).unwrap();
        let seen = String::from_utf8_lossy(&text).into_owned();
        assert_ne!(count, 0, "hung up after {seen:?}");
        let before = text.len();
        text.extend_from_slice(&piece[..count]);
        let mut objects = serde_json::Deserializer::from_slice(&text).into_iter::<Value>();
        let first = objects.next().unwrap();
        let end = match &first {
            Ok(_) => objects.byte_offset(),
            Err(error) => {
                assert!(error.is_eof(), "{error}: {seen:?}");
                assert!(!text.ends_with(b"}"), "the client would stop here: {seen:?}");
                text.len()
            }
        };
        let more = end < text.len();
        stream.read_exact(&mut piece[..end - before]).unwrap();
        if let Ok(object) = first {
            return (object, more);
        }
    }
}

/// The next object that answers this command; notifications may come first.
fn hear_about(stream: &mut TcpStream, command: &Value) -> Value {
    loop {
        let reply = read_brace(stream);
        if reply["FOR"] == *command {
            return reply;
        }
    }
}

fn form(values: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b' ' => "+".to_owned(),
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs: Vec<String> = values.iter().map(|(k, v)| format!("{k}={}", encode(v))).collect();
    pairs.join("&")
}

/// Somebody with the client of one dialect.
pub(crate) enum Person {
    Line { stream: TcpStream, token: String },
    Form { stream: TcpStream, session: String },
    Keyword { stream: TcpStream, token: Value },
}

impl Person {
    pub(crate) fn come(dialect: &str, address: SocketAddr, user: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        match dialect {
            "form" => {
                let mut person = Self::Form { stream, session: String::new() };
                let values = [("username", user), ("password", "surabaya")];
                let reply = person.ask_form("auth", &values);
                let Self::Form { session, .. } = &mut person else { unreachable!() };
                reply["session"].as_str().unwrap().clone_into(session);
                person
            }
            "keyword" => {
                let mut greeting = [0; 1024];
                assert_ne!(stream.read(&mut greeting).unwrap(), 0);
                let mut person = Self::Keyword { stream, token: Value::Null };
                let wish =
                    json!({"COMMAND": "AUTH-LOGIN", "username": user, "password": "surabaya"});
                let reply = person.ask_object(wish);
                let Self::Keyword { token, .. } = &mut person else { unreachable!() };
                *token = reply["token"].clone();
                person
            }
            _ => {
                stream.write_all(format!("auth {user} surabaya \r\n").as_bytes()).unwrap();
                let token = read_line(&mut stream)["tokenid"].as_str().unwrap().to_owned();
                Self::Line { stream, token }
            }
        }
    }

    pub(crate) fn ask_form(&mut self, command: &str, values: &[(&str, &str)]) -> Value {
        let Self::Form { stream, session } = self else { unreachable!() };
        let mut values = values.to_vec();
        values.insert(0, ("session", session.as_str()));
        let mut request = format!("{command} {}", form(&values));
        request += &" ".repeat(request.len().next_multiple_of(1024) - request.len());
        stream.write_all(request.as_bytes()).unwrap();
        read_blocks(stream)
    }

    pub(crate) fn ask_object(&mut self, wish: Value) -> Value {
        let asked = wish.to_string();
        let reply = self.ask_until(wish);
        assert_eq!(reply["status"], "success", "{asked}: {reply}");
        reply
    }

    /// Asks, and passes over notifications.
    pub(crate) fn ask_until(&mut self, mut wish: Value) -> Value {
        let Self::Keyword { stream, token } = self else { unreachable!() };
        wish["token"] = token.clone();
        stream.write_all(wish.to_string().as_bytes()).unwrap();
        hear_about(stream, &wish["COMMAND"])
    }

    pub(crate) fn send(&mut self, to: &str, text: &str) {
        match self {
            Self::Line { stream, token } => {
                stream.write_all(format!("send {token} {to}  {text} \r\n").as_bytes()).unwrap();
                assert_eq!(read_line(stream)["message"], "Message sent");
            }
            Self::Form { .. } => {
                let reply = self.ask_form("send", &[("destination", to), ("message", text)]);
                assert_eq!(reply["message"], "Message Sent", "{reply}");
            }
            Self::Keyword { .. } => {
                let wish =
                    json!({"COMMAND": "CHAT-PRIVATE-SEND", "p_username": to, "message": text});
                self.ask_object(wish);
            }
        }
    }

    /// The texts that this person has not read from that one.
    pub(crate) fn read(&mut self, from: &str) -> Vec<String> {
        let texts = |list: &Value, key: &str| -> Vec<String> {
            let list = list.as_array().cloned().unwrap_or_default();
            list.iter().map(|item| item[key].as_str().unwrap().to_owned()).collect()
        };
        match self {
            Self::Line { stream, token } => {
                stream.write_all(format!("inbox {token} \r\n").as_bytes()).unwrap();
                texts(&read_line(stream)["messages"][from], "msg")
            }
            Self::Form { .. } => texts(&self.ask_form("inbox", &[])["messages"][from], "msg"),
            Self::Keyword { .. } => {
                let wish = json!({
                    "COMMAND": "CHAT-PRIVATE-GET", "p_username": from, "unread_only": true
                });
                texts(&self.ask_object(wish)["messages"], "text")
            }
        }
    }

    /// Sends a file as this client names it: by its path.
    pub(crate) fn send_file(&mut self, to: &str, path: &str, contents: &[u8]) {
        match self {
            Self::Line { stream, token } => {
                // What Python prints for bytes.
                let request =
                    format!("sendfile {token} {to} {path} b'{}' \r\n", STANDARD.encode(contents));
                stream.write_all(request.as_bytes()).unwrap();
                let reply = read_line(stream);
                assert_eq!(reply["message"], "File sent", "{reply}");
            }
            Self::Form { .. } => {
                let payload = STANDARD.encode(contents);
                let values = [("username", to), ("filename", path), ("payload", &payload)];
                let reply = self.ask_form("file_send", &values);
                assert_eq!(reply["status"], "OK", "{reply}");
            }
            Self::Keyword { .. } => {
                let wish = json!({
                    "COMMAND": "FILE-SEND-PRIVATE", "p_username": to, "file_name": path,
                    "file_size": contents.len(),
                });
                let (name, ready) = (wish["COMMAND"].clone(), self.ask_until(wish));
                assert_eq!(ready["status"], "ready", "{ready}");
                let Self::Keyword { stream, .. } = self else { unreachable!() };
                stream.write_all(contents).unwrap();
                let sent = hear_about(stream, &name);
                assert_eq!(sent["status"], "success", "{sent}");
            }
        }
    }

    /// Fetches the file of that name which that person sent, as this client does.
    pub(crate) fn get_file(&mut self, from: &str, name: &str) -> Vec<u8> {
        let decode = |text: &Value| STANDARD.decode(text.as_str().unwrap()).unwrap();
        match self {
            Self::Line { stream, token } => {
                stream.write_all(format!("inbox {token} \r\n").as_bytes()).unwrap();
                let items = read_line(stream)["messages"][from].clone();
                let items = items.as_array().unwrap();
                let item = items.iter().find(|item| item["file_name"] == name).unwrap();
                let code = item["file_code"].as_str().unwrap();
                stream.write_all(format!("getfile {token} {code} \r\n").as_bytes()).unwrap();
                let fetched = decode(&read_line(stream)["file_content"]);
                if let Some(inline) = item.get("file_content") {
                    assert_eq!(decode(inline), fetched);
                }
                fetched
            }
            Self::Form { .. } => {
                let listed = self.ask_form("file_list", &[]);
                let names: Vec<String> =
                    serde_json::from_str(listed["file"].as_str().unwrap()).unwrap();
                assert!(names.iter().any(|listed| listed == name), "{listed}");
                let reply = self.ask_form("file_get", &[("filename", name)]);
                assert_eq!(reply["filename"], name, "{reply}");
                decode(&reply["payload"])
            }
            Self::Keyword { .. } => {
                let texts = self.read(from);
                let said = format!("[{name}], file_code: ");
                let code = texts.iter().find_map(|text| text.strip_prefix(&said)).unwrap();
                let wish = json!({
                    "COMMAND": "FILE-GET-PRIVATE", "p_username": from, "file_code": code,
                });
                let reply = self.ask_object(wish);
                let size = reply["file_size"].as_u64().unwrap();
                let Self::Keyword { stream, .. } = self else { unreachable!() };
                stream.write_all(br#"{"status":"ready"}"#).unwrap();
                let mut contents = vec![0; usize::try_from(size).unwrap()];
                stream.read_exact(&mut contents).unwrap();
                contents
            }
        }
    }
}
