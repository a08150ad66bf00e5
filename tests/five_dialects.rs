//! Five dialects on one model: a person on any of them reaches a person on any other, with the clients
//! that are out there: fixed-size reads, no terminators, nothing told apart but by what arrives.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use support::PATIENCE;
use support::Server;

/// A text that every dialect can carry: at most 100 characters, with what breaks sloppy clients.
const TEXT: &str = "apa kabar? } {\"x\": 1} & = % + \\ 😀 é \u{202e}";

/// Reads 64 bytes at a time and decodes each piece by itself, until the text ends in CRLF CRLF.
fn read_line(stream: &mut TcpStream) -> Value {
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
fn read_blocks(stream: &mut TcpStream) -> Value {
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
fn read_brace(stream: &mut TcpStream) -> Value {
    let mut text = String::new();
    while !text.ends_with('}') {
        let mut piece = [0; 1024];
        let count = stream.read(&mut piece).unwrap();
        assert_ne!(count, 0, "hung up after {text:?}");
        text += std::str::from_utf8(&piece[..count]).unwrap();
    }
    serde_json::from_str(&text).unwrap()
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
enum Person {
    Line { stream: TcpStream, token: String },
    Form { stream: TcpStream, session: String },
    Keyword { stream: TcpStream, token: Value },
}

impl Person {
    fn come(dialect: &str, address: SocketAddr, user: &str) -> Self {
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

    fn ask_form(&mut self, command: &str, values: &[(&str, &str)]) -> Value {
        let Self::Form { stream, session } = self else { unreachable!() };
        let mut values = values.to_vec();
        values.insert(0, ("session", session.as_str()));
        let mut request = format!("{command} {}", form(&values));
        request += &" ".repeat(request.len().next_multiple_of(1024) - request.len());
        stream.write_all(request.as_bytes()).unwrap();
        read_blocks(stream)
    }

    fn ask_object(&mut self, mut wish: Value) -> Value {
        let Self::Keyword { stream, token } = self else { unreachable!() };
        wish["token"] = token.clone();
        stream.write_all(wish.to_string().as_bytes()).unwrap();
        let name = wish["COMMAND"].clone();
        loop {
            // A notification may come first.
            let reply = read_brace(stream);
            if reply["FOR"] == name {
                assert_eq!(reply["status"], "success", "{wish}: {reply}");
                return reply;
            }
        }
    }

    fn send(&mut self, to: &str, text: &str) {
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
    fn read(&mut self, from: &str) -> Vec<String> {
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
}

const PEOPLE: [(&str, &str); 5] = [
    ("line-en", "izza"),
    ("line-id", "maya"),
    ("realm", "nania"),
    ("form", "messi"),
    ("keyword", "henderson"),
];

#[test]
fn each_writes_to_each_other_and_the_text_arrives_unchanged() {
    let server = Server::demo(&PEOPLE.map(|(dialect, _)| dialect));
    let mut people: Vec<Person> = PEOPLE
        .iter()
        .zip(&server.listening)
        .map(|((dialect, user), (address, _))| Person::come(dialect, *address, user))
        .collect();
    for from in 0..PEOPLE.len() {
        for to in (0..PEOPLE.len()).filter(|to| *to != from) {
            let text = format!("{TEXT} {from}{to}");
            people[from].send(PEOPLE[to].1, &text);
            assert_eq!(
                people[to].read(PEOPLE[from].1),
                [text.as_str()],
                "{} to {}",
                PEOPLE[from].0,
                PEOPLE[to].0
            );
        }
    }
}

#[test]
fn one_port_tells_them_all_apart() {
    let server = Server::demo(&["auto"]);
    let address = server.address();
    let mut line = Person::come("realm", address, "izza");
    let mut form = Person::come("form", address, "messi");
    // On this port the server never speaks first, so there is no greeting to read.
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let wish = json!({"COMMAND": "AUTH-LOGIN", "username": "henderson", "password": "surabaya"});
    stream.write_all(wish.to_string().as_bytes()).unwrap();
    let token = read_brace(&mut stream)["token"].clone();
    let mut keyword = Person::Keyword { stream, token };
    line.send("henderson", "satu");
    form.send("henderson", "dua");
    keyword.send("messi", "tiga");
    assert_eq!(keyword.read("izza"), ["satu"]);
    assert_eq!(keyword.read("messi"), ["dua"]);
    assert_eq!(form.read("henderson"), ["tiga"]);
}

#[test]
fn in_a_room_everybody_hears_at_once_and_nobody_elsewhere_does() {
    let server = Server::demo(&["form"]);
    let address = server.address();
    let mut messi = Person::come("form", address, "messi");
    let mut izza = Person::come("form", address, "izza");
    let mut maya = Person::come("form", address, "maya");
    let heard = |person: &mut Person| {
        let Person::Form { stream, .. } = person else { unreachable!() };
        let push = read_blocks(stream);
        assert_eq!(push["type"], "broadcast", "{push}");
        let said = |key: &str| push[key].as_str().unwrap().to_owned();
        (said("username"), said("messages"))
    };
    let system = |text: &str| ("[System]".to_owned(), text.to_owned());

    messi.ask_form("room_join", &[("roomname", "12345 67890")]);
    maya.ask_form("room_join", &[("roomname", "elsewhere")]);
    let joined = izza.ask_form("room_join", &[("roomname", "12345 67890")]);
    assert_eq!(joined["messages"], "Telah bergabung ke ruangan [12345 67890]");
    assert_eq!(joined["users"], json!(["Lionel Messi", "Rahmadani Izzatul"]));
    let came = system("User [Rahmadani Izzatul] telah bergabung dengan chat!");
    assert_eq!(heard(&mut messi), came);

    izza.ask_form("room_chat", &[("message", TEXT)]);
    // White space around a text is dropped, and the mark at its end is none.
    let said = ("izza".to_owned(), TEXT.to_owned());
    assert_eq!(heard(&mut messi), said);
    assert_eq!(heard(&mut izza), said);

    // A connection that breaks is a person who leaves, told once.
    drop(izza);
    assert_eq!(heard(&mut messi), system("User [Rahmadani Izzatul] telah meninggalkan chat!"));

    // Nothing of it reached the other room: the next thing heard there is what is said there.
    maya.ask_form("room_chat", &[("message", "sendirian")]);
    assert_eq!(heard(&mut maya), ("maya".to_owned(), "sendirian".to_owned()));
    messi.ask_form("room_leave", &[]);
    let refused = messi.ask_form("room_chat", &[("message", "halo?")]);
    assert_eq!(refused["error"], "Anda belum bergabung ke ruangan");
}

#[test]
fn notifications_come_as_they_happen_and_one_at_a_time() {
    let server = Server::demo(&["keyword", "line-en"]);
    let mut messi = Person::come("keyword", server.listening[0].0, "messi");
    let mut izza = Person::come("line-en", server.listening[1].0, "izza");
    for number in 0..20 {
        izza.send("messi", &format!("pesan {number}"));
    }
    let Person::Keyword { stream, .. } = &mut messi else { unreachable!() };
    for number in 0..20 {
        // Each in a read of its own, or this reader would see two objects as one.
        let news = read_brace(stream);
        let expected =
            json!({"FOR": "NOTIF", "from_user": "izza", "text": format!("pesan {number}")});
        assert_eq!(news, expected);
    }
    assert_eq!(messi.read("izza").len(), 20, "a notification does not mark as read");
}
