//! Links that break: a realm is killed while messages are on their way, and the line is cut under a file.
//!
//! `KABAR_REALMS_DOWN_SECS=60` for a longer absence, `KABAR_REALMS_FILE_MIB=100` for a larger file.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashMap;
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use support::client::texts;
use support::proxy::Proxy;
use support::realms::{add, link};
use support::{Api, Client, Server, eventually};
use tempfile::TempDir;

const WRITERS: usize = 4;
/// Texts that each of the writers of both realms sends before the other realm is killed.
const TEXTS_EACH: usize = 125;
/// How soon all is there once it is back.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(5);
const CUTS: usize = 20;
/// How soon the file is whole, although every cut costs a wait.
const FILE_WITHIN: Duration = Duration::from_mins(2);
const MIB: usize = 1024 * 1024;
/// How much more memory a file may take that goes from realm to realm.
const GROWTH_BYTES_MAX: u64 = 64 * 1024 * 1024;

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

/// A realm that can be killed and comes back, and the line that leads to it.
struct Ground {
    name: &'static str,
    directory: TempDir,
    line: Proxy,
}

impl Ground {
    fn new(name: &'static str, line: Proxy) -> Self {
        Self { name, directory: tempfile::tempdir().unwrap(), line }
    }

    fn start(&self) -> Server {
        let data = self.directory.path().join("data");
        let server = Server::lasting_realm(self.name, &data, self.line.address);
        self.line.lead_to(Some(server.address()));
        server
    }
}

/// Somebody who writes, and how much of it was accepted.
struct Writer {
    name: String,
    token: String,
    /// A person there, a group here, a group there.
    places: [String; 3],
    sent: usize,
}

impl Writer {
    /// Sends so many texts, to the three places in turn.
    fn write(&mut self, server: &Server, count: usize) {
        let mut client = Client::connect(server.address());
        let mut lines = String::new();
        for n in self.sent..self.sent + count {
            let place = n % 3;
            let command = if place == 0 { "send" } else { "sendgroup" };
            let (token, to) = (&self.token, &self.places[place]);
            lines.extend([format!("{command} {token} {to} {}-{n}\r\n", self.name)]);
        }
        client.stream.write_all(lines.as_bytes()).unwrap();
        for _ in 0..count {
            let reply = client.hear().unwrap();
            assert_eq!(reply["message"], "Message sent", "{reply}");
        }
        self.sent += count;
    }
}

/// Everything that a reader has heard, by the writer.
#[derive(Default)]
struct Heard(HashMap<String, Vec<usize>>);

impl Heard {
    fn hear(&mut self, reader: &mut Client, token: &str) -> usize {
        for (sender, texts) in texts(&reader.must(&format!("inbox {token}"))) {
            let numbers = texts.iter().filter_map(|text| {
                let (name, number) = text.rsplit_once('-')?;
                sender.starts_with(&format!("{name}@")).then(|| number.parse::<usize>().unwrap())
            });
            self.0.entry(sender.split('@').next().unwrap().to_owned()).or_default().extend(numbers);
        }
        self.0.values().map(Vec::len).sum()
    }

    /// Holds what was heard against what was sent.
    fn check(&self, writers: &[Writer]) {
        for writer in writers {
            let heard = &self.0[&writer.name];
            for place in 0..3 {
                let heard: Vec<usize> = heard.iter().copied().filter(|n| n % 3 == place).collect();
                let sent: Vec<usize> = (0..writer.sent).filter(|n| n % 3 == place).collect();
                assert_eq!(heard, sent, "{} to {}", writer.name, writer.places[place]);
            }
        }
    }
}

/// A reader with a group, and the reader's token; and writers, who are in it.
fn people(own: (&Server, &str), there: &str) -> (Client, String, Vec<Writer>) {
    let (server, name) = own;
    let (mut reader, reading) = Client::register(server.address(), "reader");
    reader.must(&format!("addgroup kelas-{name}"));
    let writers = (0..WRITERS).map(|n| {
        let user = format!("{name}{n}");
        let (mut client, token) = Client::register(server.address(), &user);
        client.must(&format!("joingroup kelas-{name}"));
        let here = format!("kelas-{name}");
        let places = [format!("reader@{there}"), here, format!("kelas-{there}@{there}")];
        Writer { name: user, token, places, sent: 0 }
    });
    let writers = writers.collect();
    (reader, reading, writers)
}

