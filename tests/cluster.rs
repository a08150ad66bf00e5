//! Three nodes are one realm: whoever asks which node, and whoever talks to it in which dialect, finds the same.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashSet;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::client::texts_from;
use support::cluster::PASSWORD;
use support::wild::{Person, read_blocks, read_brace};
use support::{Api, Client, Cluster, Events, eventually};

/// Within what time a node that hears hints knows what happened on another.
const SOON: Duration = Duration::from_secs(2);
/// The same for one that hears none, on a machine that does other things, too.
const LATER: Duration = Duration::from_secs(4);
/// With what breaks sloppy programs.
const TEXT: &str = "apa kabar? } {\"x\": 1} & = % + \\ 😀 é";

/// Three nodes, and people with a session each.
fn realm(people: &[&str]) -> (Cluster, Vec<String>) {
    let cluster = Cluster::start(3);
    let tokens = people.iter().map(|user| cluster.register(0, user)).collect();
    (cluster, tokens)
}

/// Asks until it is so; fails when that takes longer than it may.
#[track_caller]
fn within<T>(time: Duration, what: &str, ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    let found = eventually(what, ask);
    assert!(began.elapsed() <= time, "{what} took {:?}", began.elapsed());
    found
}

/// Who said what, as the next push of dialect form tells it.
fn pushed(person: &mut Person) -> (String, String) {
    let Person::Form { stream, .. } = person else { unreachable!() };
    let push = read_blocks(stream);
    assert_eq!(push["type"], "broadcast", "{push}");
    let said = |key: &str| push[key].as_str().unwrap().to_owned();
    (said("username"), said("messages"))
}

fn pair(who: &str, what: &str) -> (String, String) {
    (who.to_owned(), what.to_owned())
}

