//! A whole shell for dialect keyword against a small server that answers as that dialect does:
//! objects without an end, in pieces, and notifications between them.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

mod support;

use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use kabar_client::shell::Outcome;
use kabar_client::shell::terminal::{Typed, cancel::Cancel};
use parking_lot::Mutex;
use serde_json::{Value, json};

use support::{contents, line, read_bytes, run, run_with, send_in_pieces, serve};

const SIZE: usize = 2_000_003;
const NOTIF: &str = r#"{"FOR":"NOTIF","from_user":"budi","text":"hai {\u001b}\""}"#;
const IN_GROUP: &str =
    r#"{"FOR":"NOTIF","from_user":"budi","text":"x","from_group":"Tim Jaringan"}"#;

/// What a server got.
#[derive(Clone, Default)]
struct Got {
    requests: Arc<Mutex<Vec<Value>>>,
    file: Arc<Mutex<Vec<u8>>>,
}

fn server(got: Got) -> u16 {
    serve(move |mut stream: TcpStream| {
        send_in_pieces(&mut stream, b"Welcome to py-chat\r\n");
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some(request) = object(&mut reader) {
            let [first, second] = answer(&mut stream, &mut reader, &request, &got);
            got.requests.lock().push(request);
            send_in_pieces(&mut stream, first.as_bytes());
            send_in_pieces(&mut stream, second.as_bytes());
        }
    })
}

/// The next object, read as sloppily as original servers do: up to where it can be parsed.
fn object(reader: &mut impl Read) -> Option<Value> {
    let mut bytes = vec![];
    loop {
        let mut byte = [0];
        if reader.read(&mut byte).unwrap_or(0) == 0 {
            return None;
        }
        bytes.push(byte[0]);
        if byte == *b"}"
            && let Ok(value) = serde_json::from_slice(&bytes)
        {
            return Some(value);
        }
    }
}

fn answer(
    stream: &mut TcpStream,
    reader: &mut impl Read,
    request: &Value,
    got: &Got,
) -> [String; 2] {
    let command = request["COMMAND"].as_str().unwrap();
    let ok = |message: &str, mut more: Value| {
        more["FOR"] = command.into();
        more["status"] = "success".into();
        more["message"] = message.into();
        more.to_string()
    };
    let failed =
        |why: &str| json!({"FOR": command, "status": "failed", "message": why}).to_string();
    let messages = json!({"messages": [
        {"from_user": "budi", "text": "satu\u{1b}", "sent_at": "2026-01-02T03:04:05Z"},
        {"from_user": "alam", "text": "dua", "sent_at": "2026-01-02T03:04:06Z"},
    ]});
    let only = |reply: String| [reply, String::new()];
    match command {
        "AUTH-REGISTER" => only(ok("you are registered now!", json!({}))),
        "AUTH-LOGIN" if request["password"] == "salah" => only(failed("wrong password")),
        "AUTH-LOGIN" => [ok("you are logged in now", json!({"token": "t"})), NOTIF.to_owned()],
        "AUTH-LOGOUT" => only(ok("you are logged out now", json!({}))),
        "CONTACT-ADD" => only(ok("1 new contact added", json!({}))),
        "CONTACT-DELETE" => only(ok("2 contact deleted", json!({}))),
        "CONTACT-GET" => [IN_GROUP.to_owned(), ok("1 contacts", json!({"contact_list": ["budi"]}))],
        "GROUP-CREATE" => only(ok("group has been created", json!({"code": "0a1b2c"}))),
        "GROUP-GET" => {
            let groups = json!({"group_list": [{"code": "0a1b2c", "group_name": "Tim Jaringan"}]});
            only(ok("1 groups", groups))
        }
        "GROUP-JOIN" => only(failed("group code is invalid")),
        "GROUP-INVITE" => only(ok("new members have been added", json!({}))),
        "GROUP-EXIT" => only(ok("you have left this group", json!({}))),
        "CHAT-PRIVATE-GET" if request["p_username"] == "nobody" => only(failed("user not found")),
        "CHAT-PRIVATE-GET" | "CHAT-GROUP-GET" | "NOTIF-GET" => only(ok("2 messages", messages)),
        "CHAT-PRIVATE-SEND" | "CHAT-GROUP-SEND" => only(ok("message sent", json!({}))),
        "FILE-SEND-PRIVATE" | "FILE-SEND-GROUP" => {
            if request["file_name"] == "huge" {
                return only(failed("that file is too large"));
            }
            let ready = json!({"FOR": command, "status": "ready"}).to_string();
            send_in_pieces(stream, format!("{NOTIF}{ready}").as_bytes());
            let size = usize::try_from(request["file_size"].as_u64().unwrap()).unwrap();
            *got.file.lock() = read_bytes(reader, size);
            only(ok("file sent", json!({"file_code": "f00ba4"})))
        }
        "FILE-GET-PRIVATE" | "FILE-GET-GROUP" => {
            let size = match request["file_code"].as_str().unwrap() {
                "empty" => 0,
                "f00ba4" => SIZE,
                _ => return only(failed("file not found!")),
            };
            let reply = ok(command, json!({"file_name": "/tmp/../a b.bin", "file_size": size}));
            send_in_pieces(stream, reply.as_bytes());
            assert_eq!(object(reader).unwrap(), json!({"status": "ready"}));
            stream.write_all(&contents(size)).unwrap();
            only(NOTIF.to_owned())
        }
        other => panic!("{other}"),
    }
}

