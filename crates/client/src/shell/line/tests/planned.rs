//! What a typed line leads to.

use super::*;

#[test]
fn the_token_goes_in_after_the_command_word() {
    for profile in PROFILES {
        for (typed, line) in [
            ("auth messi surabaya", "auth messi surabaya |"),
            ("  AUTH\tmessi   surabaya\r\n", "auth messi surabaya |"),
            (
                "register ana rahasia Indonesia Ana Putri",
                "register ana rahasia Indonesia Ana Putri |",
            ),
            ("send henderson hello  gimana ", "send T henderson  hello  gimana |"),
            ("SEND messi,lineker hai", "send T messi,lineker  hai |"),
            ("send budi@lab-b é 🚀", "send T budi@lab-b  é 🚀 |"),
            ("sendgroup kelompok hai semua", "sendgroup T kelompok  hai semua |"),
            ("inbox", "inbox T |"),
            ("list", "list T |"),
            ("show", "show T |"),
            ("info", "info T |"),
            ("getgroups", "getgroups T |"),
            ("addgroup kelompok  kita", "addgroup T kelompok  kita |"),
            ("joingroup kelompok", "joingroup T kelompok |"),
            ("leavegroup kelompok", "leavegroup T kelompok |"),
            ("logout", "logout T |"),
            ("sendfile budi a.txt", "sendfile T budi <a.txt> to budi"),
            ("sendfile  budi   my  own file ", "sendfile T budi <my  own file> to budi"),
            ("sendgroupfile g /tmp/a.txt", "sendgroupfile T g </tmp/a.txt> to g"),
            ("sendfilerealm b budi ~a b", "sendfilerealm T b budi <~a b> to budi"),
            ("sendgroupfilerealm b g a", "sendgroupfilerealm T b g <a> to g"),
            ("getfile 7", "getfile T 7 |"),
            ("addrealm b 127.0.0.1 8890", "addrealm T b 127.0.0.1 8890 |"),
            ("sendprivaterealm b budi hai", "sendprivaterealm T b budi hai |"),
            ("getrealminbox b", "getrealminbox T b |"),
            ("listrealm", "listrealm T |"),
            ("help", "help |"),
        ] {
            assert_eq!(sent(profile, true, typed), line, "{profile:?} {typed}");
        }
    }
}

#[test]
fn missing_arguments_and_unknown_commands_are_the_servers_to_judge() {
    for (typed, line) in [
        ("auth", "auth |"),
        ("auth messi", "auth messi |"),
        ("send", "send T |"),
        ("send messi", "send T messi |"),
        ("Tari  kecak  bali", "Tari kecak  bali |"),
        ("sent messi hai", "sent messi hai |"),
    ] {
        assert_eq!(sent(Profile::Realm, true, typed), line, "{typed}");
    }
}

#[test]
fn a_file_command_without_its_path_or_code_is_not_sent() {
    for (typed, usage) in [
        ("sendfile", "sendfile USER PATH"),
        ("sendfile budi", "sendfile USER PATH"),
        ("sendgroupfile g ", "sendgroupfile GROUP PATH"),
        ("sendfilerealm b budi", "sendfilerealm REALM USER PATH"),
        ("getfile", "getfile CODE"),
    ] {
        let refused = format!("prints Error, usage: {usage}");
        assert_eq!(sent(Profile::Realm, true, typed), refused, "{typed}");
    }
}

#[test]
fn without_a_login_a_command_that_needs_one_is_not_sent() {
    for typed in
        ["send messi hai", "inbox", "list", "SHOW", "info", "logout", "getgroups", "getfile 7"]
    {
        assert_eq!(sent(Profile::LineId, false, typed), "prints Error, not authorized", "{typed}");
    }
    assert_eq!(sent(Profile::LineId, false, "auth messi surabaya"), "auth messi surabaya |");
    assert_eq!(sent(Profile::LineId, false, "help"), "help |");
    assert_eq!(sent(Profile::LineId, false, "tari"), "tari |");
}

#[test]
fn leaving_tells_the_server_when_it_holds_a_session() {
    for typed in ["exit", "quit", "EXIT now"] {
        assert_eq!(sent(Profile::LineEn, true, typed), "leaves");
    }
    let line = format!("logout {TOKEN} \r\n");
    assert_eq!(shell(Profile::LineEn, true).farewell(), Some(line));
    assert_eq!(shell(Profile::LineEn, false).farewell(), None);
}

#[test]
fn one_typed_line_is_one_request() {
    assert_eq!(sent(Profile::LineEn, true, " \r\n\t"), "nothing");
    assert_eq!(
        sent(Profile::LineEn, true, "send messi a\r\nlogout\rb"),
        "send T messi  a  logout b |"
    );
}

#[test]
fn lines_with_a_password_are_known() {
    for typed in ["auth a b", " AUTH", "register\ta b"] {
        assert!(holds_password(typed), "{typed}");
    }
    for typed in ["", "authx a b", "send auth b", "inbox"] {
        assert!(!holds_password(typed), "{typed}");
    }
}
