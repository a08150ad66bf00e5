//! `kabar realm` and `kabar doctor`: links are made, looked into and ended from the command line.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::net::{SocketAddr, TcpListener};

use serde_json::Value;
use support::client::texts_from;
use support::{Api, Client, Server, Told, eventually, kabar_with};
use tempfile::TempDir;

/// A realm that its operator looks after.
struct Realm {
    name: String,
    data: TempDir,
    server: Option<Server>,
}

impl Realm {
    /// With one account, whose password is its name.
    fn start(name: &str, user: &str) -> Self {
        let mut realm =
            Self { name: name.into(), data: tempfile::tempdir().unwrap(), server: None };
        realm.resume("127.0.0.1:0");
        Client::connect(realm.address()).must(&format!("register {user} surabaya Indonesia"));
        realm
    }

    fn resume(&mut self, at: &str) {
        let data = self.data.path().to_str().unwrap();
        let args = ["--data", data, "--realm", &self.name, "--listen", at];
        self.server = Some(Server::with(&args, &[]));
    }

    fn stop(&mut self) -> SocketAddr {
        let address = self.address();
        assert_eq!(self.server.take().unwrap().stop(), Some(0));
        address
    }

    fn address(&self) -> SocketAddr {
        self.server.as_ref().unwrap().address()
    }

    fn tell(&self, args: &[&str], lang: &str) -> Told {
        let data = self.data.path().to_str().unwrap();
        kabar_with(&[args, &["--data", data]].concat(), &[("KABAR_LANG", lang)], "")
    }

    /// A deed that is done; what is said about it.
    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        let told = self.tell(&[&["realm"], args].concat(), "en");
        assert_eq!(told.code, Some(0), "{args:?}: {}", told.err);
        told.out
    }

    /// A deed that is refused; why, in a language.
    #[track_caller]
    fn refused(&self, args: &[&str], lang: &str) -> String {
        let told = self.tell(&[&["realm"], args].concat(), lang);
        assert_eq!((told.code, &told.out[..]), (Some(1), ""), "{args:?}");
        assert_eq!(told.err.lines().count(), 1, "{}", told.err);
        told.err.trim_end().to_owned()
    }

    fn links(&self) -> Vec<Value> {
        let list: Value = serde_json::from_str(&self.done(&["list", "--json"])).unwrap();
        assert_eq!(list["schema"], 1);
        list["realms"].as_array().unwrap().clone()
    }

    fn link(&self, name: &str) -> Option<Value> {
        self.links().into_iter().find(|link| link["name"] == name)
    }

    /// Waits until a link stands so.
    #[track_caller]
    fn is(&self, name: &str, state: &str) -> Value {
        eventually(&format!("{name} is {state}"), || {
            self.link(name).filter(|link| link["state"] == state)
        })
    }

    /// The keys that it shows to other realms.
    fn keys(&self) -> Vec<Value> {
        let mut client = Client::connect(self.address());
        let host = self.address();
        let request =
            format!("GET /realm/v1/who HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        client.write(request.as_bytes());
        let answer = String::from_utf8(client.hear_bytes()).unwrap();
        let who: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        who["keys"].as_array().unwrap().iter().map(|stated| stated["key"].clone()).collect()
    }

    /// What the doctor finds in a link, by its steps; and its exit code.
    fn doctor(&self, name: &str) -> (Value, Option<i32>) {
        let told = self.tell(&["doctor", "--json", "--federation", name], "en");
        let found: Value =
            serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{}", told.err));
        assert_eq!(found["well"], told.code == Some(0));
        let mut steps = serde_json::Map::new();
        for check in found["realms"][0]["checks"].as_array().unwrap() {
            steps.insert(check["step"].as_str().unwrap().to_owned(), check.clone());
        }
        (steps.into(), told.code)
    }
}

/// Linked, `alfa` calling the other `b`.
fn linked() -> (Realm, Realm) {
    let (alfa, beta) = (Realm::start("alfa", "messi"), Realm::start("beta", "maya"));
    let said = alfa.done(&["add", "b", &beta.address().to_string()]);
    assert!(said.starts_with("b is asked to link."), "{said}");
    let said = beta.done(&["accept", "alfa"]);
    assert!(said.starts_with("alfa is linked.\n"), "{said}");
    alfa.is("b", "linked");
    (alfa, beta)
}