#[test]
fn a_room_is_one_on_all_nodes() {
    let (cluster, tokens) = realm(&["ana", "budi", "citra"]);
    let mut ana = Person::come("form", cluster.speaking(0, "form"), "ana");
    ana.ask_form("room_join", &[("roomname", "ruang")]);
    let mut budi = Person::come("form", cluster.speaking(1, "form"), "budi");
    // What was answered on one node is known on the others soon.
    within(SOON, "the room is known", || {
        let rooms = Api::of(cluster.address(1), &tokens[1]).get("/rooms");
        (rooms["rooms"][0]["people"] == 1).then_some(())
    });
    let joined = budi.ask_form("room_join", &[("roomname", "Ruang")]);
    assert_eq!(joined["users"], json!(["ana", "budi"]));
    let came = |who: &str| pair("[System]", &format!("User [{who}] telah bergabung dengan chat!"));
    assert_eq!(pushed(&mut ana), came("budi"));
    let mut citra = Events::open(cluster.address(2), &tokens[2], None).unwrap();
    citra.hello();
    let people = |n: usize| {
        let room = Api::of(cluster.address(n), &tokens[2]).get("/rooms/ruang");
        let people = room["people"].as_array().unwrap().clone();
        people.iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    within(SOON, "both are there", || (people(2) == ["ana", "budi"]).then_some(()));
    citra.say(&json!({"type": "enter", "room": "ruang"}));
    let (room, there) = citra.wait("one is in", |event| {
        let is_in = event["type"] == "entered";
        is_in.then(|| {
            (event["conversation"]["id"].as_str().unwrap().to_owned(), event["people"].clone())
        })
    });
    assert_eq!(there.as_array().unwrap().len(), 3, "{there}");
    assert_eq!(pushed(&mut ana), came("citra"));
    assert_eq!(pushed(&mut budi), came("citra"));
    within(SOON, "the same everywhere", || (0..3).all(|n| people(n).len() == 3).then_some(()));

    // Each says something in turn, and everybody hears all of it once, in one order.
    let api = Api::of(cluster.address(2), &tokens[2]);
    let mut mouths = [(&ana, 0), (&budi, 1)].map(|(person, n)| {
        // Another connection of the session, which hears no pushes.
        let Person::Form { session, .. } = person else { unreachable!() };
        let stream = TcpStream::connect(cluster.speaking(n, "form")).unwrap();
        Person::Form { stream, session: session.clone() }
    });
    let mut said = Vec::new();
    for n in 0..12 {
        let text = format!("{TEXT} {n}");
        match mouths.get_mut(n % 3) {
            Some(mouth) => drop(mouth.ask_form("room_chat", &[("message", &text)])),
            None => drop(api.say(&room, &text)),
        }
        said.push(pair(["ana", "budi", "citra"][n % 3], &text));
    }
    for expected in &said {
        assert_eq!(pushed(&mut ana), *expected);
        assert_eq!(pushed(&mut budi), *expected);
        assert_eq!(citra.text(), expected.1);
    }

    // Who goes is told, and a connection that breaks goes.
    drop(budi);
    assert_eq!(pushed(&mut ana), pair("[System]", "User [budi] telah meninggalkan chat!"));
    let gone = |event: &Value| (event["type"] == "room" && event["event"] == "left").then_some(());
    citra.wait("somebody left", gone);
    within(SOON, "two are left", || (0..3).all(|n| people(n) == ["ana", "citra"]).then_some(()));
}

#[test]
fn the_people_of_a_node_that_died_are_gone() {
    let (mut cluster, tokens) = realm(&["ana", "budi"]);
    let mut ana = Person::come("form", cluster.speaking(0, "form"), "ana");
    ana.ask_form("room_join", &[("roomname", "ruang")]);
    let mut budi = Person::come("form", cluster.speaking(1, "form"), "budi");
    budi.ask_form("room_join", &[("roomname", "ruang")]);
    let api = Api::of(cluster.address(2), &tokens[0]);
    let there = || api.get("/rooms/ruang")["people"].as_array().unwrap().len();
    within(SOON, "both are there", || (there() == 2).then_some(()));
    assert!(pushed(&mut ana).1.contains("bergabung"));
    cluster.kill_node(1);
    // Until then it might be only slow.
    within(Duration::from_secs(10), "one is left", || (there() == 1).then_some(()));
    assert_eq!(pushed(&mut ana), pair("[System]", "User [budi] telah meninggalkan chat!"));
}

#[test]
fn messages_reach_every_dialect_on_every_node() {
    let people = ["ana", "budi", "citra"];
    let dialects = ["line-en", "form", "keyword"];
    let (cluster, tokens) = realm(&people);
    let mut here: Vec<Person> = (0..3)
        .map(|n| Person::come(dialects[n], cluster.speaking(n, dialects[n]), people[n]))
        .collect();
    for from in 0..3 {
        for to in (0..3).filter(|to| *to != from) {
            let text = format!("{TEXT} {from}{to}");
            here[from].send(people[to], &text);
            // What was accepted by one node is read from another at once.
            if dialects[to] == "keyword" {
                let Person::Keyword { stream, .. } = &mut here[to] else { unreachable!() };
                let news = read_brace(stream);
                assert_eq!((&news["FOR"], &news["text"]), (&json!("NOTIF"), &json!(text)));
            }
            assert_eq!(here[to].read(people[from]), [text.as_str()], "{from} to {to}");
            assert_eq!(here[to].read(people[from]), [] as [&str; 0]);
        }
    }
    // Read by the one dialect on its node, it is read for the API on another.
    here[0].send("budi", "satu");
    let api = Api::of(cluster.address(2), &tokens[1]);
    let talk = api.direct("ana");
    assert_eq!(api.get(&format!("/conversations/{talk}"))["unread"], 1);
    assert_eq!(here[1].read("ana"), ["satu"]);
    // That is noted when the answer has been written.
    within(SOON, "read", || {
        (api.get(&format!("/conversations/{talk}"))["unread"] == 0).then_some(())
    });
}

#[test]
fn who_is_active_is_the_same_everywhere() {
    let (cluster, tokens) = realm(&["budi"]);
    let budi = |n: usize| Api::of(cluster.address(n), &tokens[0]);
    let made = budi(0).must("POST /admin/users", &json!({"username": "ana"}));
    // Those who talk with each other are told.
    budi(1).direct("ana");
    let mut events = Events::open(cluster.address(2), &tokens[0], None).unwrap();
    events.hello();
    let told = |is_active: bool| {
        move |event: &Value| {
            let is_it = event["type"] == "presence" && event["username"] == "ana";
            (is_it && event["active"] == is_active).then_some(())
        }
    };
    let list = |n: usize| -> HashSet<String> {
        let list = Client::connect(cluster.address(n)).must(&format!("list {}", tokens[0]));
        let names = list["messages"].as_array().unwrap().clone();
        names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let active = |n: usize| [budi(n).get("/people/ana")["active"] == true, list(n).contains("ana")];
    let all = |is_active: bool| (0..3).all(|n| active(n) == [is_active; 2]).then_some(());
    all(false).unwrap();
    let password = made["password"].as_str().unwrap();
    let (mut ana, token) = Client::login(cluster.address(0), "ana", password);
    within(LATER, "active", || all(true));
    events.wait("she is there", told(true));
    ana.must(&format!("logout {token}"));
    within(LATER, "inactive", || all(false));
    events.wait("she is gone", told(false));
}

#[test]
fn a_session_works_on_every_node_and_ends_on_all() {
    let (cluster, tokens) = realm(&["ana"]);
    let token = &tokens[0];
    for n in 0..3 {
        Client::connect(cluster.address(n)).must(&format!("inbox {token}"));
        assert_eq!(Api::of(cluster.address(n), token).get("/me")["username"], "ana");
    }
    let mut events = Events::open(cluster.address(2), token, None).unwrap();
    events.hello();
    Client::connect(cluster.address(0)).must(&format!("logout {token}"));
    within(SOON, "its end is known", || {
        let ended = (0..3).all(|n| {
            let me = Api::of(cluster.address(n), token).ask("GET /me", &Value::Null);
            let mut line = Client::connect(cluster.address(n));
            me.0 == 401 && line.ask(&format!("inbox {token}"))["status"] == "ERROR"
        });
        ended.then_some(())
    });
    events.wait("told on the stream", |event| (event["type"] == "session_ended").then_some(()));

    // So does that of an account which an administrator disables.
    let budi = cluster.register(1, "budi");
    assert_eq!(Api::of(cluster.address(2), &budi).get("/me")["username"], "budi");
    let data = cluster.data(0).to_str().unwrap();
    let told = support::kabar(&["user", "disable", "budi", "--data", data]);
    assert_eq!(told.code, Some(0), "{told:?}");
    within(SOON, "he is out everywhere", || {
        let me = |n: usize| Api::of(cluster.address(n), &budi).ask("GET /me", &Value::Null).0;
        (0..3).all(|n| me(n) == 401).then_some(())
    });
}

#[test]
fn wrong_passwords_on_different_nodes_count_together() {
    let (cluster, _) = realm(&["ana"]);
    let wrong = |n: usize| {
        let wish = json!({"username": "ana", "password": "salah sekali"});
        Api::of(cluster.address(n), "").ask("POST /sessions", &wish).0
    };
    // As many are looked at without a wait as by a single server, and one more where a second passes meanwhile; counted
    // apart it would be three times that. Each further one doubles the wait.
    let mut counted = 0;
    let mut first_wait = None;
    for turn in 0.. {
        match wrong(turn % 3) {
            401 => counted += 1,
            429 => {
                first_wait.get_or_insert(counted);
                std::thread::sleep(Duration::from_millis(100));
            }
            status => panic!("{status}"),
        }
        if counted == 8 {
            break;
        }
    }
    assert!((0..3).all(|n| wrong(n) == 429), "all nodes know");
    let alone = Cluster::start(1);
    alone.register(0, "ana");
    let mut allowed = 0;
    let wish = json!({"username": "ana", "password": "salah sekali"});
    while Api::of(alone.address(0), "").ask("POST /sessions", &wish).0 == 401 {
        allowed += 1;
    }
    let first_wait = first_wait.expect("there was a wait");
    assert!(first_wait <= allowed + 1, "{first_wait} and {allowed}");
}

#[test]
fn groups_edits_reactions_and_read_positions_are_one() {
    let (cluster, tokens) = realm(&["ana", "budi", "citra"]);
    let api = |n: usize, who: usize| Api::of(cluster.address(n), &tokens[who]);
    let mut events = Events::open(cluster.address(2), &tokens[2], None).unwrap();
    events.hello();
    let made = api(0, 0).must("POST /groups", &json!({"name": "kelas", "visibility": "private"}));
    let (group, path) = {
        let id = made["id"].as_str().unwrap();
        (id.to_owned(), format!("/conversations/{id}"))
    };
    assert_eq!(api(1, 1).ask(&format!("GET {path}"), &Value::Null).0, 403);
    // An invitation of one node is good on another.
    let invited = api(0, 0).must(&format!("POST {path}/invitations"), &json!({}));
    let code = invited["code"].as_str().unwrap();
    api(1, 1).must(&format!("POST /invitations/{code}"), &Value::Null);
    let guests = json!({"usernames": ["citra"]});
    api(0, 0).must(&format!("POST {path}/members"), &guests);
    events.wait("one has joined", |event| {
        (event["type"] == "conversation" && event["conversation"]["id"] == *group).then_some(())
    });
    let said = api(1, 1).say(&group, "halo semua");
    let seq = said["seq"].as_i64().unwrap();
    assert_eq!(events.text(), "halo semua");
    api(2, 2).must(&format!("PUT {path}/messages/{seq}/reactions/%F0%9F%91%8D"), &Value::Null);
    api(2, 1).must(&format!("PATCH {path}/messages/{seq}"), &json!({"text": "halo kalian"}));
    events.wait("it was changed", |event| {
        (event["type"] == "changed" && event["message"]["text"] == "halo kalian").then_some(())
    });
    for n in 0..3 {
        let message = api(n, 0).messages(&group)[0].clone();
        assert_eq!((&message["seq"], &message["text"]), (&json!(seq), &json!("halo kalian")));
        assert_eq!(message["reactions"][0]["users"], json!(["citra"]), "{message}");
    }
    api(0, 2).must(&format!("PUT {path}/read"), &json!({"seq": seq + 2}));
    events.wait("read elsewhere", |event| {
        (event["type"] == "read" && event["seq"] == seq + 2).then_some(())
    });
    assert_eq!(api(1, 2).get(&path)["unread"], 0);
    // Renamed on one, it is found under its new name on another; who was put out of it is out everywhere.
    api(0, 0).must(&format!("PATCH {path}"), &json!({"name": "kelas baru"}));
    within(SOON, "renamed", || {
        (0..3).all(|n| api(n, 1).get(&path)["name"] == "kelas baru").then_some(())
    });
    api(1, 0).must(&format!("DELETE {path}/members/citra"), &Value::Null);
    within(SOON, "out", || {
        let status = |n: usize| api(n, 2).ask(&format!("GET {path}"), &Value::Null).0;
        (0..3).all(|n| status(n) == 403).then_some(())
    });
    // What one may not do is refused whichever node is asked.
    let posted = format!("POST {path}/messages");
    for n in 0..3 {
        let status = api(n, 2).ask(&posted, &json!({"text": "masih di sini"})).0;
        assert!((400..500).contains(&status), "{status}");
    }
    // The same message, repeated at another node after an answer that never came.
    let wish = json!({"text": "sekali saja", "key": "kunci"});
    let first = api(0, 0).ask(&posted, &wish);
    let again = api(1, 0).ask(&posted, &wish);
    assert_eq!((first.0, again.0, &first.1["seq"]), (201, 200, &again.1["seq"]));
}

#[test]
fn files_searches_and_webhooks_work_on_every_node() {
    let (cluster, tokens) = realm(&["ana", "budi"]);
    let api = |n: usize, who: usize| Api::of(cluster.address(n), &tokens[who]);
    // Over what stays in memory, and under it.
    for (n, size) in [(0, 300_000), (1, 900)] {
        let contents: Vec<u8> = (0..size).map(|n: usize| u8::try_from(n % 251).unwrap()).collect();
        let talk = api(n, 0).direct("budi");
        let sent = api(n, 0).send_file(&talk, &format!("berkas{n}.bin"), &contents);
        let url = sent["file"]["url"].as_str().unwrap();
        for n in 0..3 {
            let (status, fetched) = api(n, 1).http(&format!("GET {url}"), "", b"");
            assert_eq!(status, 200);
            assert!(fetched == contents, "{} bytes", fetched.len());
        }
    }
    let mut line = Person::come("line-en", cluster.speaking(0, "line-en"), "ana");
    line.send_file("budi", "../catatan.txt", b"isi");
    let mut form = Person::come("form", cluster.speaking(2, "form"), "budi");
    assert_eq!(form.get_file("ana", "catatan.txt"), b"isi");

    let talk = api(0, 0).direct("budi");
    let said = api(0, 0).say(&talk, "jerapah di kebun binatang");
    for n in 0..3 {
        let found = api(n, 1).get("/search?q=jerapah");
        assert_eq!(found["results"][0]["message"]["seq"], said["seq"], "{found}");
    }
    let mut events = Events::open(cluster.address(1), &tokens[1], None).unwrap();
    events.hello();
    let hook =
        api(0, 0).must(&format!("POST /conversations/{talk}/hooks"), &json!({"name": "bangun"}));
    let url = hook["url"].as_str().unwrap();
    let path = &url[url.find("/api/").unwrap()..];
    let stranger = Api::of(cluster.address(2), "");
    stranger.must(&format!("POST {path}"), &json!({"text": "sudah hijau"}));
    assert_eq!(events.text(), "[bangun] sudah hijau");
    let id = hook["id"].as_str().unwrap();
    api(1, 0).must(&format!("DELETE /conversations/{talk}/hooks/{id}"), &Value::Null);
    within(SOON, "the hook is gone", || {
        let posted = |n: usize| {
            Api::of(cluster.address(n), "").ask(&format!("POST {path}"), &json!({"text": "x"})).0
        };
        (0..3).all(|n| posted(n) == 404).then_some(())
    });
}

#[test]
fn the_set_up_link_of_one_node_works_on_another_once() {
    let cluster = Cluster::start(3);
    let link = std::fs::read_to_string(cluster.data(0).join("setup-link")).unwrap();
    let secret = link.trim().rsplit_once("#k=").unwrap().1;
    let wish = |user: &str| json!({"secret": secret, "username": user, "password": PASSWORD});
    let (status, said) = Api::of(cluster.address(1), "").ask("POST /setup", &wish("ana"));
    assert_eq!((status, &said["user"]["role"]), (201, &json!("administrator")), "{said}");
    for n in 0..3 {
        let (status, said) = Api::of(cluster.address(n), "").ask("POST /setup", &wish("budi"));
        assert_eq!((status, &said["error"]["code"]), (410, &json!("gone")), "node {n}: {said}");
    }
    within(LATER, "no link is left lying", || {
        (0..3).all(|n| !cluster.data(n).join("setup-link").exists()).then_some(())
    });
}

#[test]
fn without_nats_everything_is_told_within_two_seconds_and_nothing_is_lost() {
    let (cluster, tokens) = realm(&["ana", "budi", "citra"]);
    let api = |n: usize, who: usize| Api::of(cluster.address(n), &tokens[who]);
    let mut events = Events::open(cluster.address(2), &tokens[1], None).unwrap();
    events.hello();
    let talk = api(0, 0).direct("budi");
    let group = api(0, 0).must("POST /groups", &json!({"name": "kelas", "visibility": "private"}));
    let group = group["id"].as_str().unwrap();
    let members = format!("/conversations/{group}/members");
    api(0, 0).must(&format!("POST {members}"), &json!({"usernames": ["budi"]}));
    let mut page = Events::open(cluster.address(2), &tokens[1], None).unwrap();
    page.hello();
    let mut expected = Vec::new();
    let mut longest = Duration::ZERO;
    let mut round = |name: &str, count: usize, limit: Duration| {
        for n in 0..count {
            let text = format!("{name} {n}");
            let began = Instant::now();
            api(n % 2, 0).say(&talk, &text);
            assert_eq!(events.text(), text, "once and in order");
            longest = longest.max(began.elapsed());
            assert!(began.elapsed() <= limit, "{text} took {:?}", began.elapsed());
            expected.push(text);
        }
    };
    round("dengan", 5, SOON);
    cluster.nats.kill();
    round("tanpa", 5, LATER);
    // A page hears what its person reads on another node, and that they were put out of a group there.
    let began = Instant::now();
    api(0, 1).must(&format!("PUT /conversations/{talk}/read"), &json!({"seq": 10}));
    page.wait("read elsewhere", |event| {
        (event["type"] == "read" && event["seq"] == 10).then_some(())
    });
    assert!(began.elapsed() <= LATER, "{:?}", began.elapsed());
    let began = Instant::now();
    api(0, 0).must(&format!("DELETE {members}/budi"), &Value::Null);
    page.wait("put out", |event| {
        (event["type"] == "left" && event["conversation"] == *group).then_some(())
    });
    assert!(began.elapsed() <= LATER, "{:?}", began.elapsed());
    // A session that ends is ended everywhere, somebody who comes is there, and a room is one.
    Client::connect(cluster.address(0)).must(&format!("logout {}", tokens[2]));
    within(LATER, "the session ended", || {
        (0..3).all(|n| api(n, 2).ask("GET /me", &Value::Null).0 == 401).then_some(())
    });
    let mut dina = Person::come("form", cluster.speaking(0, "form"), "ana");
    dina.ask_form("room_join", &[("roomname", "ruang")]);
    within(LATER, "in the room", || {
        let there = |n: usize| api(n, 1).get("/rooms/ruang")["people"].as_array().unwrap().len();
        (0..3).all(|n| there(n) == 1).then_some(())
    });
    cluster.nats.start();
    round("kembali", 5, LATER);
    eventually("hints are heard again", || {
        let began = Instant::now();
        api(0, 0).say(&talk, "lagi");
        events.wait("lagi", |event| (event["message"]["text"] == "lagi").then_some(()));
        (began.elapsed() < Duration::from_millis(300)).then_some(())
    });
    println!("the longest way of a message without NATS: {longest:?}");
    let said = api(1, 1).messages(&talk).into_iter().map(|said| said["text"].clone());
    let said: Vec<Value> = said.filter(|text| text != "lagi").collect();
    assert_eq!(json!(said), json!(expected));
    assert_eq!(
        texts_from(
            &Client::connect(cluster.address(1)).must(&format!("inbox {}", tokens[1])),
            "ana"
        )
        .first()
        .unwrap(),
        "kembali 0",
        "what came before was read on the page"
    );
}
