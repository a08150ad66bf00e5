//! The first minute: from a server that has just been started to a message in a browser, on a terminal and
//! over plain TCP.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::program::{Ended, KABAR};
use support::{Client, Server, eventually};

const PASSWORD: &str = "surabaya";

/// Asks over HTTP; the status and the body.
fn http(
    address: SocketAddr,
    request: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> (u16, String) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut head = vec![
        format!("{request} HTTP/1.1"),
        format!("Host: {address}"),
        "Connection: close".to_owned(),
    ];
    head.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
    if !body.is_empty() {
        head.push("Content-Type: application/json".to_owned());
        head.push(format!("Content-Length: {}", body.len()));
    }
    let head = head.join("\r\n");
    let mut client = Client::connect(address);
    client.write(format!("{head}\r\n\r\n{body}").as_bytes());
    let answer = client.hear_all();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The same with the API and a token (none: `""`).
fn api(address: SocketAddr, request: &str, token: &str, body: &Value) -> (u16, Value) {
    let (method, path) = request.split_once(' ').unwrap();
    let bearer = format!("Bearer {token}");
    let signed: &[(&str, &str)] =
        if token.is_empty() { &[] } else { &[("Authorization", &bearer)] };
    let (status, said) = http(address, &format!("{method} /api/v1{path}"), signed, body);
    (status, serde_json::from_str(&said).unwrap_or(Value::Null))
}

fn get(address: SocketAddr, path: &str, token: &str) -> Value {
    let (status, said) = api(address, &format!("GET {path}"), token, &Value::Null);
    assert_eq!(status, 200, "{path}: {said}");
    said
}

/// Makes the first administrator; the status.
fn set_up(address: SocketAddr, secret: &str, username: &str) -> (u16, Value) {
    let body = json!({"secret": secret, "username": username, "password": "rahasia dapur"});
    api(address, "POST /setup", "", &body)
}

/// What a link ends with; it leads to this server's app.
fn secret_of(link: &str, address: SocketAddr) -> String {
    let start = format!("http://{address}/app/setup#k=");
    let secret = link.trim().strip_prefix(&start).unwrap_or_else(|| panic!("{link}")).to_owned();
    assert!(secret.len() >= 32, "{secret}");
    secret
}

/// A server that nobody sees start, and what it said on standard error.
fn unseen(data: &Path, err: &Path) -> (Ended, SocketAddr) {
    let args = ["serve", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let process = Command::new(KABAR)
        .args(args)
        .env("KABAR_LANG", "en")
        .env("KABAR_LOG__LEVEL", "trace")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(err).unwrap())
        .spawn();
    let mut process = process.map(Ended).unwrap();
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
    let ready =
        lines.find_map(|line| Some(line.unwrap().strip_prefix("ready http://")?.to_owned()));
    (process, ready.unwrap().parse().unwrap())
}

#[test]
fn the_link_for_the_first_administrator_is_in_a_file_and_good_once() {
    let directory = tempfile::tempdir().unwrap();
    let (data, err) = (directory.path().join("data"), directory.path().join("err"));
    let file = data.join("setup-link");
    // One that is killed leaves its link behind; it is void, and the next one makes its own.
    let (killed, address) = unseen(&data, &err);
    let old = secret_of(&fs::read_to_string(&file).unwrap(), address);
    drop(killed);
    let (server, address) = unseen(&data, &err);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = secret_of(&fs::read_to_string(&file).unwrap(), address);
    assert_eq!(get(address, "/realm", "")["setup"], true);

    for wrong in [&old, "", "x"] {
        let (status, said) = set_up(address, wrong, "ana");
        assert_eq!((status, &said["error"]["code"]), (410, &json!("gone")), "{said}");
    }
    let (status, said) = set_up(address, &secret, "ana");
    assert_eq!((status, &said["user"]["role"]), (201, &json!("administrator")), "{said}");
    assert_eq!(set_up(address, &secret, "budi").0, 410);
    assert_eq!(get(address, "/realm", "")["setup"], false);
    eventually("the file is gone", || (!file.exists()).then_some(()));
    get(address, "/me", said["token"].as_str().unwrap());

    // What was said names the file and the command, and tells the secret to nobody.
    let heard = fs::read_to_string(&err).unwrap();
    assert!(heard.contains(&*file.to_string_lossy()), "{heard}");
    assert!(heard.contains("add YOU --admin"), "{heard}");
    assert!(!heard.contains(&secret) && !heard.contains("#k="), "{heard}");
    drop(server);
    let (_server, _) = unseen(&data, &err);
    assert!(!file.exists(), "an administrator is there already");
    assert!(!fs::read_to_string(&err).unwrap().contains("setup-link"));
}

#[test]
fn the_file_goes_with_the_server_and_with_an_administrator_from_this_machine() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("setup-link");
    let server = Server::start(directory.path());
    assert!(file.exists());
    assert_eq!(server.stop(), Some(0));
    assert!(!file.exists());

    let server = Server::start(directory.path());
    let secret = secret_of(&fs::read_to_string(&file).unwrap(), server.address());
    Client::register(server.address(), "ana");
    eventually("the file is gone", || (!file.exists()).then_some(()));
    assert_eq!(set_up(server.address(), &secret, "budi").0, 410);
}

