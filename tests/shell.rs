//! `kabar shell` by pipe, and `kabar bench`, against a real server.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::net::{SocketAddr, TcpListener};

use serde_json::Value;

use support::client::texts_from;
use support::{Client, Server, Told, kabar, kabar_with};

const PASSWORD: &str = "surabaya";

fn shell(dialect: &str, address: SocketAddr, typed: &[&str]) -> Told {
    let lines = typed.join("\n") + "\n";
    kabar_with(&["shell", &format!("{dialect}://{address}")], &[], &lines)
}

/// What is printed, a line for each typed line, without the prompts; each prompt is checked.
#[track_caller]
fn printed(dialect: &str, server: &Server, typed: &[&str]) -> Vec<String> {
    let told = shell(dialect, server.speaking(dialect), typed);
    assert_eq!((told.code, &told.err[..]), (Some(0), ""), "{}", told.out);
    let mut token = String::new();
    told.out
        .lines()
        .filter_map(|line| {
            let said = line.strip_prefix(&format!("Command {token}:"));
            let said = said.unwrap_or_else(|| panic!("no prompt with {token:?}: {}", told.out));
            if let Some((_, new)) = said.split_once(" logged in, token ") {
                new.clone_into(&mut token);
            } else if !said.starts_with("Error") && ends_login(said, &token) {
                token.clear();
            }
            (!said.is_empty())
                .then(|| said.replace(&token, if token.is_empty() { "" } else { "TOKEN" }))
        })
        .collect()
}

/// Whether that is what a logout prints.
fn ends_login(said: &str, token: &str) -> bool {
    ["Logged out", "Logout Berhasil", &format!("\"{token}\"")].contains(&said)
}

/// An inbox as it is printed, with its moments left out.
fn timeless(printed: &str) -> String {
    let mut inbox: Value = serde_json::from_str(printed).unwrap();
    for items in inbox.as_object_mut().unwrap().values_mut() {
        for item in items.as_array_mut().unwrap() {
            let at = item.as_object_mut().unwrap().remove("sent_at").unwrap();
            assert!(at.as_str().unwrap().ends_with('Z'), "{at}");
        }
    }
    inbox.to_string()
}

#[test]
fn the_english_session_of_its_seed() {
    let server = Server::demo(&["line-en"]);
    let said = printed(
        "line-en",
        &server,
        &[
            "inbox",
            "auth siapa surabaya",
            "auth izza malang",
            "auth izza surabaya",
            "send maya  halo  maya",
            "send siapa halo",
            "send izza untuk saya",
            "inbox",
            "inbox",
            "list",
            "logout",
            "list",
            "auth maya surabaya",
            "inbox",
            "exit",
        ],
    );
    assert_eq!(said.len(), 15, "{said:#?}");
    let own = r#"{"izza":[{"msg":"untuk saya","msg_from":"Rahmadani Izzatul","msg_to":"Rahmadani Izzatul"}]}"#;
    assert_eq!(timeless(&said[7]), own);
    let mayas = r#"{"izza":[{"msg":"halo  maya","msg_from":"Rahmadani Izzatul","msg_to":"Kholishotul Amaliah"}]}"#;
    assert_eq!(timeless(&said[13]), mayas);
    let rest: Vec<&str> = said
        .iter()
        .enumerate()
        .filter(|(n, _)| ![7, 13].contains(n))
        .map(|(_, s)| &s[..])
        .collect();
    assert_eq!(
        rest,
        [
            "Error, not authorized",
            "Error, User is not found",
            "Error, Wrong password",
            "username izza logged in, token TOKEN",
            "message sent to maya",
            "Error, User is not found",
            "message sent to izza",
            "{}",
            r#"["izza"]"#,
            "Logged out",
            "Error, not authorized",
            "username maya logged in, token TOKEN",
            "Exit from program",
        ]
    );
    // `exit` ended the session: nobody is active any more but who logs in now.
    let (mut messi, _) = Client::login(server.address(), "messi", PASSWORD);
    assert_eq!(messi.must("list")["messages"], serde_json::json!(["messi"]));
}

