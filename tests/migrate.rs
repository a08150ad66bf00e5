//! A realm is moved: from a directory to PostgreSQL and an object store, and back.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod moving {
    pub(crate) mod filled;
    pub(crate) mod place;
}
mod support;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kabar_store_sql::copy::{LEFT, Numbers, TABLES};
use kabar_testbed::{Objects, Postgres};
use serde_json::{Value, json};

use moving::filled;
use moving::place::Place;
use support::peer::Peer;
use support::program::{Ended, KABAR};
use support::{Api, Client, Server, kabar};

/// Kills of a move before the last one is let finish.
const KILLS: usize = 20;

#[test]
fn what_is_moved_is_all_that_both_schemas_know() {
    let place = Place::directory();
    kabar_store_sqlite::open(&place.data(), Arc::new(|what| panic!("{what}"))).unwrap().close();
    let (sqlite, url) = (place.sqlite(), Postgres::shared().new_database());
    let settings = kabar_store_postgres::Settings { url: url.clone(), accept_unsafe: false };
    let on_fatal = Arc::new(|what: &str| panic!("{what}"));
    kabar_store_postgres::open(&settings, kabar_store_postgres::Buses::default(), on_fatal)
        .unwrap()
        .close();
    let postgres = |sql: &str| Postgres::shared().sql(url.rsplit('/').next().unwrap(), sql);

    let known: BTreeSet<&str> =
        TABLES.iter().map(|table| table.name).chain(LEFT.iter().copied()).collect();
    let mut there = sqlite.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let there = there.query_map((), |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
    let public = postgres("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    for name in there.chain(public.lines().map(str::to_owned)) {
        assert!(known.contains(&name[..]), "{name}: is it the realm's (TABLES) or is it LEFT?");
    }

    let mut before = BTreeSet::new();
    for table in TABLES {
        let name = table.name;
        let expected: BTreeSet<String> = table.columns.iter().map(ToString::to_string).collect();
        assert_eq!(expected.len(), table.columns.len(), "{name}");
        let mut info = sqlite.prepare(&format!("PRAGMA table_info({name})")).unwrap();
        let info = info.query_map((), |row| Ok((row.get::<_, i64>(5)?, row.get::<_, String>(1)?)));
        let mut info: Vec<(i64, String)> = info.unwrap().map(Result::unwrap).collect();
        assert_eq!(info.iter().map(|(_, name)| name.clone()).collect::<BTreeSet<_>>(), expected);
        info.retain(|(place, _)| *place > 0);
        info.sort_unstable();
        assert!(info.iter().map(|(_, name)| &name[..]).eq(table.key().iter().copied()), "{name}");
        let columns = postgres(&format!(
            "SELECT column_name FROM information_schema.columns WHERE table_name = '{name}'"
        ));
        assert_eq!(columns.lines().map(str::to_owned).collect::<BTreeSet<_>>(), expected, "{name}");

        let sql = format!("SELECT sql FROM sqlite_schema WHERE name = '{name}'");
        let sql: String = sqlite.query_row(&sql, (), |row| row.get(0)).unwrap();
        let is_given_once = sql.contains("PRIMARY KEY AUTOINCREMENT");
        assert_eq!(is_given_once, table.numbers == Numbers::GivenOnce, "{name}");
        let identity = postgres(&format!(
            "SELECT is_identity FROM information_schema.columns WHERE table_name = '{name}' AND column_name = 'id'"
        ));
        let is_given = matches!(table.numbers, Numbers::Given | Numbers::GivenOnce);
        assert_eq!(identity == "YES", is_given, "{name}");

        before.insert(name.to_owned());
        let mut parents = sqlite.prepare(&format!("PRAGMA foreign_key_list({name})")).unwrap();
        let parents = parents.query_map((), |row| row.get::<_, String>(2)).unwrap();
        for parent in parents.map(Result::unwrap) {
            assert!(before.contains(&parent), "{name} comes before {parent}");
        }
    }
}

/// What somebody sees: the conversations, and all that was said in each.
fn seen(server: &Server, token: &str) -> Vec<Value> {
    let api = Api::of(server.address(), token);
    let talks = api.get("/conversations")["conversations"].clone();
    let mut seen = vec![talks.clone(), api.get("/contacts"), api.get("/tokens")];
    for talk in talks.as_array().unwrap() {
        seen.extend(api.messages(talk["id"].as_str().unwrap()));
    }
    seen.push(api.get("/me"));
    seen
}

/// Makes a realm with something of everything; the tokens of two people, and a file's contents.
fn lively(place: &Place) -> ([String; 2], Vec<u8>) {
    let server = place.serve();
    let (mut ana, token) = Client::register(server.address(), "ana");
    let (_budi, other) = Client::register(server.address(), "budi");
    let api = Api::of(server.address(), &token);
    let peer = Peer::linked("mati", (server.address(), "kota"));
    let far = peer.somebody("citra");
    ana.must(&format!("send {far} halo"));
    peer.leave();
    for n in 0..5 {
        ana.must(&format!("send {far} masih_menunggu_{n}"));
    }
    let group = api.must("POST /groups", &json!({"name": "kelas", "visibility": "private"}));
    let group = group["id"].as_str().unwrap();
    api.must(&format!("POST /conversations/{group}/members"), &json!({"usernames": ["budi"]}));
    for n in 0..400 {
        api.say(group, &format!("pesan {n} 👋"));
    }
    let messages = format!("/conversations/{group}/messages");
    api.must(&format!("PATCH {messages}/3"), &json!({"text": "diubah"}));
    api.must(&format!("DELETE {messages}/4"), &Value::Null);
    api.must(&format!("PUT {messages}/5/reactions/%F0%9F%91%8D"), &Value::Null);
    api.must(&format!("POST {messages}"), &json!({"text": "ya", "reply_to": 6, "key": "k-1"}));
    api.must(&format!("POST /conversations/{group}/hooks"), &json!({"name": "ci"}));
    api.must(&format!("POST /conversations/{group}/invitations"), &json!({}));
    api.must("POST /tokens", &json!({"name": "cron", "scopes": ["read"]}));
    api.must("PUT /contacts/budi", &Value::Null);
    let contents: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 253) as u8).collect();
    api.send_file(group, "besar.bin", &contents);
    api.send_file(group, "kecil.txt", b"hai");
    api.send_file(group, "kosong.txt", b"");
    // What it left in its log is the realm's, too.
    server.kill();
    ([token, other], contents)
}

