//! Files in the real program: memory, names, limits, who may fetch them, and that they outlive it.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use support::{Client, PATIENCE, Server};

const MIB: usize = 1024 * 1024;
/// What a transfer may add to the server's memory, whatever its size.
const MEMORY_MAX: u64 = 16 * MIB as u64;

/// A piece of contents that is a whole number of base64 groups, and how often a file has it.
const PIECE_BYTES: usize = 3 * 256 * 1024;
const PIECES: usize = 100 * MIB / PIECE_BYTES;

fn piece() -> Vec<u8> {
    (0..PIECE_BYTES).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Writes `before`, the piece again and again, then `after`; reads a reply that ends like this.
fn upload(stream: &mut TcpStream, before: &str, piece: &[u8], after: &str, end: &[u8]) -> Value {
    stream.write_all(before.as_bytes()).unwrap();
    for _ in 0..PIECES {
        stream.write_all(piece).unwrap();
    }
    stream.write_all(after.as_bytes()).unwrap();
    hear(stream, end)
}

/// Asks in dialect form, as a line.
fn ask(stream: &mut TcpStream, request: &str) -> Value {
    stream.write_all(request.as_bytes()).unwrap();
    hear(stream, b"\n")
}

/// Reads a reply that ends like this, and not a byte more.
fn hear(stream: &mut TcpStream, end: &[u8]) -> Value {
    let mut reply = Vec::new();
    while !reply.ends_with(end) {
        let mut byte = [0];
        assert_ne!(stream.read(&mut byte).unwrap(), 0, "hung up");
        reply.push(byte[0]);
    }
    serde_json::from_slice(&reply).unwrap()
}

/// Asks, and counts the bytes of an answer that ends like this, with no more in memory than a piece.
fn download(stream: &mut TcpStream, request: &str, end: &[u8]) -> usize {
    stream.write_all(request.as_bytes()).unwrap();
    let (mut count, mut last, mut chunk) = (0, Vec::new(), vec![0; 256 * 1024]);
    while !last.ends_with(end) {
        let read = stream.read(&mut chunk).unwrap();
        assert_ne!(read, 0, "hung up after {count} bytes");
        count += read;
        last.extend_from_slice(&chunk[..read]);
        last.drain(..last.len().saturating_sub(end.len()));
    }
    count
}

#[test]
fn a_file_of_100_mib_passes_through_little_memory() {
    let server = Server::demo(&["line-en", "form"]);
    let text = STANDARD.encode(piece());
    let encoded = text.replace('+', "%2B").replace('/', "%2F");

    // Everybody is logged in before anything is measured: to check a password takes memory, too.
    let mut line = connect(server.speaking("line-en"));
    line.write_all(b"auth messi surabaya\r\nsendfile izza first.bin aGFsbw==\r\n").unwrap();
    for _ in 0..2 {
        hear(&mut line, b"\r\n\r\n");
    }
    let mut form = connect(server.speaking("form"));
    let login = "auth username=izza&password=surabaya\n";
    let session = ask(&mut form, login)["session"].as_str().unwrap().to_owned();
    let mut maya = connect(server.speaking("form"));
    ask(&mut maya, "auth username=maya&password=surabaya\n");
    server.resident_bytes_peak();
    let before = server.resident_bytes();
    let within = |what: &str| {
        let grown = server.resident_bytes_peak().saturating_sub(before);
        assert!(grown <= MEMORY_MAX, "{what}: {} KiB more", grown / 1024);
    };

    let sent = upload(&mut line, "sendfile izza large.bin ", text.as_bytes(), "\r\n", b"\r\n\r\n");
    assert_eq!(sent["status"], "OK", "{sent}");
    within("an upload over dialect line");
    let code = sent["file_code"].as_str().unwrap();
    let expected = text.len() * PIECES;
    let got = download(&mut line, &format!("getfile {code}\r\n"), b"\r\n\r\n");
    assert!(got > expected && got < expected + 200, "{got} of {expected}");
    within("a download over dialect line");

    let head = format!("file_send session={session}&username=maya&filename=larger.bin&payload=");
    let sent = upload(&mut form, &head, encoded.as_bytes(), "\n", b"\n");
    assert_eq!(sent["status"], "OK", "{sent}");
    within("an upload over dialect form");
    // The same contents once more: they are kept once.
    let files = server.temporary.path();
    assert_eq!(kept(files).len(), 2, "small and large");

    let got = download(&mut maya, "file_get filename=larger.bin\n", b"\n");
    assert!(got > expected && got < expected + 200, "{got} of {expected}");
    within("a download over dialect form");
}

/// The names of all contents below a directory.
fn kept(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(kept(&entry.path()));
        } else if name.len() == 64 {
            found.push(name);
        }
    }
    found
}

