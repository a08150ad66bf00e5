//! A whole shell for dialect form against a small server that answers as that dialect does.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kabar_client::shell::Outcome;
use kabar_client::shell::terminal::Typed;
use parking_lot::Mutex;

use support::{contents, line, run, send_in_pieces, serve};

const SIZE: usize = 2_000_003;
const BEFORE: &str = "Command [login|register] : ";
const AFTER: &str = "Command [chat|send file|get file|list file|inbox|join room|logout] : ";

type Lines = Arc<Mutex<Vec<String>>>;

/// A server that keeps what it is sent, pushes before it answers in a room, and gives out
/// `contents(SIZE)`.
fn server(lines: Lines) -> u16 {
    serve(move |mut stream: TcpStream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap() > 0 {
            lines.lock().push(line.clone());
            answer(&mut stream, &line);
            line.clear();
        }
    })
}

fn answer(stream: &mut TcpStream, line: &str) {
    let reply = match line.split(' ').next().unwrap() {
        "register" => r#"{"status":"OK","username":"alam","message":"User berhasil dibuat"}"#,
        "auth" if line.contains("salah") => {
            r#"{"status":"ERROR","message":"Password tidak benar","error":"Password tidak benar"}"#
        }
        "auth" => r#"{"status":"OK","tokenid":"t-1","session":"t-1","message":"x"}"#,
        "send" => r#"{"status":"OK","message":"Message Sent","user":"alam"}"#,
        "inbox" => {
            r#"{"status":"OK","messages":{"budi":[{"msg_from":"Budi S","msg":"satu \u001b[2J"}],"alam":[{"msg_from":"Alam","msg":"dua"},{"msg_from":"Alam","msg":"h\u00e9 \ud83d\ude00"}]}}"#
        }
        "file_list" => {
            r#"{"status":"OK","file":"[\"a.txt\", \"b c.txt\"]","files":[],"message":"2 file"}"#
        }
        "file_send" | "room_send_file" if line.contains("filename=taken") => {
            r#"{"status":"ERROR","message":"File dengan nama [taken] sudah pernah ada"}"#
        }
        "file_send" => r#"{"status":"OK","message":"x","filename":"x","username":"budi"}"#,
        "room_send_file" => r#"{"status":"OK","messages":"File sent to the room."}"#,
        "file_get" | "room_get_file" if line.contains("filename=none") => {
            r#"{"status":"ERROR","message":"File dengan nama [none] tidak ditemukan"}"#
        }
        "file_get" | "room_get_file" => {
            let start = r#"{"status":"OK","name":"a.bin","filename":"../a.bin","payload":""#;
            send_in_pieces(stream, start.as_bytes());
            stream.write_all(STANDARD.encode(contents(SIZE)).as_bytes()).unwrap();
            "\"}"
        }
        "room_join" => {
            r#"{"status":"OK","messages":"Telah bergabung ke ruangan [x y]","users":["Alam Cahya","Budi"]}"#
        }
        "room_chat" => {
            push(stream, "Alam", "what I said", "alam");
            push(stream, "Budi", "halo juga\\u001b", "budi");
            r#"{"status":"OK","messages":"Broadcasted the messages"}"#
        }
        "room_leave" => r#"{"status":"OK","messages":"Telah keluar dari ruangan [x y]"}"#,
        "logout" => r#"{"status":"OK","message":"Berhasil keluar"}"#,
        _ => r#"{"status":"ERROR","message":"Fitur belum tersedia"}"#,
    };
    send_in_pieces(stream, format!("{reply}\n").as_bytes());
    if line.starts_with("room_join") {
        push(stream, "[System]", "User [Cici] telah bergabung dengan chat!", "[System]");
    }
}

fn push(stream: &mut TcpStream, display: &str, message: &str, username: &str) {
    let push = format!(
        r#"{{"status":"OK","type":"broadcast","display":"{display}","messages":"{message}","username":"{username}"}}"#
    );
    send_in_pieces(stream, format!("{push}\n").as_bytes());
}

#[test]
fn a_person_registers_writes_and_reads() {
    let lines = Lines::default();
    let port = server(Arc::clone(&lines));
    let (outcome, out) = run(
        &format!("form://127.0.0.1:{port}"),
        ".".as_ref(),
        [
            (BEFORE, line("inbox")),
            ("Error! there is no such command here", line("register")),
            ("Username: ", line("alam")),
            ("Password: ", line("rahasia & co")),
            ("Name: ", line("Alam Cahya")),
            ("Nationality: ", line("Indonesia")),
            ("User berhasil dibuat\n", line("login")),
            ("Username: ", line("alam")),
            ("Password: ", line("salah")),
            ("Error! Password tidak benar\nCommand [login|", line("login")),
            ("Username: ", line("alam")),
            ("Password: ", line("rahasia & co")),
            ("Login [alam] telah berhasil\nCommand [chat|", line("Send")),
            ("Recipient username: ", line("alam")),
            ("Message: ", line("halo = 100%")),
            ("Message Sent to user [alam].\n", line("inbox")),
            ("3 messages incoming.\n", line("list  file")),
            ("a.txt\nb c.txt\nCommand", line("logout")),
            ("Bye bye !\nCommand [login|register] : ", Typed::End),
        ],
    );
    assert_eq!(outcome, Outcome::Done, "{out}");
    let inbox = "from Alam: dua\nfrom Alam: hé 😀\nfrom Budi S: satu \\u001b[2J\n";
    assert!(out.contains(inbox), "{out}");
    assert_eq!(
        *lines.lock(),
        [
            "register username=alam&password=rahasia%20%26%20co&name=Alam%20Cahya&nationality=Indonesia\n",
            "auth username=alam&password=salah\n",
            "auth username=alam&password=rahasia%20%26%20co\n",
            "send session=t-1&destination=alam&message=halo%20%3D%20100%25\n",
            "inbox session=t-1\n",
            "file_list session=t-1\n",
            "logout session=t-1\n",
        ]
    );
}

