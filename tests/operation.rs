//! Starting: what the server says when it is ready, what it refuses to start on, and the settings.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use support::client::texts_from;
use support::{Client, Server, Told, kabar, kabar_with};

const DATABASE: &str = "kabar.db";

/// A server that must refuse to start on that data directory.
fn refused(data: &Path) -> Told {
    let told = kabar(&["serve", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert_eq!((told.code, &told.out[..]), (Some(1), ""), "{}", told.err);
    assert_eq!(told.err.trim_end().lines().count(), 1, "{}", told.err);
    told
}

/// A data directory with one account, whose server has stopped; the account's token.
fn used(data: &Path) -> String {
    let server = Server::start(data);
    let (mut ana, token) = Client::register(server.address(), "ana");
    ana.must("send ana hai");
    assert_eq!(server.stop(), Some(0));
    token
}

#[test]
fn each_listener_is_announced_with_its_real_port_then_the_page() {
    let server = Server::demo(&["line-en", "line-id", "realm", "http", "auto"]);
    let spoken: Vec<&str> = server.listening.iter().map(|(_, dialect)| &dialect[..]).collect();
    assert_eq!(spoken, ["line-en", "line-id", "realm", "http", "auto"]);
    assert!(server.listening.iter().all(|(a, _)| a.ip().is_loopback() && a.port() != 0));
    assert_eq!(server.page, format!("http://{}", server.speaking("http")));
    Client::connect(server.speaking("line-en")).must("help");
}

#[test]
fn sessions_and_messages_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let token = used(directory.path());
    let server = Server::start(directory.path());
    let mut client = Client::connect(server.address());
    assert_eq!(texts_from(&client.must(&format!("inbox {token}")), "ana"), ["hai"]);
    client.must(&format!("logout {token}"));
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(directory.path());
    Client::connect(server.address()).refused(&format!("inbox {token}"));
}

#[test]
fn the_first_account_from_this_machine_is_administrator_and_the_second_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    Client::register(server.address(), "zora");
    Client::register(server.address(), "budi");
    let told = kabar(&["user", "list", "--json", "--data", directory.path().to_str().unwrap()]);
    let document: Value = serde_json::from_str(&told.out).unwrap();
    let people: Vec<(&str, bool)> = document["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["username"].as_str().unwrap(), p["administrator"].as_bool().unwrap()))
        .collect();
    assert_eq!(people, [("budi", false), ("zora", true)]);
}

#[test]
fn a_data_directory_has_one_server() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let (mut ana, _) = Client::register(server.address(), "ana");
    let told = refused(directory.path());
    assert!(told.err.contains(&format!("(process {})", server.id())), "{}", told.err);
    assert!(told.err.contains("in use by another kabar"), "{}", told.err);
    ana.must("send ana hai");
    assert_eq!(texts_from(&ana.must("inbox"), "ana"), ["hai"]);
    // The one who runs is still heard by its operator.
    let data = directory.path().to_str().unwrap();
    assert_eq!(kabar(&["user", "disable", "ana", "--data", data]).code, Some(0));
    ana.refused("inbox");
    // Once it has gone, another may.
    assert_eq!(server.stop(), Some(0));
    Server::start(directory.path());
}

#[test]
fn data_of_a_later_kabar_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    used(directory.path());
    let path = directory.path().join(DATABASE);
    let change = |version: i64| {
        let connection = rusqlite::Connection::open(&path).unwrap();
        let found: i64 =
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
        found
    };
    let version = change(999);
    let told = refused(directory.path());
    assert!(told.err.contains("schema 999") && told.err.contains("newer kabar"), "{}", told.err);
    assert_eq!(change(version), 999, "nobody wrote to it");
    Server::start(directory.path());
}

#[test]
fn a_file_of_another_program_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(DATABASE);
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign
        .execute_batch("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')")
        .unwrap();
    drop(foreign);
    let of_another = fs::read(&path).unwrap();
    for content in [of_another, b"just some text\n".repeat(100)] {
        fs::write(&path, &content).unwrap();
        let told = refused(directory.path());
        assert!(told.err.contains("kabar.db is not a kabar database"), "{}", told.err);
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_data_directory_that_cannot_be_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    let told = refused(&file.join("data"));
    assert!(told.err.contains("Cannot open the data directory"), "{}", told.err);
}

#[test]
fn a_port_in_use_is_named_and_another_one_suggested() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    for (lang, words) in
        [("en", "is in use by another program"), ("id", "sedang dipakai program lain")]
    {
        let args = ["serve", "--data", data, "--listen", &address];
        let told = kabar_with(&args, &[("KABAR_LANG", lang)], "");
        assert_eq!((told.code, &told.out[..]), (Some(1), ""));
        assert!(told.err.contains(&format!("{address} {words}")), "{}", told.err);
        assert!(told.err.contains("--listen"), "{}", told.err);
    }
    drop(taken);
    Server::with(&["--data", data, "--listen", &address], &[]);
}

