//! Uploads that stand still, are many at a time, or are given up.

use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, HOST};
use futures_util::StreamExt;
use kabar_engine::testing::MemoryBlobs;
use kabar_engine::{Blobs, Settings};
use kabar_model::RealmName;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::events::PATIENCE;
use crate::world::{Answer, World};

/// Too much to be kept in memory until it is whole.
const LARGE: usize = 100_000;

/// Says what is to come of a body.
type Pieces = UnboundedSender<Result<Bytes, std::io::Error>>;

async fn world() -> (World, MemoryBlobs) {
    let blobs = MemoryBlobs::default();
    let settings = Settings::new(RealmName::parse("kampus").unwrap());
    (World::over(settings, blobs.clone()).await, blobs)
}

async fn begin(world: &World, token: &str) -> String {
    let new = json!({"name": "a", "size": 2 * LARGE});
    World::id_of(&world.tell(token, "POST", "/uploads", new).await)
}

fn request(token: &str, id: &str, offset: usize, body: Body) -> Request<Body> {
    let request = Request::patch(format!("/api/v1/uploads/{id}"))
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(HOST, "localhost")
        .header("Upload-Offset", offset);
    request.body(body).unwrap()
}

async fn send(world: &World, token: &str, id: &str, offset: usize) -> Answer {
    world.send(request(token, id, offset, Body::from(vec![b'x'; LARGE]))).await
}

/// A body of one large piece that then stands still.
fn stalled() -> (Pieces, Body) {
    let (pieces, body) = unbounded_channel::<Result<Bytes, std::io::Error>>();
    pieces.send(Ok(vec![b'x'; LARGE].into())).unwrap();
    let body = futures_util::stream::unfold(body, async |mut body| {
        let piece = body.recv().await?;
        Some((piece, body))
    });
    (pieces, Body::from_stream(body))
}

