//! The first bytes of a connection: the same decision whole, byte by byte and split anywhere.

use kabar_wire::Sniff::{Closed, NeedMore, NotUnderstood};
use kabar_wire::{Known, Protocol, SNIFF_BYTES_MAX, Sniff, sniff};
use proptest::prelude::*;

const TLS: Sniff = Sniff::Found(Protocol::Tls);
const HTTP: Sniff = Sniff::Found(Protocol::Http);
const KEYWORD: Sniff = Sniff::Found(Protocol::Keyword);
const FORM: Sniff = Sniff::Found(Protocol::Form);
const LINE: Sniff = Sniff::Found(Protocol::Line);
const IRC: Sniff = Sniff::Found(Protocol::Irc);

const EVERYTHING: Known<'_> = Known {
    line: &[
        "auth",
        "register",
        "send",
        "inbox",
        "list",
        "show",
        "info",
        "logout",
        "exit",
        "quit",
        "addgroup",
        "joingroup",
        "leavegroup",
        "getgroups",
        "sendgroup",
        "sendfile",
        "sendgroupfile",
        "getfile",
        "addrealm",
        "listrealm",
        "getrealminbox",
        "sendprivaterealm",
        "sendgrouprealm",
        "sendfilerealm",
        "sendgroupfilerealm",
        "help",
    ],
    form: &[
        "register",
        "auth",
        "send",
        "chat",
        "inbox",
        "file_send",
        "send_file",
        "file_list",
        "list_file",
        "file_get",
        "get_file",
        "room_join",
        "room_chat",
        "room_leave",
        "room_send_file",
        "room_get_file",
        "logout",
        "file list",
        "send file",
        "get file",
    ],
    keyword: &[
        "AUTH-REGISTER",
        "AUTH-LOGIN",
        "AUTH-LOGOUT",
        "CONTACT-ADD",
        "CONTACT-GET",
        "CHAT-PRIVATE-SEND",
        "MSG-PRIVATE-SEND",
        "FILE-SEND-PRIVATE",
        "NOTIF-GET",
    ],
    tls: true,
    irc: true,
};

const LINE_ALONE: Known<'_> =
    Known { form: &[], keyword: &[], tls: false, irc: false, ..EVERYTHING };

