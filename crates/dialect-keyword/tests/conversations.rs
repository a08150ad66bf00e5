//! What no transcript shows: what people are told unasked, what stays unread, and what a client reads.
//! Several conversations over one engine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clients;
mod realm;

use std::time::Duration;

use bytes::BytesMut;
use clients::Realm;
use kabar_model::Refusal;
use kabar_wire::conversation::{Conversation, Cut, Ending};

#[tokio::test]
async fn a_text_is_told_at_once_in_the_form_of_the_latest_request() {
    let realm = Realm::of(&["ana", "budi", "cici"]).await;
    let (mut ana, mut cici) = (realm.text("ana").await, realm.text("cici").await);
    let (mut line, mut object) = (realm.text("budi").await, realm.object("budi").await);
    ana.say("CHAT-PRIVATE-SEND budi hai \u{e9} \u{85}}\n").await;
    assert_eq!(line.hears().await, "notif ana: hai \u{e9} \\u0085}\r\n\r\n");
    let expected = r#"{"FOR":"NOTIF","from_user":"ana","text":"hai \u00e9 \u0085}"}"#;
    assert_eq!(object.hears().await, expected);
    assert!(cici.heard_nothing() && ana.heard_nothing());

    // Who changes the form is told in the other from then on.
    object.say("CONTACT-GET\n").await;
    line.say("{\"COMMAND\":\"CONTACT-GET\",\"token\":null}").await;
    ana.say("CHAT-PRIVATE-SEND budi lagi\n").await;
    assert_eq!(object.hears().await, "notif ana: lagi\r\n\r\n");
    assert_eq!(line.hears().await, r#"{"FOR":"NOTIF","from_user":"ana","text":"lagi"}"#);
}

#[tokio::test]
async fn the_sender_is_told_on_other_sessions_only() {
    let realm = Realm::of(&["ana", "budi"]).await;
    let (mut here, mut there) = (realm.text("ana").await, realm.object("ana").await);
    here.say("CHAT-PRIVATE-SEND budi satu\n").await;
    assert_eq!(there.hears().await, r#"{"FOR":"NOTIF","from_user":"ana","text":"satu"}"#);
    there.say(r#"{"COMMAND":"MSG-PRIVATE-SEND","p_username":"budi","message":"dua"}"#).await;
    assert_eq!(here.hears().await, "notif ana: dua\r\n\r\n");
    here.say("CHAT-PRIVATE-SEND ana catatan\n").await;
    assert_eq!(there.hears().await, r#"{"FOR":"NOTIF","from_user":"ana","text":"catatan"}"#);
    assert!(here.heard_nothing() && there.heard_nothing());
}

#[tokio::test]
async fn members_of_a_group_are_told_with_its_name_and_strangers_are_not() {
    let realm = Realm::of(&["ana", "budi", "cici"]).await;
    let (mut ana, mut budi, mut cici) =
        (realm.text("ana").await, realm.text("budi").await, realm.text("cici").await);
    let created = ana.say("GROUP-CREATE Tim  Jaringan\n").await;
    let code = created.lines().nth(1).unwrap().split('\t').next().unwrap().to_owned();
    ana.say(&format!("GROUP-INVITE {code} budi\n")).await;
    ana.say(&format!("CHAT-GROUP-SEND {code} halo\n")).await;
    assert_eq!(budi.hears().await, "notif ana (Tim  Jaringan): halo\r\n\r\n");
    budi.say("{\"COMMAND\":\"CONTACT-GET\"}").await;
    ana.say(&format!("CHAT-GROUP-SEND {code} lagi\n")).await;
    let expected =
        r#"{"FOR":"NOTIF","from_user":"ana","text":"lagi","from_group":"Tim  Jaringan"}"#;
    assert_eq!(budi.hears().await, expected);
    assert!(cici.heard_nothing());
}

#[tokio::test]
async fn what_is_told_stays_unread() {
    let realm = Realm::of(&["ana", "budi"]).await;
    let (mut ana, mut budi) = (realm.text("ana").await, realm.text("budi").await);
    ana.say("CHAT-PRIVATE-SEND budi hai\n").await;
    budi.hears().await;
    assert!(budi.say("NOTIF-GET\n").await.starts_with("success 1 new\r\n"));
    assert_eq!(budi.say("NOTIF-GET\n").await, "success 0 new\r\n\r\n");
}

#[tokio::test]
async fn nobody_is_told_before_a_login_or_after_a_logout() {
    let realm = Realm::of(&["ana", "budi"]).await;
    let (mut ana, mut budi) = (realm.text("ana").await, realm.text("budi").await);
    let mut witness = realm.text("budi").await;
    let mut stranger = realm.connect();
    budi.say("AUTH-LOGOUT\n").await;
    ana.say("CHAT-PRIVATE-SEND budi hai\n").await;
    assert_eq!(witness.hears().await, "notif ana: hai\r\n\r\n");
    assert!(budi.heard_nothing() && stranger.heard_nothing());
}

#[tokio::test]
async fn a_token_shown_on_another_connection_brings_news_there() {
    let realm = Realm::of(&["ana", "budi"]).await;
    let mut ana = realm.text("ana").await;
    let mut first = realm.connect();
    let login = r#"{"COMMAND":"AUTH-LOGIN","username":"budi","password":"rahasia","token":null}"#;
    let reply = first.say(login).await;
    let token = reply.split("\"token\":\"").nth(1).unwrap().trim_end_matches("\"}").to_owned();
    let mut second = realm.connect();
    second.say(&format!("{{\"COMMAND\":\"CONTACT-GET\",\"token\":\"{token}\"}}")).await;
    ana.say("CHAT-PRIVATE-SEND budi hai\n").await;
    for client in [&mut first, &mut second] {
        assert_eq!(client.hears().await, r#"{"FOR":"NOTIF","from_user":"ana","text":"hai"}"#);
    }

    // Its end on one connection is its end on the other, which goes on without it.
    first.say(r#"{"COMMAND":"AUTH-LOGOUT"}"#).await;
    assert!(second.heard_nothing());
    second.say("AUTH-LOGIN budi rahasia\n").await;
    ana.say("CHAT-PRIVATE-SEND budi lagi\n").await;
    assert_eq!(second.hears().await, "notif ana: lagi\r\n\r\n");
}

#[tokio::test]
async fn who_does_not_keep_up_is_told_to_come_back_and_loses_nothing() {
    const FLOOD: usize = 1_200;
    let realm = Realm::of(&["ana", "budi", "cici"]).await;
    let (mut ana, mut cici) = (realm.text("ana").await, realm.text("cici").await);
    let (mut line, mut object) = (realm.text("budi").await, realm.object("budi").await);
    for number in 0..FLOOD {
        ana.say(&format!("CHAT-PRIVATE-SEND budi {number}\n")).await;
    }
    // News is told in order: once this is heard, all that came before has been told or lost.
    ana.say("CHAT-PRIVATE-SEND cici hai\n").await;
    cici.hears().await;
    let missed = "you were too slow and missed new messages: connect again and use NOTIF-GET";
    for (client, last_words) in [
        (&mut line, format!("(closed) failed {missed}\r\n\r\n")),
        (
            &mut object,
            format!("(closed) {{\"FOR\":null,\"status\":\"failed\",\"message\":\"{missed}\"}}"),
        ),
    ] {
        let mut heard = 0;
        loop {
            let said = client.hears().await;
            if said.starts_with("(closed)") {
                assert_eq!(said, last_words);
                break;
            }
            heard += 1;
        }
        assert!((1..FLOOD).contains(&heard), "{heard}");
    }
    let mut again = realm.text("budi").await;
    assert!(again.say("NOTIF-GET\n").await.starts_with("success 1000 new\r\n"));
    assert!(again.say("NOTIF-GET\n").await.starts_with("success 200 new\r\n"));
}

#[tokio::test]
async fn outputs_are_kept_apart_from_the_first_object_on() {
    let realm = Realm::of(&["ana"]).await;
    let mut client = realm.text("ana").await;
    assert_eq!(client.0.pause_between_outputs(), None);
    client.say("{\"COMMAND\":\"CONTACT-GET\"}").await;
    assert_eq!(client.0.pause_between_outputs(), Some(Duration::from_millis(20)));
    client.say("CONTACT-GET\n").await;
    assert_eq!(client.0.pause_between_outputs(), Some(Duration::from_millis(20)));
}

#[tokio::test]
async fn before_a_login_only_what_a_client_of_this_dialect_sends_is_listened_to() {
    let realm = Realm::of(&[]).await;
    let client = realm.connect().0;
    for plain in ["HELP", "AUTH-LOGIN a b:c", "{\"a\":\t1,\r\n\"b\":\"Host: x\"}", "{"] {
        assert!(!client.is_suspicious(plain.as_bytes()), "{plain:?}");
    }
    for strange in ["GET / HTTP/1.1", "Host: x", "HELP\t", "{\0", "{\"a\":\"\u{1b}\"}", "{\u{7f}}"]
    {
        assert!(client.is_suspicious(strange.as_bytes()), "{strange:?}");
    }
}

#[tokio::test]
async fn what_was_not_written_whole_stays_unread() {
    let realm = Realm::of(&["ana", "budi"]).await;
    let (mut ana, mut budi) = (realm.text("ana").await, realm.text("budi").await);
    ana.say("CHAT-PRIVATE-SEND budi hai\n").await;
    for request in [
        "NOTIF-GET\n",
        "CHAT-PRIVATE-GET ana\n",
        "{\"COMMAND\":\"CHAT-PRIVATE-GET\",\"p_username\":\"ana\"}",
    ] {
        let (_, written) = budi.answer(request).await;
        drop(written.expect("something is to be read"));
    }
    assert!(budi.say("NOTIF-GET\n").await.starts_with("success 1 new\r\n"));
    assert_eq!(budi.say("NOTIF-GET\n").await, "success 0 new\r\n\r\n");
}

#[tokio::test]
async fn a_session_whose_token_was_never_told_ends_with_its_connection() {
    let realm = Realm::of(&["ana", "budi"]).await;
    let nobody_is_active = async || {
        let active = realm.0.active().await;
        active.err().and_then(|error| error.refusal().cloned()) == Some(Refusal::NobodyActive)
    };
    realm.connect().say("AUTH-REGISTER cici rahasia rahasia\n").await;
    assert!(nobody_is_active().await, "to register is not to log in");
    let mut ana = realm.text("ana").await;
    assert!(!nobody_is_active().await);
    ana.say("QUIT\n").await;
    assert!(nobody_is_active().await);
    let mut budi = realm.text("budi").await;
    budi.0.leave().await;
    assert!(nobody_is_active().await, "who hangs up does not say QUIT");
    let mut twice = realm.text("ana").await;
    twice.say("AUTH-LOGIN budi rahasia\n").await;
    let active = realm.0.active().await.unwrap();
    assert_eq!(active.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["budi"]);
    twice.0.leave().await;
    assert!(nobody_is_active().await);
    realm.object("budi").await.0.leave().await;
    assert_eq!(realm.0.active().await.unwrap()[0].username.as_str(), "budi");
    realm.object("ana").await.say("QUIT\n").await;
    assert_eq!(realm.0.active().await.unwrap().len(), 2, "their tokens are known");
}

#[tokio::test]
async fn an_opened_chat_full_of_braces_is_read_whole() {
    const BLOCK_BYTES: usize = 1_024;
    let realm = Realm::of(&["ana", "budi"]).await;
    let (mut ana, mut budi) = (realm.text("ana").await, realm.object("budi").await);
    let mut could_be_cut_short = false;
    for length in 1..=100 {
        ana.say(&format!("CHAT-PRIVATE-SEND budi {}\n", "}".repeat(length))).await;
        let opened = r#"{"COMMAND":"CHAT-PRIVATE-GET","p_username":"ana"}"#;
        let reply = budi.say(opened).await;
        let blocks: Vec<&[u8]> = reply.as_bytes().chunks(BLOCK_BYTES).collect();
        let (last, others) = blocks.split_last().unwrap();
        assert!(last.ends_with(b"}") && others.iter().all(|block| !block.ends_with(b"}")));
        could_be_cut_short |= reply.contains("\\u007d") || reply.contains(" }");
    }
    assert!(could_be_cut_short, "this test stands on a real hazard");
}

#[tokio::test]
async fn last_words_come_in_the_form_of_what_was_too_much() {
    let realm = Realm::of(&[]).await;
    let long = "x".repeat(kabar_dialect_keyword::REQUEST_BYTES_MAX);
    for (request, last_words) in [
        (format!("A{long}"), "failed request too long\r\n\r\n"),
        (
            format!("{{\"{long}"),
            "{\"FOR\":null,\"status\":\"failed\",\"message\":\"request too long\"}",
        ),
    ] {
        let mut client = realm.connect().0;
        let mut input = BytesMut::from(request.as_bytes());
        assert_eq!(client.cut(&mut input), Cut::Broken(Ending::TooLong));
        assert_eq!(client.farewell(Ending::TooLong), last_words.as_bytes());
    }
}