/// Says something to somebody, who hears it.
#[track_caller]
fn heard(from: &Realm, user: &str, to: &Realm, other: &str, text: &str) {
    let (mut sender, _) = Client::login(from.address(), user, "surabaya");
    sender.must(&format!("send {other}@{} {text}", to.name));
    let (mut receiver, _) = Client::login(to.address(), other, "surabaya");
    eventually(text, || {
        let said = texts_from(&receiver.must("inbox"), &format!("{user}@{}", from.name));
        said.iter().any(|said| said == text).then_some(())
    });
}

#[test]
fn a_realm_is_asked_agrees_and_both_see_the_same_words() {
    let (mut alfa, beta) = (Realm::start("alfa", "messi"), Realm::start("beta", "maya"));
    let address = beta.address().to_string();
    let said = alfa.done(&["add", "b", &address]);
    assert!(said.contains("kabar realm accept alfa"), "{said}");
    let asked = alfa.is("b", "asked");
    assert_eq!((&asked["own_name"], &asked["address"]), (&"beta".into(), &address.into()));
    let words = asked["fingerprint"].as_str().unwrap();
    assert_eq!(words.split(' ').count(), 8);
    assert!(said.contains(words), "{said}");

    // A message to it waits until they agree.
    let (mut messi, _) = Client::login(alfa.address(), "messi", "surabaya");
    messi.must("send maya@b halo");
    assert_eq!(alfa.link("b").unwrap()["queued"], 1);
    let waiting = beta.is("alfa", "waiting");
    assert_eq!(waiting["fingerprint"], words);
    let table = beta.done(&["list"]);
    assert!(
        table.starts_with("NAME  ADDRESS") && table.contains("kabar realm accept alfa"),
        "{table}"
    );
    assert!(table.contains(words), "{table}");
    let (found, code) = alfa.doctor("b");
    assert_eq!(
        (&found["echo"]["state"], &found["queue"]["code"]),
        (&"skipped".into(), &"asked".into())
    );
    assert_eq!((found["handshake"]["state"].as_str(), code), (Some("well"), Some(1)));

    let said = beta.done(&["accept", "ALFA"]);
    assert!(said.starts_with("alfa is linked.\n") && said.contains(words), "{said}");
    alfa.is("b", "linked");
    let (mut maya, _) = Client::login(beta.address(), "maya", "surabaya");
    eventually("the message that waited", || {
        (texts_from(&maya.must("inbox"), "messi@alfa") == ["halo"]).then_some(())
    });
    eventually("nothing waits", || (alfa.link("b")?["queued"] == 0).then_some(()));
    let (found, code) = alfa.doctor("beta");
    assert_eq!(code, Some(0), "{found}");
    for (step, state) in
        [("connect", "well"), ("tls", "skipped"), ("echo", "well"), ("queue", "well")]
    {
        assert_eq!(found[step]["state"], state, "{found}");
    }

    // The list needs no server; all else does, and says so.
    let before = alfa.links();
    alfa.stop();
    let after = alfa.links();
    assert_eq!((after.len(), &after[0]["fingerprint"]), (1, &before[0]["fingerprint"]));
    for args in [&["block", "b"][..], &["rotate"], &["invite"], &["add", "c", "127.0.0.1:1"]] {
        for (lang, words) in
            [("en", "No server runs on "), ("id", "Tidak ada server yang berjalan di ")]
        {
            let said = alfa.refused(args, lang);
            assert!(said.contains(words) && said.contains("kabar serve --data"), "{said}");
        }
    }
    let told = alfa.tell(&["doctor", "--federation"], "en");
    assert!(told.code == Some(1) && told.err.contains("kabar serve --data"), "{}", told.err);
    assert_eq!(alfa.links(), after);
}

