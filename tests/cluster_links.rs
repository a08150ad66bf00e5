//! A realm on three nodes and one on a single server are linked: messages go both ways while each node in turn is killed,
//! the one that keeps the link going among them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use support::client::texts_from;
use support::proxy::Proxy;
use support::realms::{add, link};
use support::steady::{Living, Steady};
use support::{Api, Client, Cluster, Server, eventually};

/// How long the link may rest when the node that kept it going is gone: its lease lasts 5 s, and it is tried anew every
/// second; and a machine that does other things needs its time, too.
const REST_MAX: Duration = Duration::from_secs(20);
/// Between two messages.
const PACE: Duration = Duration::from_millis(30);

/// Posts until it is over, and counts.
fn talk(
    nodes: &Living,
    token: &str,
    conversation: &str,
    who: &str,
    (count, over): (&AtomicUsize, &AtomicBool),
) {
    let mut steady = Steady::new(nodes, token, 0);
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let text = format!("{who} {number}");
        let key = format!("{who}-{number}");
        assert!(steady.post(conversation, &text, &key).is_some(), "{text}");
        count.fetch_add(1, Ordering::SeqCst);
        thread::sleep(PACE);
    }
}

/// Says that it is over when the test goes on, or fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Reads until all is there that was accepted; it must come once and in order.
fn all_came(mut client: Client, from: &str, who: &str, count: usize) {
    let mut came: Vec<String> = Vec::new();
    eventually("everything came", || {
        came.extend(texts_from(&client.must("inbox"), from));
        (came.len() >= count).then_some(())
    });
    // What would come twice would come soon.
    thread::sleep(Duration::from_secs(1));
    came.extend(texts_from(&client.must("inbox"), from));
    let expected: Vec<String> = (0..count).map(|n| format!("{who} {n}")).collect();
    assert_eq!(came, expected);
}

#[test]
fn a_link_goes_on_when_the_node_that_keeps_it_is_killed() {
    let [balancer, to_desa] = [Proxy::new(), Proxy::new()];
    let address = balancer.address.to_string();
    let mut kota = Cluster::start_with(
        3,
        &[
            ("KABAR_REALMS__ACCEPT", "open"),
            ("KABAR_REALMS__PRIVATE", "true"),
            ("KABAR_REALMS__ADDRESS", &address),
        ],
    );
    let directory = tempfile::tempdir().unwrap();
    let desa = Server::lasting_realm("desa", &directory.path().join("desa"), to_desa.address);
    to_desa.lead_to(Some(desa.address()));
    balancer.lead_to(Some(kota.address(0)));
    let ana = kota.register(0, "ana");
    let (mut maya_line, maya) = Client::register(desa.address(), "maya");
    let mut ana_line = Client::login(kota.address(0), "ana", "surabaya").0;
    add(&mut ana_line, "desa", to_desa.address);
    eventually("linked", || (link(&mut ana_line, "desa")["state"] == "linked").then_some(()));
    let to_maya = Api::of(kota.address(1), &ana).direct("maya@desa");
    // Its home is where it was begun; the other side has a copy of it.
    Api::of(kota.address(1), &ana).say(&to_maya, "mulai");
    eventually("it came", || {
        (texts_from(&maya_line.must("inbox"), "ana@kota") == ["mulai"]).then_some(())
    });
    let to_ana = Api::of(desa.address(), &maya).direct("ana@kota");

    let nodes: Living = Arc::new(Mutex::new((0..3).map(|n| Some(kota.address(n))).collect()));
    let single: Living = Arc::new(Mutex::new(vec![Some(desa.address())]));
    let over = AtomicBool::new(false);
    let [of_ana, of_maya] = [0, 0].map(AtomicUsize::new);
    // The last number that has come to the other side.
    let come = |at: SocketAddr, token: &str, conversation: &str, who: &str| {
        let page = format!("/conversations/{conversation}/messages?limit=20");
        let page = Api::of(at, token).get(&page)["messages"].as_array().unwrap().clone();
        let texts = page.iter().filter_map(|said| said["text"].as_str());
        texts.filter_map(|text| text.strip_prefix(who)?.trim().parse().ok()).max().unwrap_or(0)
    };
    let mut rests = Vec::new();
    thread::scope(|scope| {
        let _end = Over(&over);
        scope.spawn(|| talk(&nodes, &ana, &to_maya, "ana", (&of_ana, &over)));
        scope.spawn(|| talk(&single, &maya, &to_ana, "maya", (&of_maya, &over)));
        for n in 0..3 {
            thread::sleep(Duration::from_secs(1));
            nodes.lock().unwrap()[n] = None;
            kota.kill_node(n);
            let other = kota.address((n + 1) % 3);
            balancer.lead_to(Some(other));
            let killed = Instant::now();
            let until = [&of_ana, &of_maya].map(|count| count.load(Ordering::SeqCst) + 5);
            eventually("both ways work again", || {
                let there = come(desa.address(), &maya, &to_ana, "ana ") > until[0]
                    && come(other, &ana, &to_maya, "maya ") > until[1];
                there.then_some(())
            });
            rests.push(killed.elapsed());
            kota.start_node(n);
            nodes.lock().unwrap()[n] = Some(kota.address(n));
        }
    });
    println!("after each kill both ways worked again within {rests:?}");
    assert!(rests.iter().all(|rest| *rest < REST_MAX), "{rests:?}");
    let [of_ana, of_maya] = [of_ana, of_maya].map(AtomicUsize::into_inner);
    all_came(maya_line, "ana@kota", "ana", of_ana);
    let (ana_line, _) = Client::login(kota.address(2), "ana", "surabaya");
    all_came(ana_line, "maya@desa", "maya", of_maya);
}
