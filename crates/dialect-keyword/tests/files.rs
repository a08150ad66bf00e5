//! What no transcript shows of files: contents of any length in any pieces, what is told of them and when,
//! and what becomes of those that cannot be kept.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod broken_blobs;
mod clients;
mod realm;

use std::cell::RefCell;

use broken_blobs::BrokenBlobs;
use bytes::BytesMut;
use clients::{Client, Realm};
use futures_util::TryStreamExt;
use kabar_engine::Settings;
use kabar_model::RealmName;
use kabar_wire::conversation::{Answer, Conversation, Cut, Output};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

const READY: &[u8] = b"{\"status\":\"ready\"}";

/// Sends bytes in these pieces, of which nothing is left over; each output, contents in one.
async fn feed(client: &mut Client, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let (mut input, mut outputs) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            let answer: Answer = match client.0.cut(&mut input) {
                Cut::More => break,
                Cut::Request(request) => client.0.answer(request).await,
                Cut::Contents(piece) => {
                    client.0.take_in(piece).await;
                    continue;
                }
                Cut::ContentsEnd => client.0.finish().await,
                other => panic!("{other:?}"),
            };
            outputs.push(match answer.output {
                Output::Now(bytes) => bytes,
                Output::Later(bytes) => bytes.await,
                Output::Pieces(pieces) => pieces.try_collect::<Vec<_>>().await.unwrap().concat(),
            });
        }
    }
    assert!(input.is_empty(), "{}", input.escape_ascii());
    outputs
}

/// As [`feed`], where the outputs are texts.
async fn tell(client: &mut Client, bytes: &[u8]) -> Vec<String> {
    let outputs = feed(client, &[bytes]).await;
    outputs.into_iter().map(|output| String::from_utf8(output).unwrap()).collect()
}

/// The code in the answer to a file that was sent.
fn code_in(answer: &str) -> String {
    let text = answer.strip_prefix("success file sent\r\n").and_then(|rest| rest.get(..6));
    let object = answer.split("\"file_code\":\"").nth(1).and_then(|rest| rest.get(..6));
    text.or(object).unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Announces a file of that size to somebody.
async fn announce(client: &mut Client, to: &str, size: usize) {
    let ready = tell(client, format!("FILE-SEND-PRIVATE {to} x {size}\n").as_bytes()).await;
    assert_eq!(ready, [format!("ready send {size} bytes\r\n\r\n")]);
}

fn length() -> impl Strategy<Value = usize> {
    let around = |edge: usize| edge - 1..edge + 2;
    prop_oneof![Just(0), 0_usize..3_000, around(1_024), around(65_536), around(131_072)]
}

/// Bytes that look like requests, ends of lines and braces.
fn contents(length: usize, seed: usize) -> Vec<u8> {
    let like_requests = b"QUIT\r\n{\"COMMAND\":\"QUIT\"}\0\xff\n}{";
    let bytes = like_requests.iter().cycle().skip(seed % like_requests.len());
    bytes.copied().take(length).collect()
}

/// The same bytes, cut at these places.
fn cut<'a>(bytes: &'a [u8], places: &[Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    places.sort_unstable();
    let (mut rest, mut pieces, mut start) = (bytes, Vec::new(), 0);
    for place in places {
        let (piece, after) = rest.split_at(place - start);
        pieces.push(piece);
        (rest, start) = (after, place);
    }
    pieces.push(rest);
    pieces
}

#[test]
fn contents_arrive_as_they_were_sent_whatever_their_length_and_their_pieces() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let clients = runtime.block_on(async {
        let realm = Realm::of(&["ana", "budi"]).await;
        let (ana, budi) = (realm.text("ana").await, realm.text("budi").await);
        RefCell::new((ana, budi, realm))
    });
    let places = prop::collection::vec(any::<Index>(), 0..6);
    let cases = (length(), any::<usize>(), places, any::<bool>(), any::<bool>());
    let mut runner = TestRunner::new(Config::with_cases(120));
    let outcome = runner.run(&cases, |(length, seed, places, as_object, got_as_object)| {
        let (ana, budi, _) = &mut *clients.borrow_mut();
        let contents = contents(length, seed);
        runtime.block_on(async {
            let (request, ready) = if as_object {
                let command = r#"{"COMMAND":"FILE-SEND-PRIVATE","p_username":"budi","file_name":"a b","file_size":"#;
                let ready = r#"{"FOR":"FILE-SEND-PRIVATE","status":"ready"}"#;
                (format!("{command}{length}}}"), ready.to_owned())
            } else {
                let ready = format!("ready send {length} bytes\r\n\r\n");
                (format!("FILE-SEND-PRIVATE budi a {length}\r\n"), ready)
            };
            let sent = [request.as_bytes(), &contents, b"CONTACT-GET\r\n"].concat();
            let outputs = feed(ana, &cut(&sent, &places)).await;
            let texts: Vec<_> =
                outputs.iter().map(|output| String::from_utf8_lossy(output)).collect();
            assert_eq!(texts.len(), 3, "{texts:?}");
            assert_eq!((&*texts[0], &*texts[2]), (&*ready, "success 0 contacts\r\n\r\n"));

            let code = code_in(&texts[1]);
            let got = if got_as_object {
                let command = r#"{"COMMAND":"FILE-GET-PRIVATE","p_username":"ana","file_code":"#;
                let offer = budi.say(&format!("{command}\"{code}\"}}")).await;
                assert!(offer.ends_with(&format!("\"file_size\":{length}}}")), "{offer}");
                feed(budi, &[READY]).await.concat()
            } else {
                let get = format!("FILE-GET-PRIVATE ana {code}\n");
                let output = feed(budi, &[get.as_bytes()]).await.concat();
                let head = output.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
                let size = format!("\r\n{length}\t");
                assert!(String::from_utf8_lossy(&output[..head]).contains(&size));
                output[head..].to_vec()
            };
            assert!(got == contents, "other contents came than were sent");
        });
        Ok(())
    });
    outcome.unwrap();
}