fn url(port: u16) -> String {
    format!("keyword://127.0.0.1:{port}")
}

#[test]
fn menus_lead_from_the_login_to_the_chats_and_back() {
    let got = Got::default();
    let port = server(got.clone());
    let (outcome, out) = run(
        &url(port),
        ".".as_ref(),
        [
            ("Welcome to py-chat\nAuth Menu > ", line("what?")),
            ("login USER PASSWORD\nregister USER PASSWORD PASSWORD\nlogout\nback\n", line("back")),
            ("Auth Menu > ", line("register alam pw pw")),
            ("you are registered now!\nAuth Menu > ", line("login alam")),
            ("failed usage: login USER PASSWORD\nAuth Menu > ", line("login alam salah")),
            ("failed wrong password\nAuth Menu > ", line("login alam pw")),
            ("[New Message from budi]: hai {\\u001b}\"\n", line("list")),
            ("budi: satu\\u001b\nalam: dua\nalam/Main Menu > ", line("Contact")),
            ("Contact Menu > ", line("get")),
            ("[New Message from budi (Tim Jaringan)]: x\n", line("add cici")),
            ("1 contacts\nbudi\nContact Menu > ", line("")),
            ("1 new contact added\nContact Menu > ", line("del cici budi")),
            ("2 contact deleted\nContact Menu > ", line("chat nobody")),
            ("failed user not found\nContact Menu > ", line("chat budi")),
            ("budi: satu\\u001b\nalam: dua\nalam - budi/Private Chat > ", line("send  a {b}  c ")),
            ("message sent\nalam - budi/Private Chat > ", line("back")),
            ("Contact Menu > ", line("back")),
            ("alam/Main Menu > ", line("group")),
            ("Group Menu > ", line("create Tim Jaringan")),
            ("group has been created\ncode 0a1b2c\nGroup Menu > ", line("get")),
            ("1. 0a1b2c Tim Jaringan\nGroup Menu > ", line("join ffffff")),
            ("failed group code is invalid\nGroup Menu > ", line("invite 0a1b2c budi cici")),
            ("new members have been added\nGroup Menu > ", line("chat 1")),
            ("alam: dua\nalam - Tim Jaringan/Group Chat > ", line("send hai")),
            ("message sent\nalam - Tim Jaringan/Group Chat > ", line("back")),
            ("Group Menu > ", line("exit 0a1b2c")),
            ("you have left this group\nGroup Menu > ", line("back")),
            ("alam/Main Menu > ", line("back")),
            ("Auth Menu > ", line("logout")),
            ("you are logged out now\nAuth Menu > ", line("exit")),
        ],
    );
    assert_eq!(outcome, Outcome::Done, "{out}");
    let requests = got.requests.lock();
    let find = |command: &str| requests.iter().rfind(|r| r["COMMAND"] == command).unwrap();
    let login =
        json!({"COMMAND": "AUTH-LOGIN", "token": null, "username": "alam", "password": "pw"});
    assert_eq!(*find("AUTH-LOGIN"), login);
    assert_eq!(find("CONTACT-DELETE")["contact_list"], json!(["cici", "budi"]));
    let sent = find("CHAT-PRIVATE-SEND");
    assert_eq!((&sent["message"], &sent["token"]), (&"a {b}  c".into(), &"t".into()));
    assert_eq!(find("GROUP-CREATE")["group_name"], "Tim Jaringan");
    assert_eq!(find("GROUP-INVITE")["user_list"], json!(["budi", "cici"]));
    assert_eq!(find("CHAT-GROUP-SEND")["code"], "0a1b2c");
}

