//! Realms that do not answer slow nobody down: fifty of them, with messages that wait for each.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write;
use std::time::{Duration, Instant};

use support::peer::Peer;
use support::realms::link;
use support::{Client, Server, eventually};

const DEAD: usize = 50;
/// Measurements of each of the two servers, in turns.
const TURNS: usize = 15;
/// Messages that are sent in a turn, and how many of them at once.
const MESSAGES: usize = 200;
const WINDOW: usize = 20;
/// How much longer sending may take beside dead realms than without any.
const RATIO_MAX: f64 = 1.2;
/// How often it is measured anew before that counts: other programs disturb it.
const ATTEMPTS: usize = 6;

/// How long it takes to send so many messages to somebody here.
fn time(client: &mut Client) -> Duration {
    let began = Instant::now();
    let (mut sent, mut heard) = (0, 0);
    while heard < MESSAGES {
        let count = (WINDOW + heard).min(MESSAGES) - sent;
        client.stream.write_all("send maya halo\r\n".repeat(count).as_bytes()).unwrap();
        sent += count;
        let reply = client.hear().unwrap();
        assert_eq!(reply["message"], "Message sent", "{reply}");
        heard += 1;
    }
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

#[test]
fn dead_realms_slow_nobody() {
    let [beside, alone] = ["kota", "desa"].map(Server::realm);
    let [mut messi, mut other] = [&beside, &alone].map(|server| server.person("messi"));
    let dead: Vec<Peer> =
        (0..DEAD).map(|n| Peer::linked(&format!("mati-{n}"), (beside.address(), "kota"))).collect();
    let all: Vec<String> = dead.iter().map(|peer| peer.somebody("ana")).collect();
    let to_all = format!("send {} halo", all.join(","));
    // Somebody is known there; then nobody listens any more.
    messi.must(&to_all);
    dead.iter().for_each(Peer::leave);
    messi.must(&to_all);
    eventually("all are found dead", || {
        let links = messi.must("listrealm")["messages"].as_array().unwrap().clone();
        links.iter().all(|link| link["state"] == "unreachable").then_some(())
    });

    for attempt in 1.. {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..TURNS {
            messi.must(&to_all);
            times[0].push(time(&mut messi));
            times[1].push(time(&mut other));
        }
        let [with, without] = times.map(median);
        let ratio = with / without;
        println!("{MESSAGES} messages: {with:.4} s beside dead realms, {without:.4} s without");
        if ratio <= RATIO_MAX {
            break;
        }
        assert!(attempt < ATTEMPTS, "{ratio:.2} times as long");
    }
    // What waits still waits.
    for n in [0, DEAD - 1] {
        let link = link(&mut messi, &format!("mati-{n}"));
        assert!(link["queued"].as_u64().unwrap() > TURNS as u64, "{link}");
    }
}