#[test]
fn a_realm_goes_to_postgresql_and_an_object_store_and_back() {
    let objects = Objects::start_new();
    let (first, second, third) =
        (Place::directory(), Place::postgres_and(&objects), Place::directory());
    let (tokens, contents) = lively(&first);
    let before = std::fs::read(first.data().join("kabar.db")).unwrap();
    let there = first.moves(&second, &[]);
    assert!(there.contains("Moved and compared") && there.contains("3 files"), "{there}");
    assert_eq!(before, std::fs::read(first.data().join("kabar.db")).unwrap());
    let back = second.moves(&third, &[]);
    let tables =
        |said: &str| said.lines().filter(|l| !l.contains("Moved")).collect::<Vec<_>>().join("\n");
    assert_eq!(tables(&there), tables(&back));
    assert_eq!(first.rows(), third.rows());
    assert!(first.moves(&second, &["--check"]).contains("The two are the same"));
    assert!(first.moves(&third, &["--check"]).contains("The two are the same"));

    let mut all = Vec::new();
    for place in [&first, &second, &third] {
        let server = place.serve();
        let mut seen_here = Vec::new();
        for token in &tokens {
            seen_here.push(seen(&server, token));
        }
        let mut budi = Client::login(server.address(), "budi", "rahasia").0;
        seen_here.push(vec![budi.must("inbox")]);
        let ana = Api::of(server.address(), &tokens[0]);
        let group = ana.group("kelas");
        let files = ana.get(&format!("/conversations/{group}/messages?limit=200"));
        let file =
            files["messages"].as_array().unwrap().iter().find(|m| m["file"]["name"] == "besar.bin");
        let id = file.unwrap()["file"]["code"].as_str().unwrap().to_owned();
        let (status, found) = ana.http(&format!("GET /files/{id}"), "", b"");
        assert_eq!((status, found == contents), (200, true));
        // Numbers go on where they stood.
        let said = ana.say(&group, "sesudahnya");
        seen_here.push(vec![said["seq"].clone()]);
        Client::register(server.address(), "dewi");
        assert_eq!(server.stop(), Some(0));
        all.push(seen_here);
    }
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
}

