//! Messages, and what is around them.

use serde_json::{Value, json};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_again_with_its_key_is_the_same_message() {
    let world = World::new().await;
    let (messi, _) = (world.register("messi").await, world.register("izza").await);
    let path = format!("/conversations/{}/messages", world.direct(&messi, "izza").await);
    let new = json!({"text": " halo ", "key": "k1"});
    let first = world.ask(&messi, "POST", &path, new.clone()).await;
    let again = world.ask(&messi, "POST", &path, new).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
    assert_eq!(first.json(), again.json());
    assert_eq!((&first.json()["text"], &first.json()["key"]), (&json!("halo"), &json!("k1")));
    let page = world.get(&messi, &path).await;
    assert_eq!((page["messages"].as_array().unwrap().len(), &page["last_seq"]), (1, &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_message_is_a_conflict() {
    let world = World::new().await;
    let (messi, _) = (world.register("messi").await, world.register("izza").await);
    let chat = format!("/conversations/{}/messages", world.direct(&messi, "izza").await);
    let note = format!("/conversations/{}/messages", world.direct(&messi, "messi").await);
    let new = json!({"text": "halo", "key": "cron-1"});
    world.tell(&messi, "POST", &chat, new.clone()).await;
    for (path, new) in [
        (&note, new.clone()),
        (&chat, json!({"text": "hai", "key": "cron-1"})),
        (&chat, json!({"text": "halo", "key": "cron-1", "reply_to": 1})),
    ] {
        let answer = world.ask(&messi, "POST", path, new).await;
        assert_eq!((answer.status.as_u16(), &answer.code()[..]), (409, "conflict"));
        assert_eq!(answer.json()["error"]["field"], "key");
    }
    assert_eq!(world.ask(&messi, "POST", &chat, new).await.status, 200);
    world.tell(&messi, "POST", &note, json!({"text": "halo", "key": "cron-2"})).await;
    assert_eq!(world.get(&messi, &note).await["last_seq"], 1);
    assert_eq!(world.get(&messi, &chat).await["last_seq"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_message_that_one_may_read_is_answered() {
    let world = World::new().await;
    let (messi, _) = (world.register("messi").await, world.register("izza").await);
    let chat = format!("/conversations/{}/messages", world.direct(&messi, "izza").await);
    world.tell(&messi, "POST", &chat, json!({"text": "satu"})).await;
    world.tell(&messi, "PUT", &format!("{chat}/1/reactions/%F0%9F%91%8D"), Value::Null).await;
    for (seq, status, code) in [
        (1_000_000_000_000_000_i64, 404, "message_unknown"),
        (i64::MAX, 404, "message_unknown"),
        (2, 404, "message_unknown"),
        (0, 400, "invalid_field"),
        (-5, 400, "invalid_field"),
    ] {
        let answer = world.ask(&messi, "POST", &chat, json!({"text": "x", "reply_to": seq})).await;
        assert_eq!((answer.status.as_u16(), &answer.code()[..]), (status, code), "{seq}");
    }
    world.tell(&messi, "DELETE", &format!("{chat}/1"), Value::Null).await;
    let sent = world.tell(&messi, "POST", &chat, json!({"text": "dua", "reply_to": 1})).await;
    assert_eq!(sent["reply_to"], 1, "a message that is gone keeps its place");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_show_in_the_message_itself() {
    let world = World::new().await;
    let (messi, izza) = (world.register("messi").await, world.register("izza").await);
    let chat = world.direct(&messi, "izza").await;
    world.say(&messi, &chat, "satu").await;
    let reply = json!({"text": "dua", "reply_to": 1});
    world.tell(&izza, "POST", &format!("/conversations/{chat}/messages"), reply).await;
    let one = format!("/conversations/{chat}/messages/1");
    let edited = world.tell(&messi, "PATCH", &one, json!({"text": "satu!"})).await;
    assert!(edited["text"] == "satu!" && edited["edited_at"].is_string(), "{edited}");
    world.tell(&izza, "PUT", &format!("{one}/reactions/%F0%9F%91%8D"), Value::Null).await;
    let page = world.get(&izza, &format!("/conversations/{chat}/messages?limit=2")).await;
    let [first, second] = &page["messages"].as_array().unwrap()[..] else { panic!("{page}") };
    assert_eq!(first["reactions"], json!([{"emoji": "👍", "users": ["izza"]}]));
    assert_eq!(second["reply_to"], 1);
    world.tell(&messi, "DELETE", &one, Value::Null).await;
    let page = world.get(&izza, &format!("/conversations/{chat}/messages?before=2")).await;
    let gone = &page["messages"][0];
    assert!(
        gone["deleted"] == true && gone["text"] == "" && gone["reactions"] == json!([]),
        "{gone}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_say_what_is_unread_until_it_is_read() {
    let world = World::new().await;
    let (messi, izza) = (world.register("messi").await, world.register("izza").await);
    let chat = world.direct(&messi, "izza").await;
    for text in ["halo", "halo @izza"] {
        world.say(&messi, &chat, text).await;
    }
    let listed = &world.get(&izza, "/conversations").await["conversations"][0];
    assert_eq!((&listed["unread"], &listed["mentions"]), (&json!(2), &json!(1)));
    assert_eq!((&listed["kind"], &listed["with"]["username"]), (&json!("direct"), &json!("messi")));
    assert_eq!(listed["last"]["text"], "halo @izza");
    let read = format!("/conversations/{chat}/read");
    for seq in [2, 1] {
        world.tell(&izza, "PUT", &read, json!({"seq": seq})).await;
        let now = world.get(&izza, &format!("/conversations/{chat}")).await;
        assert_eq!((&now["unread"], &now["read_seq"]), (&json!(0), &json!(2)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_marked_in_utf16_units() {
    let world = World::new().await;
    let messi = world.register("messi").await;
    let note = world.direct(&messi, "messi").await;
    for text in ["😀 Halo dunia", "lain", "halo lagi"] {
        world.say(&messi, &note, text).await;
    }
    let found = world.get(&messi, "/search?q=halo&limit=1").await;
    assert_eq!(found["results"][0]["message"]["text"], "halo lagi");
    let next = found["next"].as_str().unwrap();
    let found = world.get(&messi, &format!("/search?q=halo&limit=2&before={next}")).await;
    assert_eq!(found["results"][0]["matches"], json!([[3, 7]]));
    assert_eq!(found["results"][0]["conversation"]["id"], json!(note));
    assert_eq!(found["next"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_joined_by_name_code_or_invitation() {
    let world = World::new().await;
    let (messi, izza) = (world.register("messi").await, world.register("izza").await);
    let maya = world.register("maya").await;
    let secret = json!({"name": "Rahasia", "visibility": "private"});
    let group = world.tell(&messi, "POST", "/groups", secret).await;
    let id = group["id"].as_str().unwrap();
    let by_name = world.ask(&izza, "POST", "/groups/join", json!({"group": "Rahasia"})).await;
    assert_eq!(by_name.code(), "group_unknown");
    world.tell(&izza, "POST", "/groups/join", json!({"group": group["code"]})).await;
    let path = format!("/conversations/{id}/invitations");
    let made = world.tell(&messi, "POST", &path, json!({"expires_in": 60, "uses": 1})).await;
    let code = made["code"].as_str().unwrap();
    assert_eq!(made["url"], json!(format!("http://127.0.0.1:8889/app/i/{code}")));
    let invitation = format!("/invitations/{code}");
    assert_eq!(world.get("", &invitation).await, json!({"group": "Rahasia", "realm": "kampus"}));
    world.tell(&maya, "POST", &invitation, Value::Null).await;
    assert_eq!(world.ask("", "GET", &invitation, Value::Null).await.status, 410);
    let members = world.get(&maya, &format!("/conversations/{id}/members")).await;
    let roles: Vec<_> = members["members"].as_array().unwrap().iter().map(|m| &m["role"]).collect();
    assert_eq!(roles, ["admin", "member", "member"]);
    for bad in [json!({"expires_in": 0}), json!({"uses": 0}), json!({"expires_in": 31 * 86_400})] {
        assert_eq!(world.ask(&messi, "POST", &path, bad).await.code(), "invalid_field");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_writes_into_its_conversation_until_it_is_taken_away() {
    let world = World::new().await;
    let messi = world.register("messi").await;
    let note = world.direct(&messi, "messi").await;
    let hooks = format!("/conversations/{note}/hooks");
    let made = world.tell(&messi, "POST", &hooks, json!({"name": "ci"})).await;
    let path = made["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:8889/api/v1").unwrap();
    assert_eq!(world.tell("", "POST", path, json!({"text": "hijau"})).await, json!({"seq": 1}));
    let request = axum::http::Request::post(format!("/api/v1{path}"));
    let plain = world.send(request.body("merah".into()).unwrap()).await;
    assert_eq!((plain.status.as_u16(), plain.json()), (201, json!({"seq": 2})));
    let page = world.get(&messi, &format!("/conversations/{note}/messages")).await;
    assert_eq!(page["messages"][1]["text"], "[ci] merah");
    let hook = format!("{hooks}/{}", made["id"].as_str().unwrap());
    world.tell(&messi, "DELETE", &hook, Value::Null).await;
    assert_eq!(world.ask("", "POST", path, json!({"text": "x"})).await.status, 404);
}
