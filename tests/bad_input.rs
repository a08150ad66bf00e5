//! Bad input: one clear error, nothing changed, and the connection goes on.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use serde_json::{Value, json};

use support::{Client, Server};

const PASSWORD: &str = "surabaya";
/// A token that nobody has.
const NO_TOKEN: &str = "00000000-0000-4000-8000-000000000000";

/// A wrong line, and how the English error begins. `TOKEN` is the session's, `LONG` is 1,025 letters.
const WRONG: &[(&str, &str)] = &[
    // No command.
    ("", "Wrong protocol: unknown command"),
    ("   ", "Wrong protocol: unknown command"),
    ("kirim henderson hai", "Wrong protocol: unknown command"),
    ("sendhenderson hai", "Wrong protocol: unknown command"),
    ("{\"command\":\"inbox\"}", "Wrong protocol: unknown command"),
    ("sen\u{200b}d henderson hai", "Wrong protocol: unknown command"),
    // Too few arguments, too many, empty ones.
    ("auth", "Wrong protocol: usage: auth USER PASSWORD"),
    ("auth messi", "Wrong protocol: usage: auth USER PASSWORD"),
    ("auth messi surabaya now", "Wrong protocol: usage: auth USER PASSWORD"),
    ("register budi rahasia", "Wrong protocol: usage: register"),
    ("send", "Wrong protocol: usage: send"),
    ("send henderson", "Wrong protocol: usage: send"),
    ("send TOKEN", "Wrong protocol: usage: send"),
    ("send TOKEN henderson", "Wrong protocol: usage: send"),
    ("send henderson  \u{a0} ", "Wrong protocol: usage: send"),
    ("inbox please", "Wrong protocol: usage: inbox"),
    ("inbox TOKEN TOKEN", "Wrong protocol: usage: inbox"),
    ("list all", "Wrong protocol: usage: list"),
    ("show all", "Wrong protocol: usage: show"),
    ("info all", "Wrong protocol: usage: info"),
    ("getgroups mine", "Wrong protocol: usage: getgroups"),
    ("addgroup", "Wrong protocol: usage: addgroup"),
    ("joingroup", "Wrong protocol: usage: joingroup"),
    ("leavegroup TOKEN", "Wrong protocol: usage: leavegroup"),
    ("sendgroup kelompok", "Wrong protocol: usage: sendgroup"),
    ("logout now", "Wrong protocol: usage: logout"),
    ("exit now", "Wrong protocol: usage: exit"),
    ("quit now", "Wrong protocol: usage: quit"),
    ("help me", "Wrong protocol: usage: help"),
    // Nobody there.
    ("auth siapa surabaya", "User is not found"),
    ("auth messi@x surabaya", "User is not found"),
    ("send siapa hai", "User is not found"),
    ("send henderson,siapa,mana hai", "User is not found: siapa, mana"),
    ("send ../../etc/passwd hai", "User is not found"),
    ("send %s%n hai", "User is not found"),
    ("send ' OR 1=1-- hai", "User is not found"),
    ("send , hai", "Wrong protocol: usage: send"),
    ("send henderson@elsewhere hai", "Realm is not found"),
    ("sendgroup siapa hai", "Group is not found"),
    ("joingroup siapa", "Group is not found"),
    ("joingroup 000000", "Group is not found"),
    ("leavegroup siapa", "Group is not found"),
    // Not one's own, or there already.
    ("sendgroup tertutup hai", "Not a member of the group"),
    ("leavegroup tertutup", "Not a member of the group"),
    ("joingroup KELOMPOK", "Already a member"),
    ("addgroup Kelompok", "Group already exists"),
    ("register messi rahasia Argentina", "User already exists"),
    ("register MESSI rahasia Argentina", "User already exists"),
    ("auth messi malang", "Wrong password"),
    // Tokens.
    ("send NO-TOKEN henderson hai", "Session is not found"),
    ("inbox NO-TOKEN", "Session is not found"),
    ("logout NO-TOKEN", "Session is not found"),
    // Values that break their field's rule.
    ("register a/b rahasia Indonesia", "Wrong protocol: usage: register"),
    ("register a:b rahasia Indonesia", "Wrong protocol: usage: register"),
    ("register LONG rahasia Indonesia", "Wrong protocol: usage: register"),
    ("register budi LONG Indonesia", "Wrong protocol: usage: register"),
    ("register budi rahasia LONG", "Wrong protocol: usage: register"),
    ("register budi rahasia Indonesia LONG", "Wrong protocol: usage: register"),
    ("register budi rahasia Indonesia a\u{1b}[2Jb", "Wrong protocol: usage: register"),
    ("register b\u{202e}di rahasia Indonesia", "Wrong protocol: usage: register"),
    ("addgroup LONG", "Wrong protocol: usage: addgroup"),
    ("addgroup a\u{7}b", "Wrong protocol: usage: addgroup"),
    ("addgroup a@b", "Wrong protocol: usage: addgroup"),
    ("auth messi LONG", "Wrong protocol: usage: auth USER PASSWORD"),
];