#[test]
fn nothing_is_lost_doubled_or_disordered_when_a_realm_is_killed_under_way() {
    let down = Duration::from_secs(number("KABAR_REALMS_DOWN_SECS", 3) as u64);
    let grounds = ["alfa", "beta"].map(|name| Ground::new(name, Proxy::new()));
    let (alfa, mut beta) = (grounds[0].start(), grounds[1].start());
    let (mut anna, of_anna, mut of_alfa) = people((&alfa, "alfa"), "beta");
    let (mut sari, of_sari, mut of_beta) = people((&beta, "beta"), "alfa");
    add(&mut anna, "beta", grounds[1].line.address);
    anna.must("joingroup kelas-beta@beta");
    sari.must("joingroup kelas-alfa@alfa");
    let (mut to_anna, mut to_sari) = (Heard::default(), Heard::default());
    for (server, writers) in [(&alfa, &mut of_alfa), (&beta, &mut of_beta)] {
        for writer in writers {
            let mut client = Client::connect(server.address());
            let Writer { token, places, .. } = &*writer;
            client.must(&format!("joingroup {token} {}", places[2]));
            // So everybody knows everybody before the line is cut.
            writer.write(server, 3);
        }
    }

    // The line is cut, and both sides go on writing.
    for ground in &grounds {
        ground.line.lead_to(None);
    }
    thread::scope(|scope| {
        for writer in &mut of_alfa {
            scope.spawn(|| writer.write(&alfa, TEXTS_EACH));
        }
        for writer in &mut of_beta {
            scope.spawn(|| writer.write(&beta, TEXTS_EACH));
        }
    });
    let api = |server: &Server, writer: &Writer| Api::of(server.address(), &writer.token);
    let last = |writer: &Writer, place: usize| {
        let n = (0..writer.sent).rev().find(|n| n % 3 == place).unwrap();
        format!("{}-{n}", writer.name)
    };
    for writer in &of_alfa {
        let api = api(&alfa, writer);
        let direct = api.direct(&writer.places[0]);
        assert_eq!(api.message(&direct, &last(writer, 0))["delivery"], "queued");
        let waiting = api.waiting(&api.group(&writer.places[2]));
        assert!(waiting.iter().all(|message| message["delivery"] == "queued"), "{waiting:?}");
        assert!(waiting.iter().any(|message| message["text"] == last(writer, 2)), "{waiting:?}");
    }
    let queued = link(&mut anna, "beta")["queued"].as_u64().unwrap();
    assert!(queued >= (WRITERS * TEXTS_EACH) as u64, "{queued} are on their way");

    // It heals, and while all that passes, beta is killed.
    for (ground, server) in grounds.iter().zip([&alfa, &beta]) {
        ground.line.lead_to(Some(server.address()));
    }
    let known = WRITERS * 3;
    eventually("something passes", || (to_anna.hear(&mut anna, &of_anna) > known).then_some(()));
    beta.kill();
    let left = link(&mut anna, "beta")["queued"].as_u64().unwrap();
    println!("killed when {left} waited in one direction, of {queued} at first");
    for writer in &mut of_alfa {
        writer.write(&alfa, 6);
    }
    thread::sleep(down);

    beta = grounds[1].start();
    let began = Instant::now();
    let mut sari = Client::connect(beta.address());
    let count = |writers: &[Writer]| writers.iter().map(|writer| writer.sent).sum::<usize>();
    eventually("all that was said to anna", || {
        (to_anna.hear(&mut anna, &of_anna) >= count(&of_beta)).then_some(())
    });
    eventually("all that was said to sari", || {
        (to_sari.hear(&mut sari, &of_sari) >= count(&of_alfa)).then_some(())
    });
    for (server, writers) in [(&alfa, &of_alfa), (&beta, &of_beta)] {
        for writer in writers {
            let api = api(server, writer);
            let direct = api.direct(&writer.places[0]);
            eventually("the direct text is delivered", || {
                let delivery = &api.message(&direct, &last(writer, 0))["delivery"];
                (delivery == "delivered" || delivery == "read").then_some(())
            });
            let there = api.group(&writer.places[2]);
            eventually("nothing waits", || api.waiting(&there).is_empty().then_some(()));
            assert_eq!(api.message(&there, &last(writer, 2))["delivery"], "delivered");
        }
    }
    let took = began.elapsed();
    println!("caught up after {took:?}");
    // Nothing comes a second time.
    eventually("nothing is left", || (link(&mut anna, "beta")["queued"] == 0).then_some(()));
    to_anna.hear(&mut anna, &of_anna);
    to_sari.hear(&mut sari, &of_sari);
    to_anna.check(&of_beta);
    to_sari.check(&of_alfa);
    assert!(took <= CAUGHT_UP_WITHIN, "caught up after {took:?}");
}

