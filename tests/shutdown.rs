//! Stopping in order: what was accepted is there afterwards, and no client can hold it up for long.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::client::texts;
use support::{Client, Server};

const WRITERS: usize = 8;
/// Requests that a writer has under way at a time.
const WINDOW: usize = 8;
/// How long connections get to finish.
const STOP_WITHIN: Duration = Duration::from_secs(10);
/// What may come on top of that on a busy machine.
const SLACK: Duration = Duration::from_secs(2);
/// The exit code of a shell whose program was ended by SIGTERM.
const ENDED_BY_SIGTERM: i32 = 128 + 15;

/// Writes numbered messages until the connection ends; how many were accepted. Says when it has begun.
fn write(address: SocketAddr, name: &str, begun: &mpsc::Sender<()>) -> usize {
    let (mut client, _) = Client::login(address, name, "rahasia");
    let (mut asked, mut accepted) = (0, 0);
    loop {
        let lines: Vec<String> =
            (asked..accepted + WINDOW).map(|n| format!("send reader {n}\r\n")).collect();
        asked = accepted + WINDOW;
        client.write(lines.concat().as_bytes());
        let Ok(reply) = client.hear() else { return accepted };
        assert_eq!(reply["message"], "Message sent");
        accepted += 1;
        if accepted == WINDOW {
            begun.send(()).unwrap();
        }
    }
}

/// All that is unread, by sender.
fn everything(reader: &mut Client) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    loop {
        let part = texts(&reader.must("inbox"));
        if part.is_empty() {
            return all;
        }
        for (sender, texts) in part {
            match all.iter_mut().find(|(name, _)| *name == sender) {
                Some((_, have)) => have.extend(texts),
                None => all.push((sender, texts)),
            }
        }
    }
}

#[test]
fn everything_accepted_is_there_after_a_stop_under_load() {
    let directory = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..WRITERS).map(|n| format!("writer{n}")).collect();
    let mut server = Server::start(directory.path());
    Client::register(server.address(), "reader");
    for name in &names {
        Client::register(server.address(), name);
    }

    for (round, signal) in [Signal::TERM, Signal::INT, Signal::TERM].into_iter().enumerate() {
        let address = server.address();
        let (begun, all_begun) = mpsc::channel();
        let writers: Vec<_> = names
            .iter()
            .map(|name| {
                let (name, begun) = (name.clone(), begun.clone());
                thread::spawn(move || write(address, &name, &begun))
            })
            .collect();
        (0..WRITERS).for_each(|_| all_begun.recv().unwrap());
        let signalled = Instant::now();
        server.signal(signal);
        assert_eq!(server.wait(), Some(0), "{signal:?}");
        assert!(signalled.elapsed() < STOP_WITHIN, "{signal:?}: {:?}", signalled.elapsed());
        let accepted: Vec<usize> = writers.into_iter().map(|w| w.join().unwrap()).collect();

        server = Server::start(directory.path());
        let (mut reader, _) = Client::login(server.address(), "reader", "rahasia");
        let mut arrived = everything(&mut reader);
        arrived.sort();
        assert_eq!(arrived.len(), WRITERS);
        for ((sender, texts), (name, accepted)) in arrived.iter().zip(names.iter().zip(accepted)) {
            assert_eq!(sender, name);
            let count = texts.len();
            let expected: Vec<String> = (0..count).map(|n| n.to_string()).collect();
            assert_eq!(*texts, expected, "round {round}, {name}: in order, each once");
            assert!(accepted <= count, "round {round}, {name}: {accepted} accepted, {count} there");
            assert!(count <= accepted + WINDOW, "round {round}, {name}: more than was asked");
        }
    }
}