#[test]
fn where_no_browser_can_be_pointed_there_is_no_link() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let server = Server::with(&["--data", data, "--listen", "127.0.0.1:0/line-en"], &[]);
    assert!(!directory.path().join("setup-link").exists());
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn on_a_terminal_the_link_is_shown_and_kept_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let command =
        format!("exec {KABAR} serve --data {} --listen 127.0.0.1:0", data.to_str().unwrap());
    let process = Command::new("script")
        .args(["--quiet", "--return", "--flush", "--command", &command, "/dev/null"])
        .env("KABAR_LANG", "en")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut process = process.map(Ended).unwrap();
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
    let mut next = |what: &str| loop {
        let line = lines.next().unwrap_or_else(|| panic!("never said: {what}")).unwrap();
        if let Some(at) = line.find(what) {
            return line[at..].trim().to_owned();
        }
    };
    let address = next("ready http://").trim_start_matches("ready http://").parse().unwrap();
    assert!(next("First administrator").contains("valid 30 min, once"));
    let secret = secret_of(&next("http://"), address);
    next("add YOU --admin");
    assert!(!data.join("setup-link").exists());
    assert_eq!(set_up(address, &secret, "ana").0, 201);
}

#[test]
fn a_demo_opens_with_a_conversation_that_every_dialect_takes_part_in() {
    let listen = ["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0/line-en"];
    let server = Server::with(&[&["--demo"], &listen[..]].concat(), &[]);
    let address = server.address();
    let demo = &get(address, "/realm", "")["demo"];
    assert_eq!(demo["password"], PASSWORD);
    let people = demo["people"].as_array().unwrap();
    for name in ["izza", "messi", "henderson", "lineker"] {
        assert!(people.contains(&json!(name)), "{people:?}");
    }
    let wish = json!({"username": people[0], "password": PASSWORD});
    let (status, login) = api(address, "POST /sessions", "", &wish);
    assert_eq!(status, 201, "{login}");
    let token = login["token"].as_str().unwrap();
    let shown = get(address, "/conversations", token);
    let shown = shown["conversations"].as_array().unwrap();
    let of = |key: &str, name: &str| {
        let is = |c: &&Value| c[key] == name || c[key]["username"] == name;
        shown.iter().find(is).unwrap_or_else(|| panic!("no {name}: {shown:?}"))
    };
    assert!(shown.len() >= 5, "{shown:?}");
    assert_eq!(of("with", "lineker")["unread"], 2);
    assert_eq!(of("with", "maya")["unread"], 0);
    let group = of("name", "Kelompok 3");
    assert_eq!((&group["unread"], &group["mentions"]), (&json!(2), &json!(1)));
    let path = format!("/conversations/{}/messages", group["id"].as_str().unwrap());
    let page = get(address, &path, token);
    let said = page["messages"].as_array().unwrap();
    let any = |what: &dyn Fn(&Value) -> bool| said.iter().any(what);
    assert!(any(&|m| !m["reply_to"].is_null()), "{said:?}");
    assert!(any(&|m| !m["file"].is_null()) && any(&|m| !m["edited_at"].is_null()), "{said:?}");
    assert!(any(&|m| m["reactions"].as_array().is_some_and(|all| all.len() == 1)), "{said:?}");
    assert!(any(&|m| m["text"].as_str().is_some_and(|text| text.contains("```"))), "{said:?}");

    // Over a line nobody has to wade through that, and what is said there is seen here at once.
    let (mut messi, _) = Client::login(server.speaking("line-en"), "messi", PASSWORD);
    assert_eq!(messi.must("inbox")["messages"], json!({}));
    messi.must("send izza hello from a line");
    let shown = get(address, "/conversations", token);
    let first = &shown["conversations"][0];
    assert_eq!(first["with"]["username"], "messi");
    assert_eq!(first["last"]["text"], "hello from a line", "{first}");
}

