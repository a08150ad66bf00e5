//! Limits, each stood upon from both sides.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::io::Write;

use support::client::{error_line, texts_from};
use support::{Client, Server, eventually};

const PASSWORD: &str = "surabaya";
const MIB: u64 = 1024 * 1024;

const LINES_BEFORE_LOGIN_MAX: usize = 64;
const BYTES_BEFORE_LOGIN_MAX: usize = 16 * 1024;
const LINE_BYTES_MAX: usize = 65_536;
const NONSENSE_MAX: usize = 100;
const PASSWORD_BYTES_MAX: usize = 1_024;

#[test]
fn sixty_four_lines_before_a_login() {
    let server = Server::demo(&["line-en", "auto"]);
    for (address, dialect) in &server.listening {
        let helps = |count| "help\r\n".repeat(count).into_bytes();
        let mut enough = Client::connect(*address);
        enough.write(&helps(LINES_BEFORE_LOGIN_MAX - 1));
        (1..LINES_BEFORE_LOGIN_MAX).for_each(|_| drop(enough.hear().unwrap()));
        assert_eq!(enough.ask(&format!("auth messi {PASSWORD}"))["status"], "OK");
        enough.write(&helps(LINES_BEFORE_LOGIN_MAX * 2));
        (0..LINES_BEFORE_LOGIN_MAX * 2).for_each(|_| drop(enough.hear().unwrap()));

        let mut more = Client::connect(*address);
        more.write(&helps(LINES_BEFORE_LOGIN_MAX));
        more.write(format!("auth messi {PASSWORD}\r\nsend messi hai\r\n").as_bytes());
        (0..LINES_BEFORE_LOGIN_MAX).for_each(|_| drop(more.hear().unwrap()));
        let last = match &dialect[..] {
            "line-en" => "Too much before login",
            _ => "Terlalu banyak sebelum login",
        };
        assert_eq!(more.hear_all(), error_line(last));
        assert_eq!(enough.must("inbox")["messages"], serde_json::json!({}));
    }
}

#[test]
fn sixteen_kibibytes_before_a_login() {
    let server = Server::demo(&["line-en"]);
    let line = |bytes: usize| format!("help{}\r\n", " ".repeat(bytes - 6));
    let mut client = Client::connect(server.address());
    client.write(line(BYTES_BEFORE_LOGIN_MAX).as_bytes());
    assert_eq!(client.hear().unwrap()["status"], "OK");
    client.write(b"h");
    assert_eq!(client.hear_all(), error_line("Too much before login"));

    for more in [line(BYTES_BEFORE_LOGIN_MAX + 1), "x".repeat(BYTES_BEFORE_LOGIN_MAX + 1)] {
        let mut client = Client::connect(server.address());
        client.write(more.as_bytes());
        let said = client.hear_all();
        let last = error_line("Too much before login");
        assert!(said.ends_with(&last), "{said}");
        assert!(said.len() == last.len() || more.starts_with("help"), "{said}");
    }
}

#[test]
fn a_line_of_64_kibibytes_and_not_one_byte_more() {
    let server = Server::demo(&["line-en"]);
    let command = "send messi ";
    let (mut messi, _) = Client::login(server.address(), "messi", PASSWORD);
    let text = "x".repeat(LINE_BYTES_MAX - command.len());
    for end in ["\r\n", "\n"] {
        messi.write(format!("{command}{text}{end}").as_bytes());
        assert_eq!(messi.hear().unwrap()["message"], "Message sent");
        assert_eq!(texts_from(&messi.must("inbox"), "messi"), [&text[..]]);
    }
    for end in ["\r\n", "\n"] {
        let (mut client, _) = Client::login(server.address(), "messi", PASSWORD);
        client.must(&format!("{command}before"));
        // What was asked before is answered, what comes after it is not read.
        client.write(format!("{command}{text}x{end}{command}after\r\n").as_bytes());
        assert_eq!(client.hear_all(), error_line("Wrong protocol: line too long"));
        assert_eq!(texts_from(&messi.must("inbox"), "messi"), ["before"]);
    }
}

#[test]
fn a_line_without_end_costs_no_memory() {
    let server = Server::demo(&["line-en"]);
    let (mut messi, _) = Client::login(server.address(), "messi", PASSWORD);
    let (mut endless, _) = Client::login(server.address(), "henderson", PASSWORD);
    let before = server.resident_bytes();
    let mut most = before;
    let chunk = vec![b'x'; 1024 * 1024];
    for _ in 0..64 {
        // The server hangs up long before the last of it.
        let gone = endless.stream.write_all(&chunk).is_err();
        most = most.max(server.resident_bytes());
        if gone {
            break;
        }
    }
    assert_eq!(endless.hear_all(), error_line("Wrong protocol: line too long"));
    assert!(most - before < 16 * MIB, "{} KiB", (most - before) / 1024);
    messi.must("send messi hai");
}

