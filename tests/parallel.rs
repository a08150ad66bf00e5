//! Many at once: everybody sees the same messages in the same order, whatever they speak.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;
use std::time::Instant;

use support::{Client, PATIENCE, Server};

const SENDERS: usize = 20;
const MESSAGES: usize = 100;
const READERS: usize = 10;
const PROFILES: [&str; 4] = ["line-en", "line-id", "realm", "auto"];

/// What a reader has, counted by sender. Since a sender's messages are numbered and arrive in order,
/// the counts tell exactly which messages these are.
type Prefix = Vec<usize>;

/// When each message was sent, as a reader was told.
type Moments = BTreeMap<(usize, usize), String>;

/// One at a time, so that the readers look while it goes on.
fn send(address: SocketAddr, token: &str) {
    let mut client = Client::connect(address);
    for n in 0..MESSAGES {
        client.must(&format!("sendgroup {token} kelompok {n}"));
    }
}

/// Reads on until everything is there: what was there after each look, and the moments.
fn read(address: SocketAddr, token: &str) -> (Vec<Prefix>, Moments) {
    let mut client = Client::connect(address);
    let mut have = vec![0; SENDERS];
    let (mut prefixes, mut moments) = (Vec::new(), Moments::new());
    let began = Instant::now();
    while have.iter().sum::<usize>() < SENDERS * MESSAGES {
        assert!(began.elapsed() < PATIENCE, "missing: {have:?}");
        let inbox = client.must(&format!("inbox {token}"));
        for (name, items) in inbox["messages"].as_object().unwrap() {
            let sender: usize = name.strip_prefix("sender").unwrap().parse().unwrap();
            for item in items.as_array().unwrap() {
                assert_eq!(item["group"], "kelompok");
                assert_eq!(item["msg"], have[sender].to_string(), "the next of {name}");
                let at = item["sent_at"].as_str().unwrap().to_owned();
                moments.insert((sender, have[sender]), at);
                have[sender] += 1;
            }
        }
        prefixes.push(have.clone());
    }
    assert_eq!(client.must(&format!("inbox {token}"))["messages"], serde_json::json!({}));
    (prefixes, moments)
}

/// All looks of all readers are at one and the same sequence: of any two, one is the beginning of the
/// other. The number of different looks, or two that contradict each other.
fn one_order(mut prefixes: Vec<Prefix>) -> Result<usize, (Prefix, Prefix)> {
    prefixes.sort_by_key(|prefix| prefix.iter().sum::<usize>());
    prefixes.dedup();
    let contradiction = prefixes.windows(2).find(|pair| {
        let (earlier, later) = (&pair[0], &pair[1]);
        earlier.iter().zip(later).any(|(one, other)| one > other)
    });
    match contradiction {
        Some(pair) => Err((pair[0].clone(), pair[1].clone())),
        None => Ok(prefixes.len()),
    }
}

#[test]
fn the_comparison_finds_two_orders() {
    assert_eq!(one_order(vec![vec![2, 2], vec![1, 0], vec![1, 2], vec![1, 0]]), Ok(3));
    assert!(one_order(vec![vec![1, 0], vec![0, 1]]).is_err());
    assert!(one_order(vec![vec![0, 3], vec![2, 2], vec![2, 3]]).is_err());
}

#[test]
fn all_readers_see_one_order_and_miss_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let listen = PROFILES.map(|profile| format!("127.0.0.1:0/{profile}"));
    let mut args = vec!["--data", data];
    for address in &listen {
        args.extend(["--listen", address]);
    }
    let server = Server::with(&args, &[]);
    let on = |n: usize| server.listening[n % PROFILES.len()].0;

    let (mut founder, _) = Client::register(server.address(), "founder");
    founder.must("addgroup kelompok");
    let join = |name: String| {
        let (mut client, token) = Client::register(server.address(), &name);
        client.must("joingroup kelompok");
        token
    };
    let senders: Vec<String> = (0..SENDERS).map(|n| join(format!("sender{n}"))).collect();
    let readers: Vec<String> = (0..READERS).map(|n| join(format!("reader{n}"))).collect();

    let seen: Vec<(Vec<Prefix>, Moments)> = thread::scope(|scope| {
        let reading: Vec<_> = readers
            .iter()
            .enumerate()
            .map(|(n, token)| scope.spawn(move || read(on(n), token)))
            .collect();
        senders
            .iter()
            .enumerate()
            .for_each(|(n, token)| drop(scope.spawn(move || send(on(n + 1), token))));
        reading.into_iter().map(|reader| reader.join().unwrap()).collect()
    });

    let (prefixes, mut moments): (Vec<_>, Vec<_>) = seen.into_iter().unzip();
    moments.dedup();
    assert_eq!(moments.len(), 1, "everybody was told the same moments");
    let looks = one_order(prefixes.concat()).unwrap_or_else(|pair| panic!("two orders: {pair:?}"));
    assert!(looks > READERS, "the readers looked while it went on: {looks} different looks");
}

#[test]
fn one_account_logs_in_many_times_at_once() {
    let server = Server::demo(&PROFILES);
    let mut clients: Vec<Client> =
        (0..6).map(|n| Client::connect(server.listening[n % PROFILES.len()].0)).collect();
    for client in &mut clients {
        client.say("auth messi surabaya");
    }
    let mut tokens: Vec<String> = clients
        .iter_mut()
        .map(|client| {
            let reply = client.hear().unwrap();
            reply["tokenid"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
        })
        .collect();
    // Each is a session of its own, good on any of the connections, and the person is listed once.
    for (client, token) in clients.iter_mut().zip(tokens.iter().rev()) {
        assert_eq!(client.must(&format!("list {token}"))["messages"], serde_json::json!(["messi"]));
    }
    clients[0].must(&format!("logout {}", tokens[5]));
    clients[0].must("inbox");
    clients[5].refused("inbox");
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 6);
}