#[test]
fn no_name_that_a_client_gives_is_a_path() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data);
    let (mut ana, _) = Client::register(server.address(), "ana");
    let (mut budi, _) = Client::register(server.address(), "budi");
    let tricks = [
        ("../../x", "x"),
        ("/etc/cron.d/x", "x"),
        ("C:\\Windows\\x", "x"),
        ("....//x", "x"),
        (".x", "x"),
        ("a/../../x\u{202e}", "x"),
        ("%2e%2e%2fx", "%2e%2e%2fx"),
    ];
    for (given, expected) in tricks {
        ana.must(&format!("sendfile budi {given} aGFsbw=="));
        let inbox = budi.must("inbox");
        assert_eq!(inbox["messages"]["ana"][0]["file_name"], expected, "{given}");
    }
    for (given, _) in [("..", ""), ("/", ""), ("\u{0}", "")] {
        let refused = ana.ask(&format!("sendfile budi {given} aGFsbw=="));
        assert_eq!(refused["status"], "ERROR", "{given:?}");
    }
    for given in ["../kabar.db", "kabar.db", "../../etc/passwd", "incoming", "sha256"] {
        assert_eq!(budi.ask(&format!("getfile {given}"))["status"], "ERROR", "{given}");
    }
    assert_eq!(kept(&data).len(), 1, "one contents for all of them");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing beside the data");
}

#[test]
fn a_file_that_is_too_large_is_refused_and_nothing_of_it_stays() {
    let variables = [("KABAR_FILES__MAX_SIZE", "100000")];
    let server = Server::demo_with(&["line-en", "keyword"], &variables);
    let (mut messi, _) = Client::login(server.speaking("line-en"), "messi", "surabaya");
    let contents = |bytes: usize| STANDARD.encode(vec![7; bytes]);
    messi.must(&format!("sendfile izza fits.bin {}", contents(100_000)));
    let refused = messi.ask(&format!("sendfile izza large.bin {}", contents(100_001)));
    let reason = refused["message"].as_str().unwrap();
    assert!(reason.contains("larger than this server takes"), "{reason}");
    messi.must("sendfile izza next.bin aGFsbw==");
    // Far too large: the connection ends.
    messi.write(format!("sendfile izza huge.bin {}\r\n", contents(3 * MIB)).as_bytes());
    let last = messi.hear().unwrap();
    assert_eq!(last["message"], "Wrong protocol: line too long");
    assert_eq!(kept(server.temporary.path()).len(), 2);

    // Where the size is told first, no byte is taken.
    let mut henderson = connect(server.speaking("keyword"));
    let mut said = vec![0; 4096];
    henderson.write_all(b"AUTH-LOGIN henderson surabaya\r\n").unwrap();
    let mut heard = String::new();
    while !heard.contains("logged in") {
        let count = henderson.read(&mut said).unwrap();
        heard += std::str::from_utf8(&said[..count]).unwrap();
    }
    henderson.write_all(b"FILE-SEND-PRIVATE izza large.bin 100001\r\n").unwrap();
    let count = henderson.read(&mut said).unwrap();
    let answer = std::str::from_utf8(&said[..count]).unwrap();
    assert!(answer.starts_with("failed "), "{answer}");
}