#[test]
fn who_never_pauses_does_not_hold_up_the_stop() {
    let mut server = Server::demo(&["line-en"]);
    let (client, _) = Client::login(server.address(), "messi", "surabaya");
    let (mut asking, mut reading) = (client.stream.try_clone().unwrap(), client.stream);
    let asker = thread::spawn(move || {
        let lines = "help\r\nsend messi hai\r\n".repeat(500);
        while asking.write_all(lines.as_bytes()).is_ok() {}
    });
    let mut heard = vec![0; 256 * 1024];
    reading.read_exact(&mut heard).unwrap();
    let reader = thread::spawn(move || while reading.read(&mut heard).is_ok_and(|n| n > 0) {});
    let began = Instant::now();
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    assert!(began.elapsed() < STOP_WITHIN / 2, "{:?}", began.elapsed());
    asker.join().unwrap();
    reader.join().unwrap();
}

/// What `/readyz` answers.
fn readiness(address: SocketAddr) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_stop_with_notice_says_so_first_and_lets_connections_go_one_by_one() {
    const CONNECTIONS: usize = 64;
    let variables = [("KABAR_SERVER__DRAIN_SECS", "6")];
    let mut server = Server::demo_with(&["line-en", "http"], &variables);
    let page = server.speaking("http");
    let connected: Vec<Client> =
        (0..CONNECTIONS).map(|_| Client::login(server.address(), "messi", "surabaya").0).collect();
    assert_eq!(readiness(page), "HTTP/1.1 200 OK");
    let began = Instant::now();
    server.terminate();
    support::eventually("it says that it stops", || {
        (readiness(page) == "HTTP/1.1 503 Service Unavailable").then_some(())
    });
    // Who has not noticed is served all the same.
    let (mut late, _) = Client::login(server.address(), "henderson", "surabaya");
    assert_eq!(late.must("send messi masih bisa")["message"], "Message sent");
    let endings: Vec<_> = connected
        .into_iter()
        .map(|mut client| {
            thread::spawn(move || {
                client.stream.set_read_timeout(Some(STOP_WITHIN + SLACK)).unwrap();
                client.hear().unwrap_err();
                began.elapsed()
            })
        })
        .collect();
    let mut endings: Vec<Duration> = endings.into_iter().map(|one| one.join().unwrap()).collect();
    endings.sort();
    let (first, last) = (endings[0], endings[CONNECTIONS - 1]);
    assert!(first >= Duration::from_secs(3), "the first went after {first:?}");
    assert!(last.saturating_sub(first) >= Duration::from_secs(2), "from {first:?} to {last:?}");
    let took = |half: &[Duration]| half[half.len() - 1].saturating_sub(half[0]);
    let most = endings.windows(CONNECTIONS / 2).map(took).min();
    assert!(most.unwrap() >= Duration::from_secs(1), "half of them went within {most:?}");
    assert_eq!(server.wait(), Some(0));
}

/// A connection whose answers nobody reads, so that there is always something left to write.
fn deaf(address: SocketAddr) -> Client {
    let (mut client, _) = Client::login(address, "messi", "surabaya");
    client.stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    loop {
        match client.stream.write_all("help\r\n".repeat(1_000).as_bytes()) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return client,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn who_does_not_read_is_waited_for_ten_seconds_at_most() {
    let mut server = Server::demo(&["line-en", "http"]);
    let _deaf = deaf(server.address());
    // And a page whose request has begun and does not go on.
    let mut halting = Client::connect(server.speaking("http"));
    halting.write(b"GET / HTTP/1.1\r\nHos");
    let began = Instant::now();
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    assert!(began.elapsed() < STOP_WITHIN + SLACK, "{:?}", began.elapsed());
    assert_eq!(server.temporary.path().read_dir().unwrap().count(), 0, "the demo left something");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = Server::demo(&["line-en"]);
    let address = server.address();
    let _deaf = deaf(address);
    // Somebody quiet, who sees that the stop has begun.
    let (mut quiet, _) = Client::login(address, "izza", "surabaya");
    server.terminate();
    assert_eq!(quiet.hear_all(), "");
    assert!(server.runs(), "it waits for the one who does not read");
    // Signals that come within 20 ms of each other are one wish: this is another.
    std::thread::sleep(Duration::from_millis(50));
    let began = Instant::now();
    server.terminate();
    assert_eq!(server.wait(), Some(ENDED_BY_SIGTERM));
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}
