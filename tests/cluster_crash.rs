//! Three nodes under load while nodes, NATS and the database are killed and lines are cut: everything accepted is there
//! once and in order, and who listened heard all of it.
//!
//! A minute and a half; `KABAR_CLUSTER_WHOLE=1` takes some more. `KABAR_CLUSTER_SEED` repeats a plan. Half of the cuts are
//! by nft, where that is allowed; with `KABAR_CLUSTER_NFT=1` the test fails where it is not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use support::history::{Fate, History, compare};
use support::line::{self, Cut, ways};
use support::random::Random;
use support::steady::{Living, Steady, Talk, living};
use support::{Api, Cluster, Events};

const NODES: usize = 3;
/// Writers by the API, each with a key for each message.
const STEADY: usize = 3;
/// Writers by dialects, which have no keys.
const DIALECTS: [&str; 3] = ["line", "form", "keyword"];
/// Between two messages of a writer.
const PACE: Duration = Duration::from_millis(4);
/// The longest that a person may wait for an answer when a node dies: 5 s, and what a machine that tests other things
/// at the same time adds to that.
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// What takes longer is noted.
const SLOW: Duration = Duration::from_millis(500);

/// What is known to take longer stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    DatabaseKilled,
    /// Between a node and the database.
    DatabaseCut(Cut),
    NatsKilled,
    /// Between a node and NATS.
    NatsCut(Cut),
    NodeKilled,
}

/// The faults, in an order that the seed decides.
fn plan(random: &mut Random, ways: [Cut; 2]) -> Vec<Fault> {
    use Fault::{DatabaseCut, DatabaseKilled, NatsCut, NatsKilled, NodeKilled};
    let is_whole = std::env::var_os("KABAR_CLUSTER_WHOLE").is_some();
    let counts = if is_whole { [30, 10, 5, 5, 5, 5, 5] } else { [6, 2, 1, 1, 1, 1, 1] };
    let [to_database, to_nats] = [ways.map(DatabaseCut), ways.map(NatsCut)];
    let kinds = [NodeKilled, NatsKilled, DatabaseKilled].into_iter().chain(to_database);
    let kinds: Vec<Fault> = kinds.chain(to_nats).collect();
    let mut faults: Vec<Fault> =
        kinds.iter().zip(counts).flat_map(|(fault, count)| vec![*fault; count]).collect();
    for last in (1..faults.len()).rev() {
        faults.swap(last, random.below(last + 1));
    }
    faults
}

/// Where the nodes listen now.
struct Nodes {
    /// HTTP, and the dialects that it is told apart from.
    auto: Living,
    form: Living,
}

impl Nodes {
    fn of(cluster: &Cluster) -> Self {
        let [auto, form] = ["auto", "form"].map(|dialect| {
            let all = (0..NODES).map(|n| Some(cluster.speaking(n, dialect)));
            Arc::new(Mutex::new(all.collect()))
        });
        Self { auto, form }
    }

    fn up(&self, n: usize, cluster: &Cluster) {
        self.auto.lock().unwrap()[n] = Some(cluster.address(n));
        self.form.lock().unwrap()[n] = Some(cluster.speaking(n, "form"));
    }

    fn down(&self, n: usize) {
        self.auto.lock().unwrap()[n] = None;
        self.form.lock().unwrap()[n] = None;
    }
}

/// Somebody who writes, and what they know of it: to the reader, and to the group.
struct Writer {
    name: String,
    token: String,
    sent: [History; 2],
    /// When something took long, and how long.
    slow: Vec<(Instant, Duration)>,
}

/// The conversations that are written to.
struct Places {
    group: String,
    code: String,
    /// Of each writer by the API, that with the reader.
    direct: HashMap<String, String>,
}

fn write_by_api(
    writer: &mut Writer,
    nodes: &Living,
    places: &Places,
    turn: usize,
    over: &AtomicBool,
) {
    let mut steady = Steady::new(nodes, &writer.token, turn);
    let direct = &places.direct[&writer.name];
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let text = format!("{}-{number}", writer.name);
        let place = number % 2;
        let to = if place == 0 { direct } else { &places.group };
        let began = Instant::now();
        let said = steady.post(to, &text, &text);
        note(&mut writer.slow, began);
        // Whoever asks again with the key is told at last.
        writer.sent[place]
            .push((text, if said.is_some() { Fate::Accepted } else { Fate::Unknown }));
        thread::sleep(PACE);
    }
}

fn note(slow: &mut Vec<(Instant, Duration)>, began: Instant) {
    if began.elapsed() > SLOW {
        slow.push((began, began.elapsed()));
    }
}

