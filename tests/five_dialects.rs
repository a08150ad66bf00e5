//! Five dialects on one model: a person on any of them reaches a person on any other, with the clients
//! that are out there.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use support::wild::{Person, read_blocks, read_brace, read_brace_of};
use support::{Api, PATIENCE, Server, eventually};

/// A text that every dialect can carry: at most 100 characters, with what breaks sloppy clients.
const TEXT: &str = "apa kabar? } {\"x\": 1} & = % + \\ 😀 é \u{202e}";

const PEOPLE: [(&str, &str); 5] = [
    ("line-en", "izza"),
    ("line-id", "maya"),
    ("realm", "nania"),
    ("form", "messi"),
    ("keyword", "henderson"),
];

#[test]
fn each_writes_to_each_other_and_the_text_arrives_unchanged() {
    let server = Server::demo(&PEOPLE.map(|(dialect, _)| dialect));
    let mut people: Vec<Person> = PEOPLE
        .iter()
        .zip(&server.listening)
        .map(|((dialect, user), (address, _))| Person::come(dialect, *address, user))
        .collect();
    for from in 0..PEOPLE.len() {
        for to in (0..PEOPLE.len()).filter(|to| *to != from) {
            let text = format!("{TEXT} {from}{to}");
            people[from].send(PEOPLE[to].1, &text);
            assert_eq!(
                people[to].read(PEOPLE[from].1),
                [text.as_str()],
                "{} to {}",
                PEOPLE[from].0,
                PEOPLE[to].0
            );
        }
    }
}

/// Contents with every byte, that end anywhere in a block.
fn contents(from: usize, to: usize) -> Vec<u8> {
    (0..6_000 + 97 * (5 * from + to)).map(|n| u8::try_from(n % 256).unwrap()).collect()
}

#[test]
fn each_sends_each_other_a_file_and_the_bytes_arrive_unchanged() {
    let server = Server::demo(&PEOPLE.map(|(dialect, _)| dialect));
    let mut people: Vec<Person> = PEOPLE
        .iter()
        .zip(&server.listening)
        .map(|((dialect, user), (address, _))| Person::come(dialect, *address, user))
        .collect();
    for from in 0..PEOPLE.len() {
        for to in (0..PEOPLE.len()).filter(|to| *to != from) {
            let (sent, name) = (contents(from, to), format!("dari-{from}.bin"));
            // Whatever path a client says, only its last part is a name.
            people[from].send_file(PEOPLE[to].1, &format!("../../rahasia/{name}"), &sent);
            let got = people[to].get_file(PEOPLE[from].1, &name);
            assert!(got == sent, "{} to {}: {} bytes", PEOPLE[from].0, PEOPLE[to].0, got.len());
        }
    }
}

#[test]
fn one_port_tells_them_all_apart() {
    let server = Server::demo(&["auto"]);
    let address = server.address();
    let mut line = Person::come("realm", address, "izza");
    let mut form = Person::come("form", address, "messi");
    // On this port the server never speaks first, so there is no greeting to read.
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let wish = json!({"COMMAND": "AUTH-LOGIN", "username": "henderson", "password": "surabaya"});
    stream.write_all(wish.to_string().as_bytes()).unwrap();
    let token = read_brace(&mut stream)["token"].clone();
    let mut keyword = Person::Keyword { stream, token };
    line.send("henderson", "satu");
    form.send("henderson", "dua");
    keyword.send("messi", "tiga");
    assert_eq!(keyword.read("izza"), ["satu"]);
    assert_eq!(keyword.read("messi"), ["dua"]);
    assert_eq!(form.read("henderson"), ["tiga"]);
}

