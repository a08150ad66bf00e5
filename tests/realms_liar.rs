//! A linked realm that lies, floods and answers nonsense: it is refused, nothing of it is believed, and everybody else
//! goes on as before.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use kabar_federation::wire;
use kabar_model::limits::BATCH_ITEMS_MAX;
use serde_json::{Value, json};
use support::peer::{Manner, Peer, message, send};
use support::realms::{add, hear, items, link};
use support::{Api, Client, Server, eventually};

/// How soon a message of an honest realm is there, whatever another does.
const DELIVERED_WITHIN: Duration = Duration::from_secs(2);
/// How much more memory all this may take.
const GROWTH_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Requests in some seconds to a realm whose answers are of no use.
const ASKED_MAX: usize = 30;

/// A realm, one that is honest, and people who write to each other over their link.
struct Stage {
    kota: Server,
    _baik: Server,
    messi: Client,
    maya: Client,
    count: usize,
    memory: u64,
}

impl Stage {
    fn new() -> Self {
        let [kota, baik] = ["kota", "baik"].map(Server::realm);
        let (messi, mut maya) = (kota.person("messi"), baik.person("maya"));
        add(&mut maya, "kota", kota.address());
        let mut stage = Self { kota, _baik: baik, messi, maya, count: 0, memory: 0 };
        stage.goes_on("at first");
        stage.kota.resident_bytes_peak();
        stage.memory = stage.kota.resident_bytes();
        stage
    }

    /// Somebody who is linked, of that name.
    fn peer(&self, name: &str) -> Peer {
        Peer::linked(name, (self.kota.address(), "kota"))
    }

    /// The server lives, is as large as before, and the honest realm's people are heard and hear at once.
    #[track_caller]
    fn goes_on(&mut self, after: &str) {
        let asked = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        assert_eq!(send(self.kota.address(), asked).0, 200, "{after}");
        self.count += 1;
        let text = format!("pesan {}", self.count);
        let began = Instant::now();
        self.maya.must(&format!("send messi@kota {text}"));
        assert_eq!(hear(&mut self.messi, "baik", 1), [&*text], "{after}");
        self.messi.must(&format!("send maya@baik {text}"));
        assert_eq!(hear(&mut self.maya, "kota", 1), [&*text], "{after}");
        assert!(self.count == 1 || began.elapsed() < 2 * DELIVERED_WITHIN, "{after}");
        let growth = self.kota.resident_bytes_peak().saturating_sub(self.memory);
        assert!(self.count == 1 || growth < GROWTH_BYTES_MAX, "{growth} more bytes {after}");
    }
}

/// A direct conversation, as realms name it.
fn direct(one: &str, other: &str) -> Value {
    json!({"direct": [one, other]})
}

