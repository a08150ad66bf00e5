//! More than the server can do at once: the surplus is told so, memory stays where it was, and others
//! notice little.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::client::texts_from;
use support::{Client, Server, eventually};

const PASSWORD: &str = "surabaya";
const MIB: u64 = 1024 * 1024;
/// The longest that a message may take to be accepted, whatever others do.
const ACCEPTED_WITHIN: Duration = Duration::from_secs(2);

/// Asks for as much as the other side takes without reading an answer.
fn ask_and_never_read(client: &mut Client) {
    client.stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let lines = "show\r\n".repeat(1_000);
    loop {
        match client.stream.write_all(lines.as_bytes()) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Sends to oneself, one message after the other, until told to stop: the longest wait, and how many.
fn write_on(mut client: Client, stopped: &AtomicBool) -> (Duration, usize) {
    let (mut longest, mut count) = (Duration::ZERO, 0);
    while !stopped.load(Ordering::Relaxed) || count == 0 {
        let began = Instant::now();
        client.must("send nania hai");
        longest = longest.max(began.elapsed());
        count += 1;
    }
    (longest, count)
}

/// Runs `deed` beside somebody who writes, and checks that their messages are accepted in time.
fn beside_a_writer<T>(address: SocketAddr, deed: impl FnOnce() -> T) -> T {
    /// Stops the writer even when the deed fails.
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stopped = AtomicBool::new(false);
    let (client, _) = Client::login(address, "nania", PASSWORD);
    thread::scope(|scope| {
        let stop = Stop(&stopped);
        let writer = scope.spawn(|| write_on(client, &stopped));
        let outcome = deed();
        drop(stop);
        let (longest, count) = writer.join().unwrap();
        assert!(longest < ACCEPTED_WITHIN, "the slowest of {count} took {longest:?}");
        outcome
    })
}

#[test]
fn who_never_reads_answers_costs_no_memory_and_holds_up_nobody() {
    let server = Server::demo(&["line-en"]);
    let mut deaf: Vec<Client> =
        (0..10).map(|_| Client::login(server.address(), "messi", PASSWORD).0).collect();
    let grown = beside_a_writer(server.address(), || {
        let before = server.resident_bytes();
        let sizes = deaf.iter_mut().map(|client| {
            ask_and_never_read(client);
            server.resident_bytes().saturating_sub(before)
        });
        sizes.max().unwrap()
    });
    assert!(grown < 16 * MIB, "{} KiB more", grown / 1024);
    // Who reads after all gets an answer for each request, whole.
    for _ in 0..5_000 {
        assert_eq!(deaf[0].hear().unwrap()["status"], "OK");
    }
}

#[test]
fn who_never_pauses_holds_up_nobody() {
    let server = Server::demo(&["line-en"]);
    let known = |_| Client::login(server.address(), "messi", PASSWORD).0.stream;
    let strangers = |_| Client::connect(server.address()).stream;
    let streams: Vec<TcpStream> = (0..4).map(known).chain((0..4).map(strangers)).collect();
    beside_a_writer(server.address(), || {
        let until = Instant::now() + Duration::from_secs(3);
        thread::scope(|scope| {
            for stream in &streams {
                scope.spawn(move || {
                    let lines = "help\r\n".repeat(1_000);
                    // A stranger is hung up on, and goes on for as long as that can be done.
                    while Instant::now() < until && (&*stream).write_all(lines.as_bytes()).is_ok() {
                    }
                    let _ = stream.shutdown(Shutdown::Both);
                });
                scope.spawn(move || {
                    let mut heard = vec![0; 64 * 1024];
                    while (&*stream).read(&mut heard).is_ok_and(|count| count > 0) {}
                });
            }
        });
    });
}

#[test]
fn an_inbox_that_was_not_read_to_its_end_stays_unread() {
    let server = Server::demo(&["line-en"]);
    let (mut messi, _) = Client::login(server.address(), "messi", PASSWORD);
    // In the form of the wire it is three times as long: more than any socket's buffers hold.
    let text = "😀".repeat(15_000);
    for _ in 0..130 {
        messi.must(&format!("send henderson {text}"));
    }
    for _ in 0..2 {
        let (mut henderson, _) = Client::login(server.address(), "henderson", PASSWORD);
        henderson.say("inbox");
        henderson.hear_some();
    }
    let (mut henderson, _) = Client::login(server.address(), "henderson", PASSWORD);
    // In parts: no reply is longer than 8 MiB.
    let mut arrived = 0;
    loop {
        let texts = texts_from(&henderson.must("inbox"), "messi");
        if texts.is_empty() {
            break;
        }
        assert!(texts.iter().all(|arrived| *arrived == text));
        arrived += texts.len();
    }
    assert_eq!(arrived, 130);
}

/// Says one line each on as many connections as there are lines, all at once; the answers.
fn all_at_once(address: SocketAddr, lines: &[String]) -> Vec<String> {
    let mut clients: Vec<Client> = lines.iter().map(|_| Client::connect(address)).collect();
    clients.iter_mut().zip(lines).for_each(|(client, line)| client.say(line));
    let answer = |client: &mut Client| {
        let reply = client.hear().unwrap();
        reply["message"].as_str().unwrap_or("in").to_owned()
    };
    clients.iter_mut().map(answer).collect()
}

#[test]
fn a_flood_of_wrong_passwords_is_told_to_wait() {
    let server = Server::demo(&["line-en"]);
    let lines = vec!["auth messi malang".to_owned(); 200];
    let answers = beside_a_writer(server.address(), || all_at_once(server.address(), &lines));
    let count = |start: &str| answers.iter().filter(|answer| answer.starts_with(start)).count();
    let (wrong, busy, wait) =
        (count("Wrong password"), count("Server busy"), count("Too many attempts, wait"));
    assert_eq!(wrong + busy + wait, 200, "{answers:?}");
    assert!((5..=10).contains(&wrong), "five are free: {wrong}");
    assert!(busy > 0 && wait > 0, "{busy} busy, {wait} to wait");

    // Nobody is locked out: the owner waits a little, then the password is good.
    let mut messi = Client::connect(server.address());
    eventually("the owner gets in", || {
        let reply = messi.ask(&format!("auth messi {PASSWORD}"));
        thread::sleep(Duration::from_millis(200));
        (reply["status"] == "OK").then_some(())
    });
}

#[test]
fn a_flood_of_registrations_makes_as_many_accounts_as_it_says() {
    let server = Server::demo(&["line-en"]);
    let lines: Vec<String> =
        (0..200).map(|n| format!("register user{n} rahasia Indonesia")).collect();
    let answers = beside_a_writer(server.address(), || all_at_once(server.address(), &lines));
    let (mut made, mut busy) = (0, 0);
    let (mut messi, _) = Client::login(server.address(), "messi", PASSWORD);
    for (n, answer) in answers.iter().enumerate() {
        if answer == "in" {
            made += 1;
            messi.must(&format!("send user{n} hai"));
        } else {
            busy += 1;
            assert_eq!(answer, "Server busy, try again");
            assert_eq!(messi.refused(&format!("send user{n} hai")), "User is not found");
        }
    }
    assert!(made >= 64 && busy > 0, "{made} made, {busy} told to try again");
}

#[test]
fn large_inboxes_share_one_allowance_and_still_arrive() {
    /// What all parts on their way may take, encoded, and again while they are made.
    const GROWN_MAX: u64 = 160 * MIB;
    let server = Server::demo(&["line-en"]);
    let (mut izza, _) = Client::login(server.address(), "izza", PASSWORD);
    // 32 KB each, and six times that as JSON: 60 of them are an inbox of 11 MB.
    for _ in 0..60 {
        izza.must(&format!("send messi {}", "é".repeat(16_000)));
    }
    let before = server.resident_bytes();
    let mut deaf: Vec<Client> =
        (0..40).map(|_| Client::login(server.address(), "messi", PASSWORD).0).collect();
    for client in &mut deaf {
        client.say("inbox");
    }
    // Each has been asked for once the last of them answers at all.
    let mut first = [0; 1];
    for client in &deaf {
        client.stream.peek(&mut first).unwrap();
    }
    let grown = server.resident_bytes().saturating_sub(before);
    assert!(grown < GROWN_MAX, "{} MiB more", grown / MIB);
    // They come in parts, whole.
    let part = texts_from(&deaf.remove(0).hear().unwrap(), "izza");
    assert!(!part.is_empty() && part.iter().all(|text| text.chars().count() == 16_000));
    drop(deaf);
    let (mut messi, _) = Client::login(server.address(), "messi", PASSWORD);
    while !texts_from(&messi.must("inbox"), "izza").is_empty() {}
}