/// What a connection opens with, and what it is taken as when everything is served.
const OPENINGS: &[(&[u8], Sniff)] = &[
    // TLS, and bytes that are no text
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", TLS),
    (b"\x16", TLS),
    (b"\0", Closed),
    (b"\r\n", Closed),
    (b"\n", Closed),
    (b"\tauth messi surabaya\r\n", Closed),
    (b"\x1b[A", Closed),
    (b"\x7f", Closed),
    (b"\x80\x01", Closed),
    (b"\xc3\xa9t\xc3\xa9 \r\n", Closed),
    (b"\xff\xfb\x1f", Closed),
    // HTTP
    (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", HTTP),
    (b"GET ", HTTP),
    (b"GET file=x HTTP/1.1\r\n", HTTP),
    (b"POST /api/v1/login HTTP/1.1\r\n", HTTP),
    (b"HEAD / HTTP/1.0\r\n\r\n", HTTP),
    (b"PUT /x HTTP/1.1\r\n", HTTP),
    (b"DELETE /x HTTP/1.1\r\n", HTTP),
    (b"OPTIONS * HTTP/1.1\r\n", HTTP),
    (b"PATCH /x HTTP/1.1\r\n", HTTP),
    (b"CONNECT evil.example:25 HTTP/1.1\r\n", HTTP),
    (b"TRACE / HTTP/1.1\r\n", HTTP),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HTTP),
    (b"GET\r\n", NotUnderstood),
    (b"get / HTTP/1.1\r\n", NotUnderstood),
    (b" GET / HTTP/1.1\r\n", NotUnderstood),
    (b"GETTER / HTTP/1.1\r\n", NotUnderstood),
    (b"BREW /pot HTTP/1.1\r\n", NotUnderstood),
    (b"Host: localhost\r\n", NotUnderstood),
    (b"Content-Length: 20\r\n", NotUnderstood),
    // keyword
    (b"{\"COMMAND\":\"AUTH-LOGIN\",\"token\":null}", KEYWORD),
    (b"{", KEYWORD),
    (b"  { \"COMMAND\": 1 }", KEYWORD),
    (b"AUTH-LOGIN messi surabaya\r\n", KEYWORD),
    (b"auth-login messi surabaya\n", KEYWORD),
    (b" Auth-Login messi surabaya\n", KEYWORD),
    (b"NOTIF-GET\n", KEYWORD),
    (b"NOTIF-GET\r\n", KEYWORD),
    (b"MSG-PRIVATE-SEND budi a=b\r\n", KEYWORD),
    (b"AUTH-LOGON messi surabaya\r\n", NotUnderstood),
    (b"[\"COMMAND\"]", NeedMore),
    (b"\"COMMAND\" ", NotUnderstood),
    // IRC
    (b"CAP LS 302\r\n", IRC),
    (b"NICK messi\r\n", IRC),
    (b"nick messi\r\n", IRC),
    (b"USER messi 0 * :Lionel\r\n", IRC),
    (b"PASS rahasia\r\n", IRC),
    (b"NICK\r\n", NotUnderstood),
    (b" NICK messi\r\n", NotUnderstood),
    (b"JOIN #kelompok\r\n", NotUnderstood),
    // form
    (b"auth username=a&password=b", FORM),
    (b"auth username=", FORM),
    (b"AUTH username=a&password=b\n", FORM),
    (b"auth  username=a&password=b\r\n", FORM),
    (b" auth username=a&password=b\r\n", FORM),
    (b"auth =", FORM),
    (b"register username=a&password=b&name=c&nationality=d        ", FORM),
    (b"send session=1&destination=budi&message=hai", FORM),
    (b"chat session=1&username=budi&message=hai", FORM),
    (b"inbox session=1", FORM),
    (b"logout session=1\r\n", FORM),
    (b"room_join roomname=x\n", FORM),
    (b"file_send payload=QUJD", FORM),
    (b"file list session=1", FORM),
    (b"FILE LIST session=1", FORM),
    (b"file  list  session=1\n", FORM),
    (b"send file session=1&username=b", FORM),
    (b"get file session=1&filename=a", FORM),
    (b"Get file session=1&filename=a", FORM),
    (b"file list\r\n", NotUnderstood),
    (b"file lists session=1\r\n", NotUnderstood),
    (b"file session=1\r\n", NotUnderstood),
    (b"get session=1\r\n", NotUnderstood),
    (b"room_join\r\n", NotUnderstood),
    (b"room_join roomname\r\n", NotUnderstood),
    (b"upload session=1\r\n", NotUnderstood),
    // line
    (b"auth messi surabaya \r\n", LINE),
    (b"auth messi surabaya", LINE),
    (b"AUTH messi surabaya\n", LINE),
    (b"  auth   messi   surabaya\r\n", LINE),
    (b"auth messi p=q\r\n", LINE),
    (b"auth\r\n", LINE),
    (b"auth \r\n", LINE),
    (b"auth messi", NeedMore),
    (b"auth messi\n", LINE),
    (b"register messi p argentina lionel\r\n", LINE),
    (b"send henderson  hello gimana kabarnya \r\n", LINE),
    (b"send budi message=hai\r\n", LINE),
    (b"send file hai apa kabar\r\n", LINE),
    (b"send file \r\n", LINE),
    (b"send files session=1\r\n", LINE),
    (b"sendfile budi foto.png QUJD\r\n", LINE),
    (b"sendfile x=y foto.png QUJD\r\n", LINE),
    (b"inbox\r\n", LINE),
    (b"inbox\n", LINE),
    (b"inbox ", NeedMore),
    (b"inbox 9abf3546-1111-4222-8333-444455556666\r\n", LINE),
    (b"logout \r\n", LINE),
    (b"list\r\n", LINE),
    (b"exit\n", LINE),
    (b"Quit\r\n", LINE),
    (b"help\rx", LINE),
    (b"auth m\xc3\xa9ssi p\r\n", LINE),
    // neither one nor the other
    (b"", NeedMore),
    (b" ", NeedMore),
    (b"aut", NeedMore),
    (b"   \r\n", NotUnderstood),
    (b"  \0", Closed),
    (b"halo\r\n", NotUnderstood),
    (b"halo apa kabar", NotUnderstood),
    (b"kabar\xc3\xa9 x\r\n", NotUnderstood),
    (b"EHLO example.org\r\n", NotUnderstood),
    (b"SSH-2.0-OpenSSH_9.9\r\n", NotUnderstood),
    (b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NotUnderstood),
    (b"au\0th", Closed),
    (b"auth\tmessi surabaya\r\n", Closed),
    (b"auth me\0ssi", Closed),
    (b"send file se\x1bssion=1", Closed),
];

/// Reads as a connection does: what has come so far is looked at after every piece.
fn in_pieces(opening: &[u8], ends: impl IntoIterator<Item = usize>, known: &Known<'_>) -> Sniff {
    let ends = ends.into_iter().chain([opening.len()]);
    ends.map(|end| sniff(&opening[..end], known))
        .find(|decision| *decision != NeedMore)
        .unwrap_or(NeedMore)
}

#[track_caller]
fn check(opening: &[u8], known: &Known<'_>, expected: Sniff) {
    let shown = opening[..opening.len().min(60)].escape_ascii();
    assert_eq!(sniff(opening, known), expected, "{shown} whole");
    let every = 0..opening.len();
    assert_eq!(in_pieces(opening, every.clone(), known), expected, "{shown} byte by byte");
    for end in every {
        assert_eq!(in_pieces(opening, [end], known), expected, "{shown} split at {end}");
    }
}