#[test]
fn in_a_room_everybody_hears_at_once_and_nobody_elsewhere_does() {
    let server = Server::demo(&["form"]);
    let address = server.address();
    let mut messi = Person::come("form", address, "messi");
    let mut izza = Person::come("form", address, "izza");
    let mut maya = Person::come("form", address, "maya");
    let heard = |person: &mut Person| {
        let Person::Form { stream, .. } = person else { unreachable!() };
        let push = read_blocks(stream);
        assert_eq!(push["type"], "broadcast", "{push}");
        let said = |key: &str| push[key].as_str().unwrap().to_owned();
        (said("username"), said("messages"))
    };
    let system = |text: &str| ("[System]".to_owned(), text.to_owned());

    messi.ask_form("room_join", &[("roomname", "12345 67890")]);
    maya.ask_form("room_join", &[("roomname", "elsewhere")]);
    let joined = izza.ask_form("room_join", &[("roomname", "12345 67890")]);
    assert_eq!(joined["messages"], "Telah bergabung ke ruangan [12345 67890]");
    assert_eq!(joined["users"], json!(["Lionel Messi", "Rahmadani Izzatul"]));
    let came = system("User [Rahmadani Izzatul] telah bergabung dengan chat!");
    assert_eq!(heard(&mut messi), came);

    izza.ask_form("room_chat", &[("message", TEXT)]);
    // White space around a text is dropped, and the mark at its end is none.
    let said = ("izza".to_owned(), TEXT.to_owned());
    assert_eq!(heard(&mut messi), said);
    assert_eq!(heard(&mut izza), said);

    // A connection that breaks is a person who leaves, told once.
    drop(izza);
    assert_eq!(heard(&mut messi), system("User [Rahmadani Izzatul] telah meninggalkan chat!"));

    // Nothing of it reached the other room: the next thing heard there is what is said there.
    maya.ask_form("room_chat", &[("message", "sendirian")]);
    assert_eq!(heard(&mut maya), ("maya".to_owned(), "sendirian".to_owned()));
    messi.ask_form("room_leave", &[]);
    let refused = messi.ask_form("room_chat", &[("message", "halo?")]);
    assert_eq!(refused["error"], "Anda belum bergabung ke ruangan");
}

#[test]
fn notifications_come_as_they_happen_and_one_at_a_time() {
    let server = Server::demo(&["keyword", "line-en"]);
    let mut messi = Person::come("keyword", server.listening[0].0, "messi");
    let mut izza = Person::come("line-en", server.listening[1].0, "izza");
    for number in 0..20 {
        izza.send("messi", &format!("pesan {number}"));
    }
    let Person::Keyword { stream, .. } = &mut messi else { unreachable!() };
    let mut together = 0;
    for number in 0..20 {
        let (news, with_another) = read_brace_of(stream);
        together += usize::from(with_another);
        let expected =
            json!({"FOR": "NOTIF", "from_user": "izza", "text": format!("pesan {number}")});
        assert_eq!(news, expected);
    }
    assert!(together < 10, "{together} of 20 came with another, though nothing hurries");
    assert_eq!(messi.read("izza").len(), 20, "a notification does not mark as read");
}

/// Notifications that pile up: they come faster than one in 20 ms.
const NEWS: usize = 200;

fn pile_up(izza: &mut Person) {
    let Person::Line { stream, token } = izza else { unreachable!() };
    let said: Vec<String> =
        (0..NEWS).map(|n| format!("send {token} messi pesan {n}\r\n")).collect();
    stream.write_all(said.concat().as_bytes()).unwrap();
    let (mut replies, mut piece) = (String::new(), [0; 4096]);
    while replies.matches("Message sent").count() < NEWS {
        let count = stream.read(&mut piece).unwrap();
        assert_ne!(count, 0, "{replies}");
        replies += std::str::from_utf8(&piece[..count]).unwrap();
    }
}

/// The answer to this, and the texts of the notifications that came before it.
fn answer(messi: &mut Person, mut wish: Value) -> (Value, Vec<String>) {
    let Person::Keyword { stream, token } = messi else { unreachable!() };
    wish["token"] = token.clone();
    stream.write_all(wish.to_string().as_bytes()).unwrap();
    let mut news = Vec::new();
    loop {
        let object = read_brace(stream);
        if object["FOR"] != "NOTIF" {
            assert_eq!(object["FOR"], wish["COMMAND"]);
            return (object, news);
        }
        news.push(object["text"].as_str().unwrap().to_owned());
    }
}

