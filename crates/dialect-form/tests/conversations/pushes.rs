//! What is pushed, to whom, and in what shape.

use kabar_dialect_form::BLOCK_BYTES;
use kabar_model::{GroupName, Visibility};
use kabar_wire::conversation::{Conversation, Output, Unasked};
use serde_json::json;

use crate::world::{World, joined, message};

#[tokio::test]
async fn all_in_a_room_hear_what_is_said_there() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut budi = world.join("budi", "1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    assert!(alam.hears_nothing(), "a future that is dropped loses nothing");

    budi.ok("room_chat message=halo+%C3%A9").await;
    let halo = message("budi", "Budi", "halo é");
    assert_eq!(alam.hear().await, halo);
    assert_eq!(budi.hear().await, halo, "the sender hears it, too");
    alam.ok("room_chat message=hai").await;
    let hai = message("alam", "Alam Cahya", "hai");
    assert_eq!(budi.hear().await, hai);
    assert_eq!(alam.hear().await, hai);
}

#[tokio::test]
async fn another_room_hears_nothing() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut cici = world.join("cici", "2").await;
    alam.ok("room_chat message=rahasia").await;
    assert_eq!(alam.hear().await, message("alam", "Alam Cahya", "rahasia"));
    cici.ok("room_chat message=sepi").await;
    assert_eq!(cici.hear().await, message("cici", "Cici", "sepi"));
    assert!(alam.hears_nothing());
}

#[tokio::test]
async fn messages_to_people_and_groups_are_not_pushed() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut budi = world.login("budi").await;
    let caller = |token: &str| kabar_model::SessionToken::parse(token).unwrap();
    let (a, b) = (caller(&alam.token), caller(&budi.token));
    let (a, b) = (world.engine.resume(a).await.unwrap(), world.engine.resume(b).await.unwrap());
    let group = GroupName::parse("kelompok").unwrap();
    world.engine.create_group(&a, group, Visibility::Public).await.unwrap();
    world.engine.join_group(&b, "kelompok").await.unwrap();

    budi.ok("send destination=alam&message=pribadi").await;
    let body = kabar_model::Body::parse("grup").unwrap();
    let posting = world.engine.send_to_group(&b, "kelompok", body).await.unwrap();
    posting.durable().await.unwrap();
    alam.ok("room_chat message=halo").await;
    assert_eq!(alam.hear().await, message("alam", "Alam Cahya", "halo"));
    let inbox = alam.ok("inbox").await;
    assert_eq!(inbox["messages"]["budi"].as_array().map(Vec::len), Some(2), "{inbox}");
}

#[tokio::test]
async fn nobody_outside_a_room_is_told_anything() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut budi = world.login("budi").await;
    alam.ok("room_chat message=halo").await;
    alam.ok("send destination=budi&message=halo").await;
    alam.hear().await;
    assert!(budi.hears_nothing());
    assert!(world.connect().hears_nothing());
}

#[tokio::test]
async fn a_push_comes_in_the_framing_of_the_connection() {
    let world = World::new().await;
    let mut alam = world.connect_in_blocks();
    alam.login("alam").await;
    alam.ok("room_join roomname=1").await;
    let mut budi = world.join("budi", "1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    for length in [10, 1_000, 2_000] {
        let text = "a ".repeat(length) + "b";
        budi.ok(&format!("room_chat message={}", text.replace(' ', "+"))).await;
        assert_eq!(alam.hear().await, message("budi", "Budi", &text));
    }
    budi.ok("room_chat message=pendek").await;
    let Unasked::Say(bytes) = alam.conversation.unasked().await else { panic!("closed") };
    assert_eq!(bytes.len(), BLOCK_BYTES);
}

#[tokio::test]
async fn who_is_too_slow_is_told_so_and_goes() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut budi = world.join("budi", "1").await;
    // More than may wait for one listener. Budi hears each, so that all have been told in time.
    for number in 0..1_001 {
        budi.ok(&format!("room_chat message={number}")).await;
        budi.hear().await;
    }
    assert_eq!(alam.hear().await, joined("Budi"));
    for number in 0..999 {
        assert_eq!(alam.hear().await, message("budi", "Budi", &number.to_string()));
    }
    let last = alam.hear_last_words().await;
    let reason = "Anda terlalu lambat dan melewatkan pesan, bergabunglah kembali";
    assert_eq!(last, json!({"status": "ERROR", "message": reason, "error": reason}));
}

#[tokio::test]
async fn only_what_is_posted_overlaps_and_is_answered_later() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    for (request, overlaps) in [
        ("send destination=alam&message=a", true),
        ("  CHAT destination=alam&message=a", true),
        ("room_chat message=a", true),
        ("inbox", false),
        ("room_join roomname=1", false),
        ("room_leave", false),
        ("send file session=1", false),
        ("file_get filename=1", false),
        ("halo", false),
        ("", false),
    ] {
        let request = alam.cut(request);
        assert_eq!(alam.conversation.overlaps(&request), overlaps, "{request:?}");
        let answer = alam.conversation.answer(request).await;
        assert_eq!(matches!(answer.output, Output::Later(_)), overlaps);
    }
}