#[test]
fn a_realm_speaks_for_its_own_people_in_their_own_conversations_and_for_nobody_else() {
    let mut stage = Stage::new();
    // Of direct conversations with zebra the home is here, of those with angsa it is there.
    let (zebra, angsa) = (stage.peer("zebra"), stage.peer("angsa"));
    let api = Api::login(stage.kota.address(), "messi");
    let made = api.must("POST /groups", &json!({"name": "kelas"}));
    let group: i64 = made["id"].as_str().unwrap().trim_start_matches('c').parse().unwrap();
    let own = api.say(made["id"].as_str().unwrap(), "rahasia")["seq"].clone();
    let group = json!({"group": group});

    let (here, ana) = (direct("messi@kota", "ana@zebra"), "ana@zebra");
    let post = |to: &Value, from: &str| zebra.post(to, from, "palsu");
    let with = |to: &Value, with: Value| zebra.post_with(to, ana, &with);
    let to_baik = direct("maya@baik", "messi@kota");
    let lies = [
        (post(&direct("messi@kota", "maya@baik"), "maya@baik"), "bad_signature"),
        (post(&here, "messi@kota"), "bad_signature"),
        (post(&here, "henderson@kota"), "bad_signature"),
        (post(&group, ana), "not_member"),
        (post(&json!({"group": 999_999}), ana), "group_unknown"),
        (post(&json!({"group": -1}), ana), "group_unknown"),
        (post(&direct("messi@kota", "budi@zebra"), ana), "not_member"),
        (post(&to_baik, ana), "not_allowed"),
        (post(&direct("ana@zebra", "messi@kota"), ana), "invalid"),
        (post(&direct("nobody@kota", ana), ana), "user_unknown"),
        (with(&here, json!({"text": "x", "home": "baik"})), "not_allowed"),
        (with(&group, json!({"text": "diubah", "edit": own})), "not_member"),
        (with(&group, json!({"delete": own})), "not_member"),
        (with(&here, json!({"text": "x", "edit": 1})), "message_unknown"),
        (with(&here, json!({"text": "x", "reply_to": 1})), "message_unknown"),
        (message(&here, 1, ana, "palsu"), "not_allowed"),
        (message(&here, 1, "messi@kota", "palsu"), "bad_signature"),
        (message(&to_baik, 1, "maya@baik", "palsu"), "bad_signature"),
        (json!({"kind": "read", "user": "messi@kota", "to": here, "seq": 9}), "not_allowed"),
        (json!({"kind": "leave", "user": "messi@kota", "group": group["group"]}), "not_allowed"),
        (json!({"kind": "leave", "user": ana, "group": group["group"]}), "not_member"),
        (
            json!({"kind": "join", "user": "maya@baik", "name": "x", "group": "kelas"}),
            "not_allowed",
        ),
        (json!({"kind": "join", "user": ana, "name": "x", "group": "tak ada"}), "group_unknown"),
    ];
    let said: Vec<Value> = lies.iter().map(|(item, _)| item.clone()).collect();
    let refused = zebra.say(&said);
    let expected: Vec<(u64, String)> =
        (0..).zip(&lies).map(|(n, (_, code))| (n, (*code).to_owned())).collect();
    assert_eq!(refused, expected);
    // A home, too, says only what its own people say: for others it needs their realm's signature.
    let there = direct("ana@angsa", "messi@kota");
    let refused = angsa.say(&[
        message(&there, 1, "messi@kota", "tidak pernah"),
        message(&there, 1, "maya@baik", "tidak pernah"),
        message(&direct("maya@baik", "messi@kota"), 1, "ana@angsa", "palsu"),
        message(&direct("ana@angsa", "nobody@kota"), 1, "ana@angsa", "palsu"),
        message(&there, 1, "ana@angsa", "benar"),
    ]);
    let codes: Vec<&str> = refused.iter().map(|(_, code)| &**code).collect();
    assert_eq!(codes, ["bad_signature", "bad_signature", "not_allowed", "user_unknown"]);
    assert_eq!(hear(&mut stage.messi, "angsa", 1), ["benar"]);
    // Nobody has heard any of it.
    for user in ["messi", "maya", "henderson"] {
        assert_eq!(stage.kota.person(user).must("inbox")["messages"], json!({}), "{user}");
    }
    let talk = made["id"].as_str().unwrap();
    let texts: Vec<Value> = api.messages(talk).iter().map(|m| m["text"].clone()).collect();
    assert_eq!(texts, ["rahasia"]);
    stage.goes_on("after lies");
}