#[test]
fn a_demo_is_for_this_machine_and_leaves_nothing_behind() {
    for address in ["0.0.0.0:0", "[::]:0/realm", "192.0.2.1:0"] {
        let told = kabar(&["serve", "--demo", "--listen", "127.0.0.1:0", "--listen", address]);
        assert_eq!((told.code, &told.out[..]), (Some(1), ""), "{address}");
        assert!(told.err.contains("is not a loopback address"), "{}", told.err);
    }
    let directory = tempfile::tempdir().unwrap();
    used(directory.path());
    let data = directory.path().to_str().unwrap();
    let told = kabar(&["serve", "--demo", "--data", data, "--listen", "127.0.0.1:0"]);
    assert_eq!((told.code, &told.out[..]), (Some(1), ""));
    assert!(told.err.contains("never touches a data directory"), "{}", told.err);

    let mut server = Server::demo(&["auto"]);
    let entries = || server.temporary.path().read_dir().unwrap().count();
    assert_eq!(entries(), 1);
    Client::login(server.address(), "messi", "surabaya").0.must("send henderson hai");
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    assert_eq!(server.temporary.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_wrong_setting_is_named_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("kabar.toml");
    let path = file.to_str().unwrap();
    for (text, words) in [
        ("[accounts]\n\nregistation = \"open\"\n", &["line 3", "registation"][..]),
        ("[limits]\nconnections = \"many\"\n", &["line 2", "connections"]),
        ("[server]\nlisten = [\"127.0.0.1:1/morse\"]\n", &["line 2", "morse", "line-en"]),
        ("[sever]\n", &["line 1", "sever"]),
        ("[server\n", &["line 1"]),
    ] {
        fs::write(&file, text).unwrap();
        for command in
            [&["serve"][..], &["config", "check"], &["config", "print"], &["user", "list"]]
        {
            let told = kabar(&[command, &["--config", path]].concat());
            assert_eq!((told.code, &told.out[..]), (Some(2), ""), "{command:?} {text:?}");
            assert!(told.err.contains(path), "{}", told.err);
            assert!(words.iter().all(|word| told.err.contains(word)), "{words:?}: {}", told.err);
        }
    }
    let told = kabar(&["config", "check", "--config", "/nowhere/kabar.toml"]);
    assert!(told.code == Some(2) && told.err.contains("/nowhere/kabar.toml"), "{}", told.err);
    for (name, value, word) in [
        ("KABAR_ACCOUNTS__REGISTATION", "open", "accounts.registation"),
        ("KABAR_LIMITS__STRANGERS", "few", "KABAR_LIMITS__STRANGERS"),
        ("KABAR_ACCOUNTS__REGISTRATION", "maybe", "maybe"),
    ] {
        let told = kabar_with(&["config", "check"], &[(name, value)], "");
        assert!(told.code == Some(2) && told.err.contains(word), "{}", told.err);
    }
}

#[test]
fn settings_that_are_printed_can_be_used_again() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (directory.path().join("1.toml"), directory.path().join("2.toml"));
    fs::write(&first, "[accounts]\nregistration = \"closed\"\n[sessions]\nidle_days = 7\n")
        .unwrap();
    let data = directory.path().join("data");
    let variables = [
        ("KABAR_SERVER__LISTEN", "127.0.0.1:0/line-en 127.0.0.1:0/http"),
        ("KABAR_SERVER__DATA", data.to_str().unwrap()),
        ("KABAR_SESSIONS__IDLE_DAYS", "9"),
    ];
    let print = |file: &Path, variables: &[(&str, &str)]| {
        let told =
            kabar_with(&["config", "print", "--config", file.to_str().unwrap()], variables, "");
        assert_eq!(told.code, Some(0), "{}", told.err);
        told.out
    };
    let printed = print(&first, &variables);
    for line in ["registration = \"closed\"", "idle_days = 9", "127.0.0.1:0/line-en"] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    fs::write(&second, &printed).unwrap();
    assert_eq!(print(&second, &[]), printed);
    let second = second.to_str().unwrap();
    assert_eq!(kabar(&["config", "check", "--config", second]).code, Some(0));

    let server = Server::with(&["--config", second], &[]);
    assert_eq!(server.listening[0].1, "line-en");
    assert!(data.join(DATABASE).exists());
    // Registration is closed, as the file says; the operator may all the same.
    let mut client = Client::connect(server.address());
    assert_eq!(client.refused("register ana rahasia Indonesia"), "Not allowed");
    let add = ["user", "add", "ana", "--password-stdin", "--config", second];
    assert_eq!(kabar_with(&add, &[], "rahasia\n").code, Some(0));
    client.must("auth ana rahasia");
}