#[test]
fn files_are_raw_bytes_between_objects() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    fs::write(place.join("my file.bin"), contents(SIZE)).unwrap();
    fs::write(place.join("huge"), "x").unwrap();
    fs::write(place.join("nothing"), "").unwrap();
    let got = Got::default();
    let port = server(got.clone());
    let (outcome, out) = run(
        &url(port),
        place,
        [
            ("Auth Menu > ", line("login alam pw")),
            ("Main Menu > ", line("contact")),
            ("Contact Menu > ", line("chat budi")),
            ("Private Chat > ", line("send_file my file.bin")),
            ("file sent [my file.bin], file_code: f00ba4\n", line("send_file huge")),
            ("failed that file is too large\n", line("send_file nothing")),
            ("file sent [nothing], file_code: f00ba4\n", line("send_file no such")),
            ("failed no such cannot be read", line("get_file f00ba4")),
            ("\na b.bin\n", line("get_file f00ba4")),
            ("\na b (1).bin\n", line("get_file empty")),
            ("\na b (2).bin\n", line("get_file 000000")),
            ("failed file not found!\n", line("back")),
            ("Contact Menu > ", line("back")),
            ("Main Menu > ", line("group")),
            ("Group Menu > ", line("chat 0a1b2c")),
            ("Group Chat > ", line("send_file my file.bin")),
            ("file_code: f00ba4\n", line("get_file f00ba4")),
            ("\na b (3).bin\n", Typed::End),
        ],
    );
    assert_eq!(outcome, Outcome::Done, "{out}");
    assert!(*got.file.lock() == contents(SIZE));
    for name in ["a b.bin", "a b (1).bin", "a b (3).bin"] {
        assert!(fs::read(place.join(name)).unwrap() == contents(SIZE), "{name}");
    }
    assert_eq!(fs::read(place.join("a b (2).bin")).unwrap(), b"");
    assert_eq!(fs::read_dir(place).unwrap().count(), 7, "nothing half done is left");
    let requests = got.requests.lock();
    let group = requests.iter().find(|r| r["COMMAND"] == "FILE-SEND-GROUP").unwrap();
    assert_eq!(
        *group,
        json!({"COMMAND": "FILE-SEND-GROUP", "token": "t", "code": "0a1b2c",
            "file_name": "my file.bin", "file_size": SIZE})
    );
    assert_eq!(requests.last().unwrap()["COMMAND"], "AUTH-LOGOUT");
}

#[test]
fn a_server_without_a_greeting_is_no_obstacle() {
    let port = serve(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while object(&mut reader).is_some() {
            send_in_pieces(&mut stream, br#"{"status":"failed","message":"no"}"#);
        }
    });
    let (outcome, out) = run(
        &url(port),
        ".".as_ref(),
        [("Auth Menu > ", line("login a b")), ("failed no\nAuth Menu > ", Typed::End)],
    );
    assert_eq!(outcome, Outcome::Done, "{out}");
}

/// Agrees to a file each way, and has the transfer interrupted instead of moving it. What it is asked
/// comes into `commands`.
fn stalling_server(cancel: Cancel, commands: Arc<Mutex<Vec<String>>>) -> u16 {
    serve(move |mut stream| {
        send_in_pieces(&mut stream, b"Welcome\n");
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some(request) = object(&mut reader) {
            let command = request["COMMAND"].as_str().unwrap_or("ready").to_owned();
            commands.lock().push(command.clone());
            let reply = match &*command {
                "FILE-SEND-PRIVATE" => json!({"FOR": command, "status": "ready"}),
                _ => json!({"status": "success", "token": "t", "file_name": "x", "file_size": 9}),
            };
            if command != "ready" {
                send_in_pieces(&mut stream, reply.to_string().as_bytes());
            }
            if ["ready", "FILE-SEND-PRIVATE"].contains(&&*command) {
                while !cancel.ask() {
                    thread::yield_now();
                }
            }
            if command == "FILE-SEND-PRIVATE" {
                return;
            }
        }
    })
}

#[test]
fn an_interrupted_transfer_leaves_nothing_and_the_conversation_goes_on_anew() {
    let directory = tempfile::tempdir().unwrap();
    // More than all buffers on the way can hold.
    fs::write(directory.path().join("large"), vec![0; 64 * 1024 * 1024]).unwrap();
    let (cancel, commands) = (Cancel::default(), Arc::default());
    let port = stalling_server(cancel.clone(), Arc::clone(&commands));
    let (outcome, out) = run_with(
        cancel,
        &url(port),
        directory.path(),
        [
            ("Auth Menu > ", line("login a b")),
            ("Main Menu > ", line("contact")),
            ("Contact Menu > ", line("chat budi")),
            ("Private Chat > ", line("send_file large")),
            ("failed interrupted; the file was not transferred\n", line("get_file x")),
            ("failed interrupted; the file was not transferred\n", line("send hai")),
            ("success\na - budi/Private Chat > ", line("exit")),
        ],
    );
    assert_eq!(outcome, Outcome::Done, "{out}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    let wanted = [
        "AUTH-LOGIN",
        "CHAT-PRIVATE-GET",
        "FILE-SEND-PRIVATE",
        "CONTACT-GET",
        "FILE-GET-PRIVATE",
        "ready",
        "CONTACT-GET",
        "CHAT-PRIVATE-SEND",
        "AUTH-LOGOUT",
    ];
    assert_eq!(*commands.lock(), wanted);
}