#[test]
fn a_demo_can_be_of_accounts_alone() {
    let server = Server::with(&["--demo=accounts", "--listen", "127.0.0.1:0"], &[]);
    let wish = json!({"username": "izza", "password": PASSWORD});
    let (status, login) = api(server.address(), "POST /sessions", "", &wish);
    assert_eq!(status, 201, "{login}");
    let token = login["token"].as_str().unwrap();
    assert_eq!(get(server.address(), "/conversations", token)["conversations"], json!([]));
    assert_eq!(get(server.address(), "/contacts", token)["contacts"], json!([]));
}

#[test]
fn nothing_of_a_demo_is_in_a_realm_of_ones_own() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    assert_eq!(get(server.address(), "/realm", "")["demo"], Value::Null);
    assert_eq!(Client::connect(server.address()).refused("auth messi surabaya"), "User tidak ada");
    let (_, page) = http(server.address(), "GET /", &[], &Value::Null);
    assert!(!page.contains("messi") && !page.contains(PASSWORD), "{page}");
}

#[test]
fn the_front_page_names_each_listener_with_a_command_that_works() {
    let dialects = ["auto", "keyword", "line-en", "line-id", "form", "realm"];
    let server = Server::demo(&dialects);
    let (status, page) = http(server.address(), "GET /", &[], &Value::Null);
    assert_eq!(status, 200);
    assert!(page.contains("href=\"/app\"") && page.contains("href=\"/api/v1/docs\""), "{page}");
    let page = page.replace("&amp;", "&").replace("&quot;", "\"");
    let commands: Vec<&str> =
        page.split("<pre>").skip(1).map(|rest| rest.split("</pre>").next().unwrap()).collect();
    for (address, dialect) in &server.listening {
        let scheme = if dialect == "auto" { "realm" } else { dialect };
        assert!(commands.contains(&&*format!("kabar shell {scheme}://{address}")), "{commands:?}");
        let end = format!("{} {}", address.ip(), address.port());
        let piped: Vec<&&str> = commands.iter().filter(|line| line.ends_with(&end)).collect();
        let [line] = piped[..] else { panic!("{dialect}: {commands:?}") };
        // What is between the quotation marks, said as the shell's printf would.
        let said = line.split('\'').nth(1).unwrap().replace("\\n", "\n");
        let mut client = Client::connect(*address);
        client.write(said.as_bytes());
        if line.contains("nc -N ") {
            client.end_of_input();
        }
        let answers = client.hear_all();
        assert!(answers.to_lowercase().contains("sen"), "{dialect}: {answers}");
        assert!(!answers.contains("ERROR") && !answers.contains("failed"), "{dialect}: {answers}");
    }
}

#[test]
fn the_front_page_speaks_the_language_that_was_asked_for() {
    let server = Server::demo(&["http"]);
    let language = |path: &str, headers: &[(&str, &str)]| {
        let (_, page) = http(server.address(), &format!("GET {path}"), headers, &Value::Null);
        page.split("<html lang=\"").nth(1).unwrap()[..2].to_owned()
    };
    let browser = ("Accept-Language", "id");
    assert_eq!(language("/", &[]), "en");
    assert_eq!(language("/", &[browser]), "id");
    assert_eq!(language("/", &[browser, ("Cookie", "a=b; lang=en")]), "en");
    assert_eq!(language("/?lang=id", &[("Cookie", "lang=en")]), "id");
    assert_eq!(language("/?lang=xx", &[]), "en");
}
