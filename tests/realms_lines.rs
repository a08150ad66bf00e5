//! Three realms on machines of their own, as far as the network can tell: a slow line each, which loses packets and is
//! cut now and then. In the end all three agree, message for message.
//!
//! A minute; `KABAR_LINES_SECS=1200` takes twenty. It needs root, `ip`, `tc` and `nft`; without root it says so and is over.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::program::{Ended, KABAR};
use support::{Api, Client};
use tempfile::TempDir;

const REALMS: [&str; 3] = ["alfa", "beta", "gama"];
const PEOPLE: [&str; 2] = ["ana", "budi"];
const PORT: u16 = 7000;
/// What a line carries, and what of a hundred packets it loses.
const RATE: &str = "512kbit";
const LOST_OF_100: u32 = 3;
/// How long a cut lasts, and the time between two.
const CUT: Duration = Duration::from_secs(3);
const BETWEEN_CUTS: Duration = Duration::from_secs(9);
/// How long the realms may take to agree when the lines are well again.
const AGREE: Duration = Duration::from_mins(2);

/// Where these programs are on Debian, whether the one who tests looks there or not.
fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

fn run(words: &str) -> bool {
    let mut words = words.split_ascii_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.env("PATH", path()).args(words);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[track_caller]
fn must(words: &str) {
    assert!(run(words), "{words}");
}

/// Three machines at a switch; gone when this is dropped.
struct Lines {
    bridge: String,
    spaces: Vec<String>,
}

impl Lines {
    fn make() -> Self {
        let id = std::process::id() % 100_000;
        let bridge = format!("kb{id}");
        let lines =
            Self { spaces: (0..REALMS.len()).map(|n| format!("kb{id}n{n}")).collect(), bridge };
        let bridge = &lines.bridge;
        must(&format!("ip link add {bridge} type bridge"));
        must(&format!("ip addr add {}/64 dev {bridge} nodad", address(99).ip()));
        must(&format!("ip link set {bridge} up"));
        for (n, space) in lines.spaces.iter().enumerate() {
            let end = format!("{space}v");
            must(&format!("ip netns add {space}"));
            must(&format!("ip link add {end} type veth peer name line netns {space}"));
            must(&format!("ip link set {end} master {bridge} up"));
            must(&format!("ip -n {space} addr add {}/64 dev line nodad", address(n).ip()));
            must(&format!("ip -n {space} link set lo up"));
            must(&format!("ip -n {space} link set line up"));
            let shape = format!("root tbf rate {RATE} burst 16kb latency 800ms");
            must(&format!("tc -n {space} qdisc add dev line {shape}"));
            must(&format!("tc qdisc add dev {end} {shape}"));
            let nft = format!("ip netns exec {space} nft");
            must(&format!("{nft} add table inet line"));
            must(&format!(
                "{nft} add chain inet line in {{ type filter hook input priority 0 ; }}"
            ));
            let lossy = format!("meta l4proto tcp numgen random mod 100 < {LOST_OF_100} drop");
            must(&format!("{nft} add rule inet line in {lossy}"));
        }
        lines
    }

    fn set(&self, n: usize, state: &str) {
        must(&format!("ip link set {}v {state}", self.spaces[n]));
    }

    /// Fast, and nothing is lost.
    fn mend(&self) {
        for space in &self.spaces {
            must(&format!("ip netns exec {space} nft flush chain inet line in"));
            must(&format!("tc -n {space} qdisc del dev line root"));
            must(&format!("tc qdisc del dev {space}v root"));
        }
    }

    fn serve(&self, n: usize, data: &TempDir) -> Ended {
        let listen = address(n).to_string();
        let mut process = Command::new("ip")
            .args(["netns", "exec", &self.spaces[n], KABAR, "serve", "--realm", REALMS[n]])
            .args(["--listen", &listen, "--data"])
            .arg(data.path())
            .env("PATH", path())
            .env("KABAR_REALMS__ACCEPT", "open")
            .env("KABAR_REALMS__PRIVATE", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = process.stdout.take().unwrap();
        let process = Ended(process);
        let ready = BufReader::new(out).lines().any(|line| line.unwrap().starts_with("ready "));
        assert!(ready, "{} does not start", REALMS[n]);
        process
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        for space in &self.spaces {
            run(&format!("ip netns del {space}"));
        }
        run(&format!("ip link del {}", self.bridge));
    }
}

/// A unique local address (RFC 4193), which no other network here has.
fn address(n: usize) -> SocketAddr {
    format!("[fd77:6b61:6261::{}]:{PORT}", n + 1).parse().unwrap()
}

/// Says something to everybody in turn until it is over; how much was accepted.
fn talk(realm: usize, who: &str, token: &str, over: &AtomicBool) -> usize {
    let mut accepted = 0;
    let mut client = Client::connect(address(realm));
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let there = REALMS[number % REALMS.len()];
        let whom = PEOPLE[number / REALMS.len() % PEOPLE.len()];
        let text = format!("{who}@{} {number}", REALMS[realm]);
        let to = if number % 4 == 3 {
            format!("sendgroup {token} ramai@alfa")
        } else {
            format!("send {token} {whom}@{there}")
        };
        client.say(&format!("{to} {text}"));
        match client.hear() {
            Ok(reply) => {
                assert_eq!(reply["status"], "OK", "{to} {text}: {reply}");
                accepted += 1;
            }
            // The line was cut for too long: what became of that one, nobody knows.
            Err(_) => client = Client::connect(address(realm)),
        }
        thread::sleep(Duration::from_millis(150));
    }
    accepted
}

/// What was said in each conversation, by what all realms call it.
fn told(realm: usize, tokens: &[String]) -> HashMap<String, Vec<String>> {
    let mut all = HashMap::new();
    for token in tokens {
        let api = Api::of(address(realm), token);
        let me = api.get("/me")["username"].as_str().unwrap().to_owned();
        for talk in api.get("/conversations")["conversations"].as_array().unwrap() {
            let id = talk["id"].as_str().unwrap();
            let here = |name: &str| {
                if name.contains('@') {
                    name.to_owned()
                } else {
                    format!("{name}@{}", REALMS[realm])
                }
            };
            let called = match talk["with"]["username"].as_str() {
                Some(with) => {
                    let mut two = [here(with), here(&me)];
                    two.sort();
                    two.join(" ")
                }
                None => here(talk["name"].as_str().unwrap()),
            };
            let said = api.messages(id).into_iter();
            let said = said.map(|message| format!("{} {}", message["seq"], message["text"]));
            all.insert(called, said.collect());
        }
    }
    all
}

fn queued(realm: usize, token: &str) -> u64 {
    let mut client = Client::connect(address(realm));
    let links = client.must(&format!("listrealm {token}"))["messages"].clone();
    links.as_array().unwrap().iter().map(|link| link["queued"].as_u64().unwrap()).sum()
}

/// Joins the group at the first realm. On such lines it may not answer in time; then nothing was changed, and one asks
/// again.
fn join(n: usize, token: &str) {
    support::eventually("the group can be joined", || {
        let said = Client::connect(address(n)).ask(&format!("joingroup {token} ramai@alfa"));
        let is_away = said["message"] == "Realm Unreachable";
        assert!(is_away || said["status"] == "OK", "{said}");
        (!is_away).then_some(())
    });
}

#[test]
fn three_realms_on_bad_lines_agree_in_the_end() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not root: no network namespaces, so nothing is tested here");
        return;
    }
    let probe = format!("kbp{}", std::process::id());
    if !run(&format!("ip netns add {probe}")) {
        eprintln!("this machine makes no network namespaces, so nothing is tested here");
        return;
    }
    must(&format!("ip netns del {probe}"));
    let secs = std::env::var("KABAR_LINES_SECS").ok().and_then(|secs| secs.parse().ok());
    let whole = Duration::from_secs(secs.unwrap_or(45));
    let lines = Lines::make();
    let places: Vec<TempDir> = REALMS.map(|_| tempfile::tempdir().unwrap()).into();
    let mut servers: Vec<Option<Ended>> =
        (0..REALMS.len()).map(|n| Some(lines.serve(n, &places[n]))).collect();
    let mut tokens: Vec<Vec<String>> = Vec::new();
    for n in 0..REALMS.len() {
        let register = |user: &&str| Client::register(address(n), user).1;
        tokens.push(PEOPLE.iter().map(register).collect());
    }
    for (from, to) in [(0, 1), (0, 2), (1, 2)] {
        let there = address(to);
        let mut client = Client::connect(address(from));
        let wish = format!("addrealm {} {} {} {PORT}", tokens[from][0], REALMS[to], there.ip());
        assert_eq!(client.must(&wish)["message"], "Realm added");
    }
    Client::connect(address(0)).must(&format!("addgroup {} ramai", tokens[0][0]));
    for (n, tokens) in tokens.iter().enumerate() {
        for token in tokens.iter().skip(usize::from(n == 0)) {
            join(n, token);
        }
    }

    let over = AtomicBool::new(false);
    let accepted: usize = thread::scope(|scope| {
        let mut talks = Vec::new();
        for (n, tokens) in tokens.iter().enumerate() {
            for (who, token) in PEOPLE.iter().zip(tokens) {
                let over = &over;
                talks.push(scope.spawn(move || talk(n, who, token, over)));
            }
        }
        let began = Instant::now();
        let mut turn = 0;
        while began.elapsed() < whole {
            thread::sleep(BETWEEN_CUTS.min(whole.saturating_sub(began.elapsed())));
            lines.set(turn % REALMS.len(), "down");
            thread::sleep(CUT);
            lines.set(turn % REALMS.len(), "up");
            turn += 1;
        }
        over.store(true, Ordering::Relaxed);
        lines.mend();
        talks.into_iter().map(|talk| talk.join().unwrap()).sum()
    });

    // One of them crashes on top, with what it has left to send.
    servers[1].take();
    servers[1] = Some(lines.serve(1, &places[1]));
    let began = Instant::now();
    loop {
        let waits: u64 = (0..REALMS.len()).map(|n| queued(n, &tokens[n][0])).sum();
        if waits == 0 {
            let copies: Vec<_> = (0..REALMS.len()).map(|n| told(n, &tokens[n])).collect();
            if agree(&copies, began.elapsed() > AGREE) {
                let all: usize = copies[0].values().map(Vec::len).sum();
                println!(
                    "{accepted} accepted; {all} messages in alfa alone; agreed {:?} after the lines were well",
                    began.elapsed()
                );
                assert!(accepted > 100, "{accepted}");
                return;
            }
        }
        assert!(began.elapsed() < AGREE + Duration::from_secs(10), "{waits} items still wait");
        thread::sleep(Duration::from_millis(500));
    }
}

/// Whether each conversation is the same wherever it is. A mirror begins when its first member joined.
fn agree(copies: &[HashMap<String, Vec<String>>], must: bool) -> bool {
    for one in copies {
        for (talk, said) in one {
            for other in copies.iter().filter_map(|copy| copy.get(talk)) {
                let shorter = said.len().min(other.len());
                let is_same = said[said.len() - shorter..] == other[other.len() - shorter..]
                    && (said.len() == other.len() || talk.starts_with("ramai"));
                assert!(is_same || !must, "{talk}: {said:?} and {other:?}");
                if !is_same {
                    return false;
                }
            }
        }
    }
    let sizes: Vec<Value> = copies.iter().map(|copy| json!(copy.len())).collect();
    assert!(copies.iter().all(|copy| copy.len() > 4), "{sizes:?}");
    true
}
