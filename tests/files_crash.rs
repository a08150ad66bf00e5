//! Killing the server with SIGKILL in the middle of uploads: a file message that was accepted has all of its
//! bytes, and no file that can be fetched is half a file.
//!
//! `KABAR_CRASH_ROUNDS=200 cargo test --test files_crash` for more rounds.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use support::{Client, Server};

const ROUNDS: usize = 50;
const SENDERS: usize = 4;

/// The contents that belong to a name: any length around what is kept in memory and what is not.
fn contents(name: &str) -> Vec<u8> {
    let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let length = next() % 300_000;
    (0..=length / 8).flat_map(|_| next().to_le_bytes()).collect()
}

/// Sends files until the connection breaks; those that were accepted, by code.
fn send(
    name: &str,
    mut client: Client,
    token: &str,
    round: usize,
    stopped: &AtomicBool,
) -> BTreeMap<String, String> {
    let mut accepted = BTreeMap::new();
    for number in 0.. {
        if stopped.load(Ordering::Relaxed) {
            break;
        }
        let file = format!("{name}-{round}-{number}.bin");
        let text = STANDARD.encode(contents(&file));
        client.write(format!("sendfile {token} reader {file} {text}\r\n").as_bytes());
        let Ok(reply) = client.hear() else { break };
        assert_eq!(reply["status"], "OK", "{reply}");
        accepted.insert(reply["file_code"].as_str().unwrap().to_owned(), file);
    }
    accepted
}

/// What is wrong with a file that somebody fetched.
fn fault(name: &str, reply: &Value) -> Option<String> {
    if reply["file_name"] != name {
        return Some(format!("{name}: {reply}"));
    }
    let Some(text) = reply["file_content"].as_str() else {
        return Some(format!("{name}: a message without its bytes"));
    };
    let got = STANDARD.decode(text).unwrap();
    let whole = got == contents(name) && reply["file_size"].as_u64() == Some(got.len() as u64);
    (!whole).then(|| format!("{name}: {} bytes that are not its own", got.len()))
}

#[test]
fn every_file_that_was_accepted_or_can_be_seen_is_whole() {
    let rounds = std::env::var("KABAR_CRASH_ROUNDS").map_or(ROUNDS, |n| n.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path());
    let (_, reader_token) = Client::register(server.address(), "reader");
    let senders: Vec<(String, String)> = (0..SENDERS)
        .map(|n| {
            let name = format!("sender{n}");
            let (_, token) = Client::register(server.address(), &name);
            (name, token)
        })
        .collect();

    let (mut accepted, mut seen) = (BTreeMap::new(), 0);
    for round in 0..rounds {
        let stopped = Arc::new(AtomicBool::new(false));
        let threads: Vec<_> = senders
            .iter()
            .cloned()
            .map(|(name, token)| {
                let stopped = Arc::clone(&stopped);
                let client = Client::connect(server.address());
                thread::spawn(move || send(&name, client, &token, round, &stopped))
            })
            .collect();
        thread::sleep(Duration::from_millis(20 + random(180)));
        server.kill();
        stopped.store(true, Ordering::Relaxed);
        let mut new = BTreeMap::new();
        for thread in threads {
            new.extend(thread.join().unwrap());
        }

        server = Server::start(directory.path());
        let mut reader = Client::connect(server.address());
        let mut faults = Vec::new();
        for (code, name) in &new {
            faults.extend(fault(name, &reader.ask(&format!("getfile {reader_token} {code}"))));
        }
        // What arrived without an answer must be whole, too.
        loop {
            let inbox = reader.must(&format!("inbox {reader_token}"));
            let senders = inbox["messages"].as_object().unwrap();
            if senders.is_empty() {
                break;
            }
            for item in senders.values().flat_map(|items| items.as_array().unwrap()) {
                seen += 1;
                faults.extend(fault(item["file_name"].as_str().unwrap(), item));
                new.remove(item["file_code"].as_str().unwrap()).map(|name| {
                    accepted.insert(item["file_code"].as_str().unwrap().to_owned(), name)
                });
            }
        }
        faults.extend(new.values().map(|name| format!("{name}: accepted, and not in the inbox")));
        assert!(faults.is_empty(), "round {round}:\n{}", faults.join("\n"));
    }
    assert!(accepted.len() >= rounds, "the load was real: {} accepted", accepted.len());
    println!("{rounds} rounds, {} files accepted, {seen} seen, all whole", accepted.len());
}

fn random(below: u64) -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() % below
}
