//! Clients as they are in the wild: they read 64 bytes at a time and take each piece for text, they
//! put spaces where none belong, hang up in the middle of a line, or ask everything at once.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::io::{Read, Write};
use std::net::SocketAddr;

use serde_json::Value;

use support::client::{texts, texts_from};
use support::{Client, Server};

const PASSWORD: &str = "surabaya";

/// Text that is easily broken on its way: quotes, escapes, controls, direction, several planes.
const AWKWARD: [&str; 8] = [
    "hello  gimana   kabarnya",
    "\"quotes\" \\ back\\slashes \\u0041 {\"status\":\"OK\"}",
    "tab\there, escape \u{1b}[31mred\u{1b}[0m, bell \u{7}, C1 \u{9b}2J",
    "a CR\rin the middle and a NUL\0 too",
    "one line\u{2028}or two\u{2029}or three",
    "kanan-ke-kiri \u{202e}abc\u{202c} שלום عليكم",
    "👩\u{200d}👩\u{200d}👧 🇮🇩 e\u{301} 世界 \u{10ffff}",
    "b'bytes' send henderson hai",
];

/// A client of the seeds.
struct Wild(std::net::TcpStream);

impl Wild {
    fn connect(address: SocketAddr) -> Self {
        Self(Client::connect(address).stream)
    }

    /// Each piece by itself must be text, and the text ends where a piece does.
    fn hear(&mut self) -> Value {
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            let mut piece = [0; 64];
            let count = self.0.read(&mut piece).unwrap();
            assert_ne!(count, 0, "hung up after {text:?}");
            text += std::str::from_utf8(&piece[..count]).unwrap();
        }
        serde_json::from_str(&text).unwrap()
    }

    fn ask(&mut self, line: &str) -> Value {
        self.0.write_all(line.as_bytes()).unwrap();
        self.hear()
    }

    /// As the seeds' programs do it, with a space before the line's end.
    fn login(address: SocketAddr, user: &str) -> (Self, String) {
        let mut wild = Self::connect(address);
        let reply = wild.ask(&format!("auth {user} {PASSWORD} \r\n"));
        let token = reply["tokenid"].as_str().unwrap().to_owned();
        (wild, token)
    }
}

#[test]
fn pieces_of_64_bytes_are_text_each() {
    let server = Server::demo(&["line-id"]);
    let (mut messi, token) = Wild::login(server.address(), "messi");
    let sent: Vec<String> = (0..300)
        .map(|n| format!("{n} {}", "é😀世".chars().cycle().take(n).collect::<String>()))
        .collect();
    for text in &sent {
        let reply = messi.ask(&format!("send {token} henderson  {text} \r\n"));
        assert_eq!(reply["message"], "Message sent");
    }
    let (mut henderson, token) = Wild::login(server.address(), "henderson");
    for line in [format!("show {token} \r\n"), format!("list {token}\r\n"), "help \r\n".into()] {
        assert_eq!(henderson.ask(&line)["status"], "OK");
    }
    let inbox = henderson.ask(&format!("inbox {token} \r\n"));
    let first = &inbox["messages"]["messi"][0];
    assert_eq!(
        (&first["msg_from"], &first["msg_to"]),
        (&"Lionel Messi".into(), &"Jordan Henderson".into())
    );
    assert_eq!(
        texts(&inbox),
        [("messi".to_owned(), sent.iter().map(|t| t.trim().to_owned()).collect())]
    );
    assert_eq!(henderson.ask(&format!("inbox {token} \r\n"))["messages"], serde_json::json!({}));
}

#[test]
fn lines_come_in_many_shapes() {
    let server = Server::demo(&["realm"]);
    let (mut messi, token) = Client::login(server.address(), "messi", PASSWORD);
    for (line, text) in [
        (
            format!("send {token} messi  two spaces before, one after \r\n"),
            "two spaces before, one after",
        ),
        ("send messi a bare LF\n".to_owned(), "a bare LF"),
        ("SEND MESSI capitals \n".to_owned(), "capitals"),
        ("   send    messi     many  spaces   \r\n".to_owned(), "many  spaces"),
        ("send messi two CR\r\r\n".to_owned(), "two CR"),
    ] {
        for bytewise in [false, true] {
            if bytewise {
                messi.trickle(line.as_bytes());
            } else {
                messi.write(line.as_bytes());
            }
            assert_eq!(messi.hear().unwrap()["message"], "Message sent", "{line:?}");
            assert_eq!(texts_from(&messi.must("inbox"), "messi"), [text], "{line:?}");
        }
    }
}

#[test]
fn two_hundred_requests_at_once_are_answered_in_their_order() {
    let server = Server::demo(&["line-en"]);
    let (mut messi, token) = Client::login(server.address(), "messi", PASSWORD);
    let mut lines = String::new();
    for n in 0..50 {
        lines.extend([
            format!("send {token} messi text {n} \r\ninbox {token} \r\n"),
            format!("list {token} \r\nnonsense {n}\r\n"),
        ]);
    }
    messi.write(lines.as_bytes());
    for n in 0..50 {
        assert_eq!(messi.hear().unwrap()["message"], "Message sent", "{n}");
        let inbox = messi.hear().unwrap();
        assert_eq!(texts(&inbox), [("messi".to_owned(), vec![format!("text {n}")])]);
        assert_eq!(messi.hear().unwrap()["messages"], serde_json::json!(["messi"]), "{n}");
        assert_eq!(messi.hear().unwrap()["message"], "Wrong protocol: unknown command", "{n}");
    }
}