#[test]
fn a_bad_item_is_refused_by_itself() {
    let mut stage = Stage::new();
    let angsa = stage.peer("angsa");
    let there = direct("ana@angsa", "messi@kota");
    let good = |seq: i64| message(&there, seq, "ana@angsa", &format!("baik {seq}"));
    let nested = (0..500).fold(json!(1), |inner, _| json!([inner]));
    let said = |seq: i64, key: &str, value: Value| {
        let mut item = good(seq);
        item[key] = value;
        item
    };
    let bad = [
        json!({"kind": "nonsense"}),
        json!({"kind": "message"}),
        json!("message"),
        json!(null),
        json!([1, 2, 3]),
        said(2, "text", json!("x".repeat(70_000))),
        said(2, "text", json!("")),
        said(2, "seq", json!(0)),
        said(2, "seq", json!(-1)),
        said(2, "seq", json!(i64::MIN)),
        said(2, "seq", json!(1.5e300)),
        said(2, "name", json!("\u{0}")),
        said(2, "from", json!("<script>@angsa")),
        said(2, "to", json!({"direct": ["ana@angsa"]})),
        said(2, "to", json!({"group": i64::MAX})),
        said(2, "file", json!({"name": "..", "size": 1, "type": "a/b", "hash": "00"})),
        nested,
    ];
    for (n, bad) in (1..).zip(bad) {
        let shown: String = bad.to_string().chars().take(80).collect();
        let refused = angsa.say(&[good(2 * n - 1), bad, good(2 * n)]);
        assert_eq!(refused.len(), 1, "{shown}: {refused:?}");
        assert_eq!(refused[0].0, 1, "{shown}");
        let expected = [2 * n - 1, 2 * n].map(|seq| format!("baik {seq}"));
        assert_eq!(hear(&mut stage.messi, "angsa", 2), expected, "{shown}");
    }
    stage.goes_on("after bad items");
}

#[test]
fn numbers_that_do_not_fit_are_told_so_and_double_nothing() {
    let mut stage = Stage::new();
    let angsa = stage.peer("angsa");
    let there = direct("ana@angsa", "messi@kota");
    let first = angsa.batch(&[message(&there, 1, "ana@angsa", "satu")]);
    for _ in 0..3 {
        let (status, ack) = angsa.ask(wire::ITEMS, &first);
        assert_eq!((status, &ack["received"], &ack["reset"]), (200, &json!(1), &Value::Null));
    }
    assert_eq!(angsa.say(&[message(&there, 1, "ana@angsa", "satu")]), []);
    assert_eq!(hear(&mut stage.messi, "angsa", 1), ["satu"]);
    let next = angsa.batch(&[message(&there, 2, "ana@angsa", "dua")]);
    let changed = |changes: &[(&str, Value)]| {
        let mut batch = next.clone();
        for (key, value) in changes {
            batch[*key] = value.clone();
        }
        angsa.ask(wire::ITEMS, &batch)
    };
    let before = &next["uids"][0];
    for (changes, status, reset) in [
        (vec![("first", json!(7))], 200, true),
        (vec![("first", json!(u64::MAX))], 200, true),
        (vec![("first", json!(0))], 400, false),
        (vec![("first", json!(-1))], 400, false),
        (vec![("before", before.clone())], 200, true),
        // The number that came, with another uid.
        (vec![("first", json!(1)), ("before", json!("AAAAAAAAAAAAAAAAAAAAAA"))], 200, true),
        (vec![("epoch", json!(i64::MIN))], 200, true),
        (vec![("epoch", json!(0))], 200, true),
        (vec![("epoch", json!(2))], 200, true),
        (vec![("uids", json!([]))], 400, false),
        (vec![("uids", json!(["x"]))], 400, false),
        (vec![("items", json!({}))], 400, false),
        (vec![("epoch", json!("now"))], 400, false),
    ] {
        let (said, ack) = changed(&changes);
        assert_eq!((said, ack["reset"] == true), (status, reset), "{changes:?}: {ack}");
    }
    assert_eq!(items(&mut stage.messi, "angsa"), [] as [Value; 0]);
    assert_eq!(angsa.say(&[message(&there, 2, "ana@angsa", "dua")]), []);
    assert_eq!(hear(&mut stage.messi, "angsa", 1), ["dua"]);
    // The end of all epochs, of itself alone.
    let (status, ack) = angsa.ask(wire::ITEMS, &{
        let mut batch = next.clone();
        (batch["epoch"], batch["first"]) = (json!(i64::MAX), json!(1));
        batch
    });
    assert_eq!((status, &ack["received"]), (200, &json!(1)), "{ack}");
    stage.goes_on("after numbers that do not fit");
}

