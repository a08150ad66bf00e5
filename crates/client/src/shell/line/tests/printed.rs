//! What is printed about a reply.

use super::*;

#[test]
fn a_login_shows_in_the_line_printed_and_in_the_prompt() {
    for profile in PROFILES {
        for (typed, name) in [("auth messi surabaya", "messi"), ("register ana pw ID Ana", "ana")] {
            for (reply, token) in [
                (r#"{"status":"OK","tokenid":"abc-1","tokenId":"abc-1"}"#, "abc-1"),
                (r#"{ "status": "OK", "tokenid": "abc-1" }"#, "abc-1"),
                (r#"{"tokenId":"abc-1","status":"ok"}"#, "abc-1"),
                (r#"{"status":"OK","tokenid":17}"#, "17"),
            ] {
                let (line, prompt) = printed(profile, false, typed, reply);
                assert_eq!(line, format!("username {name} logged in, token {token}"));
                assert_eq!(prompt, format!("Command {token}:"));
            }
        }
    }
}

#[test]
fn a_refused_login_leaves_the_prompt_as_it_was() {
    for (profile, reason) in [
        (Profile::LineEn, "User is not found"),
        (Profile::LineId, "User Tidak Ada"),
        (Profile::Realm, "User tidak ada"),
    ] {
        let reply = format!(r#"{{"status":"ERROR","message":"{reason}"}}"#);
        let typed = "auth siapa x";
        let refused = format!("Error, {reason}");
        assert_eq!(printed(profile, false, typed, &reply), (refused.clone(), "Command :".into()));
        assert_eq!(printed(profile, true, typed, &reply), (refused, "Command T:".into()));
    }
}

#[test]
fn a_token_that_could_steer_requests_or_the_terminal_is_none() {
    let long = "x".repeat(257);
    for token in ["", "a b", r"a\r\nlogout", r"\u001b[2J", "é", "\\u202e", &long] {
        let reply = format!(r#"{{"status":"OK","tokenid":"{token}"}}"#);
        let (line, prompt) = printed(Profile::LineEn, false, "auth a b", &reply);
        assert_eq!(line, "Error, the server's answer holds no usable token", "{token}");
        assert_eq!(prompt, "Command :");
    }
}

#[test]
fn successes_are_printed_as_the_seeds_print_them() {
    for (typed, reply, line) in [
        (
            "send henderson hai",
            r#"{"status":"OK","message":"Message sent"}"#,
            "message sent to henderson",
        ),
        ("send a,b hai", r#"{"status":"OK","message":"Message sent"}"#, "message sent to a,b"),
        (
            "sendgroup kelompok hai",
            r#"{"status":"OK","message":"Message sent"}"#,
            "message sent to kelompok",
        ),
        ("inbox", r#"{"status": "OK", "messages": {}}"#, "{}"),
        (
            "inbox",
            r#"{"status": "OK", "messages": {"messi": [], "ana": [{"msg_from": "\u00c1na", "msg": "\ud83d\ude00 \r\n"}]}}"#,
            r#"{"messi":[],"ana":[{"msg_from":"Ána","msg":"😀 \u000d\u000a"}]}"#,
        ),
        ("inbox", r#"{"status":"OK","message":{"a":1}}"#, r#"{"a":1}"#),
        ("list", r#"{"status":"OK","messages":["messi","ana"]}"#, r#"["messi","ana"]"#),
        (
            "show",
            r#"{"status":"OK","message":[{"username": "messi"}]}"#,
            r#"[{"username":"messi"}]"#,
        ),
        ("info", r#"{"status":"OK","message":"nobody"}"#, r#""nobody""#),
        (
            "getgroups",
            r#"{"status":"OK","messages":[{"name":"g","joined":true}]}"#,
            r#"[{"name":"g","joined":true}]"#,
        ),
        ("list", r#"{"status":"OK","users":["a"]}"#, r#"{"users":["a"]}"#),
        (
            "addgroup kelompok kita",
            r#"{"status":"OK","message":"x","code":"c"}"#,
            "Group kelompok kita added",
        ),
        ("addgroup kelompok", r#"{"status":"OK","message":"x"}"#, "Group kelompok added"),
        ("joingroup kelompok", r#"{"status":"OK","message":"x"}"#, "Group kelompok joined"),
        ("leavegroup kelompok", r#"{"status":"OK"}"#, "Group kelompok left"),
        ("addrealm b 127.0.0.1 1", r#"{"status":"OK","message":"x"}"#, "Realm b added"),
        ("sendprivaterealm b budi x", r#"{"status":"OK"}"#, "Message sent to realm b"),
        ("sendgrouprealm b g x", r#"{"status":"OK"}"#, "Message sent to realm b"),
        (
            "getrealminbox b",
            r#"{"status":"OK","messages":[ ]}"#,
            "Message received from realm b: []",
        ),
        ("listrealm", r#"{"status":"OK","messages":[{"name":"b"}]}"#, r#"[{"name":"b"}]"#),
        ("tari", r#"{"status":"OK","message":"kecak"}"#, "kecak"),
    ] {
        for profile in PROFILES {
            let expected = (line.to_owned(), "Command T:".to_owned());
            assert_eq!(printed(profile, true, typed, reply), expected, "{profile:?} {typed}");
        }
    }
}

#[test]
fn each_profile_ends_a_login_in_its_own_words() {
    for (profile, reply, line) in [
        (Profile::LineEn, r#"{"status":"OK","messages":"Logged out"}"#, "Logged out".to_owned()),
        (Profile::LineId, r#"{"status":"OK","message":"TOKEN"}"#, format!("\"{TOKEN}\"")),
        (
            Profile::Realm,
            r#"{"status":"OK","message":"Logout berhasil"}"#,
            "Logout Berhasil".to_owned(),
        ),
    ] {
        let reply = reply.replace("TOKEN", TOKEN);
        assert_eq!(printed(profile, true, "logout", &reply), (line, "Command :".to_owned()));
        let refusal = r#"{"status":"ERROR","message":"Session"}"#;
        let kept = ("Error, Session".to_owned(), "Command T:".to_owned());
        assert_eq!(printed(profile, true, "logout", refusal), kept);
    }
}

#[test]
fn refusals_are_printed_with_their_reason_however_it_is_typed() {
    for (reply, line) in [
        (r#"{"status":"ERROR","message":"Session is not found"}"#, "Error, Session is not found"),
        (
            r#"{"status":"ERROR","messages":"**Protocol Tidak Benar"}"#,
            "Error, **Protocol Tidak Benar",
        ),
        (r#"{"status":"ERROR","message":["a", 1]}"#, r#"Error, ["a",1]"#),
        (r#"{"status":"ERROR","code":7}"#, r#"Error, {"code":7}"#),
        (r#"{"message":"x"}"#, "Error, x"),
        ("Traceback", "Error, the server's answer is not one this shell can read"),
        ("", "Error, the server's answer is not one this shell can read"),
    ] {
        assert_eq!(printed(Profile::LineEn, true, "inbox", reply).0, line, "{reply}");
    }
}

#[test]
fn help_ends_with_how_to_leave_even_when_the_server_has_none() {
    let exit =
        "exit or quit: log out and leave this program. Type every command without the token.";
    for (reply, first) in [
        (r#"{"status":"OK","message":"auth, send"}"#, "auth, send"),
        (r#"{"status":"ERROR","message":"Wrong protocol"}"#, "Error, Wrong protocol"),
    ] {
        assert_eq!(printed(Profile::LineEn, false, "help", reply).0, format!("{first}\n{exit}"));
    }
}

#[test]
fn no_character_from_a_peer_or_a_typed_name_steers_the_terminal() {
    let evil = r"\u001b]52;c;AAAA\u0007\u009b2J\r\u202e\u2066\u200f";
    let raw: String = serde_json::from_str(&format!("\"{evil}\"")).unwrap();
    for (typed, reply) in [
        ("inbox", format!(r#"{{"status":"OK","messages":{{"{evil}":["{evil}"]}}}}"#)),
        ("inbox", format!(r#"{{"status":"OK","messages":["{raw}"]}}"#).replace('\r', "")),
        ("tari", format!(r#"{{"status":"OK","message":"{evil}"}}"#)),
        ("logout", format!(r#"{{"status":"OK","messages":"{evil}"}}"#)),
        ("help", format!(r#"{{"status":"OK","message":"{evil}"}}"#)),
        ("list", format!(r#"{{"status":"ERROR","{evil}":"{evil}"}}"#)),
        (&format!("send {raw} x"), r#"{"status":"OK"}"#.to_owned()),
        (&format!("addgroup {raw}"), r#"{"status":"OK"}"#.to_owned()),
    ] {
        for profile in PROFILES {
            let (line, _) = printed(profile, true, typed, &reply);
            let line = line.split('\n').next().unwrap();
            assert!(line.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{typed}: {line:?}");
        }
    }
}