#[test]
fn an_invite_links_at_once_and_once() {
    let (alfa, beta) = (Realm::start("alfa", "messi"), Realm::start("beta", "maya"));
    let told = beta.tell(&["realm", "invite"], "en");
    let invite = told.out.trim_end();
    assert!(invite.starts_with("kabar-realm-1.") && told.out.lines().count() == 1, "{}", told.out);
    assert!(told.err.contains("kabar realm add INVITE"), "{}", told.err);

    let damaged = &invite[..invite.len() - 1];
    assert!(alfa.refused(&["add", damaged], "en").contains("not copied whole"));
    assert!(alfa.refused(&["add", "kampus"], "id").contains("kabar realm add NAMA HOST:PORT"));
    let said = alfa.done(&["add", invite]);
    assert!(said.starts_with("beta is linked.\n"), "{said}");
    let (ours, theirs) = (alfa.is("beta", "linked"), beta.is("alfa", "linked"));
    assert_eq!(ours["fingerprint"], theirs["fingerprint"]);
    heard(&alfa, "messi", &beta, "maya", "halo");

    let gama = Realm::start("gama", "izza");
    assert!(gama.refused(&["add", invite], "en").contains("it was used"));
    assert!(gama.refused(&["add", invite], "id").contains("sudah dipakai"));
    assert_eq!((gama.links().len(), beta.links().len()), (0, 1));
    let own = alfa.done(&["fingerprint"]);
    assert_eq!(own.trim_end().split(' ').count(), 8);
    assert_ne!(own, beta.done(&["fingerprint"]));
}

#[test]
fn a_blocked_realm_gets_nothing_and_authors_see_it_and_a_removed_one_is_gone() {
    let (alfa, mut beta) = linked();
    heard(&alfa, "messi", &beta, "maya", "dulu");
    let at = beta.stop();
    let messi = Api::login(alfa.address(), "messi");
    let talk = messi.direct("maya@beta");
    messi.say(&talk, "menunggu");
    assert_eq!(messi.message(&talk, "menunggu")["delivery"], "queued");

    let said = alfa.done(&["block", "b"]);
    assert!(said.starts_with("b is blocked"), "{said}");
    assert_eq!(messi.message(&talk, "menunggu")["delivery"], "failed");
    assert_eq!(alfa.is("b", "blocked")["queued"], 0);
    let (mut line, _) = Client::login(alfa.address(), "messi", "surabaya");
    assert_eq!(line.refused("send maya@b tidak"), "Realm tidak ditemukan");
    let (found, code) = alfa.doctor("b");
    assert_eq!((&found["queue"]["state"], code), (&"skipped".into(), Some(0)), "as was wanted");

    // The other side is told why nothing goes any more.
    beta.resume(&at.to_string());
    let (mut maya, _) = Client::login(beta.address(), "maya", "surabaya");
    maya.must("send messi@alfa halo");
    eventually("it learns", || (beta.link("alfa")?["error"] == "blocked_there").then_some(()));
    let table = beta.done(&["list"]);
    assert!(table.contains("An administrator of alfa has blocked this link."), "{table}");
    let (found, code) = beta.doctor("alfa");
    assert_eq!((&found["handshake"]["code"], code), (&"blocked_there".into(), Some(1)));

    let said = alfa.done(&["accept", "b"]);
    assert!(said.starts_with("b is linked.\n"), "{said}");
    Client::connect(beta.address()).must("register nania surabaya Indonesia");
    heard(&alfa, "messi", &beta, "nania", "lagi");
    eventually("what waited there comes", || {
        (texts_from(&line.must("inbox"), "maya@beta") == ["halo"]).then_some(())
    });

    // One that is not there cannot ask again at once.
    beta.stop();
    let said = alfa.done(&["remove", "b"]);
    assert!(said.starts_with("b is removed"), "{said}");
    assert_eq!(alfa.links(), Vec::<Value>::new());
    assert!(alfa.refused(&["remove", "b"], "id").contains("Tidak ada tautan bernama b"));
    assert_eq!(alfa.done(&["list"]).lines().count(), 1);
}