#[test]
fn what_is_too_much_is_refused_before_it_costs() {
    let mut stage = Stage::new();
    let angsa = stage.peer("angsa");
    let there = direct("ana@angsa", "messi@kota");
    let item = message(&there, 1, "ana@angsa", "satu");
    let (status, _) = angsa.ask(wire::ITEMS, &angsa.batch(&vec![item; 101]));
    assert_eq!(status, 400);
    let nested = |count: usize| ["[".repeat(count), "]".repeat(count)].concat();
    for path in [wire::ITEMS, wire::PULL, wire::LOOK_UP, wire::READ_ON, wire::HELLO] {
        for (body, expected) in [
            (nested(900_000), 400),
            (format!("{{\"epoch\":{}}}", nested(900_000)), 400),
            ("[".repeat(1_900_000), 400),
            (format!("\"{}\"", "x".repeat(1_900_000)), 400),
            (" ".repeat(2 * 1024 * 1024 + 1), 413),
            (" ".repeat(8 * 1024 * 1024), 413),
        ] {
            // A hello is read before it can be believed: it must be short.
            let expected = if path == wire::HELLO { 413 } else { expected };
            let (status, said) = angsa.ask_bytes(path, body.as_bytes());
            // Who sends on after a refusal may not hear it.
            let is_cut = expected == 413 && status == 0;
            assert!(status == expected || is_cut, "{path} {}: {status} {said}", body.len());
        }
    }
    let unsigned = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}"
        )
    };
    for path in [wire::ITEMS, wire::PULL, wire::ECHO] {
        assert_eq!(send(stage.kota.address(), unsigned(path).as_bytes()).0, 401, "{path}");
    }
    assert_eq!(items(&mut stage.messi, "angsa"), [] as [Value; 0]);
    stage.goes_on("after too much");
}

#[test]
fn answers_of_no_use_cost_an_attempt_now_and_then() {
    let mut stage = Stage::new();
    let angsa = stage.peer("angsa");
    let there = direct("ana@angsa", "messi@kota");
    angsa.say(&[message(&there, 1, "ana@angsa", "satu")]);
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let nested = "[".repeat(1_000_000);
    let ack = |with: Value| Manner::Acknowledges(with);
    let again = json!({"epoch": 1, "first": 2, "before": "AAAAAAAAAAAAAAAAAAAAAA", "uids": [], "items": []});
    for (n, manner) in [
        Manner::Huge(200 * 1024 * 1024),
        Manner::EndlessHeaders,
        Manner::Redirect(trap.local_addr().unwrap()),
        Manner::ForAnother,
        Manner::Replayed,
        Manner::As("baik"),
        Manner::OtherKey,
        Manner::Says(nested),
        Manner::Says("{}".to_owned()),
        Manner::Says(String::new()),
        ack(json!({"reset": true})),
        ack(json!({"received": u64::MAX})),
        ack(json!({"received": 0})),
        ack(json!({"epoch": i64::MAX})),
        ack(json!({"refused": [[0, "x"], [u64::MAX, "x"], [1, "x".repeat(100_000)]]})),
        ack(json!({"pull": true, "pulled": again})),
        ack(json!({"pull": true, "pulled": {"epoch": 9, "first": 5, "before": "AAAAAAAAAAAAAAAAAAAAAA", "uids": [], "items": []}})),
        Manner::Silent,
    ]
    .into_iter()
    .enumerate()
    {
        let shown: String = format!("{manner:?}").chars().take(80).collect();
        angsa.behaves(manner);
        let asked = angsa.asked();
        // More than go at once.
        for _ in 0..=BATCH_ITEMS_MAX {
            stage.messi.say(&format!("send ana@angsa halo {n}"));
        }
        for _ in 0..=BATCH_ITEMS_MAX {
            assert_eq!(stage.messi.hear().unwrap()["message"], "Message sent", "{shown}");
        }
        eventually("it is asked", || (angsa.asked() > asked).then_some(()));
        let asked = angsa.asked();
        thread::sleep(Duration::from_millis(1_500));
        stage.goes_on(&shown);
        let asked = angsa.asked() - asked;
        assert!(asked <= ASKED_MAX, "{shown}: asked {asked} times");
        // It comes to its senses, and says so.
        angsa.behaves(Manner::Honest);
        eventually(&shown, || {
            let _ = angsa.ask(wire::ECHO, &json!({}));
            (link(&mut stage.messi, "angsa")["queued"] == 0).then_some(())
        });
    }
    assert!(trap.accept().is_err(), "it went where it was sent");
}