#[test]
fn the_indonesian_session_of_its_seed() {
    let server = Server::demo(&["line-id"]);
    let (_henderson, _) = Client::login(server.address(), "henderson", PASSWORD);
    let said = printed(
        "line-id",
        &server,
        &[
            "show",
            "auth siapa x",
            "auth messi x",
            "auth messi surabaya",
            "send henderson hello gimana kabarnya",
            "send siapa hai",
            "send henderson,messi hai semua",
            "show",
            "inbox",
            "logout",
            "send henderson hai",
        ],
    );
    assert_eq!(
        said[..8],
        [
            "Error, not authorized",
            "Error, User Tidak Ada",
            "Error, password salah",
            "username messi logged in, token TOKEN",
            "message sent to henderson",
            "Error, User Tidak Ditemukan",
            "message sent to henderson,messi",
            r#"[{"username":"henderson","nama":"Jordan Henderson","negara":"Inggris"},{"username":"messi","nama":"Lionel Messi","negara":"Argentina"}]"#,
        ]
    );
    assert!(said[8].contains(r#""msg":"hai semua""#), "{}", said[8]);
    assert_eq!((said[9].len(), &said[10][..]), (38, "Error, not authorized"));
    assert_eq!(said.len(), 11);
}

#[test]
fn the_session_with_groups_of_its_seed() {
    let server = Server::demo(&["realm"]);
    let (mut henderson, _) = Client::login(server.address(), "henderson", PASSWORD);
    let said = printed(
        "realm",
        &server,
        &[
            "register budi rahasia Indonesia Budi_Santoso",
            "addgroup kelompok-Bagan",
            "addgroup kelompok-Bagan",
            "joingroup kelompok-Bagan",
            "joingroup lain",
            "sendgroup kelompok-Bagan halo, selamat malam",
            "sendgroup lain halo",
            "leavegroup kelompok-Bagan",
            "info",
            "kirim budi hai",
            "logout",
            "exit",
        ],
    );
    assert_eq!(
        said,
        [
            "username budi logged in, token TOKEN",
            "Group kelompok-Bagan added",
            "Error, Group sudah ada",
            "Error, User sudah join",
            "Error, Group belum ada",
            "message sent to kelompok-Bagan",
            "Error, Group tidak ditemukan",
            "Group kelompok-Bagan left",
            r#"[{"username":"budi","nama":"Budi Santoso","negara":"Indonesia"},{"username":"henderson","nama":"Jordan Henderson","negara":"Inggris"}]"#,
            "Error, Protocol tidak benar: perintah tidak dikenal",
            "Logout Berhasil",
            "Exit from program",
        ]
    );
    // The last one out closed the group.
    assert_eq!(henderson.must("getgroups")["messages"], serde_json::json!([]));
}

#[test]
fn a_peer_cannot_steer_the_terminal_of_a_shell() {
    let server = Server::demo(&["line-en"]);
    let (mut messi, _) = Client::login(server.address(), "messi", PASSWORD);
    messi.must("send henderson \u{1b}]0;title\u{7}\u{1b}[2J \u{9b}31m \u{202e}olleh\u{2028}x 😀");
    let said = printed("line-en", &server, &["auth henderson surabaya", "inbox"]);
    let steering = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}');
    assert!(!said[1].chars().any(steering) && said[1].contains("olleh"), "{:?}", said[1]);
    assert!(said[1].contains("\\u001b[2J") && said[1].contains('😀'), "{}", said[1]);
}

#[test]
fn a_shell_without_a_server_says_so() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let told = shell("realm", free, &["exit"]);
    assert_eq!((told.code, &told.out[..]), (Some(3), ""));
    assert!(
        told.err.contains(&free.to_string()) && told.err.contains("kabar serve"),
        "{}",
        told.err
    );
    let id = [("KABAR_LANG", "id")];
    let told = kabar_with(&["shell", &format!("realm://{free}")], &id, "");
    assert!(told.code == Some(3) && told.err.contains("Tidak dapat menghubungi"), "{}", told.err);
    for url in ["http://localhost", "line-en://", "realm://::1", "8889"] {
        let told = kabar(&["shell", url]);
        assert_eq!((told.code, &told.out[..]), (Some(2), ""), "{url}");
    }

    // A server that goes away in the middle.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let gone = std::thread::spawn(move || drop(server.accept().unwrap()));
    let told = shell("line-en", address, &["help", "help"]);
    gone.join().unwrap();
    assert!(told.code == Some(3) && told.err.contains("is lost"), "{}", told.err);
}

#[test]
fn the_load_generator_finds_nothing_wrong() {
    let server = Server::demo(&["auto"]);
    let (address, id) = (server.address().to_string(), server.id().to_string());
    let told = kabar(&[
        "bench",
        "--server",
        &address,
        "--server-pid",
        &id,
        "--pairs",
        "4",
        "--duration",
        "2",
        "--warmup",
        "0",
        "--json",
    ]);
    assert_eq!(told.code, Some(0), "{} {}", told.out, told.err);
    let report: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!((&report["schema"], &report["passed"]), (&1.into(), &true.into()));
    let check = &report["check"];
    assert_eq!(check["accepted"], check["delivered"]);
    assert!(check["accepted"].as_u64().unwrap() > 100, "{check}");
    for fault in ["lost", "doubled", "reordered", "never_sent", "refused_yet_delivered"] {
        assert_eq!(check[fault], 0, "{fault}");
    }
    assert_eq!(report["problems"], serde_json::json!([]));

    let (mut messi, _) = Client::login(server.address(), "messi", PASSWORD);
    messi.must("send messi the realm is whole");
    assert_eq!(texts_from(&messi.must("inbox"), "messi"), ["the realm is whole"]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    assert_eq!(kabar(&["bench", "--server", &free, "--json"]).code, Some(3));
}