fn all_come(messi: &mut Person, mut news: Vec<String>) {
    let Person::Keyword { stream, .. } = messi else { unreachable!() };
    while news.len() < NEWS {
        news.push(read_brace(stream)["text"].as_str().unwrap().to_owned());
    }
    let expected: Vec<String> = (0..NEWS).map(|n| format!("pesan {n}")).collect();
    assert_eq!(news, expected, "none is dropped, and their order stays");
}

#[test]
fn an_answer_does_not_wait_behind_notifications_that_pile_up() {
    let server = Server::demo(&["keyword", "line-en"]);
    let mut messi = Person::come("keyword", server.listening[0].0, "messi");
    let mut izza = Person::come("line-en", server.listening[1].0, "izza");
    pile_up(&mut izza);
    // What comes with messages marks them as read once it is written, and nothing else is answered before.
    let (_, mut news) =
        answer(&mut messi, json!({"COMMAND": "CHAT-PRIVATE-GET", "p_username": "izza"}));
    let (_, more) = answer(&mut messi, json!({"COMMAND": "CONTACT-GET"}));
    news.extend(more);
    // Some had gone by then, and they and the answers take turns.
    assert!(news.len() < NEWS * 3 / 4, "answered after {} of {NEWS}", news.len());
    all_come(&mut messi, news);
}

#[test]
fn nothing_is_pushed_between_an_offered_file_and_its_end() {
    let server = Server::demo(&["keyword", "line-en"]);
    let mut messi = Person::come("keyword", server.listening[0].0, "messi");
    let mut izza = Person::come("line-en", server.listening[1].0, "izza");
    let sent = contents(0, 1);
    izza.send_file("messi", "berkas.bin", &sent);
    let Person::Keyword { stream, .. } = &mut messi else { unreachable!() };
    let said = read_brace(stream)["text"].as_str().unwrap().to_owned();
    let code = said.strip_prefix("[berkas.bin], file_code: ").unwrap().to_owned();
    pile_up(&mut izza);
    let wish = json!({"COMMAND": "FILE-GET-PRIVATE", "p_username": "izza", "file_code": code});
    let (offer, news) = answer(&mut messi, wish);
    assert_eq!(offer["file_size"], sent.len());
    // A client that takes its time.
    sleep(Duration::from_millis(200));
    let Person::Keyword { stream, .. } = &mut messi else { unreachable!() };
    stream.write_all(br#"{"status":"ready"}"#).unwrap();
    let mut got = vec![0; sent.len()];
    stream.read_exact(&mut got).unwrap();
    assert!(got == sent, "a notification stands in the file");
    all_come(&mut messi, news);
}

#[test]
fn what_a_script_in_lines_of_keywords_leaves_behind_is_no_session() {
    let server = Server::demo(&["auto", "keyword"]);
    let messi = Api::login(server.address(), "messi");
    let sessions = || messi.get("/sessions")["sessions"].as_array().unwrap().len();
    for leaves_by in ["QUIT\n", "CONTACT-GET\n", ""] {
        let mut stream = TcpStream::connect(server.listening[1].0).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"AUTH-LOGIN messi surabaya\n").unwrap();
        let mut said = [0; 1_024];
        let mut heard = String::new();
        while !heard.contains("logged in") {
            let count = stream.read(&mut said).unwrap();
            assert!(count > 0, "{heard}");
            heard.push_str(&String::from_utf8_lossy(&said[..count]));
        }
        assert_eq!(sessions(), 2);
        stream.write_all(leaves_by.as_bytes()).unwrap();
        drop(stream);
        eventually("the session ends with its connection", || (sessions() == 1).then_some(()));
    }
}