#[test]
fn a_move_that_is_killed_at_any_moment_goes_on() {
    let from = filled::realm(12_000);
    let began = Instant::now();
    let whole = from.moves(&Place::postgres(), &[]);
    let time = began.elapsed();
    let (mut to, mut kills, mut finished) = (Place::postgres(), 0, 0);
    let mut seed = std::process::id();
    while kills < KILLS {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let share = f64::from(seed) / f64::from(u32::MAX);
        let process = Command::new(KABAR)
            .args(from.words(&to))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut process = Ended(process.unwrap());
        std::thread::sleep(time.mul_f64(share));
        if process.0.try_wait().unwrap().is_some_and(|status| status.success()) {
            assert_eq!(whole.lines().next(), from.moves(&to, &["--check"]).lines().next());
            (to, finished) = (
                if finished % 2 == 0 { Place::directory() } else { Place::postgres() },
                finished + 1,
            );
            continue;
        }
        process.0.kill().unwrap();
        process.wait();
        kills += 1;
    }
    let end = from.move_in("en", &to, &[]);
    assert_eq!(end.code, Some(0), "{end:?}");
    let sums = |said: &str| {
        said.lines()
            .filter(|line| line.len() > 80 && !line.contains("Moved"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(sums(&whole), sums(&end.out));
    assert!(sums(&whole).len() >= TABLES.len(), "{whole}");
    from.moves(&to, &["--check"]);
}

#[test]
fn every_value_of_every_table_arrives_and_numbers_are_never_given_again() {
    let (from, middle, to) = (filled::realm(3_000), Place::postgres(), Place::directory());
    let before = from.rows();
    let said = from.moves(&middle, &[]);
    let last = "SELECT last_value FROM session_id_seq";
    assert_eq!(middle.sql(last), filled::ROWS.to_string(), "that of a session that is gone, too");
    assert_eq!(middle.sql("SELECT arrival FROM head"), "3000");
    let back = middle.moves(&to, &[]);
    for (before, after) in before.iter().zip(to.rows()) {
        assert!(*before == after, "{}", before.0);
    }
    for line in said.lines().filter(|line| !line.contains("Moved")) {
        assert!(back.contains(line), "{line}");
    }
    assert_eq!(before, from.rows());
}

#[test]
fn a_row_that_is_not_the_same_is_found_and_the_move_does_not_end() {
    let (from, to) = (filled::realm(3_000), Place::postgres());
    from.moves(&to, &[]);
    let mark = "SELECT id || ':' || created_at FROM account ORDER BY id LIMIT 1";
    let mark = to.sql(mark);
    to.sql(&format!(
        "CREATE TABLE migration (realm TEXT NOT NULL, arrival BIGINT NOT NULL);
         INSERT INTO migration VALUES ('{mark}', 3000);
         UPDATE message SET body = body || '.' WHERE id = 1234;
         DELETE FROM reaction WHERE id = 7;
         INSERT INTO mirror_left VALUES (99, 1, 1)"
    ));
    for more in [&[][..], &["--check"]] {
        let told = from.move_in("en", &to, more);
        assert_eq!(told.code, Some(1), "{told:?}");
        for line in [
            "message 1234: body is different",
            "reaction 7: lacking in the new one",
            "mirror_left 99, 1: in the new one alone",
        ] {
            assert!(told.out.contains(line), "{line}: {}", told.out);
        }
        assert!(told.err.contains("rows that differ: 3."), "{}", told.err);
    }
    let settings = to.settings();
    let served =
        kabar(&["serve", "--config", settings.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert!(served.err.contains("holds a move that has not ended"), "{}", served.err);
    assert_eq!(served.code, Some(1));
}

#[test]
fn what_is_not_at_rest_not_empty_or_not_finished_is_refused() {
    let (from, to) = (filled::realm(10), Place::postgres());
    assert!(from.refused(&from, &[]).contains("nothing to move"));
    assert!(Place::directory().refused(&to, &[]).contains("There is no realm in"));
    assert!(Place::postgres().refused(&from, &[]).contains("There is no realm in"));

    let busy = Place::directory();
    let server = busy.serve();
    assert!(busy.refused(&to, &[]).contains("is in use. Stop every server"));
    let told = busy.move_in("id", &to, &[]);
    assert!(told.err.contains("sedang dipakai. Hentikan semua server"), "{told:?}");
    assert!(from.refused(&busy, &[]).contains("is in use"));
    server.stop();
    assert!(busy.refused(&to, &[]).contains("has no accounts"));

    from.moves(&to, &[]);
    assert!(from.refused(&to, &[]).contains("holds something already"));
    let (from, server) = (Place::directory(), Place::postgres());
    let first = from.serve();
    Client::register(first.address(), "ana");
    first.stop();
    from.moves(&server, &[]);
    let settings = server.settings();
    let running = server.serve();
    assert!(server.refused(&Place::directory(), &[]).contains("is in use"));
    running.stop();

    // A move that has not ended: of another realm, or of one that was used since.
    let mark = server.sql("SELECT id || ':' || created_at FROM account");
    for (realm, arrival, words) in [
        (&mark[..], 1, "has been used since its move"),
        ("1:1", 0, "unfinished move of another realm"),
    ] {
        server.sql(&format!(
            "CREATE TABLE IF NOT EXISTS migration (realm TEXT, arrival BIGINT);
             DELETE FROM migration; INSERT INTO migration VALUES ('{realm}', {arrival})"
        ));
        let said = from.refused(&server, &[]);
        assert!(said.contains(words), "{said}");
    }
    let settings = settings.to_str().unwrap();
    for words in [&["serve"][..], &["user", "list"], &["doctor"]] {
        let told = kabar(&[words, &["--config", settings]].concat());
        assert!(told.code != Some(0), "{told:?}");
        assert!(format!("{told:?}").contains("holds a move that has not ended"), "{told:?}");
    }
    let back = Place::directory();
    assert!(server.refused(&back, &[]).contains("holds a move that has not ended"));

    let half = Place::directory();
    from.moves(&half, &[]);
    half.sqlite().execute("CREATE TABLE migration (realm TEXT, arrival BIGINT)", ()).unwrap();
    let told = kabar(&["user", "list", "--data", half.data().to_str().unwrap()]);
    assert_eq!(told.code, Some(1));
    assert!(told.err.contains("holds a move that has not ended"), "{told:?}");
}

#[test]
fn files_alone_are_moved_and_one_that_is_missing_is_named() {
    let objects = Objects::start_new();
    let from = filled::realm(10);
    let to = Place::directory_of(&from, &objects);
    let files = from.data().join("files");
    let any = std::fs::read_dir(files.join("sha256")).unwrap().next().unwrap().unwrap().path();
    let any = std::fs::read_dir(any).unwrap().next().unwrap().unwrap().path();
    let aside = from.data().join("aside");
    std::fs::rename(&any, &aside).unwrap();
    let said = from.refused(&to, &[]);
    let name = any.file_name().unwrap().to_str().unwrap();
    assert!(said.contains(&format!("Missing: {name}")), "{said}");
    assert!(said.contains("--missing-files-are-lost"), "{said}");
    let lost = from.move_in("en", &to, &["--missing-files-are-lost"]);
    assert!(lost.code == Some(0) && lost.err.contains("Missing: "), "{lost:?}");

    std::fs::write(&any, "contents 99999").unwrap();
    let said = from.refused(&to, &[]);
    assert!(said.contains(&format!("Damaged: {name}")), "{said}");
    std::fs::rename(&aside, &any).unwrap();
    assert!(from.refused(&to, &["--check"]).contains("Missing: "));
    from.moves(&to, &[]);
    from.moves(&to, &["--check"]);
    let began = Instant::now();
    from.moves(&to, &[]);
    assert!(began.elapsed() < Duration::from_secs(30));
}