async fn offset(world: &World, token: &str, id: &str) -> Value {
    world.get(token, &format!("/uploads/{id}")).await["offset"].clone()
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect(what);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_stand_still_keep_no_other_from_going_on() {
    let (world, blobs) = world().await;
    let messi = world.register("messi").await;
    let mut ids = Vec::new();
    for _ in 0..10 {
        let id = begin(&world, &messi).await;
        assert_eq!(send(&world, &messi, &id, 0).await.status, 200);
        ids.push(id);
    }
    assert_eq!((blobs.in_part(), blobs.awake()), (10, 0), "they cost nothing but their room");
    let note = world.direct(&messi, "messi").await;
    for id in ids {
        assert_eq!(send(&world, &messi, &id, LARGE).await.json(), json!({"offset": 2 * LARGE}));
        let path = format!("/conversations/{note}/messages");
        let sent = world.tell(&messi, "POST", &path, json!({"upload": id})).await;
        assert_eq!(sent["file"]["size"], 2 * LARGE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_too_many_loses_nothing() {
    let (world, _) = world().await;
    let messi = world.register("messi").await;
    let late = begin(&world, &messi).await;
    let mut sending = Vec::new();
    for _ in 0..8 {
        let id = begin(&world, &messi).await;
        let (pieces, body) = stalled();
        let routes = world.routes.clone();
        let request = request(&messi, &id, 0, body);
        let task = tokio::spawn(async move { tower::ServiceExt::oneshot(routes, request).await });
        until("the piece is taken", async || offset(&world, &messi, &id).await == LARGE).await;
        sending.push((pieces, task));
    }
    let refused = send(&world, &messi, &late, 0).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (503, "busy"));
    assert_eq!(offset(&world, &messi, &late).await, 0);
    let (pieces, task) = sending.pop().unwrap();
    drop(pieces);
    assert!(task.await.unwrap().unwrap().status().is_success());
    assert_eq!(send(&world, &messi, &late, 0).await.json(), json!({"offset": LARGE}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_leaves_nothing() {
    let (world, blobs) = world().await;
    let messi = world.register("messi").await;
    for is_gone in [true, false] {
        let id = begin(&world, &messi).await;
        let (_pieces, body) = stalled();
        let routes = world.routes.clone();
        let request = request(&messi, &id, 0, body);
        let task = tokio::spawn(async move { tower::ServiceExt::oneshot(routes, request).await });
        until("the piece is taken", async || offset(&world, &messi, &id).await == LARGE).await;
        assert_eq!((blobs.in_part(), blobs.awake()), (1, 1));
        if is_gone {
            // As when the connection has ended. What came is kept until it is taken up again.
            task.abort();
            assert!(task.await.is_err());
            until("it rests", async || blobs.awake() == 0).await;
            assert_eq!(blobs.in_part(), 1);
            world.tell(&messi, "DELETE", &format!("/uploads/{id}"), Value::Null).await;
        } else {
            world.tell(&messi, "DELETE", &format!("/uploads/{id}"), Value::Null).await;
            let answer = task.await.unwrap().unwrap();
            assert_eq!(answer.status(), 404, "who still sends is told");
        }
        until("nothing is left", async || blobs.in_part() == 0).await;
        assert_eq!(send(&world, &messi, &id, LARGE).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_post_keeps_the_upload() {
    let (world, blobs) = world().await;
    let [messi, izza, maya] =
        [world.register("messi").await, world.register("izza").await, world.register("maya").await];
    let right = world.direct(&messi, "izza").await;
    let wrong = world.direct(&izza, "maya").await;
    let path = |id: &str| format!("/conversations/{id}/messages");
    world.tell(&messi, "POST", &path(&right), json!({"text": "halo", "key": "k1"})).await;
    let mut ids = Vec::new();
    for token in [&messi, &izza, &maya] {
        let id = begin(&world, token).await;
        for at in [0, LARGE] {
            assert_eq!(send(&world, token, &id, at).await.status, 200);
        }
        ids.push(id);
    }
    let [id, of_izza, of_maya] = &ids[..] else { panic!("three") };
    for (to, more, status, code) in [
        (&wrong, json!({}), 403, "not_member"),
        (&"c999".to_owned(), json!({}), 403, "not_member"),
        (&right, json!({"reply_to": 77}), 404, "message_unknown"),
        (&right, json!({"reply_to": 0}), 400, "invalid_field"),
        // By then all of it is durable.
        (&right, json!({"key": "k1"}), 409, "conflict"),
        (&right, json!({"key": "k1", "text": "halo"}), 409, "conflict"),
    ] {
        let mut new = more;
        new["upload"] = json!(id);
        let answer = world.ask(&messi, "POST", &path(to), new.clone()).await;
        assert_eq!((answer.status.as_u16(), &answer.code()[..]), (status, code), "{to} {new}");
    }
    // The same contents, refused to another, who gives them up, and to a third, whom they are left with.
    for (token, id) in [(&izza, of_izza), (&maya, of_maya)] {
        let to = path(&world.direct(token, "messi").await);
        world.tell(token, "POST", &to, json!({"text": "halo", "key": "k1"})).await;
        let new = json!({"upload": id, "key": "k1"});
        assert_eq!(world.ask(token, "POST", &to, new).await.code(), "conflict");
    }
    world.tell(&izza, "DELETE", &format!("/uploads/{of_izza}"), Value::Null).await;
    assert_eq!(kept(&blobs).await, 1);
    let sent = world.tell(&messi, "POST", &path(&right), json!({"upload": id})).await;
    assert_eq!(sent["file"]["size"], 2 * LARGE);
    world.tell(&maya, "DELETE", &format!("/uploads/{of_maya}"), Value::Null).await;
    let url = sent["file"]["url"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
    let got = world.ask(&messi, "GET", url, Value::Null).await;
    assert_eq!((got.status.as_u16(), got.body.len()), (200, 2 * LARGE));

    let again = world.ask(&messi, "POST", &path(&right), json!({"upload": id})).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, sent));
    let note = world.direct(&messi, "messi").await;
    for (to, new) in [
        (&note, json!({"upload": id})),
        (&right, json!({"upload": id, "text": "ini"})),
        (&right, json!({"upload": id, "reply_to": 1})),
    ] {
        let answer = world.ask(&messi, "POST", &path(to), new).await;
        assert_eq!((answer.status.as_u16(), &answer.code()[..]), (409, "conflict"));
    }
    assert_eq!(world.get(&messi, &path(&note)).await["last_seq"], 0);
}

async fn kept(blobs: &MemoryBlobs) -> usize {
    blobs.kept().await.unwrap().count().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_and_given_up_leaves_nothing() {
    let (world, blobs) = world().await;
    let messi = world.register("messi").await;
    let note = world.direct(&messi, "messi").await;
    let path = format!("/conversations/{note}/messages");
    world.tell(&messi, "POST", &path, json!({"text": "halo", "key": "k1"})).await;
    let id = begin(&world, &messi).await;
    for at in [0, LARGE] {
        assert_eq!(send(&world, &messi, &id, at).await.status, 200);
    }
    let new = json!({"upload": id, "key": "k1"});
    assert_eq!(world.ask(&messi, "POST", &path, new).await.code(), "conflict");
    assert_eq!(kept(&blobs).await, 1);
    world.tell(&messi, "DELETE", &format!("/uploads/{id}"), Value::Null).await;
    assert_eq!(kept(&blobs).await, 0);
}
