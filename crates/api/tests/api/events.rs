//! Events over a real socket.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::world::World;

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A world that can be reached over a socket.
pub(crate) struct Served {
    pub(crate) world: World,
    address: std::net::SocketAddr,
}

impl Served {
    pub(crate) async fn new() -> Self {
        Self::of(World::new().await).await
    }

    pub(crate) async fn of(world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = world.routes.clone();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { world, address }
    }

    async fn connect(&self, token: &str, since: &str) -> Client {
        self.try_to_connect(token, since).await.unwrap()
    }

    /// Connects, or says with which status it was refused, and with which code.
    async fn try_to_connect(&self, token: &str, since: &str) -> Result<Client, (u16, Value)> {
        let url = format!("ws://{}/api/v1/events{since}", self.address);
        let mut request = url.into_client_request().unwrap();
        let bearer = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Client(socket)),
            Err(Error::Http(refused)) => {
                let problem: Value =
                    serde_json::from_slice(refused.body().as_ref().unwrap()).unwrap();
                Err((refused.status().as_u16(), problem["error"]["code"].clone()))
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Connects and hears the greeting; the position in it.
    pub(crate) async fn greeted(&self, token: &str) -> (Client, String) {
        let mut client = self.connect(token, "").await;
        let hello = client.next(&self.world).await;
        assert_eq!(hello["type"], "hello", "{hello}");
        let position = position(&hello);
        (client, position)
    }
}

fn position(frame: &Value) -> String {
    frame["position"].as_str().unwrap().to_owned()
}

pub(crate) struct Client<S = MaybeTlsStream<TcpStream>>(pub(crate) WebSocketStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// The next frame of whatever kind. Waiting for it answers the pings, as browsers do.
    pub(crate) async fn frame(&mut self) -> Message {
        tokio::time::timeout(PATIENCE, self.0.next()).await.unwrap().unwrap().unwrap()
    }

    /// The next frame, which is as documented.
    pub(crate) async fn next(&mut self, world: &World) -> Value {
        loop {
            match self.frame().await {
                Message::Text(text) => {
                    let frame: Value = serde_json::from_str(text.as_str()).unwrap();
                    assert_eq!(world.faults_of("Event", &frame), Vec::<String>::new(), "{frame}");
                    return frame;
                }
                Message::Close(close) => panic!("closed: {close:?}"),
                _ => {}
            }
        }
    }

    /// The next frame of that type; presence and the like may come at any time.
    pub(crate) async fn next_of(&mut self, world: &World, kind: &str) -> Value {
        loop {
            let frame = self.next(world).await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// Hears a frame: notes the text of a message, and the position; says what it was.
    async fn hear(&mut self, world: &World, texts: &mut Vec<String>, last: &mut String) -> String {
        let frame = self.next(world).await;
        if frame["position"].is_string() {
            *last = position(&frame);
        }
        if frame["type"] == "message" {
            texts.push(frame["message"]["text"].as_str().unwrap().to_owned());
        }
        frame["type"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// With which code the server closes.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(close) = self.frame().await {
                return close.unwrap().code.into();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_at_once() {
    let served = Served::new().await;
    let world = &served.world;
    let (messi, izza) = (world.register("messi").await, world.register("izza").await);
    let chat = world.direct(&messi, "izza").await;
    let (mut one, _) = served.greeted(&izza).await;
    let path = format!("/conversations/{chat}/messages");
    world.tell(&messi, "POST", &path, json!({"text": "halo @izza", "key": "k"})).await;
    let told = one.next_of(world, "message").await;
    assert_eq!(
        (&told["message"]["text"], &told["message"]["key"]),
        (&json!("halo @izza"), &Value::Null)
    );
    let conversation = &told["conversation"];
    assert_eq!((&conversation["unread"], &conversation["mentions"]), (&json!(1), &json!(1)));
    world.tell(&messi, "PATCH", &format!("{path}/1"), json!({"text": "hai"})).await;
    let changed = one.next_of(world, "changed").await;
    assert_eq!(
        (&changed["message"]["seq"], &changed["message"]["text"]),
        (&json!(1), &json!("hai"))
    );
    world.tell(&izza, "PUT", &format!("/conversations/{chat}/read"), json!({"seq": 2})).await;
    let read = one.next_of(world, "read").await;
    assert_eq!(
        (&read["seq"], &read["unread"], &read["mentions"]),
        (&json!(2), &json!(0), &json!(0))
    );
    world.tell(&messi, "POST", &format!("/conversations/{chat}/typing"), Value::Null).await;
    assert_eq!(one.next_of(world, "typing").await["username"], "messi");
    let group = world.group(&messi, "Bola").await;
    let guests = json!({"usernames": ["izza"]});
    world.tell(&messi, "POST", &format!("/conversations/{group}/members"), guests).await;
    assert_eq!(one.next_of(world, "conversation").await["conversation"]["id"], json!(group));
    let out = format!("/conversations/{group}/members/izza");
    world.tell(&messi, "DELETE", &out, Value::Null).await;
    assert_eq!(one.next_of(world, "left").await["conversation"], json!(group));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_away_hears_everything_once_and_in_order() {
    let served = Served::new().await;
    let world = &served.world;
    let (messi, izza) = (world.register("messi").await, world.register("izza").await);
    let (chat, note) = (world.direct(&messi, "izza").await, world.direct(&messi, "messi").await);
    let (client, mut last) = served.greeted(&izza).await;
    drop(client);
    let mut said = 0;
    let mut heard = Vec::new();
    for turn in 0..4 {
        // Said while away, more than are read at a time; then all the while until back.
        for _ in 0..if turn == 0 { 201 } else { 20 } {
            said += 1;
            world.say(&messi, &chat, &said.to_string()).await;
            world.say(&messi, &note, "for oneself").await;
        }
        let is_back = AtomicBool::new(false);
        let talk = async {
            while !is_back.load(Ordering::Relaxed) {
                said += 1;
                world.say(&messi, &chat, &said.to_string()).await;
                tokio::task::yield_now().await;
            }
        };
        let listen = async {
            let mut client = served.connect(&izza, &format!("?since={last}")).await;
            while client.hear(world, &mut heard, &mut last).await != "hello" {}
            is_back.store(true, Ordering::Relaxed);
            client
        };
        let ((), mut client) = tokio::join!(talk, listen);
        // What would be told twice would come before this.
        said += 1;
        world.say(&messi, &chat, &said.to_string()).await;
        while heard.last() != Some(&said.to_string()) {
            client.hear(world, &mut heard, &mut last).await;
        }
    }
    let expected: Vec<String> = (1..=said).map(|n| n.to_string()).collect();
    assert_eq!(heard, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_cannot_be_is_answered_with_resync() {
    let served = Served::new().await;
    let world = &served.world;
    let messi = world.register("messi").await;
    for strange in ["p999", "x", "p-1"] {
        let mut client = served.connect(&messi, &format!("?since={strange}")).await;
        let resync = client.next(world).await;
        assert_eq!((&resync["type"], &resync["position"]), (&json!("resync"), &json!("p0")));
        assert_eq!(client.next(world).await["type"], "hello");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_session_is_the_end_of_the_stream() {
    let served = Served::new().await;
    let world = &served.world;
    let messi = world.register("messi").await;
    let (mut client, _) = served.greeted(&messi).await;
    world.tell(&messi, "DELETE", "/sessions/current", Value::Null).await;
    assert_eq!(client.next_of(world, "session_ended").await, json!({"type": "session_ended"}));
    assert_eq!(client.closed().await, 4401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stop_of_the_server_ends_every_stream() {
    let served = Served::new().await;
    let world = &served.world;
    let messi = world.register("messi").await;
    let (mut client, _) = served.greeted(&messi).await;
    world.site.stop.begin(Duration::ZERO, Duration::ZERO).await;
    assert_eq!(client.closed().await, 1001);
    drop(client);
    world.site.tasks.close();
    tokio::time::timeout(PATIENCE, world.site.tasks.wait()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_let_go_and_finds_everything_when_coming_back() {
    let served = Served::new().await;
    let world = &served.world;
    let (messi, izza) = (world.register("messi").await, world.register("izza").await);
    let chat = world.direct(&messi, "izza").await;
    let (mut client, first) = served.greeted(&izza).await;
    // More than a socket's buffers and the queue hold.
    let text = "x".repeat(60_000);
    let count = 1_400;
    for _ in 0..count {
        world.say(&messi, &chat, &text).await;
    }
    assert_eq!(client.closed().await, 4408);
    let mut client = served.connect(&izza, &format!("?since={first}")).await;
    let mut heard = 0;
    loop {
        let frame = client.next(world).await;
        heard += i64::from(frame["type"] == "message");
        if frame["type"] == "hello" {
            break;
        }
    }
    assert_eq!(heard, count);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_so_many_streams_at_a_time() {
    let served = Served::new().await;
    let (messi, izza) = (served.world.register("messi").await, served.world.register("izza").await);
    let mut streams = Vec::new();
    for _ in 0..32 {
        streams.push(served.connect(&messi, "").await);
    }
    let refused = served.try_to_connect(&messi, "").await.err();
    assert_eq!(refused, Some((429, json!("too_many"))));
    served.greeted(&izza).await;
    streams.pop();
    let one_more = async {
        while served.try_to_connect(&messi, "").await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, one_more).await.expect("what has ended counts no more");
}