#[test]
fn every_opening_is_told_apart_however_it_is_split() {
    assert!(OPENINGS.len() >= 80, "{}", OPENINGS.len());
    for (opening, expected) in OPENINGS {
        check(opening, &EVERYTHING, *expected);
    }
}

#[test]
fn a_decision_stands_whatever_follows() {
    let continuations: [&[u8]; 8] =
        [b" ", b"\r\n", b"=", b"x", b"\0", b"\xff", b" a=b ", b" file session=1"];
    for (opening, expected) in OPENINGS.iter().filter(|(_, expected)| *expected != NeedMore) {
        for more in continuations {
            check(&[*opening, more].concat(), &EVERYTHING, *expected);
        }
    }
}

#[test]
fn what_is_not_served_is_not_understood() {
    for opening in [
        &b"{\"COMMAND\":\"AUTH-LOGIN\"}"[..],
        b"AUTH-LOGIN messi surabaya\r\n",
        b"room_join roomname=x\r\n",
        b"file list session=1\r\n",
        b"NICK messi\r\n",
        b"CAP LS 302\r\n",
    ] {
        check(opening, &LINE_ALONE, NotUnderstood);
    }
    check(b"\x16\x03\x01", &LINE_ALONE, Closed);
    check(b"GET / HTTP/1.1\r\n", &LINE_ALONE, HTTP);
    let nothing = Known { line: &[], ..LINE_ALONE };
    check(b"auth messi surabaya\r\n", &nothing, NotUnderstood);
    check(b"OPTIONS * HTTP/1.1\r\n", &nothing, HTTP);
}

#[test]
fn without_form_a_known_line_command_is_line_at_once() {
    check(b"auth x=y z\r\n", &LINE_ALONE, LINE);
    check(b"auth ", &LINE_ALONE, LINE);
    check(b"send file session=1\r\n", &LINE_ALONE, LINE);
}

#[test]
fn when_two_rows_know_a_word_the_upper_row_has_it() {
    let known = Known { keyword: &["HELP", "QUIT"], ..EVERYTHING };
    check(b"help\r\n", &known, KEYWORD);
    check(b"help\r\n", &EVERYTHING, LINE);
}

#[test]
fn a_word_is_unknown_one_byte_after_the_longest_known_word() {
    let longest = "sendgroupfilerealm".len();
    check("x".repeat(longest).as_bytes(), &EVERYTHING, NeedMore);
    check("x".repeat(longest + 1).as_bytes(), &EVERYTHING, NotUnderstood);
}

#[test]
fn an_opening_undecided_at_the_limit_is_not_understood() {
    for start in ["", "auth ", "auth messi", "file list ", "room_join"] {
        for fill in [" ", "x"] {
            let mut opening = String::from(start);
            opening.push_str(if fill == "x" { " " } else { "" });
            while opening.len() < SNIFF_BYTES_MAX {
                opening.push_str(fill);
            }
            let known = Known { line: &["auth"], ..EVERYTHING };
            if sniff(&opening.as_bytes()[..SNIFF_BYTES_MAX - 1], &known) == NeedMore {
                check(opening.as_bytes(), &known, NotUnderstood);
                check(&[opening.as_bytes(), b"=\r\n"].concat(), &known, NotUnderstood);
            }
        }
    }
    // The last byte that counts may still decide.
    let mut opening = format!("auth {}", "x".repeat(SNIFF_BYTES_MAX - 6));
    check(opening.as_bytes(), &EVERYTHING, NeedMore);
    opening.push('=');
    assert_eq!(opening.len(), SNIFF_BYTES_MAX);
    check(opening.as_bytes(), &EVERYTHING, FORM);
}

#[test]
fn a_form_block_padded_with_spaces_is_form() {
    let block = format!("{:1024}", "auth username=messi&password=surabaya");
    check(block.as_bytes(), &EVERYTHING, FORM);
}

proptest! {
    #[test]
    fn any_opening_made_of_words_is_told_apart_however_it_is_split(
        words in proptest::collection::vec(prop_oneof![
            Just("auth"), Just("send"), Just("file"), Just("list"), Just("get"), Just("GET"),
            Just("NICK"), Just("AUTH-LOGIN"), Just("{"), Just("="), Just(" "), Just(" "),
            Just("\r\n"), Just("\0"), Just("é"), Just("x"),
        ], 0..8),
        split in any::<prop::sample::Index>(),
    ) {
        let opening = words.concat().into_bytes();
        for known in [&EVERYTHING, &LINE_ALONE] {
            let whole = sniff(&opening, known);
            prop_assert_eq!(in_pieces(&opening, 0..opening.len(), known), whole);
            let end = split.index(opening.len() + 1);
            prop_assert_eq!(in_pieces(&opening, [end], known), whole);
        }
    }
}