/// Bytes that are no text.
const NOT_TEXT: &[&[u8]] = &[
    b"send henderson \xff\r\n",
    b"send henderson \xc3\r\n",
    b"send henderson \xed\xa0\x80\r\n",
    b"send henderson \xf8\x88\x80\x80\x80\r\n",
    b"\x80\r\n",
];

/// A realm in which `messi` is in one group and `henderson` in another.
fn people(server: &Server, dialect: &str) -> (Client, String, Client) {
    let address = server.speaking(dialect);
    let (mut messi, token) = Client::login(address, "messi", PASSWORD);
    let (mut henderson, _) = Client::login(address, "henderson", PASSWORD);
    messi.ask("addgroup kelompok");
    henderson.ask("addgroup tertutup");
    (messi, token, henderson)
}

/// What another person can see of the realm.
fn seen(other: &mut Client) -> [Value; 3] {
    ["inbox", "show", "getgroups"].map(|line| other.must(line))
}

#[test]
fn each_wrong_line_gets_one_error_and_changes_nothing() {
    let server = Server::demo(&["line-en"]);
    let (mut messi, token, mut henderson) = people(&server, "line-en");
    let before = seen(&mut henderson);
    for (line, message) in WRONG {
        let line = line.replace("NO-TOKEN", NO_TOKEN).replace("TOKEN", &token);
        let said = messi.refused(&line.replace("LONG", &"x".repeat(1_025)));
        assert!(said.starts_with(message), "{line}: {said}");
        // The next answer is that of the next request: there was one error, not two.
        assert_eq!(messi.must("inbox")["messages"], json!({}), "{line}");
        assert_eq!(seen(&mut henderson), before, "{line}");
    }
    for line in NOT_TEXT {
        messi.write(line);
        assert_eq!(messi.hear().unwrap()["message"], "Wrong protocol: not UTF-8");
    }
    messi.must("send henderson hai");
    assert_ne!(seen(&mut henderson), before, "what is right does change something");
}

#[test]
fn the_other_profiles_refuse_the_same() {
    let server = Server::demo(&["line-id", "realm"]);
    for dialect in ["line-id", "realm"] {
        let (mut messi, token, mut henderson) = people(&server, dialect);
        let before = seen(&mut henderson);
        // A few wrong passwords are free of a wait, and both profiles share the counter.
        for (line, _) in WRONG.iter().filter(|(line, _)| !line.starts_with("auth")) {
            let line = line.replace("NO-TOKEN", NO_TOKEN).replace("TOKEN", &token);
            let said = messi.refused(&line.replace("LONG", &"x".repeat(1_025)));
            assert!(!said.starts_with("Wrong") && !said.ends_with("not found"), "{line}: {said}");
        }
        assert_eq!(seen(&mut henderson), before);
    }
}

#[test]
fn without_a_login_nothing_but_logging_in_is_possible() {
    let server = Server::demo(&["line-en"]);
    let mut stranger = Client::connect(server.address());
    for line in [
        "send messi hai",
        "inbox",
        "list",
        "show",
        "info",
        "getgroups",
        "addgroup a",
        "joingroup a",
        "leavegroup a",
        "sendgroup a hai",
        "logout",
    ] {
        assert_eq!(stranger.refused(line), "Session is not found", "{line}");
    }
    stranger.must("help");
    // Leaving is possible, and leaving is what it is.
    stranger.say("exit");
    let said = stranger.hear_all();
    assert!(
        said.contains("Session is not found") && said.matches("\r\n\r\n").count() == 1,
        "{said}"
    );
}

#[test]
fn a_session_that_ended_is_none_everywhere() {
    let server = Server::demo(&["line-en"]);
    let (mut messi, token) = Client::login(server.address(), "messi", PASSWORD);
    let (mut henderson, other) = Client::login(server.address(), "henderson", PASSWORD);
    // A wrong token does not fall back to the connection's own session.
    assert_eq!(henderson.refused(&format!("inbox {NO_TOKEN}")), "Session is not found");
    henderson.must(&format!("inbox {token}"));
    henderson.must(&format!("logout {token}"));
    assert_eq!(messi.refused("inbox"), "Session is not found");
    assert_eq!(messi.refused(&format!("inbox {token}")), "Session is not found");
    messi.must(&format!("inbox {other}"));
    henderson.must("inbox");
}