/// The request of a dialect that sends this text to the reader, or to the group.
fn request(dialect: &str, token: &str, place: usize, code: &str, text: &str) -> String {
    match (dialect, place) {
        ("line", 0) => format!("send {token} reader {text}\r\n"),
        ("line", _) => format!("sendgroup {token} kelompok {text}\r\n"),
        ("keyword", 0) => json!({
            "COMMAND": "CHAT-PRIVATE-SEND", "token": token, "p_username": "reader", "message": text,
        })
        .to_string(),
        ("keyword", _) => json!({
            "COMMAND": "CHAT-GROUP-SEND", "token": token, "code": code, "message": text,
        })
        .to_string(),
        _ => {
            let mut block = format!("send session={token}&destination=reader&message={text}");
            block += &" ".repeat(block.len().next_multiple_of(1024) - block.len());
            block
        }
    }
}

fn write_by_dialect(
    writer: &mut Writer,
    dialect: &str,
    nodes: &Living,
    code: &str,
    over: &AtomicBool,
) {
    let mut turn = 0;
    let mut talk = None;
    let mut number = 0;
    while !over.load(Ordering::Relaxed) {
        if talk.is_none() {
            turn += 1;
            talk = living(nodes, turn).and_then(|(_, address)| Talk::open(address).ok());
            if talk.is_none() {
                thread::sleep(Duration::from_millis(50));
            }
        }
        let Some(open) = &mut talk else { continue };
        let text = format!("{}-{number}", writer.name);
        let place = if dialect == "form" { 0 } else { number % 2 };
        number += 1;
        let began = Instant::now();
        let reply = open.ask(&request(dialect, &writer.token, place, code, &text));
        note(&mut writer.slow, began);
        let fate = match &reply {
            Ok(said) if said["status"] == "OK" || said["status"] == "success" => Fate::Accepted,
            Ok(_) => Fate::Refused,
            Err(_) => Fate::Unknown,
        };
        if fate == Fate::Unknown {
            talk = None;
        }
        writer.sent[place].push((text, fate));
        thread::sleep(PACE);
    }
}

/// What somebody heard, by its place in the order of arrival; and how often they were told that they missed some.
#[derive(Default)]
struct Heard {
    messages: Vec<(i64, String)>,
    resyncs: usize,
    streams: usize,
}