#[test]
fn files_outlive_the_server_and_half_uploads_do_not() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let (mut ana, token) = Client::register(server.address(), "ana");
    Client::register(server.address(), "budi");
    let sent = ana.must("sendfile budi x.txt aGFsbw==");
    let code = sent["file_code"].as_str().unwrap().to_owned();
    // More than is kept in memory, and no end.
    ana.write(format!("sendfile budi half.bin {}", "QUJD".repeat(200_000)).as_bytes());
    let incoming = directory.path().join("files/incoming");
    support::eventually("something is coming in", || {
        (std::fs::read_dir(&incoming).unwrap().count() > 0).then_some(())
    });
    server.kill();
    let server = Server::start(directory.path());
    assert_eq!(std::fs::read_dir(&incoming).unwrap().count(), 0, "half of a file is gone");
    let mut ana = Client::connect(server.address());
    let file = ana.must(&format!("getfile {token} {code}"));
    assert_eq!(file["file_content"], "aGFsbw==");
    assert_eq!(ana.ask(&format!("getfile {token} half.bin"))["status"], "ERROR");
    assert_eq!(kept(directory.path()).len(), 1);
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let (mut ana, _) = Client::register(server.address(), "ana");
    Client::register(server.address(), "budi");
    ana.write(format!("sendfile budi half.bin {}", "QUJD".repeat(200_000)).as_bytes());
    let incoming = directory.path().join("files/incoming");
    let count = || std::fs::read_dir(&incoming).unwrap().count();
    support::eventually("something is coming in", || (count() > 0).then_some(()));
    drop(ana);
    support::eventually("it is gone", || (count() == 0).then_some(()));
    assert!(kept(directory.path()).is_empty());
}

#[test]
fn half_of_a_line_that_stalls_at_the_end_of_a_block_is_no_file() {
    let server = Server::demo(&["form"]);
    let mut maya = connect(server.address());
    let login = ask(&mut maya, "auth username=maya&password=surabaya\n");
    let session = login["session"].as_str().unwrap();
    let contents = vec![7; 30_000];
    let payload = STANDARD.encode(&contents).replace('+', "%2B").replace('/', "%2F");
    let request =
        format!("file_send session={session}&username=izza&filename=x.bin&payload={payload}\n");
    // On a connection of its own, as clients of this dialect do.
    let mut sender = connect(server.address());
    let (first, rest) = request.split_at(8 * 1024);
    sender.write_all(first.as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(500));
    let mut izza = connect(server.address());
    ask(&mut izza, "auth username=izza&password=surabaya\n");
    assert_eq!(ask(&mut izza, "file_list\n")["message"], "0 file", "half of it is not there");
    sender.write_all(rest.as_bytes()).unwrap();
    assert_eq!(hear(&mut sender, b"\n")["status"], "OK");
    let got = ask(&mut izza, "file_get filename=x.bin\n");
    assert!(STANDARD.decode(got["payload"].as_str().unwrap()).unwrap() == contents);
}

#[test]
fn who_has_logged_out_meanwhile_sends_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let (mut ana, token) = Client::register(server.address(), "ana");
    let (mut budi, _) = Client::register(server.address(), "budi");
    ana.write(b"sendfile budi late.txt aGFs");
    // The head is taken up before the session ends elsewhere.
    thread::sleep(Duration::from_millis(200));
    Client::connect(server.address()).must(&format!("logout {token}"));
    ana.write(b"bw==\r\n");
    assert_eq!(ana.hear().unwrap()["message"], "Session tidak ditemukan");
    assert_eq!(budi.must("inbox")["messages"], serde_json::json!({}));
    assert!(kept(directory.path()).is_empty(), "what was refused is not kept");
}

#[test]
fn one_persons_uploads_leave_room_for_others() {
    let server = Server::demo(&["line-en"]);
    let address = server.address();
    let (_, token) = Client::login(address, "henderson", "surabaya");
    let begun = format!("sendfile {token} izza half.bin {}", "QUJD".repeat(30_000));
    let mut greedy: Vec<Client> = (0..70).map(|_| Client::connect(address)).collect();
    for client in &mut greedy {
        client.write(begun.as_bytes());
    }
    let (mut maya, _) = Client::login(address, "maya", "surabaya");
    maya.must(&format!("sendfile izza whole.bin {}", STANDARD.encode(vec![7; 200_000])));
}

#[test]
fn a_token_in_the_head_of_a_file_lets_its_contents_in() {
    let server = Server::demo(&["auto", "line-en"]);
    let (_, token) = Client::login(server.speaking("line-en"), "messi", "surabaya");
    let contents = STANDARD.encode(vec![7; 2 * MIB]);
    for address in [server.speaking("auto"), server.speaking("line-en")] {
        // The first request of its connection, and all of it at once: no login goes before.
        let mut client = Client::connect(address);
        client.write(format!("sendfile {token} izza x.bin {contents}\r\n").as_bytes());
        assert_eq!(client.hear().unwrap()["status"], "OK");
    }
}