#[test]
fn the_doctor_tells_a_dead_realm_from_one_that_is_another_now() {
    let (alfa, mut beta) = linked();
    let at = beta.stop().to_string();
    let (found, code) = alfa.doctor("b");
    assert_eq!((&found["connect"]["code"], code), (&"no_connection".into(), Some(1)));
    assert_eq!(
        (&found["resolve"]["state"], &found["tls"]["state"]),
        (&"well".into(), &"skipped".into())
    );
    for (lang, words) in
        [("en", "Nobody takes connections at "), ("id", "Tidak ada yang menerima koneksi di ")]
    {
        let told = alfa.tell(&["doctor", "--federation", "b"], lang);
        assert!(told.code == Some(1) && told.err.is_empty(), "{}", told.err);
        assert!(told.out.contains(&format!("✗ connect    {words}{at}: ")), "{}", told.out);
    }
    let (mut messi, _) = Client::login(alfa.address(), "messi", "surabaya");
    messi.must("send maya@b halo");
    eventually("the list says why", || (alfa.link("b")?["error"] == "no_connection").then_some(()));
    assert_eq!(alfa.doctor("b").0["queue"]["code"], "queue_stuck");
    let link = alfa.link("b").unwrap();
    assert!(link["next_try_at"].is_string() && link["last_contact_at"].is_string(), "{link}");
    assert!(alfa.done(&["list"]).contains("Nobody takes connections at "));

    // The same name at the same place, with other keys.
    let mut impostor =
        Realm { name: "beta".into(), data: tempfile::tempdir().unwrap(), server: None };
    impostor.resume(&at);
    let (found, code) = alfa.doctor("b");
    assert_eq!((&found["handshake"]["code"], code), (&"other_keys".into(), Some(1)));
    alfa.is("b", "changed");
    assert_eq!(alfa.doctor("b").0["queue"]["code"], "changed");
    assert!(alfa.done(&["list"]).contains("kabar realm remove b"));
    assert!(alfa.refused(&["add", "c", &at], "en").contains("not the realm that is meant"));
    // Somebody who agrees without looking gains nothing.
    assert!(alfa.refused(&["accept", "b"], "en").contains("The link has stopped"));
    alfa.is("b", "changed");
    impostor.stop();

    // Another realm altogether.
    let mut gama = Realm { name: "gama".into(), data: tempfile::tempdir().unwrap(), server: None };
    gama.resume(&at);
    let (found, _) = alfa.doctor("b");
    assert_eq!(found["handshake"]["code"], "other_realm");
    assert!(found["handshake"]["words"].as_str().unwrap().contains("calls itself gama, not beta"));
    gama.stop();

    // The right one is back.
    beta.resume(&at);
    assert!(alfa.done(&["accept", "b"]).starts_with("b is linked.\n"));
    eventually("all is well", || (alfa.doctor("b").1 == Some(0)).then_some(()));
}

#[test]
fn a_new_key_is_taken_by_whoever_is_there_and_learned_by_whoever_was_not() {
    let (mut alfa, mut beta) = linked();
    let (own, words) =
        (alfa.done(&["fingerprint"]), alfa.link("b").unwrap()["fingerprint"].clone());
    let first = alfa.keys();
    let said = alfa.done(&["rotate"]);
    assert_eq!((alfa.keys().len(), &alfa.keys()[..1]), (2, &first[..]), "the old one is shown on");
    assert_eq!(said.lines().nth(1), Some("b has taken it."), "{said}");
    heard(&alfa, "messi", &beta, "maya", "satu");
    heard(&beta, "maya", &alfa, "messi", "dua");

    let at = beta.stop().to_string();
    let said = alfa.done(&["rotate"]);
    assert!(said.contains("b did not answer"), "{said}");
    beta.resume(&at);
    heard(&beta, "maya", &alfa, "messi", "tiga");
    heard(&alfa, "messi", &beta, "maya", "empat");

    // It signs with the new key after a restart, too, and is the same realm all along.
    let keys = alfa.keys();
    let at = alfa.stop().to_string();
    alfa.resume(&at);
    assert_eq!((keys.len(), alfa.keys()), (3, keys));
    heard(&alfa, "messi", &beta, "maya", "lima");
    assert_eq!(alfa.done(&["fingerprint"]), own);
    assert_eq!(alfa.link("b").unwrap()["fingerprint"], words);
}