#[tokio::test]
async fn a_file_is_told_like_a_text() {
    let realm = Realm::of(&["ana", "budi"]).await;
    let (mut ana, mut elsewhere) = (realm.text("ana").await, realm.object("ana").await);
    let (mut line, mut object) = (realm.text("budi").await, realm.object("budi").await);
    announce(&mut ana, "budi", 2).await;
    let code = code_in(&tell(&mut ana, b"ok").await.concat());
    let text = format!("[x], file_code: {code}");
    assert_eq!(line.hears().await, format!("notif ana: {text}\r\n\r\n"));
    let pushed = format!(r#"{{"FOR":"NOTIF","from_user":"ana","text":"{text}"}}"#);
    assert_eq!([object.hears().await, elsewhere.hears().await], [pushed.clone(), pushed]);
    assert!(ana.heard_nothing());

    let created = ana.say("GROUP-CREATE tim\n").await;
    let group = created.lines().nth(1).unwrap().split('\t').next().unwrap().to_owned();
    ana.say(&format!("GROUP-INVITE {group} budi\n")).await;
    let sent = tell(&mut ana, format!("FILE-SEND-GROUP {group} y 0\n").as_bytes()).await;
    let text = format!("[y], file_code: {}", code_in(&sent[1]));
    assert_eq!(line.hears().await, format!("notif ana (tim): {text}\r\n\r\n"));
    let pushed =
        format!(r#"{{"FOR":"NOTIF","from_user":"ana","text":"{text}","from_group":"tim"}}"#);
    assert_eq!(object.hears().await, pushed);
}

#[tokio::test]
async fn nothing_is_told_between_an_offer_and_the_end_of_its_contents() {
    let realm = Realm::of(&["ana", "budi"]).await;
    let (mut ana, mut budi) = (realm.text("ana").await, realm.object("budi").await);
    announce(&mut ana, "budi", 2).await;
    tell(&mut ana, b"ok").await;
    budi.hears().await;

    let get = r#"{"COMMAND":"FILE-GET-PRIVATE","p_username":"ana","file_code":"x"}"#;
    for request in [READY, b"{\"COMMAND\":\"CONTACT-GET\"}", b"CONTACT-GET\n", b"no command\n"] {
        budi.say(get).await;
        ana.say("CHAT-PRIVATE-SEND budi hai\n").await;
        let mut witness = realm.text("budi").await;
        ana.say("CHAT-PRIVATE-SEND budi lagi\n").await;
        witness.hears().await;
        assert!(budi.heard_nothing(), "the client waits for the file");
        let answer = feed(&mut budi, &[request]).await.concat();
        assert_eq!(answer == b"ok", request == READY);
        assert!(budi.hears().await.contains("hai"));
        assert!(budi.hears().await.contains("lagi"));
        let late = tell(&mut budi, READY).await.concat();
        assert!(late.contains("COMMAND is missing"), "{late}");
    }
}

#[tokio::test]
async fn only_somebody_logged_in_sends_contents() {
    let realm = Realm::of(&["ana", "budi"]).await;
    let mut stranger = realm.connect();
    for request in [
        "FILE-SEND-PRIVATE budi x 5\n",
        r#"{"COMMAND":"FILE-SEND-PRIVATE","p_username":"budi","file_name":"x","file_size":5}"#,
    ] {
        let answer = tell(&mut stranger, request.as_bytes()).await.concat();
        assert!(answer.contains("unauthorized!") && !stranger.0.awaits_contents());
        assert!(tell(&mut stranger, b"CONTACT-GET\n").await.concat().contains("unauthorized!"));
    }
    let mut ana = realm.text("ana").await;
    announce(&mut ana, "budi", 5).await;
    assert!(ana.0.awaits_contents());
    assert_eq!(tell(&mut ana, b"QUIT").await, [""; 0]);
    assert_eq!(tell(&mut ana, b"\n").await.len(), 1);
    assert!(!ana.0.awaits_contents());
}

#[tokio::test]
async fn half_a_file_is_none() {
    let realm = Realm::of(&["ana", "budi"]).await;
    let (mut ana, mut budi) = (realm.text("ana").await, realm.text("budi").await);
    announce(&mut ana, "budi", 5).await;
    assert_eq!(tell(&mut ana, b"half").await, [""; 0]);
    drop(ana);
    assert_eq!(budi.say("NOTIF-GET\n").await, "success 0 new\r\n\r\n");
}

#[tokio::test]
async fn what_cannot_be_kept_is_read_to_its_end_and_then_answered() {
    const SIZE: usize = 300_000;
    let settings = Settings::new(RealmName::parse("kampus").unwrap());
    let blobs = BrokenBlobs { written_bytes_max: 100_000, read_bytes_max: 0 };
    let realm = Realm::with(settings, blobs, &["ana", "budi"]).await;
    let (mut ana, mut budi) = (realm.text("ana").await, realm.text("budi").await);
    announce(&mut ana, "budi", SIZE).await;
    let (first, second) = (vec![b'\n'; SIZE - 1], b"\nCONTACT-GET\n");
    assert_eq!(feed(&mut ana, &[&first]).await.len(), 0);
    let answers = tell(&mut ana, second).await;
    assert_eq!(answers.len(), 2);
    assert!(answers[0].starts_with("failed server error "), "{}", answers[0]);
    assert_eq!(answers[1], "success 0 contacts\r\n\r\n");
    assert_eq!(budi.say("NOTIF-GET\n").await, "success 0 new\r\n\r\n");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_to_its_end_ends_the_connection() {
    let settings = Settings::new(RealmName::parse("kampus").unwrap());
    let blobs = BrokenBlobs { written_bytes_max: 100_000, read_bytes_max: 3 };
    let realm = Realm::with(settings, blobs, &["ana"]).await;
    let mut ana = realm.text("ana").await;
    announce(&mut ana, "ana", 5).await;
    tell(&mut ana, b"12345").await;
    let mut input = BytesMut::from("FILE-GET-PRIVATE ana x\n");
    let Cut::Request(request) = ana.0.cut(&mut input) else { panic!("a request") };
    let Output::Pieces(pieces) = ana.0.answer(request).await.output else { panic!("contents") };
    assert!(pieces.try_collect::<Vec<_>>().await.is_err());
}

#[tokio::test]
async fn what_ends_a_right_while_a_file_is_under_way_refuses_it() {
    let realm = Realm::of(&["ana", "budi"]).await;
    let (mut ana, mut budi) = (realm.text("ana").await, realm.text("budi").await);
    let created = ana.say("GROUP-CREATE tim\n").await;
    let group = created.lines().nth(1).unwrap().split('\t').next().unwrap().to_owned();
    ana.say(&format!("GROUP-INVITE {group} budi\n")).await;
    tell(&mut budi, format!("FILE-SEND-GROUP {group} x 5\n1234").as_bytes()).await;
    realm.text("budi").await.say(&format!("GROUP-EXIT {group}\n")).await;
    let left = tell(&mut budi, b"5CONTACT-GET\n").await;
    assert_eq!(left[0], "failed you are not belong to this group\r\n\r\n");
    assert_eq!(left[1], "success 0 contacts\r\n\r\n");
    assert_eq!(ana.say("NOTIF-GET\n").await, "success 0 new\r\n\r\n");

    // The session ends on another connection: before the last piece, or before the file is fetched.
    announce(&mut ana, "budi", 5).await;
    tell(&mut ana, b"12345").await;
    let get = r#"{"COMMAND":"FILE-GET-PRIVATE","p_username":"ana","file_code":"x"}"#;
    let announcing = "FILE-SEND-PRIVATE ana y 5\n1234";
    for (begun, rest) in [(announcing, &b"5"[..]), (get, READY)] {
        let mut here = realm.connect();
        let login = r#"{"COMMAND":"AUTH-LOGIN","username":"budi","password":"rahasia"}"#;
        let reply = here.say(login).await;
        let token = reply.split("\"token\":\"").nth(1).unwrap().trim_end_matches("\"}").to_owned();
        tell(&mut here, begun.as_bytes()).await;
        let logout = format!(r#"{{"COMMAND":"AUTH-LOGOUT","token":"{token}"}}"#);
        realm.connect().say(&logout).await;
        let answer = tell(&mut here, rest).await.concat();
        assert!(answer.contains("unauthorized!"), "{answer}");
    }
    assert_eq!(ana.say("NOTIF-GET\n").await, "success 0 new\r\n\r\n");
}
