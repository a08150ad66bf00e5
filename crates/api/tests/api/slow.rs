//! Streams of those who read slowly, in memory: a few frames fill the way to them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::events::Client;
use crate::world::World;

/// What is on its way to somebody who does not read.
const WAY_BYTES: usize = 64 * 1024;

/// Connects in memory: what is waited for is time alone.
pub(crate) async fn connect(world: &World, token: &str, since: &str) -> Client<DuplexStream> {
    let (ours, theirs) = tokio::io::duplex(WAY_BYTES);
    let service = hyper_util::service::TowerToHyperService::new(world.routes.clone());
    let server = hyper::server::conn::http1::Builder::new()
        .serve_connection(hyper_util::rt::TokioIo::new(theirs), service)
        .with_upgrades();
    tokio::spawn(server);
    let url = format!("ws://127.0.0.1/api/v1/events{since}");
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    Client(tokio_tungstenite::client_async(request, ours).await.unwrap().0)
}

/// Two people, their conversation, and messages in it: more than is on its way at a time.
struct Chat {
    world: World,
    messi: String,
    izza: String,
    id: String,
}

impl Chat {
    async fn of(messages: usize, bytes: usize) -> Self {
        let world = World::new().await;
        let (messi, izza) = (world.register("messi").await, world.register("izza").await);
        let id = world.direct(&messi, "izza").await;
        let chat = Self { world, messi, izza, id };
        for n in 0..messages {
            chat.say(&format!("{n} {}", "x".repeat(bytes))).await;
        }
        chat
    }

    async fn say(&self, text: &str) {
        self.world.say(&self.messi, &self.id, text).await;
    }

    /// Izza comes back, reads the first of all messages, and stops reading.
    async fn catching_up(&self) -> Client<DuplexStream> {
        let mut client = connect(&self.world, &self.izza, "?since=p0").await;
        assert_eq!(client.next(&self.world).await["type"], "message");
        // Until the way to her is full.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        client
    }
}

#[tokio::test]
async fn whose_session_has_ended_is_told_no_more_of_what_was_missed() {
    let chat = Chat::of(200, 10_000).await;
    let mut client = chat.catching_up().await;
    chat.world.tell(&chat.izza, "DELETE", "/sessions/current", Value::Null).await;
    chat.say("secret").await;
    let mut told = 0;
    loop {
        let frame = client.next(&chat.world).await;
        match frame["type"].as_str().unwrap() {
            "message" => told += 1,
            "session_ended" => break,
            other => panic!("{other}"),
        }
        // What was on its way, and what the client's own buffer took.
        assert!(told <= WAY_BYTES * 3 / 10_000, "{told}");
    }
    assert_eq!(client.closed().await, 4401);
}

#[tokio::test]
async fn who_does_not_read_what_was_missed_does_not_hold_up_the_stop() {
    let chat = Chat::of(200, 10_000).await;
    let _client = chat.catching_up().await;
    tokio::time::pause();
    let began = Instant::now();
    let site = &chat.world.site;
    site.stop.begin(Duration::ZERO, Duration::ZERO).await;
    site.tasks.close();
    site.tasks.wait().await;
    assert!(began.elapsed() <= Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn who_reads_slowly_is_kept_alive_while_catching_up() {
    let chat = Chat::of(60, 40_000).await;
    let mut client = chat.catching_up().await;
    tokio::time::pause();
    let began = Instant::now();
    let (mut pings, mut told, mut is_greeted) = (0, 1, false);
    while !is_greeted {
        tokio::time::sleep(Duration::from_secs(4)).await;
        match client.frame().await {
            Message::Ping(_) => pings += 1,
            Message::Text(text) => {
                told += usize::from(text.contains(r#""type":"message""#));
                is_greeted = text.contains(r#""type":"hello""#);
            }
            other => panic!("{other:?}"),
        }
    }
    let lasted = began.elapsed();
    assert!(lasted > Duration::from_secs(200), "{lasted:?}");
    assert!(pings >= 5 && told == 60, "{pings} {told}");
    while began.elapsed() < lasted + Duration::from_secs(200) {
        // Reading answers the pings.
        client.frame().await;
    }
}

#[tokio::test]
async fn who_is_slower_than_the_talk_is_greeted_all_the_same() {
    let chat = Chat::of(100, 10_000).await;
    let mut client = connect(&chat.world, &chat.izza, "?since=p0").await;
    let (mut said, mut seqs, mut is_greeted) = (100, Vec::new(), false);
    while seqs.len() < said {
        let frame = client.next(&chat.world).await;
        match frame["type"].as_str().unwrap() {
            "message" => seqs.push(frame["message"]["seq"].as_u64().unwrap()),
            "hello" => is_greeted = true,
            _ => {}
        }
        if !is_greeted {
            said += 1;
            assert!(said < 300, "never greeted");
            chat.say(&"x".repeat(10_000)).await;
        }
    }
    assert!(seqs.iter().copied().eq(1..=said as u64), "each once, and in order: {seqs:?}");
}

#[tokio::test]
async fn one_person_who_writes_and_comes_and_goes_throws_nobody_off() {
    let chat = Chat::of(0, 0).await;
    let world = &chat.world;
    let mut slow = connect(world, &chat.izza, "").await;
    assert_eq!(slow.next(world).await["type"], "hello");
    let enter = json!({"type": "enter", "room": "A"});
    slow.say(enter.clone()).await;
    slow.next_of(world, "entered").await;
    // The second stream of the same person reads, so it says when the first has been told.
    let mut witness = connect(world, &chat.izza, "").await;
    for _ in 0..600 {
        chat.say(&"x".repeat(1_000)).await;
        witness.next_of(world, "message").await;
    }
    let mut other = connect(world, &chat.messi, "").await;
    for _ in 0..2_000 {
        other.say(json!({"type": "typing", "conversation": chat.id})).await;
    }
    other.say(enter).await;
    other.next_of(world, "entered").await;
    let (mut told, mut people) = (0, Value::Null);
    while people.is_null() {
        let frame = slow.next(world).await;
        match frame["type"].as_str().unwrap() {
            "message" => told += 1,
            "entered" => people = frame["people"].clone(),
            // The one before the queue was full enough.
            "presence" | "alive" => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(told, 600);
    let names: Vec<_> = people.as_array().unwrap().iter().map(|user| &user["username"]).collect();
    assert_eq!(names, ["izza", "messi"], "those whose coming was left out");
    other.say(json!({"type": "leave"})).await;
    assert_eq!(slow.next_of(world, "room").await["event"], "left");
}

#[tokio::test]
async fn rooms_are_entered_so_often_and_then_not_for_a_while() {
    let chat = Chat::of(0, 0).await;
    let mut client = connect(&chat.world, &chat.izza, "").await;
    for n in 0..10 {
        client.say(json!({"type": "enter", "room": n.to_string()})).await;
        client.next_of(&chat.world, "entered").await;
    }
    client.say(json!({"type": "enter", "room": "11"})).await;
    let mut answer = client.next(&chat.world).await;
    while !matches!(answer["type"].as_str(), Some("error" | "entered")) {
        answer = client.next(&chat.world).await;
    }
    assert_eq!(answer["error"]["code"], "busy");
    let rooms = chat.world.get(&chat.izza, "/rooms").await;
    assert_eq!(rooms["rooms"][0]["name"], "9", "one stays where one is");
}