#[test]
fn what_cannot_be_is_refused_with_one_line_and_changes_nothing() {
    let (alfa, beta) = linked();
    let dead = "127.77.77.77:1";
    let there = beta.address().to_string();
    let before = (alfa.links().len(), beta.links().len());
    for (args, english, indonesian) in [
        (&["add", "c", "127.0.0.1"][..], "HOST:PORT is wanted", "Yang diminta HOST:PORT"),
        (&["add", "c", "http://x:1/"], "HOST:PORT is wanted", "Yang diminta HOST:PORT"),
        (&["add", "c", dead], "No realm answers there", "Tidak ada realm yang menjawab"),
        (&["add", "c", &there], "linked already", "sudah bertaut"),
        (&["add", "a b", &there], "a b cannot be a realm's name", "a b tidak bisa menjadi nama"),
        (&["add", "\u{1b}[2J", &there], "\\u{1b}[2J cannot be", "\\u{1b}[2J tidak bisa"),
        (&["add", "alfa", &alfa.address().to_string()], "linked already", "sudah bertaut"),
        (&["accept", "siapa"], "There is no link called siapa", "Tidak ada tautan bernama siapa"),
        (&["block", "siapa"], "There is no link called siapa", "Tidak ada tautan bernama siapa"),
        (&["add", "kabar-realm-2.x"], "another version", "versi kabar yang lain"),
    ] {
        for (lang, words) in [("en", english), ("id", indonesian)] {
            let said = alfa.refused(args, lang);
            assert!(said.starts_with("kabar: ") && said.contains(words), "{args:?}: {said}");
        }
    }
    assert_eq!((alfa.links().len(), beta.links().len()), before);
    let told = alfa.tell(&["doctor", "--federation", "sia\npa"], "en");
    assert!(told.code == Some(1) && told.err.contains("no link called sia\\npa"), "{}", told.err);
    assert_eq!(alfa.tell(&["realm", "ad"], "en").code, Some(2));
}

#[test]
fn a_realm_keeps_the_name_of_its_keys() {
    let mut alfa = Realm::start("alfa", "messi");
    alfa.stop();
    let data = alfa.data.path().to_str().unwrap();
    for (lang, words) in [
        ("en", "In its keys this realm is called alfa, in its settings omega"),
        ("id", "Di dalam kuncinya realm ini bernama alfa, di pengaturannya omega"),
    ] {
        let args = ["serve", "--data", data, "--realm", "omega", "--listen", "127.0.0.1:0"];
        let told = kabar_with(&args, &[("KABAR_LANG", lang)], "");
        assert_eq!((told.code, &told.out[..]), (Some(1), ""));
        assert!(told.err.contains(words) && told.err.contains("--realm alfa"), "{}", told.err);
    }
    let told = kabar_with(&["doctor", "--data", data], &[("KABAR_SERVER__REALM", "omega")], "");
    assert!(told.out.contains("✗ name      In its keys"), "{}", told.out);
    alfa.resume("127.0.0.1:0");
    Client::login(alfa.address(), "messi", "surabaya");
}

#[test]
fn the_doctor_looks_at_this_machine_with_and_without_a_server() {
    let mut alfa = Realm::start("alfa", "messi");
    let told = alfa.tell(&["doctor"], "en");
    assert_eq!((told.code, &told.err[..]), (Some(0), ""), "{}", told.out);
    let steps: Vec<&str> = told.out.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(steps, ["data", "space", "clock", "files", "server", "database", "port"]);
    assert!(told.out.lines().all(|line| line.starts_with("✓ ")), "{}", told.out);
    assert!(told.out.contains(&alfa.address().to_string()), "{}", told.out);

    let at = alfa.stop().to_string();
    let data = alfa.data.path().to_str().unwrap().to_owned();
    let looked = |at: &str| {
        let variables = [("KABAR_SERVER__LISTEN", at), ("KABAR_SERVER__REALM", "alfa")];
        let told = kabar_with(&["doctor", "--json", "--data", &data], &variables, "");
        let found: Value = serde_json::from_str(&told.out).unwrap();
        assert_eq!((told.code, &found["well"]), (Some(1), &false.into()));
        let code = |step: &str| {
            let checks = found["checks"].as_array().unwrap();
            checks.iter().find(|check| check["step"] == step).unwrap()["code"].clone()
        };
        (code("server"), code("port"), code("name"))
    };
    assert_eq!(looked(&at), ("none".into(), "free".into(), "well".into()));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    assert_eq!(looked(&at), ("none".into(), "taken".into(), "well".into()));

    let nowhere = alfa.data.path().join("nowhere");
    let told = kabar_with(&["doctor", "--data", nowhere.to_str().unwrap()], &[], "");
    assert!(told.code == Some(1) && told.out.contains("is no directory"), "{}", told.out);
    assert!(!nowhere.exists(), "looking makes nothing");
}