/// What stands before the first line of the person in a test that needs a login.
fn logged_in() -> [(&'static str, Typed); 3] {
    [(BEFORE, line("login")), ("Username: ", line("alam")), ("Password: ", line("rahasia"))]
}

#[test]
fn in_a_room_lines_go_both_ways_and_ones_own_do_not_come_back() {
    let lines = Lines::default();
    let port = server(Arc::clone(&lines));
    let steps = [
        (AFTER, line("join room")),
        ("Room Code: ", line("x y")),
        ("In[[System]]: User [Cici] telah bergabung dengan chat!\n", line("halo semua")),
        ("In[Budi]: halo juga\\u001b\n", line("")),
        ("", line("$5 please")),
        ("In[Budi]: ", line("/leave")),
        ("Telah keluar dari ruangan [x y]\nCommand [chat|", line("join room")),
        ("Room Code: ", line("x y")),
        ("In[[System]]", Typed::Interrupted),
        ("Telah keluar dari ruangan [x y]\nCommand [chat|", Typed::Interrupted),
    ];
    let url = format!("form://127.0.0.1:{port}");
    let (outcome, out) = run(&url, ".".as_ref(), logged_in().into_iter().chain(steps));
    assert_eq!(outcome, Outcome::Done, "{out}");
    let joined = "Telah bergabung ke ruangan [x y]\nList User : \n1. Alam Cahya\n2. Budi\n\
                  What you type is said to everybody here. /leave leaves; $ sends or gets a file.\n";
    assert!(out.contains(joined) && !out.contains("what I said"), "{out}");
    assert!(!out.contains("Broadcasted"), "{out}");
    let wanted = [
        "room_join session=t-1&roomname=x%20y\n",
        "room_chat session=t-1&message=halo%20semua\n",
        "room_chat session=t-1&message=%245%20please\n",
        "room_leave session=t-1\n",
        "room_join session=t-1&roomname=x%20y\n",
        "room_leave session=t-1\n",
        "logout session=t-1\n",
    ];
    assert_eq!(lines.lock()[1..], wanted);
}

#[test]
fn files_go_out_and_come_in_for_a_person_and_a_room() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    fs::write(place.join("b c.bin"), contents(SIZE)).unwrap();
    fs::write(place.join("taken"), "x").unwrap();
    let lines = Lines::default();
    let port = server(Arc::clone(&lines));
    let steps = [
        (AFTER, line("send file")),
        ("File Name: ", line("b c.bin")),
        ("Recipient Username: ", line("budi")),
        ("Berhasil mengirim file ! b c.bin telah dikirim.\n", line("send file")),
        ("File Name: ", line("taken")),
        ("Recipient Username: ", line("budi")),
        ("Error! File dengan nama [taken] sudah pernah ada\n", line("get file")),
        ("Remote File Name: ", line("a.bin")),
        ("\na.bin\nCommand", line("get file")),
        ("Remote File Name: ", line("none")),
        ("Error! File dengan nama [none] tidak ditemukan\n", line("join room")),
        ("Room Code: ", line("x y")),
        ("In[[System]]", line("$")),
        ("$ ", line("send b c.bin")),
        ("Berhasil mengirim file ! b c.bin telah dikirim.\n", line("$ get a.bin")),
        ("a (1).bin\n", line("$get none")),
        ("Error! File dengan nama [none] tidak ditemukan\n", line("$")),
        ("$ ", line("fetch")),
        ("Error! usage: send FILE, get FILE\n", Typed::End),
    ];
    let url = format!("form://127.0.0.1:{port}");
    let (outcome, out) = run(&url, place, logged_in().into_iter().chain(steps));
    assert_eq!(outcome, Outcome::Done, "{out}");
    for name in ["a.bin", "a (1).bin"] {
        assert!(fs::read(place.join(name)).unwrap() == contents(SIZE), "{name}");
    }
    assert_eq!(fs::read_dir(place).unwrap().count(), 4, "nothing half done is left");
    let lines = lines.lock();
    for (at, start) in [
        (1, "file_send session=t-1&username=budi&filename=b%20c.bin&payload="),
        (6, "room_send_file session=t-1&filename=b%20c.bin&payload="),
    ] {
        let payload = lines[at].strip_prefix(start).unwrap().trim_end();
        assert!(!payload.contains(['+', '/', '=']), "{at}");
        let base64 = payload.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
        assert!(STANDARD.decode(base64).unwrap() == contents(SIZE), "{at}");
    }
    assert_eq!(lines.last().unwrap(), "logout session=t-1\n");
}

#[test]
fn a_connection_that_ends_is_told_while_nobody_types() {
    let port = serve(|mut stream| {
        let mut line = String::new();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        reader.read_line(&mut line).unwrap();
        let last = "{\"status\":\"OK\",\"session\":\"t\"}\n{\"status\":\"ERROR\",\"message\":\"too slow\"}\n";
        send_in_pieces(&mut stream, last.as_bytes());
    });
    let steps = [
        ("too slow\n", line("")),
        ("is lost.\nThe server or the network closed it.\n", line("inbox")),
    ];
    let url = format!("form://127.0.0.1:{port}");
    let (outcome, out) = run(&url, ".".as_ref(), logged_in().into_iter().chain(steps));
    assert_eq!(outcome, Outcome::Unreachable, "{out}");
}
