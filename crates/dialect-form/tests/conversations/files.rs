//! Files: what comes is what was sent, in bounded memory, and what is refused changes nothing.

use std::cell::Cell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use kabar_dialect_form::BLOCK_BYTES;
use kabar_model::{Address, Body, FileName, GroupName, Visibility};
use kabar_wire::conversation::{Conversation, Cut, Output};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::world::{Client, World, joined, message};

/// Contents of that many bytes, all of them different enough.
fn contents(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at * 7 + at / 251).to_le_bytes()[0]).collect()
}

/// Base64 in a form, as a library encodes it.
fn encoded(contents: &[u8]) -> String {
    sloppy(contents).replace('+', "%2B").replace('/', "%2F").replace('=', "%3d")
}

/// Base64 in a form, as it is.
fn sloppy(contents: &[u8]) -> String {
    STANDARD.encode(contents)
}

fn error(reason: &str) -> serde_json::Value {
    serde_json::json!({"status": "ERROR", "message": reason, "error": reason})
}

async fn fetch(client: &mut Client, name: &str) -> Vec<u8> {
    let reply = client.ok(&format!("file_get filename={name}")).await;
    assert_eq!((&reply["name"], &reply["filename"]), (&name.into(), &name.into()));
    STANDARD.decode(reply["payload"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn contents_of_any_length_come_back_in_both_framings() {
    let world = World::new().await;
    let mut alam = [world.login("alam").await, world.connect_in_blocks()];
    alam[1].login("alam").await;
    let mut budi = [world.login("budi").await, world.connect_in_blocks()];
    budi[1].login("budi").await;
    let mut number = 0;
    let around = |edge: usize| edge - 2..edge + 3;
    let lengths = (0..5).chain(around(256)).chain(around(768)).chain(around(49_152));
    for length in lengths.chain(around(65_536)).chain(around(262_144)) {
        let contents = contents(length);
        for (sender, payload) in [(0, encoded(&contents)), (1, sloppy(&contents))] {
            number += 1;
            let forms = [
                format!("username=budi&filename={number}&payload={payload}"),
                format!("payload={payload}&username=budi&filename={number}"),
            ];
            alam[sender].ok(&format!("file_send {}", forms[number % 2])).await;
            for reader in &mut budi {
                assert!(fetch(reader, &number.to_string()).await == contents, "{length} bytes");
            }
        }
    }
}

#[test]
fn contents_are_the_same_however_they_are_cut() {
    let runtime = Runtime::new().unwrap();
    let world = runtime.block_on(World::new());
    let [token, reader] = ["alam", "budi"].map(|name| runtime.block_on(world.login(name)).token);
    let number = Cell::new(0);
    let inputs = (
        prop_oneof![0_usize..50, 700_usize..800, 3_000_usize..9_000],
        prop::collection::vec(0_usize..12_000, 0..12),
        prop_oneof![Just(1_usize), 2_usize..100, 1_000_usize..1_030],
        any::<[bool; 3]>(),
    );
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) };
    proptest!(config, |((length, splits, piece, [in_blocks, is_first, is_sloppy]) in inputs)| {
        let number = number.replace(number.get() + 1);
        let contents = contents(length);
        let payload = if is_sloppy { sloppy(&contents) } else { encoded(&contents) };
        let others = format!("session={token}&username=budi&filename={number}");
        let request = if is_first {
            format!("send file payload={payload}&{others}")
        } else {
            format!("send file {others}&payload={payload}")
        };
        runtime.block_on(async {
            // The first request of its connection: no framing is decided yet.
            let mut client = if in_blocks { world.connect_in_blocks() } else { world.connect() };
            let sent = client.wrap(&request);
            if in_blocks && !sent.ends_with(b" ") {
                // Exactly full: only long quiet ends that, and never on a fresh connection.
                return;
            }
            let mut cuts: Vec<usize> = splits.into_iter().map(|at| at.min(sent.len())).collect();
            cuts.extend((0..sent.len().min(4_000)).step_by(piece));
            cuts.extend([0, sent.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &sent[cut[0]..cut[1]]).collect();
            let replies = client.hear_out(&pieces).await;
            assert_eq!(replies.len(), 1);
            assert_eq!(replies[0]["message"], number.to_string());
            let get = format!("file_get session={reader}&filename={number}");
            let got = client.ok(&get).await["payload"].as_str().map(|text| STANDARD.decode(text));
            assert!(got == Some(Ok(contents)));
        });
    });
}

#[tokio::test]
async fn a_file_may_have_its_limit_exactly() {
    let world = World::with_files_of(1_500).await;
    let mut alam = world.login("alam").await;
    let upload = |name: &str, bytes: usize| {
        format!("file_send username=budi&filename={name}&payload={}", encoded(&contents(bytes)))
    };
    alam.ok(&upload("pas", 1_500)).await;
    let too_large = error("Gagal mengirim file : file terlalu besar, paling besar 1500 byte");
    assert_eq!(alam.say(&upload("lebih", 1_501)).await, too_large);
    // Read and thrown away, up to a point.
    assert_eq!(alam.say(&upload("lebih", 1_000_000)).await, too_large);
    assert_eq!(alam.ok("inbox").await["messages"], serde_json::json!({}), "it goes on");
    let closed = error("Protocol Tidak Benar : permintaan terlalu panjang");
    assert_eq!(alam.say(&upload("lebih", 1_100_000)).await, closed);

    let mut budi = world.login("budi").await;
    assert_eq!(budi.ok("file_list").await["file"], "[\"pas\"]");
    assert_eq!(fetch(&mut budi, "pas").await, contents(1_500));
}

#[tokio::test]
async fn what_is_refused_is_read_to_its_end_and_changes_nothing() {
    let world = World::new().await;
    let mut alam = world.login("alam").await;
    let payload = sloppy(&contents(300_000));
    let no_session = "9abf3546-137d-4fd7-9d18-1f33e82acf8d";
    let long = "x".repeat(8 * 1024 + 1);
    for (before, after, reason) in [
        ("username=siapa&filename=a&", "", "Username dengan nama [siapa] tidak dapat ditemukan"),
        ("", "&filename=a&username=siapa", "Username dengan nama [siapa] tidak dapat ditemukan"),
        ("username=budi&", "", "Protocol Tidak Benar : kunci [filename] tidak ada"),
        ("", "&filename=a", "Protocol Tidak Benar : kunci [username] tidak ada"),
        ("username=budi&filename=%FF&", "", "Protocol Tidak Benar : kunci [filename] bukan UTF-8"),
        (
            "username=budi&filename=..&",
            "",
            "Protocol Tidak Benar : kunci [filename] harus nama file",
        ),
        ("username=budi&filename=a&", "!", "Gagal mengirim file : payload bukan base64"),
        ("username=budi&filename=a&", "&x=1&payload=", ""),
    ] {
        let reply = alam.say(&format!("file_send {before}payload={payload}{after}")).await;
        if reason.is_empty() {
            assert_eq!(reply["status"], "OK", "the first of two counts");
        } else {
            assert_eq!(reply, error(reason));
        }
    }
    for (before, after) in
        [("session=", "&username=budi&filename=b&"), ("username=budi&session=", "&")]
    {
        let request = format!("file_send {before}{no_session}{after}payload={payload}");
        let reason = format!("Session dengan id [{no_session}] tidak dapat ditemukan");
        assert_eq!(alam.say(&request).await, error(&reason));
        let request = format!("file_send payload={payload}&{before}{no_session}{after}");
        assert_eq!(alam.say(&request).await, error(&reason));
    }
    let mut budi = world.login("budi").await;
    assert_eq!(budi.ok("file_list").await["file"], "[\"a\"]");
    assert_eq!(fetch(&mut budi, "a").await, contents(300_000));

    let request = format!("file_send username=budi&payload=&filename=c&{long}");
    let closed = error("Protocol Tidak Benar : permintaan terlalu panjang");
    assert_eq!(alam.say(&request).await, closed);
}

#[tokio::test]
async fn a_session_that_ends_meanwhile_sends_nothing() {
    let world = World::new().await;
    let mut alam = world.login("alam").await;
    let mut other = world.connect();
    let mut input = BytesMut::from(&b"file_send username=budi&filename=a&payload=aGFsbw"[..]);
    let Cut::Request(head) = alam.conversation.cut(&mut input) else { panic!("no request") };
    assert_eq!(head, "file_send username=budi&filename=a&");
    assert!(!alam.conversation.overlaps(&head) && alam.conversation.awaits_contents());
    let answer = alam.conversation.answer(head).await;
    assert!(matches!(answer.output, Output::Now(bytes) if bytes.is_empty()), "too early");
    let Cut::Contents(piece) = alam.conversation.cut(&mut input) else { panic!("no contents") };
    alam.conversation.take_in(piece).await;
    assert_eq!(alam.conversation.cut(&mut input), Cut::More);
    assert!(alam.conversation.awaits_contents());

    other.ok(&format!("logout session={}", alam.token)).await;
    input.extend_from_slice(b"\n");
    let Cut::Contents(piece) = alam.conversation.cut(&mut input) else { panic!("no contents") };
    alam.conversation.take_in(piece).await;
    assert_eq!(alam.conversation.cut(&mut input), Cut::ContentsEnd);
    assert!(!alam.conversation.awaits_contents());
    let reply = crate::world::whole(alam.conversation.finish().await.output).await;
    let reason = format!("Session dengan id [{}] tidak dapat ditemukan", alam.token);
    assert_eq!(alam.read(&reply), error(&reason));
    let mut budi = world.login("budi").await;
    assert_eq!(budi.ok("file_list").await["message"], "0 file");
}

#[tokio::test]
async fn all_in_a_room_hear_of_a_file_and_may_fetch_it() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut budi = world.join("budi", "1").await;
    let mut cici = world.join("cici", "2").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    let contents = contents(70_000);
    let upload =
        format!("room_send_file filename=..%2F..%2Ffoto%20a.jpg&payload={}", encoded(&contents));
    assert_eq!(alam.ok(&upload).await["messages"], "File sent to the room.");
    let pushed = message("alam", "Alam Cahya", "file foto a.jpg has been sent to the room");
    assert_eq!(budi.hear().await, pushed);
    assert_eq!(alam.hear().await, pushed, "the sender hears it, too");
    alam.ok(&upload).await;
    assert_eq!(budi.hear().await, pushed, "names may repeat");

    // From another connection of the session, too.
    let get = format!("room_get_file filename=foto+a.jpg&session={}", budi.token);
    for client in [&mut budi, &mut world.connect(), &mut world.connect_in_blocks()] {
        let reply = client.ok(&get).await;
        assert_eq!(reply["name"], "foto a.jpg");
        assert!(STANDARD.decode(reply["payload"].as_str().unwrap()).unwrap() == contents);
    }
    let unknown = error("File dengan nama [foto a.jpg] tidak ditemukan");
    assert_eq!(cici.say("room_get_file filename=foto+a.jpg").await, unknown);
    assert_eq!(budi.say("file_get filename=foto+a.jpg").await, unknown);
    assert_eq!(budi.ok("inbox").await["messages"], serde_json::json!({}));
    budi.ok("room_leave").await;
    let outside = error("Anda belum bergabung ke ruangan");
    assert_eq!(budi.say("room_get_file filename=foto+a.jpg").await, outside);
    assert_eq!(budi.say(&upload).await, outside);
    assert!(cici.hears_nothing());
}

#[tokio::test]
async fn a_file_in_blocks_is_written_in_whole_blocks() {
    let world = World::new().await;
    let mut alam = world.connect_in_blocks();
    alam.login("alam").await;
    let name = "nama yang panjang ".repeat(14);
    let contents = contents(600_000);
    let form = format!("filename={}&payload={}", name.replace(' ', "+"), sloppy(&contents));
    alam.ok(&format!("file_send username=alam&{form}")).await;
    let request = alam.cut(&format!("file_get filename={}", name.replace(' ', "%20")));
    let answer = alam.conversation.answer(request).await;
    let Output::Pieces(pieces) = answer.output else { panic!("all of it in memory") };
    let pieces: Vec<Vec<u8>> = futures_util::TryStreamExt::try_collect(pieces).await.unwrap();
    assert!(pieces.len() > 2);
    assert!(pieces.iter().all(|piece| piece.len().is_multiple_of(BLOCK_BYTES)));
    let reply = alam.read(&pieces.concat());
    assert!(STANDARD.decode(reply["payload"].as_str().unwrap()).unwrap() == contents);
}

#[tokio::test]
async fn a_file_with_a_caption_is_told_with_it() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut budi = world.join("budi", "1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    let token = kabar_model::SessionToken::parse(&alam.token).unwrap();
    let caller = world.engine.resume(token).await.unwrap();
    world
        .engine
        .create_group(&caller, GroupName::parse("kelas").unwrap(), Visibility::Public)
        .await
        .unwrap();
    let group = world.engine.to_group(&caller, "kelas").await.unwrap();
    let room = world.engine.to_room(&caller).unwrap();
    let person = world.engine.to_person(&Address::parse("budi").unwrap()).await.unwrap();
    let mut codes = Vec::new();
    for to in [&person, &room, &group] {
        let mut upload = world.engine.upload(Some(&caller));
        upload.write(bytes::Bytes::from_static(b"halo")).await.unwrap();
        let name = FileName::clean("a.txt").unwrap();
        let caption = Some(Body::parse("lihat ini").unwrap());
        let sent = world.engine.send_file(&caller, to, name, upload, caption, false).await.unwrap();
        codes.push(sent.file.code.to_string());
    }
    let inbox = budi.ok("inbox").await;
    let item = &inbox["messages"]["alam"][0];
    assert_eq!(item["msg"], "lihat ini");
    assert_eq!((&item["file_name"], &item["file_size"]), (&"a.txt".into(), &4.into()));
    assert_eq!(item["file_code"], *codes[0]);
    let told = "file a.txt has been sent to the room: lihat ini";
    assert_eq!(budi.hear().await, message("alam", "Alam Cahya", told));

    // Who is not in a conversation has no file of it, by code either.
    let mut clients = [alam, budi];
    for (client, code, is_there) in
        [(1, &codes[0], true), (0, &codes[2], true), (1, &codes[2], false)]
    {
        let reply = clients[client].say(&format!("file_get filename={code}")).await;
        assert_eq!(reply["status"] == "OK", is_there, "{reply}");
    }
}
