//! Killing the server with SIGKILL at random moments under load: every accepted message is there once
//! and in order, nothing is there that was not sent, and sessions survive.
//!
//! `KABAR_CRASH_ROUNDS=200 cargo test --test crash` for more rounds.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use support::client::texts;
use support::history::{Fate, History, compare};
use support::{Client, Server};

const ROUNDS: usize = 50;
const WRITERS: usize = 8;
/// Requests that a writer has under way at a time.
const WINDOW: usize = 8;
const READY_WITHIN: Duration = Duration::from_secs(2);

struct Writer {
    name: String,
    token: String,
    /// To a person, and to the group.
    sent: [History; 2],
}

/// Writes until the connection breaks, then notes what is unknown.
fn write(writer: &mut Writer, mut client: Client, round: usize, stopped: &AtomicBool) {
    let mut unanswered: Vec<(usize, usize)> = Vec::new();
    let mut count = 0;
    let mut broken = false;
    while !broken && !stopped.load(Ordering::Relaxed) {
        let mut lines = String::new();
        while unanswered.len() < WINDOW {
            let text = format!("{}-{round}-{count}", writer.name);
            let place = count % 2;
            let command = if place == 0 { "send" } else { "sendgroup" };
            let to = if place == 0 { "reader" } else { "kelompok" };
            lines.extend([format!("{command} {} {to} {text}\r\n", writer.token)]);
            writer.sent[place].push((text, Fate::Unknown));
            unanswered.push((place, writer.sent[place].len() - 1));
            count += 1;
        }
        broken = io::Write::write_all(&mut client.stream, lines.as_bytes()).is_err();
        // Answer by answer, so that the moment of the crash falls anywhere in the window.
        let Ok(reply) = client.hear() else { break };
        let (place, index) = unanswered.remove(0);
        let accepted = reply["status"] == "OK";
        writer.sent[place][index].1 = if accepted { Fate::Accepted } else { Fate::Refused };
    }
}

/// Reads everything unread and holds it against what was sent.
fn check(
    reader: &mut Client,
    token: &str,
    writers: &[Writer],
    read: &mut HashMap<String, usize>,
) -> Vec<String> {
    let mut arrived: HashMap<String, Vec<String>> = HashMap::new();
    loop {
        let parts = texts(&reader.must(&format!("inbox {token}")));
        if parts.is_empty() {
            break;
        }
        for (sender, texts) in parts {
            arrived.entry(sender).or_default().extend(texts);
        }
    }
    let mut faults = Vec::new();
    for writer in writers {
        let got = arrived.remove(&writer.name).unwrap_or_default();
        for (place, sent) in writer.sent.iter().enumerate() {
            let key = format!("{}/{place}", writer.name);
            let from = read.get(&key).copied().unwrap_or(0);
            let mine: Vec<&String> = got.iter().filter(|text| belongs(text, place)).collect();
            faults.extend(compare(&sent[from..], &mine));
            read.insert(key, sent.len());
        }
    }
    faults.extend(arrived.keys().map(|sender| format!("ghost: somebody called {sender}")));
    faults
}

/// Even numbers go to the person, odd ones to the group.
fn belongs(text: &str, place: usize) -> bool {
    text.rsplit('-').next().unwrap().parse::<usize>().unwrap() % 2 == place
}

#[test]
fn the_comparison_finds_each_fault() {
    let sent = |fates: &[Fate]| -> History {
        fates.iter().enumerate().map(|(n, fate)| (format!("w-0-{n}"), *fate)).collect()
    };
    let all = ["w-0-0", "w-0-1", "w-0-2"].map(String::from);
    let compare = |fates: &[Fate], arrived: &[usize]| {
        let arrived: Vec<&String> = arrived.iter().map(|n| &all[*n]).collect();
        compare(&sent(fates), &arrived).len()
    };
    let accepted = [Fate::Accepted; 3];
    assert_eq!(compare(&accepted, &[0, 1, 2]), 0);
    assert_eq!(compare(&[Fate::Accepted, Fate::Unknown, Fate::Accepted], &[0, 2]), 0);
    assert_eq!(compare(&[Fate::Accepted, Fate::Unknown, Fate::Accepted], &[0, 1, 2]), 0);
    assert_ne!(compare(&accepted, &[0, 2]), 0, "lost");
    assert_ne!(compare(&accepted, &[0, 1, 1, 2]), 0, "double");
    assert_ne!(compare(&accepted, &[0, 2, 1]), 0, "out of order");
    assert_ne!(compare(&[Fate::Refused], &[0]), 0, "resurrected");
    assert_ne!(compare(&[], &[0]), 0, "ghost");
}

#[test]
fn nothing_accepted_is_lost_when_the_server_is_killed() {
    let rounds = std::env::var("KABAR_CRASH_ROUNDS").map_or(ROUNDS, |n| n.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path());
    let (mut reader, reader_token) = Client::register(server.address(), "reader");
    reader.must("addgroup kelompok");
    let mut writers: Vec<Writer> = (0..WRITERS)
        .map(|n| {
            let name = format!("writer{n}");
            let (mut client, token) = Client::register(server.address(), &name);
            client.must("joingroup kelompok");
            Writer { name, token, sent: [Vec::new(), Vec::new()] }
        })
        .collect();

    let mut read = HashMap::new();
    let mut accepted = 0;
    for round in 0..rounds {
        let stopped = Arc::new(AtomicBool::new(false));
        let threads: Vec<_> = std::mem::take(&mut writers)
            .into_iter()
            .map(|mut writer| {
                let stopped = Arc::clone(&stopped);
                // Connected before the clock starts: a kill may come after 20 ms.
                let client = Client::connect(server.address());
                thread::spawn(move || {
                    write(&mut writer, client, round, &stopped);
                    writer
                })
            })
            .collect();
        // Anywhere between the first request and some commits later.
        thread::sleep(Duration::from_millis(20 + random(230)));
        server.kill();
        stopped.store(true, Ordering::Relaxed);
        writers = threads.into_iter().map(|thread| thread.join().unwrap()).collect();

        server = Server::start(directory.path());
        assert!(server.ready_after <= READY_WITHIN, "ready after {:?}", server.ready_after);
        let mut reader = Client::connect(server.address());
        // With the session of before the first crash.
        let faults = check(&mut reader, &reader_token, &writers, &mut read);
        assert!(faults.is_empty(), "round {round}:\n{}", faults.join("\n"));
        accepted = writers
            .iter()
            .flat_map(|writer| writer.sent.iter().flatten())
            .filter(|(_, fate)| *fate == Fate::Accepted)
            .count();
    }
    assert!(accepted >= rounds * WRITERS, "the load was real: {accepted} accepted");
    println!("{rounds} rounds, {accepted} messages accepted, none lost");
}

fn random(below: u64) -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() % below
}