/// Says that it is over when the test goes, whatever it came to: nobody is to wait for what will not come.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Hears until the last word is said. Comes back elsewhere with the position when a stream breaks.
fn listen(nodes: &Living, token: &str, mut turn: usize, last: &str, gone: &AtomicBool) -> Heard {
    let mut heard = Heard::default();
    let mut position: Option<String> = None;
    while !gone.load(Ordering::Relaxed) {
        let address = living(nodes, turn).map(|(_, address)| address);
        let open = address.and_then(|at| Events::open(at, token, position.as_deref()).ok());
        let Some(mut events) = open else {
            turn += 1;
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        heard.streams += 1;
        while let Ok(event) = events.next(Duration::from_millis(200)) {
            if gone.load(Ordering::Relaxed) {
                return heard;
            }
            let Some(event) = event else { continue };
            heard.resyncs += usize::from(event["type"] == "resync");
            if event["type"] != "message" {
                continue;
            }
            let place = event["position"].as_str().unwrap()[1..].parse().unwrap();
            let text = event["message"]["text"].as_str().unwrap().to_owned();
            let is_last = text == last;
            heard.messages.push((place, text));
            if is_last {
                return heard;
            }
        }
        position = events.position;
        turn += 1;
    }
    heard
}

/// One fault, and its end. Tells how many packets the kernel has dropped for it.
fn strike(cluster: &mut Cluster, nodes: &Nodes, fault: Fault, random: &mut Random) -> u64 {
    let n = random.below(NODES);
    let lasts = random.millis(500, 3_000);
    match fault {
        Fault::NodeKilled => {
            nodes.down(n);
            cluster.kill_node(n);
            thread::sleep(lasts);
            cluster.start_node(n);
            nodes.up(n, cluster);
        }
        Fault::NatsKilled => {
            cluster.nats.kill();
            thread::sleep(lasts);
            cluster.nats.start();
        }
        Fault::DatabaseKilled => {
            cluster.database().kill();
            thread::sleep(lasts);
            cluster.database().start();
        }
        Fault::DatabaseCut(by) | Fault::NatsCut(by) => {
            let is_database = fault == Fault::DatabaseCut(by);
            let line = if is_database { cluster.to_database(n) } else { cluster.to_nats(n) };
            line.cut(by);
            thread::sleep(lasts);
            // Either what was under way goes on, or it is gone for good.
            return if random.below(2) == 0 { line.mend() } else { line.reset() };
        }
    }
    0
}

/// Starts nodes anew that have ended themselves: they could not know what became of a commit.
fn revive(cluster: &mut Cluster, nodes: &Nodes) -> usize {
    let mut ended = 0;
    for n in 0..NODES {
        if !cluster.runs(n) {
            nodes.down(n);
            cluster.bury(n);
            cluster.start_node(n);
            nodes.up(n, cluster);
            ended += 1;
        }
    }
    ended
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one story: who writes, what dies, what is there afterwards"
)]
fn nothing_accepted_is_lost_whatever_dies() {
    let seed = std::env::var("KABAR_CLUSTER_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("KABAR_CLUSTER_SEED={seed}");
    let mut random = Random(seed);
    let plan = plan(&mut random, ways());
    let mut cluster = Cluster::start_whole(NODES);
    let reader = cluster.register(0, "reader");
    let owner = Api::of(cluster.address(0), &reader);
    let made = owner.must("POST /groups", &json!({"name": "kelompok"}));
    let mut places = Places {
        group: made["id"].as_str().unwrap().to_owned(),
        code: owner.get("/groups")["groups"][0]["code"].as_str().unwrap().to_owned(),
        direct: HashMap::new(),
    };
    let names = (0..STEADY).map(|n| format!("api{n}")).chain(DIALECTS.map(str::to_owned));
    let mut writers: Vec<Writer> = names
        .map(|name| {
            let token = cluster.register(0, &name);
            let api = Api::of(cluster.address(0), &token);
            api.must("POST /groups/join", &json!({"group": "kelompok"}));
            places.direct.insert(name.clone(), api.direct("reader"));
            Writer { name, token, sent: Default::default(), slow: Vec::new() }
        })
        .collect();
    let nodes = Nodes::of(&cluster);
    let [over, gone] = [false; 2].map(AtomicBool::new);
    let last = "selesai";
    let mut lasted: Vec<(Fault, Instant, Instant)> = Vec::new();
    let (mut ended, mut dropped) = (0, 0);
    let heard: Vec<Heard> = thread::scope(|scope| {
        let _ends = [Over(&over), Over(&gone)];
        let listeners: Vec<_> = (0..NODES)
            .map(|n| {
                let (auto, reader, gone) = (&nodes.auto, &reader, &gone);
                scope.spawn(move || listen(auto, reader, n, last, gone))
            })
            .collect();
        let (nodes, places, over) = (&nodes, &places, &over);
        // Everybody listens before the first word.
        thread::sleep(Duration::from_millis(500));
        let writing: Vec<_> = writers
            .iter_mut()
            .enumerate()
            .map(|(n, writer)| {
                scope.spawn(move || match n.checked_sub(STEADY) {
                    None => write_by_api(writer, &nodes.auto, places, n, over),
                    Some(n) => {
                        let dialect = DIALECTS[n];
                        let living = if dialect == "form" { &nodes.form } else { &nodes.auto };
                        write_by_dialect(writer, dialect, living, &places.code, over);
                    }
                })
            })
            .collect();
        for fault in plan {
            thread::sleep(random.millis(500, 2_000));
            let began = Instant::now();
            dropped += strike(&mut cluster, nodes, fault, &mut random);
            thread::sleep(Duration::from_millis(300));
            ended += revive(&mut cluster, nodes);
            lasted.push((fault, began, Instant::now()));
        }
        thread::sleep(Duration::from_secs(2));
        ended += revive(&mut cluster, nodes);
        over.store(true, Ordering::Relaxed);
        for writer in writing {
            writer.join().unwrap();
        }
        ended += revive(&mut cluster, nodes);
        Steady::new(&nodes.auto, &reader, 0).post(&places.group, last, last).unwrap();
        listeners.into_iter().map(|listener| listener.join().unwrap()).collect()
    });

    let mut faults = Vec::new();
    // Every node tells the same.
    let mut stored: Vec<HashMap<&str, Vec<String>>> = Vec::new();
    for n in 0..NODES {
        let api = Api::of(cluster.address(n), &reader);
        let mut by_place = HashMap::new();
        for (name, conversation) in
            places.direct.iter().map(|(name, id)| (name.as_str(), id)).chain([("", &places.group)])
        {
            let messages = api.messages(conversation);
            let gapless = messages.iter().zip(1..).all(|(said, seq)| said["seq"] == seq);
            if !gapless {
                faults.push(format!("node {n}: gaps in the numbers of {name:?}"));
            }
            let texts = messages.iter().map(|said| said["text"].as_str().unwrap().to_owned());
            by_place.insert(name, texts.collect());
        }
        stored.push(by_place);
    }
    assert!(stored.iter().all(|place| *place == stored[0]), "the nodes do not tell the same");
    let of = |writer: &str, texts: &[String]| -> Vec<String> {
        let begins = format!("{writer}-");
        texts.iter().filter(|text| text.starts_with(&begins)).cloned().collect()
    };
    for writer in &writers {
        for (place, key) in [(0, writer.name.as_str()), (1, "")] {
            let came = of(&writer.name, &stored[0][key]);
            faults.extend(compare(&writer.sent[place], &came.iter().collect::<Vec<_>>()));
        }
        faults.extend(writer.sent.iter().flatten().filter_map(|(text, fate)| {
            let has_key = writer.name.starts_with("api");
            (has_key && *fate != Fate::Accepted).then(|| format!("never accepted: {text}"))
        }));
    }
    let all: usize = stored[0].values().map(Vec::len).sum();
    for (n, heard) in heard.iter().enumerate() {
        if !heard.messages.windows(2).all(|two| two[0].0 < two[1].0) {
            let at = heard.messages.windows(2).find(|two| two[0].0 >= two[1].0);
            faults.push(format!("listener {n}: twice or out of order: {at:?}"));
        }
        if heard.resyncs == 0 {
            let texts: Vec<String> = heard.messages.iter().map(|(_, text)| text.clone()).collect();
            for writer in &writers {
                let mut expected = of(&writer.name, &stored[0][writer.name.as_str()]);
                expected.extend(of(&writer.name, &stored[0][""]));
                let mut came = of(&writer.name, &texts);
                expected.sort();
                came.sort();
                if expected != came {
                    let missing = expected.iter().find(|text| !came.contains(text));
                    faults.push(format!(
                        "listener {n}: {} of {} of {}; {missing:?} is missing",
                        came.len(),
                        expected.len(),
                        writer.name
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "seed {seed}:\n{}", faults[..faults.len().min(40)].join("\n"));

    let pauses = pauses(&lasted, &writers);
    let fates = writers.iter().flat_map(|writer| writer.sent.iter().flatten());
    let count = |wanted: Fate| fates.clone().filter(|(_, fate)| *fate == wanted).count();
    println!(
        "{} faults, {ended} nodes ended themselves; {} accepted, {} refused, {} without an answer; {all} stored",
        lasted.len(),
        count(Fate::Accepted),
        count(Fate::Refused),
        count(Fate::Unknown),
    );
    for heard in &heard {
        let (count, streams, resyncs) = (heard.messages.len(), heard.streams, heard.resyncs);
        println!(
            "a listener: {count} messages on {streams} streams, {resyncs} times told that it missed some"
        );
    }
    println!("{dropped} packets dropped by nft; faults, and the longest pause of a user at each:");
    for kind in lasted.iter().map(|(fault, ..)| *fault).collect::<BTreeSet<_>>() {
        let count = lasted.iter().filter(|(fault, ..)| *fault == kind).count();
        println!("{count:4} {kind:?}: {:?}", pauses.get(&kind).copied().unwrap_or_default());
    }
    let by_nft = |(fault, ..): &(Fault, _, _)| {
        matches!(fault, Fault::DatabaseCut(Cut::Nft) | Fault::NatsCut(Cut::Nft))
    };
    assert!(dropped > 0 || !lasted.iter().any(by_nft), "the cuts were real");
    assert!(count(Fate::Accepted) > 20 * lasted.len(), "the load was real");
    let pause = pauses.get(&Fault::NodeKilled);
    assert!(pause.is_none_or(|pause| *pause < PAUSE_MAX), "{pauses:?}");
}

/// The longest time above `SLOW` that somebody waited for an answer, for each kind of fault. What falls into two faults
/// counts for the one that is known to take longer.
fn pauses(lasted: &[(Fault, Instant, Instant)], writers: &[Writer]) -> BTreeMap<Fault, Duration> {
    let mut longest: BTreeMap<Fault, Duration> = BTreeMap::new();
    for (began, took) in writers.iter().flat_map(|writer| &writer.slow) {
        let touches =
            |(_, from, to): &&(Fault, Instant, Instant)| began < to && *began + *took > *from;
        let during = lasted.iter().filter(touches).map(|(fault, ..)| *fault).min();
        let Some(fault) = during else { continue };
        let known = longest.entry(fault).or_default();
        *known = (*known).max(*took);
    }
    longest
}

#[test]
fn a_line_that_is_cut_carries_nothing_until_it_is_mended() {
    ways().into_iter().for_each(line::check);
}