/// Bytes between two cuts: several parts at times, at times less than one.
fn after(cut: usize) -> Option<i64> {
    let size = number("KABAR_REALMS_FILE_MIB", 24) * MIB;
    // Twice the mean is what a cut comes after at most, so all of them come while the file is on its way.
    let bytes = i64::try_from(size * 3 / 2 / CUTS).unwrap();
    (cut < CUTS).then(|| 100_000 + i64::from(random()).rem_euclid(bytes))
}

fn random() -> u32 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap()
}

#[test]
fn a_file_comes_whole_over_a_line_that_is_cut_again_and_again() {
    let alfa = Ground::new("alfa", Proxy::cutting(after));
    let beta = Ground::new("beta", Proxy::new());
    let (here, there) = (alfa.start(), beta.start());
    let (mut anna, token) = Client::register(here.address(), "anna");
    let (_, of_sari) = Client::register(there.address(), "sari");
    add(&mut anna, "beta", beta.line.address);
    let (anna, sari) = (Api::of(here.address(), &token), Api::of(there.address(), &of_sari));
    let conversation = anna.direct("sari@beta");
    anna.say(&conversation, "sebentar");
    sari.message(&sari.direct("anna@alfa"), "sebentar");

    let mut contents = vec![0; number("KABAR_REALMS_FILE_MIB", 24) * MIB];
    let mut state = random();
    for byte in &mut contents {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = state.to_be_bytes()[0];
    }
    let before = [&here, &there].map(|server| {
        server.resident_bytes_peak();
        server.resident_bytes()
    });
    let began = Instant::now();
    anna.send_file(&conversation, "film.bin", &contents);
    let talk = sari.direct("anna@alfa");
    let file = eventually("the file", || {
        let all = sari.messages(&talk);
        all.into_iter().map(|message| message["file"].clone()).find(|file| !file.is_null())
    });
    assert_eq!(file["size"], contents.len());
    let came = loop {
        let (status, bytes) = sari.http(&format!("GET {}", file["url"].as_str().unwrap()), "", b"");
        if status == 200 {
            break bytes;
        }
        assert!(began.elapsed() < FILE_WITHIN, "not whole after {FILE_WITHIN:?}");
        thread::sleep(Duration::from_millis(100));
    };
    println!(
        "{} MiB after {:?} and {} cuts",
        contents.len() / MIB,
        began.elapsed(),
        alfa.line.cuts()
    );
    assert!(came == contents, "other bytes came");
    assert_eq!(alfa.line.cuts(), CUTS);
    for (server, before) in [&here, &there].into_iter().zip(before) {
        let growth = server.resident_bytes_peak().saturating_sub(before);
        println!("{} MiB more memory", growth / MIB as u64);
        assert!(growth <= GROWTH_BYTES_MAX, "{growth} more bytes of memory");
    }
}
