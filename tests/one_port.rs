//! One port that speaks everything: what the first bytes make of a connection, whole or in pieces,
//! and that no web page gets a command run through a browser.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use support::client::{error_line, texts};
use support::{Client, Server};

const PASSWORD: &str = "surabaya";

/// The one answer to text that nobody understands.
fn not_understood() -> String {
    error_line("Protocol tidak benar: perintah tidak dikenal")
}

/// What a connection is taken as, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Taken {
    /// An HTTP answer with this status.
    Http(u16),
    /// An answer in dialect line, and the conversation goes on.
    Line,
    /// The one fixed line, then closed.
    NotUnderstood,
    /// Closed without a word.
    Closed,
}
use Taken::{Closed, Http, Line, NotUnderstood};

const OPENINGS: &[(&[u8], Taken)] = &[
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", Http(200)),
    (b"GET / HTTP/1.0\r\n\r\n", Http(200)),
    (b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", Http(200)),
    (b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", Http(404)),
    (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        Http(405),
    ),
    (b"GET nonsense\r\n\r\n", Http(400)),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nauth messi surabaya\r\n\r\n", Http(400)),
    (b"help\r\n", Line),
    (b"help\n", Line),
    (b"HELP \r\n", Line),
    (b"  help\r\n", Line),
    (b"auth messi surabaya\r\n", Line),
    (b"auth nobody x\r\n", Line),
    (b"inbox \r\n", Line),
    (b"send henderson hai\r\n", Line),
    (b"quit it\r\n", Line),
    (b"hello\r\n", NotUnderstood),
    (b"hello there, how are you all doing today\r\n", NotUnderstood),
    (b"\r\n", Closed),
    (b" \r\n", NotUnderstood),
    (b"get / HTTP/1.1\r\n", NotUnderstood),
    (b"<script>alert(1)</script>\r\n", NotUnderstood),
    (b"NICK messi\r\n", NotUnderstood),
    (b"Host: localhost\r\n", NotUnderstood),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Closed),
    (b"\0help\r\n", Closed),
    (b"he\0lp\r\n", Closed),
    (b"\x1b[31mhelp\r\n", Closed),
    (b"\x7fhelp\r\n", Closed),
    (b"\xffhelp\r\n", Closed),
    ("élan\r\n".as_bytes(), Closed),
    (b"\tauth messi surabaya\r\n", Closed),
];

#[track_caller]
fn taken(mut client: Client, opening: &[u8]) -> Taken {
    if let Ok(mut reply) = client.hear_line() {
        if let Some(rest) = reply.strip_prefix("HTTP/1.") {
            return Http(rest[2..5].parse().unwrap());
        }
        assert!(reply.starts_with("{\"status\":"), "{reply}");
        client.write(b"help\r\n");
        client.end_of_input();
        let more = client.hear_all();
        reply += &more;
        if more.starts_with("\r\n{\"status\":\"OK\",\"message\":\"auth USER PASSWORD") {
            return Line;
        }
        assert_eq!(reply, not_understood().replacen("\r\n", "", 1), "{}", opening.escape_ascii());
        return NotUnderstood;
    }
    assert_eq!(client.hear_all(), "", "{}", opening.escape_ascii());
    Closed
}

#[test]
fn the_first_bytes_decide_however_they_arrive() {
    let server = Server::demo(&["auto"]);
    for (number, (opening, expected)) in OPENINGS.iter().enumerate() {
        let shown = opening.escape_ascii();
        let mut whole = Client::connect(server.address());
        whole.write(opening);
        assert_eq!(taken(whole, opening), *expected, "{shown}");

        let mut bytewise = Client::connect(server.address());
        bytewise.trickle(opening);
        assert_eq!(taken(bytewise, opening), *expected, "byte by byte: {shown}");

        let mut split = Client::connect(server.address());
        let (head, tail) = opening.split_at((number * 7) % opening.len());
        split.write(head);
        // Long enough for the server to look at the first part alone.
        thread::sleep(Duration::from_millis(5));
        split.write(tail);
        assert_eq!(taken(split, opening), *expected, "split after {}: {shown}", head.len());
    }
}

#[test]
fn pages_are_there_in_two_languages_and_guarded() {
    let server = Server::demo(&["auto", "http"]);
    for (address, dialect) in &server.listening {
        let get = |path: &str, headers: &str| {
            let mut client = Client::connect(*address);
            let head = format!(
                "GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n"
            );
            client.trickle(head.as_bytes());
            let answer = client.hear_all();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            (head.to_ascii_lowercase(), body.to_owned())
        };
        let (head, english) = get("/", "");
        assert!(head.starts_with("http/1.1 200") && head.contains("text/html"), "{head}");
        assert!(english.contains("<html lang=\"en\">"), "{english}");
        assert!(english.contains(&server.address().port().to_string()), "{english}");
        let (_, indonesian) = get("/", "Accept-Language: id-ID,id;q=0.9,en;q=0.8\r\n");
        assert!(indonesian.contains("<html lang=\"id\">"), "{indonesian}");

        assert_eq!(get("/healthz", "").1, "ok\n", "{dialect}");
        let (head, body) = get("/readyz", "");
        assert!(head.starts_with("http/1.1 200") && body == "ready\n", "{head} {body}");
        assert!(get("/auth", "").0.starts_with("http/1.1 404"));

        for path in ["/", "/healthz", "/nowhere"] {
            let (head, _) = get(path, "Origin: http://evil.example\r\n");
            for header in [
                "content-security-policy: default-src 'none';",
                "x-content-type-options: nosniff",
                "x-frame-options: deny",
                "referrer-policy: no-referrer",
            ] {
                assert!(head.contains(header), "{path}: {header}");
            }
            assert!(!head.contains("access-control-allow"), "{path}: {head}");
        }
    }
}

/// What a browser can be made to send, with commands wherever a page can put them.
fn forged() -> Vec<String> {
    let commands = format!("auth messi {PASSWORD}\r\nsend henderson forged\r\n");
    let length = commands.len();
    let post = |kind: &str, length: usize| {
        format!(
            "POST / HTTP/1.1\r\nHost: localhost:8889\r\nOrigin: http://evil.example\r\n\
             Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let encoded = "application/x-www-form-urlencoded";
    vec![
        format!("{}{commands}", post("text/plain", length)),
        // Each of these leaves bytes behind for whoever reads on.
        format!("{}{commands}", post("text/plain", 0)),
        format!("{}{commands}", post("text/plain", 5)),
        format!("{}x=1\r\n{commands}", post(encoded, length + 5)),
        format!("{}--b\r\n\r\n{commands}", post("multipart/form-data; boundary=b", length + 7)),
        format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{commands}"
        ),
        format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n{commands}", "x".repeat(2_000)),
        format!("GET / HTTP/9.9\r\n\r\n{commands}"),
        format!("PUT / HTTP/1.1\nHost: x\n\n{commands}"),
        format!("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n{commands}"),
        format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{commands}"),
        format!("CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n{commands}"),
        format!("Host: localhost\r\n{commands}"),
        format!("Content-Length: 0\r\n\r\n{commands}"),
        format!("help\r\nHost: localhost\r\n{commands}"),
        format!("help\r\nGET / HTTP/1.1\r\n{commands}"),
        format!("\0{commands}"),
        format!("help\r\n\0\r\n{commands}"),
        format!("help\r\nauth\tx\r\n{commands}"),
        format!("\x16\x03\x01{commands}"),
    ]
}

fn answer_to(address: SocketAddr, bytes: &str, bytewise: bool) -> String {
    let mut client = Client::connect(address);
    if bytewise {
        client.trickle(bytes.as_bytes());
    } else {
        client.write(bytes.as_bytes());
    }
    client.end_of_input();
    client.hear_all()
}

#[test]
fn no_web_page_gets_a_command_run() {
    let server = Server::demo(&["auto", "line-en", "line-id", "realm", "http"]);
    for (address, dialect) in &server.listening {
        let line = !matches!(&dialect[..], "auto" | "http");
        for bytes in forged() {
            for bytewise in [false, true] {
                let answer = answer_to(*address, &bytes, bytewise);
                let place = format!("{dialect}, {bytewise}: {bytes:?} -> {answer:?}");
                assert!(!answer.contains("tokenid") && !answer.contains("Message sent"), "{place}");
                assert!(!answer.contains("forged") && !answer.contains("surabaya"), "{place}");
                assert!(!line || !answer.contains("HTTP"), "{place}");
                let helped = bytes.starts_with("help");
                assert!(!line || helped || answer.is_empty(), "{place}");
                assert!(!line || !helped || answer.matches("\r\n\r\n").count() == 1, "{place}");
            }
        }
    }
    // The same words said by a client do what they say.
    let address = server.speaking("realm");
    let (mut henderson, _) = Client::login(address, "henderson", PASSWORD);
    assert_eq!(henderson.must("inbox")["messages"], serde_json::json!({}));
    Client::login(address, "messi", PASSWORD).0.must("send henderson forged");
    assert_eq!(texts(&henderson.must("inbox")), [("messi".into(), vec!["forged".to_owned()])]);
}

#[test]
fn after_a_login_people_may_write_what_they_like() {
    let server = Server::demo(&["auto"]);
    let (mut messi, _) = Client::login(server.address(), "messi", PASSWORD);
    messi.must("send messi GET / HTTP/1.1");
    assert!(messi.refused("GET / HTTP/1.1").contains("perintah tidak dikenal"));
    assert!(messi.refused("Host: x").contains("perintah tidak dikenal"));
    messi.must("send messi \0\u{1b}");
    let expected = vec!["GET / HTTP/1.1".to_owned(), "\0\u{1b}".to_owned()];
    assert_eq!(texts(&messi.must("inbox")), [("messi".into(), expected)]);
}

#[test]
fn silence_is_allowed_and_a_halting_first_word_is_not() {
    let server = Server::demo(&["auto"]);
    // A program that connects first and asks its person for a password then.
    let mut silent = Client::connect(server.address());
    let mut halting = Client::connect(server.address());
    let began = Instant::now();
    halting.write(b"aut");
    thread::sleep(Duration::from_secs(2));
    assert_eq!(silent.ask(&format!("auth messi {PASSWORD}"))["status"], "OK");
    assert_eq!(halting.hear_all(), "");
    let waited = began.elapsed();
    assert!(Duration::from_secs(4) < waited && waited < Duration::from_secs(8), "{waited:?}");
    silent.must("inbox");
}