#[test]
fn nobody_takes_anothers_words_or_place() {
    let mut stage = Stage::new();
    let angsa = stage.peer("angsa");
    let there = direct("ana@angsa", "messi@kota");
    angsa.say(&[message(&there, 1, "ana@angsa", "satu")]);
    stage.messi.must("send ana@angsa halo");
    let kota = stage.kota.address();
    // Our own requests, sent back to us.
    let own = eventually("a request", || {
        let asked = angsa.ways.asked.lock().unwrap().clone();
        asked.into_iter().rfind(|asked| asked.path == wire::ITEMS)
    });
    let (status, said) = send(kota, &own.bytes);
    assert_eq!((status, &said["error"]), (401, &json!("wrong_receiver")));
    // Its own, once more, or changed.
    let request = angsa.request(wire::ECHO, b"{}");
    let close = |request: &[u8]| send(kota, request);
    assert_eq!(close(&request).0, 200);
    let (status, said) = close(&request);
    assert_eq!((status, &said["error"]), (401, &json!("replayed")));
    let mut changed = angsa.request(wire::ECHO, b"{}");
    let last = changed.len() - 1;
    changed[last] = b' ';
    assert_eq!(close(&changed).0, 401);
    let elsewhere = String::from_utf8(angsa.request(wire::ECHO, b"{}")).unwrap();
    let elsewhere = elsewhere.replace(wire::ECHO, wire::PULL);
    assert_eq!(close(elsewhere.as_bytes()).0, 401);
    // In the name of a realm that is linked, of ours, and of the one that we call so.
    for (name, code) in
        [("baik", "realm_changed"), ("angsa", "realm_changed"), ("kota", "name_taken")]
    {
        let thief = Peer::new(name, (kota, "kota"));
        let (status, said) = thief.hello();
        assert!(status == 403 || status == 409, "{name}: {status}");
        assert_eq!(said["error"], code, "{name}");
        assert_eq!(thief.ask(wire::ECHO, &json!({})).0, 401, "{name}");
        stage.goes_on(name);
    }
    for name in ["baik", "angsa"] {
        assert_eq!(link(&mut stage.messi, name)["state"], "linked");
    }
}

#[test]
fn who_says_hello_while_it_is_asked_is_linked_as_it_was_wanted() {
    let kota = Server::realm("kota");
    let peer = Peer::new("angsa", (kota.address(), "kota"));
    peer.behaves(Manner::Hesitates);
    let mut messi = kota.person("messi");
    thread::scope(|scope| {
        let adding = scope.spawn(|| add(&mut messi, "itik", peer.address));
        eventually("our hello", || {
            let asked = peer.ways.asked.lock().unwrap();
            asked.iter().any(|asked| asked.path == wire::HELLO).then_some(())
        });
        assert_eq!(peer.hello().0, 200);
        peer.behaves(Manner::Honest);
        adding.join().unwrap();
    });
    let known = link(&mut messi, "itik");
    assert_eq!(
        (&known["state"], &known["address"]),
        (&json!("linked"), &json!(peer.address.to_string()))
    );
    assert_eq!(
        messi.refused(&format!("addrealm itik {} {}", peer.address.ip(), peer.address.port())),
        "Realm sudah ada"
    );
}
