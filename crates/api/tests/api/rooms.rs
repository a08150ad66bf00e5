//! Rooms: gone into over a stream, written to and read by the rest of the API.

use serde_json::{Value, json};

use crate::events::{Client, PATIENCE, Served};
use crate::world::World;

async fn enter(client: &mut Client, world: &World, room: &str) -> Value {
    client.say(json!({"type": "enter", "room": room})).await;
    client.next_of(world, "entered").await
}

/// Name and number of people of each room with somebody in it.
async fn rooms(world: &World, token: &str) -> Value {
    let rooms = world.get(token, "/rooms").await;
    let shown = |room: &Value| json!([room["name"], room["people"]]);
    rooms["rooms"].as_array().unwrap().iter().map(shown).collect()
}

/// Waits until these are the rooms with somebody in them.
async fn rooms_become(world: &World, token: &str, expected: Value) {
    let wait = async {
        while rooms(world, token).await != expected {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("so it should be");
}

async fn status_of_post(world: &World, token: &str, path: &str) -> (u16, String) {
    let answer = world.ask(token, "POST", path, json!({"text": "halo"})).await;
    (answer.status.as_u16(), answer.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_in_a_room_hear_each_other_come_speak_and_go() {
    let served = Served::new().await;
    let world = &served.world;
    let (messi, izza) = (world.register("messi").await, world.register("izza").await);
    assert_eq!(rooms(world, &izza).await, json!([]));
    let nobody = json!({"id": null, "name": "Ruang 12", "people": []});
    assert_eq!(world.get(&izza, "/rooms/Ruang%2012").await, nobody);
    let (mut one, _) = served.greeted(&messi).await;
    let (mut other, _) = served.greeted(&izza).await;
    let entered = enter(&mut one, world, "Ruang 12").await;
    assert_eq!(
        (&entered["room"], &entered["people"][0]["username"]),
        (&json!("Ruang 12"), &json!("messi"))
    );
    let room = &entered["conversation"];
    assert_eq!(
        (&room["kind"], &room["name"], &room["members"]),
        (&json!("room"), &json!("Ruang 12"), &json!(1))
    );
    let id = World::id_of(room);
    let path = format!("/conversations/{id}/messages");
    world.say(&messi, &id, "ada orang?").await;
    assert_eq!(status_of_post(world, &izza, &path).await, (403, "not_member".into()));
    assert_eq!(world.get(&izza, &path).await["messages"][0]["text"], "ada orang?", "anybody reads");

    let entered = enter(&mut other, world, " ruang  12").await;
    assert_eq!(
        (&entered["room"], &entered["conversation"]["last_seq"]),
        (&json!("Ruang 12"), &json!(1))
    );
    assert_eq!(entered["people"].as_array().unwrap().len(), 2);
    let told = one.next_of(world, "room").await;
    assert_eq!((&told["event"], &told["user"]["username"]), (&json!("entered"), &json!("izza")));
    assert_eq!((&told["room"], &told["conversation"]), (&json!("Ruang 12"), &json!(id)));
    assert_eq!(rooms(world, &izza).await, json!([["Ruang 12", 2]]));
    let there = world.get(&messi, "/rooms/RUANG%2012").await;
    assert_eq!((&there["id"], &there["people"][1]["username"]), (&json!(id), &json!("izza")));
    assert_eq!(world.get(&izza, "/conversations").await["conversations"][0]["id"], json!(id));

    world.say(&izza, &id, "ya").await;
    for client in [&mut one, &mut other] {
        let mut told = client.next_of(world, "message").await;
        if told["message"]["text"] == "ada orang?" {
            told = client.next_of(world, "message").await;
        }
        assert_eq!((&told["message"]["text"], &told["message"]["seq"]), (&json!("ya"), &json!(2)));
        let room = &told["conversation"];
        assert_eq!(
            (&room["id"], &room["kind"], &room["name"]),
            (&json!(id), &json!("room"), &json!("Ruang 12"))
        );
    }
    other.say(json!({"type": "leave"})).await;
    assert_eq!(other.next_of(world, "left").await["conversation"], json!(id));
    assert_eq!(one.next_of(world, "room").await["event"], "left");
    assert_eq!(world.get(&izza, "/conversations").await, json!({"conversations": []}));
    assert_eq!(status_of_post(world, &izza, &path).await, (403, "not_member".into()));
    drop(one);
    rooms_become(world, &izza, json!([])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_in_one_room_at_a_time() {
    let served = Served::new().await;
    let world = &served.world;
    let messi = world.register("messi").await;
    let (mut one, _) = served.greeted(&messi).await;
    let first = World::id_of(&enter(&mut one, world, "A").await["conversation"]);
    let second = World::id_of(&enter(&mut one, world, "B").await["conversation"]);
    assert_eq!(one.next_of(world, "left").await["conversation"], json!(first));
    for _ in 0..2 {
        // To go in where one is changes nothing.
        assert_eq!(rooms(world, &messi).await, json!([["B", 1]]));
        let path = |id: &str| format!("/conversations/{id}/messages");
        assert_eq!(status_of_post(world, &messi, &path(&first)).await, (403, "not_member".into()));
        assert_eq!(status_of_post(world, &messi, &path(&second)).await.0, 201);
        enter(&mut one, world, "b").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_that_went_in_last_is_the_one_in_the_room() {
    let served = Served::new().await;
    let world = &served.world;
    let messi = world.register("messi").await;
    let (mut one, _) = served.greeted(&messi).await;
    let (mut other, _) = served.greeted(&messi).await;
    let id = World::id_of(&enter(&mut one, world, "A").await["conversation"]);
    enter(&mut other, world, "A").await;
    assert_eq!(one.next_of(world, "left").await["conversation"], json!(id));
    one.say(json!({"type": "leave"})).await;
    drop(one);
    world.say(&messi, &id, "halo").await;
    assert_eq!(other.next_of(world, "message").await["message"]["text"], "halo");
    assert_eq!(rooms(world, &messi).await, json!([["A", 1]]), "the first took nobody along");
    drop(other);
    rooms_become(world, &messi, json!([])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_and_the_stream_goes_on() {
    let served = Served::new().await;
    let world = &served.world;
    let messi = world.register("messi").await;
    let (mut one, _) = served.greeted(&messi).await;
    one.say(json!({"type": "enter", "room": ""})).await;
    let error = &one.next_of(world, "error").await["error"];
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_field"), &json!("room")));
    one.say(json!({"type": "unheard of"})).await;
    let new = json!({"name": "bot", "scopes": ["read"]});
    let bot = world.tell(&messi, "POST", "/tokens", new).await;
    let (mut reader, _) = served.greeted(bot["token"].as_str().unwrap()).await;
    reader.say(json!({"type": "enter", "room": "A"})).await;
    assert_eq!(reader.next_of(world, "error").await["error"]["code"], "not_allowed");
    assert_eq!(rooms(world, &messi).await, json!([]));
}
