//! What becomes of messages that people of other realms are to have.

use kabar_engine::Accept;
use kabar_engine::store::links::{InPost, Inbound, Signed, Uid, Where};
use kabar_engine::store::{Content, NewFile};
use kabar_model::{Body, ContentHash, DisplayName, File, FileCode, FileName, Timestamp};
use serde_json::{Value, json};

use crate::events::Served;
use crate::linked::{Linked, username, write};
use crate::world::World;

/// The messages of a conversation: number and how far each has come.
async fn deliveries(world: &World, token: &str, id: &str) -> Vec<(i64, Value)> {
    let page = world.get(token, &format!("/conversations/{id}/messages")).await;
    let messages = page["messages"].as_array().unwrap().iter();
    messages
        .map(|message| {
            let delivery = message.get("delivery").cloned().unwrap_or(Value::Null);
            assert_eq!(delivery == "failed", message.get("delivery_reason").is_some(), "{message}");
            (message["seq"].as_i64().unwrap(), delivery)
        })
        .collect()
}

async fn waiting(world: &World, token: &str, id: &str) -> Vec<Value> {
    let list = world.get(token, &format!("/conversations/{id}/waiting")).await;
    list["messages"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_for_another_home_waits_and_then_stands_there() {
    let Linked { world, links, .. } = &Linked::new(Accept::Ask).await;
    let messi = &world.register("messi").await;
    // Called as it is called here, kept as it calls itself.
    let id = &world.direct(messi, "maya@sekolah").await;
    let shown = world.get(messi, &format!("/conversations/{id}")).await;
    assert_eq!(shown["with"]["username"], "maya@alfa");
    assert_eq!(shown["with"]["realm"], "alfa");
    let (status, sent) = write(world, messi, id, "halo").await;
    assert_eq!((status, &sent["seq"], &sent["delivery"]), (202, &Value::Null, &json!("queued")));
    assert_eq!((&sent["key"], &sent["text"]), (&json!("halo"), &json!("halo")));
    let outgoing = sent["id"].as_str().unwrap();
    assert!(outgoing.starts_with('o'), "{sent}");
    // The same again is the same.
    assert_eq!(write(world, messi, id, "halo").await, (202, sent.clone()));
    assert_eq!(waiting(world, messi, id).await, std::slice::from_ref(&sent));
    assert_eq!(deliveries(world, messi, id).await, []);
    let forget = format!("/conversations/{id}/waiting/{outgoing}");
    let refused = world.ask(messi, "DELETE", &forget, Value::Null).await;
    assert_eq!(refused.code(), "message_unknown", "it may be there already");

    let post = links.last_outgoing("alfa").await;
    links.acknowledged("alfa", None).await;
    links.numbers("alfa", post, 1).await;
    assert_eq!(waiting(world, messi, id).await, Vec::<Value>::new());
    assert_eq!(deliveries(world, messi, id).await, [(1, json!("delivered"))]);
    let (status, again) = write(world, messi, id, "halo").await;
    assert_eq!((status, &again["seq"], &again["delivery"]), (200, &json!(1), &json!("delivered")));
    links.has_read("alfa", 1).await;
    assert_eq!(deliveries(world, messi, id).await, [(1, json!("read"))]);
    let last = world.get(messi, "/conversations").await["conversations"][0]["last"].clone();
    assert_eq!(last["delivery"], "read");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_home_refuses_says_why_and_can_be_forgotten() {
    let Linked { world, links, .. } = &Linked::new(Accept::Ask).await;
    let messi = &world.register("messi").await;
    let izza = &world.register("izza").await;
    let id = &world.direct(messi, "maya@alfa").await;
    let (_, sent) = write(world, messi, id, "halo").await;
    links.acknowledged("alfa", Some("user_unknown")).await;
    let failed = &waiting(world, messi, id).await[0];
    assert_eq!((&failed["delivery"], &failed["id"]), (&json!("failed"), &sent["id"]));
    assert_eq!(failed["delivery_reason"], "There is nobody of that name in the other realm.");
    let path = format!("/conversations/{id}/waiting/{}", sent["id"].as_str().unwrap());
    let others = world.ask(izza, "DELETE", &path, Value::Null).await;
    assert_eq!(others.code(), "message_unknown");
    let note = world.direct(messi, "messi").await;
    let elsewhere = path.replace(&format!("/{id}/"), &format!("/{note}/"));
    let elsewhere = world.ask(messi, "DELETE", &elsewhere, Value::Null).await;
    assert_eq!(elsewhere.code(), "message_unknown");
    assert_eq!(world.ask(messi, "DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(waiting(world, messi, id).await, Vec::<Value>::new());
    assert_eq!(world.ask(messi, "DELETE", &path, Value::Null).await.code(), "message_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_at_home_is_numbered_at_once_and_its_author_sees_how_far_it_is() {
    let Linked { world, links, .. } = &Linked::new(Accept::Ask).await;
    let messi = &world.register("messi").await;
    let id = &world.direct(messi, "maya@zeta").await;
    let (status, sent) = write(world, messi, id, "halo").await;
    assert_eq!((status, &sent["seq"], &sent["delivery"]), (201, &json!(1), &json!("queued")));
    links.acknowledged("zeta", None).await;
    assert_eq!(deliveries(world, messi, id).await, [(1, json!("delivered"))]);
    let (_, _) = write(world, messi, id, "lagi").await;
    links.has_read("zeta", 1).await;
    assert_eq!(deliveries(world, messi, id).await, [(1, json!("read")), (2, json!("queued"))]);
    links.acknowledged("zeta", Some("too_many")).await;
    let page = world.get(messi, &format!("/conversations/{id}/messages")).await;
    let last = &page["messages"][1];
    assert_eq!((&last["delivery"], &last["seq"]), (&json!("failed"), &json!(2)));
    assert_eq!(last["delivery_reason"], "The other realm takes no more of this.");

    // What somebody there says is said to nobody as delivered, nor is what stays here.
    let post = InPost {
        author: username("maya", "zeta"),
        name: DisplayName::parse("Maya").unwrap(),
        conversation: Where::Direct(username("messi", "kampus"), username("maya", "zeta")),
        uid: Uid([9; 16]),
        content: Content::Text(Body::parse("hai").unwrap()),
        reply_to: None,
        at: Timestamp(1_700_000_000_000_000),
        signed: Signed { bytes: vec![1], by: "zeta".to_owned() },
    };
    let file = File {
        code: FileCode::new(7),
        name: FileName::clean("a.png").unwrap(),
        size: 5,
        media_type: "image/png".into(),
        hash: ContentHash([7; 32]),
    };
    let content = Content::File(Box::new(NewFile { file, caption: None, sole: false }));
    let picture = InPost { uid: Uid([10; 16]), content, ..post.clone() };
    links.says("zeta", Inbound::Post(post)).await;
    links.says("zeta", Inbound::Post(picture)).await;
    let page = world.get(messi, &format!("/conversations/{id}/messages")).await;
    let file = &page["messages"][3]["file"];
    assert_eq!((&file["name"], &file["width"]), (&json!("a.png"), &Value::Null));
    let path = file["url"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
    let early = world.ask(messi, "GET", path, Value::Null).await;
    assert_eq!((early.status.as_u16(), early.code().as_str()), (503, "not_yet"));
    let theirs = &page["messages"][2];
    assert_eq!(
        (&theirs["author"]["username"], &theirs["author"]["realm"]),
        (&json!("maya@zeta"), &json!("zeta"))
    );
    assert_eq!(theirs.get("delivery"), None);
    let note = world.direct(messi, "messi").await;
    let said = world.say(messi, &note, "catatan").await;
    assert_eq!((said.get("delivery"), said["author"].get("realm")), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_link_that_ends_has_failed() {
    let Linked { world, links, .. } = &Linked::new(Accept::Ask).await;
    let messi = &world.register("messi").await;
    let home = &world.direct(messi, "maya@zeta").await;
    let mirror = &world.direct(messi, "maya@alfa").await;
    let group = &world.group(messi, "Bola").await;
    let guests = json!({"usernames": ["maya@zeta"]});
    world.tell(messi, "POST", &format!("/conversations/{group}/members"), guests).await;
    write(world, messi, home, "satu").await;
    links.acknowledged("zeta", None).await;
    for (id, text) in [(home, "dua"), (mirror, "tiga"), (group, "empat")] {
        write(world, messi, id, text).await;
    }
    assert_eq!(deliveries(world, messi, group).await, [(1, json!("queued"))]);
    for realm in ["zeta", "alfa"] {
        world.tell(messi, "DELETE", &format!("/realms/{realm}"), Value::Null).await;
    }
    let expected = [(1, json!("delivered")), (2, json!("failed"))];
    assert_eq!(deliveries(world, messi, home).await, expected);
    assert_eq!(deliveries(world, messi, group).await, [(1, json!("failed"))]);
    let failed = &waiting(world, messi, mirror).await[0];
    assert_eq!(failed["delivery"], "failed");
    let path = format!("/api/v1/conversations/{mirror}/waiting");
    let request = axum::http::Request::get(path)
        .header("authorization", format!("Bearer {messi}"))
        .header("accept-language", "id");
    let answer = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
    let reason = &answer.json()["messages"][0]["delivery_reason"];
    assert_eq!(reason, "Administrator telah memutus hubungan ke realm lain.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_a_mirror_is_on_its_way_too() {
    let Linked { world, links, .. } = &Linked::new(Accept::Ask).await;
    let messi = &world.register("messi").await;
    let id = &world.direct(messi, "maya@alfa").await;
    write(world, messi, id, "halo").await;
    let post = links.last_outgoing("alfa").await;
    links.numbers("alfa", post, 1).await;
    let path = format!("/conversations/{id}/messages/1");
    for (method, path, body, kind) in [
        ("PATCH", path.clone(), json!({"text": "hai"}), "edit"),
        ("PUT", format!("{path}/reactions/%F0%9F%91%8D"), Value::Null, "reaction"),
        ("DELETE", path.clone(), Value::Null, "deletion"),
    ] {
        let answer = world.ask(messi, method, &path, body).await;
        let change = &answer.json()["change"];
        assert_eq!((answer.status.as_u16(), change), (202, &json!({"kind": kind, "seq": 1})));
    }
    let texts: Vec<Value> =
        waiting(world, messi, id).await.iter().map(|waits| waits["text"].clone()).collect();
    assert_eq!(texts, ["hai", "👍", ""]);
    let page = world.get(messi, &format!("/conversations/{id}/messages")).await;
    assert_eq!(page["messages"][0]["text"], "halo", "its home has not said so yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_to_another_home_once() {
    let Linked { world, links, .. } = &Linked::new(Accept::Ask).await;
    let messi = &world.register("messi").await;
    let id = &world.direct(messi, "maya@alfa").await;
    let new = json!({"name": "a.txt", "size": 0});
    let upload = World::id_of(&world.tell(messi, "POST", "/uploads", new).await);
    let path = format!("/conversations/{id}/messages");
    let post = json!({"upload": upload, "text": "ini"});
    let sent = world.ask(messi, "POST", &path, post.clone()).await;
    assert_eq!((sent.status.as_u16(), &sent.json()["file"]["name"]), (202, &json!("a.txt")));
    let again = world.ask(messi, "POST", &path, post.clone()).await;
    assert_eq!((again.status.as_u16(), again.json()), (202, sent.json()));
    let other = json!({"upload": upload, "text": "itu"});
    assert_eq!(world.ask(messi, "POST", &path, other.clone()).await.code(), "conflict");
    let outgoing = links.last_outgoing("alfa").await;
    links.numbers("alfa", outgoing, 1).await;
    let there = world.ask(messi, "POST", &path, post).await;
    assert_eq!((there.status.as_u16(), &there.json()["seq"]), (200, &json!(1)));
    assert_eq!(world.ask(messi, "POST", &path, other).await.code(), "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn authors_hear_that_it_stands_otherwise_with_their_messages() {
    let Linked { world, links, dir: _kept } = Linked::new(Accept::Ask).await;
    let served = Served::of(world).await;
    let world = &served.world;
    let messi = &world.register("messi").await;
    let id = &world.direct(messi, "maya@alfa").await;
    let (mut client, _) = served.greeted(messi).await;
    write(world, messi, id, "halo").await;
    let told = client.next_of(world, "delivery").await;
    assert_eq!(told, json!({"type": "delivery", "conversation": id}));
    let post = links.last_outgoing("alfa").await;
    let mirror = post.message.place.conversation;
    links.numbers("alfa", post, 1).await;
    let told = client.next_of(world, "message").await;
    assert_eq!(
        (&told["message"]["key"], &told["message"]["delivery"]),
        (&json!("halo"), &json!("delivered"))
    );
    world.engine.conversations_changed(&[mirror]).await;
    client.next_of(world, "delivery").await;

    let at_home = &world.direct(messi, "maya@zeta").await;
    write(world, messi, at_home, "hai").await;
    let told = client.next_of(world, "message").await;
    assert_eq!(told["message"]["delivery"], "queued");
}