#[test]
fn a_hundred_requests_in_a_row_that_make_no_sense() {
    let server = Server::demo(&["line-en"]);
    let (mut client, _) = Client::login(server.address(), "messi", PASSWORD);
    let nonsense = |count| "nonsense\r\n".repeat(count).into_bytes();
    for _ in 0..2 {
        client.write(&nonsense(NONSENSE_MAX - 1));
        (1..NONSENSE_MAX).for_each(|_| drop(client.hear().unwrap()));
        // One that makes sense, and the count begins anew; a refusal is no nonsense.
        assert_eq!(client.refused("send siapa hai"), "User is not found");
    }
    client.write(&nonsense(NONSENSE_MAX));
    client.write(b"send messi hai\r\n");
    for _ in 0..NONSENSE_MAX {
        assert_eq!(client.hear().unwrap()["message"], "Wrong protocol: unknown command");
    }
    assert_eq!(client.hear_all(), error_line("Too many errors"));
    let (mut again, _) = Client::login(server.address(), "messi", PASSWORD);
    assert_eq!(again.must("inbox")["messages"], serde_json::json!({}));
}

#[test]
fn a_password_too_long_is_not_looked_at() {
    let server = Server::demo(&["line-en"]);
    let mut client = Client::connect(server.address());
    let long = "x".repeat(PASSWORD_BYTES_MAX + 1);
    // More often than wrong passwords are free: none of these counts as a try.
    for n in 0..15 {
        let line = match n % 2 {
            0 => format!("auth messi {long}"),
            _ => format!("register baru {long} Indonesia"),
        };
        let said = client.refused(&line);
        assert!(said.ends_with("(PASSWORD: 1-1024 bytes)"), "{said}");
    }
    Client::login(server.address(), "messi", PASSWORD);
    let longest = &long[1..];
    let (_, token) = {
        let mut client = Client::connect(server.address());
        client.must(&format!("register baru {longest} Indonesia"));
        Client::login(server.address(), "baru", longest)
    };
    assert_eq!(token.len(), 36);
}

#[test]
fn strangers_have_so_many_places_and_who_logs_in_leaves_one() {
    let server = Server::demo_with(&["line-en"], &[("KABAR_LIMITS__STRANGERS", "3")]);
    let mut strangers: Vec<Client> = (0..3)
        .map(|_| {
            let mut client = Client::connect(server.address());
            client.must("help");
            client
        })
        .collect();
    let turned_away = || {
        let mut client = Client::connect(server.address());
        client.write(b"help\r\n");
        client.hear_all().is_empty()
    };
    assert!(turned_away(), "the fourth");
    strangers[0].must("help");

    // One hangs up.
    strangers.remove(1);
    let mut next = eventually("a place", || {
        let mut client = Client::connect(server.address());
        client.write(b"help\r\n");
        client.hear().is_ok().then_some(client)
    });
    assert!(turned_away(), "the fourth again");

    // One logs in and stays.
    assert_eq!(next.ask(&format!("auth messi {PASSWORD}"))["status"], "OK");
    let mut other = Client::connect(server.address());
    other.must("help");
    assert!(turned_away(), "three strangers and one who is known");
    next.must("inbox");
}

#[test]
fn connections_have_a_limit_in_all() {
    let server = Server::demo_with(&["line-en"], &[("KABAR_LIMITS__CONNECTIONS", "2")]);
    let (mut messi, _) = Client::login(server.address(), "messi", PASSWORD);
    let (henderson, _) = Client::login(server.address(), "henderson", PASSWORD);
    assert_eq!(Client::connect(server.address()).hear_all(), "");
    drop(henderson);
    eventually("a place", || {
        let mut client = Client::connect(server.address());
        client.write(b"help\r\n");
        client.hear().ok()
    });
    messi.must("inbox");
}

#[test]
fn who_logs_out_is_a_stranger_again() {
    let server = Server::demo_with(&["line-en"], &[("KABAR_LIMITS__STRANGERS", "2")]);
    let (mut leaver, _) = Client::login(server.address(), "messi", PASSWORD);
    let mut strangers: Vec<Client> = (0..2)
        .map(|_| {
            let mut client = Client::connect(server.address());
            client.must("help");
            client
        })
        .collect();
    // There is no place for a third.
    leaver.must("logout");
    assert!(leaver.hear_all().contains("Too much before login"));
    // With a place, who logs out stays, within what strangers may send.
    strangers.pop();
    let mut stayer = eventually("a place", || {
        let mut client = Client::connect(server.address());
        client.write(b"auth izza surabaya\r\n");
        client.hear().is_ok().then_some(client)
    });
    stayer.must("logout");
    stayer.must("help");
    for _ in 0..64 {
        stayer.say("help");
    }
    assert!(stayer.hear_all().contains("Too much before login"));
}