#[test]
fn more_answers_than_may_wait_at_a_time_all_come() {
    let server = Server::demo(&["line-en"]);
    let (mut messi, _) = Client::login(server.address(), "messi", PASSWORD);
    // A few KiB of requests make MiBs of answers, and nothing follows that could wake anybody.
    for requests in ["help\r\n", "help\r\nsend messi hai\r\n"] {
        messi.write(requests.repeat(2_000).as_bytes());
        for _ in 0..2_000 * requests.lines().count() {
            assert_eq!(messi.hear().unwrap()["status"], "OK");
        }
    }
    messi.write("help\r\n".repeat(2_000).as_bytes());
    messi.end_of_input();
    assert_eq!(messi.hear_all().matches("\r\n\r\n").count(), 2_000);
}

#[test]
fn a_request_sees_what_the_ones_before_it_did() {
    let server = Server::demo(&["auto"]);
    let mut messi = Client::connect(server.address());
    let sends = (0..100).map(|n| format!("send messi {n}\n")).collect::<Vec<_>>().concat();
    messi.write(format!("auth messi {PASSWORD}\n{sends}inbox\ninbox\n").as_bytes());
    assert_eq!(messi.hear().unwrap()["status"], "OK");
    for _ in 0..100 {
        assert_eq!(messi.hear().unwrap()["message"], "Message sent");
    }
    let expected: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    assert_eq!(texts_from(&messi.hear().unwrap(), "messi"), expected);
    assert_eq!(messi.hear().unwrap()["messages"], serde_json::json!({}));

    // And on another connection, as soon as it was answered.
    let (mut other, _) = Client::login(server.address(), "messi", PASSWORD);
    messi.must("send messi once more");
    assert_eq!(texts_from(&other.must("inbox"), "messi"), ["once more"]);
    // What was read is noted before the next request on that connection is taken up, and holds
    // for all from then on.
    assert_eq!(other.must("inbox")["messages"], serde_json::json!({}));
    assert_eq!(messi.must("inbox")["messages"], serde_json::json!({}));
}

#[test]
fn half_a_line_does_nothing() {
    let server = Server::demo(&["realm"]);
    let (_, token) = Client::login(server.address(), "messi", PASSWORD);
    for half in ["send TOKEN henderson half", "send TOKEN henderson half\r", "logout TOKEN"] {
        let mut messi = Client::connect(server.address());
        messi.write(half.replace("TOKEN", &token).as_bytes());
        messi.end_of_input();
        // The server has hung up: it is done with this connection.
        assert_eq!(messi.hear_all(), "");
    }
    let (mut henderson, _) = Client::login(server.address(), "henderson", PASSWORD);
    assert_eq!(henderson.must("inbox")["messages"], serde_json::json!({}));
    henderson.must(&format!("send {token} henderson whole"));
    assert_eq!(texts_from(&henderson.must("inbox"), "messi"), ["whole"]);
}

#[test]
fn who_says_that_nothing_more_comes_is_still_answered() {
    let server = Server::demo(&["realm", "auto"]);
    for (address, _) in &server.listening {
        let mut messi = Client::connect(*address);
        messi.write(format!("auth messi {PASSWORD}\r\nsend messi hai\r\ninbox\r\n").as_bytes());
        messi.end_of_input();
        assert_eq!(messi.hear().unwrap()["status"], "OK");
        assert_eq!(messi.hear().unwrap()["message"], "Message sent");
        assert_eq!(texts_from(&messi.hear().unwrap(), "messi"), ["hai"]);
        assert_eq!(messi.hear_all(), "");
    }
}

#[test]
fn texts_arrive_unchanged_across_the_profiles() {
    let server = Server::demo(&["line-en", "line-id", "realm"]);
    let names = ["izza", "maya", "nania"];
    let mut people: Vec<Client> = server
        .listening
        .iter()
        .zip(names)
        .map(|((address, _), name)| Client::login(*address, name, PASSWORD).0)
        .collect();
    let added: Vec<Value> = people
        .iter_mut()
        .enumerate()
        .map(|(n, person)| {
            person.must(if n == 0 { "addgroup Kelas C 😀" } else { "joingroup kelas c 😀" })
        })
        .collect();
    let code = added[0]["code"].as_str().unwrap();

    for (person, name) in people.iter_mut().zip(names) {
        let others: Vec<&str> = names.into_iter().filter(|other| *other != name).collect();
        for text in AWKWARD {
            person.must(&format!("send {}  {text} ", others.join(",")));
            person.must(&format!("sendgroup {code}  {text} "));
        }
    }
    let expected: Vec<&str> = AWKWARD.iter().flat_map(|text| [*text, *text]).collect();
    for (reader, name) in people.iter_mut().zip(names) {
        let inbox = reader.must("inbox");
        for sender in names {
            let wanted = if sender == name { &[] } else { &expected[..] };
            assert_eq!(texts_from(&inbox, sender), wanted, "from {sender} to {name}");
        }
        for item in
            inbox["messages"].as_object().unwrap().values().flat_map(|i| i.as_array().unwrap())
        {
            assert!(item.get("group").is_none_or(|group| group == "Kelas C 😀"), "{item}");
        }
    }
}
