//! Uploads that are taken up again, and contents whole and in part.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Request;
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use http_body::{Frame, SizeHint};
use kabar_engine::Settings;
use kabar_model::RealmName;
use serde_json::{Value, json};

use crate::world::{Answer, World};

async fn piece(world: &World, token: &str, id: &str, offset: usize, bytes: &[u8]) -> Answer {
    let request = Request::patch(format!("/api/v1/uploads/{id}"))
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header("Upload-Offset", offset);
    world.send(request.body(Body::from(bytes.to_vec())).unwrap()).await
}

async fn begin(world: &World, token: &str, name: &str, size: usize) -> String {
    let begun = world.tell(token, "POST", "/uploads", json!({"name": name, "size": size})).await;
    begun["id"].as_str().unwrap().to_owned()
}

/// Sends a file into a conversation; the file as it is shown.
async fn send(world: &World, token: &str, chat: &str, name: &str, bytes: &[u8]) -> Value {
    let id = begin(world, token, name, bytes.len()).await;
    assert_eq!(piece(world, token, &id, 0, bytes).await.status, 200);
    let path = format!("/conversations/{chat}/messages");
    world.tell(token, "POST", &path, json!({"upload": id})).await["file"].clone()
}

async fn fetch(world: &World, token: &str, url: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(url).header(AUTHORIZATION, format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_where_it_stands_and_is_sent_once() {
    let world = World::new().await;
    let (messi, izza) = (world.register("messi").await, world.register("izza").await);
    let chat = world.direct(&messi, "izza").await;
    let id = begin(&world, &messi, "../a b.txt", 10).await;
    let path = format!("/uploads/{id}");
    assert_eq!(piece(&world, &messi, &id, 0, b"01234").await.json(), json!({"offset": 5}));
    let wrong = piece(&world, &messi, &id, 3, b"34").await;
    assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (409, "conflict"));
    assert_eq!(wrong.headers["upload-offset"], "5");
    assert_eq!(world.get(&messi, &path).await, json!({"id": id, "offset": 5, "size": 10}));
    assert_eq!(world.ask(&izza, "GET", &path, Value::Null).await.code(), "file_unknown");
    let messages = format!("/conversations/{chat}/messages");
    let new = json!({"upload": id, "text": "lihat", "key": "k"});
    assert_eq!(world.ask(&messi, "POST", &messages, new.clone()).await.code(), "conflict");
    assert_eq!(piece(&world, &messi, &id, 5, b"567890").await.code(), "too_large");
    assert_eq!(piece(&world, &messi, &id, 5, b"56789").await.status, 200);
    let sent = world.ask(&messi, "POST", &messages, new.clone()).await;
    assert_eq!(sent.status, 201);
    assert_eq!(sent.json()["file"]["name"], "a b.txt");
    let again = world.ask(&messi, "POST", &messages, new).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, sent.json()));
    let contents = fetch(&world, &izza, sent.json()["file"]["url"].as_str().unwrap(), &[]).await;
    assert_eq!(contents.body, b"0123456789");
}

/// A body that tells its length and must not be read.
struct Unread(u64);

impl HttpBody for Unread {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("it was read");
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_to_be_too_long_is_refused_before_it_is_read() {
    let world = World::new().await;
    let messi = world.register("messi").await;
    let id = begin(&world, &messi, "a.txt", 10).await;
    let request = Request::patch(format!("/api/v1/uploads/{id}"))
        .header(AUTHORIZATION, format!("Bearer {messi}"))
        .header("Upload-Offset", 0);
    let refused = world.send(request.body(Body::new(Unread(11))).unwrap()).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (413, "too_large"));
    assert_eq!(piece(&world, &messi, &id, 0, b"0123456789").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_have_limits() {
    let mut settings = Settings::new(RealmName::parse("kampus").unwrap());
    settings.file_bytes_max = 100;
    let world = World::with(settings).await;
    let messi = world.register("messi").await;
    let large = json!({"name": "a", "size": 101});
    let refused = world.ask(&messi, "POST", "/uploads", large).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (413, "too_large"));
    let mut ids = Vec::new();
    for _ in 0..16 {
        ids.push(begin(&world, &messi, "a", 100).await);
    }
    let one_more = json!({"name": "a", "size": 1});
    assert_eq!(world.ask(&messi, "POST", "/uploads", one_more.clone()).await.code(), "too_many");
    world.tell(&messi, "DELETE", &format!("/uploads/{}", ids[0]), Value::Null).await;
    world.tell(&messi, "POST", "/uploads", one_more).await;
    assert_eq!(piece(&world, &messi, &ids[0], 0, b"x").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn contents_come_whole_in_part_or_not_at_all() {
    let world = World::new().await;
    let (messi, izza) = (world.register("messi").await, world.register("izza").await);
    let maya = world.register("maya").await;
    let chat = world.direct(&messi, "izza").await;
    let file = send(&world, &messi, &chat, "angka.txt", b"0123456789").await;
    let url = file["url"].as_str().unwrap();
    let whole = fetch(&world, &izza, url, &[]).await;
    let tag = whole.headers[ETAG].to_str().unwrap();
    let range = RANGE.as_str();
    for (headers, status, body, content_range) in [
        (vec![(range, "bytes=2-4")], 206, "234", Some("bytes 2-4/10")),
        (vec![(range, "bytes=-2")], 206, "89", Some("bytes 8-9/10")),
        (vec![(range, "bytes=10-")], 416, "", Some("bytes */10")),
        (vec![(range, "bytes=0-1,4-5")], 200, "0123456789", None),
        (vec![(range, "bytes=2-4"), (IF_RANGE.as_str(), tag)], 206, "234", Some("bytes 2-4/10")),
        (vec![(range, "bytes=2-4"), (IF_RANGE.as_str(), "\"x\"")], 200, "0123456789", None),
        (vec![(IF_NONE_MATCH.as_str(), tag)], 304, "", None),
    ] {
        let answer = fetch(&world, &izza, url, &headers).await;
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.body, body.as_bytes(), "{headers:?}");
        let kept = answer.headers[CACHE_CONTROL].to_str().unwrap();
        assert_eq!(kept, if status == 416 { "no-store" } else { "private, no-cache" });
        let said = answer.headers.get(CONTENT_RANGE).map(|value| value.to_str().unwrap());
        assert_eq!(said, content_range, "{headers:?}");
    }
    assert_eq!(fetch(&world, &maya, url, &[]).await.code(), "file_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_run_is_saved_and_never_shown() {
    let world = World::new().await;
    let messi = world.register("messi").await;
    let note = world.direct(&messi, "messi").await;
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0";
    for (name, bytes, how) in [
        ("a.html", &b"<!doctype html><script>alert(1)</script>"[..], "attachment"),
        ("a.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", "attachment"),
        ("a.txt", b"halo", "attachment"),
        ("\u{e9}\".png", png, "inline"),
    ] {
        let file = send(&world, &messi, &note, name, bytes).await;
        let url = format!("{}?inline=1", file["url"].as_str().unwrap());
        let answer = fetch(&world, &messi, &url, &[]).await;
        let said = answer.headers[CONTENT_DISPOSITION].to_str().unwrap();
        assert!(said.starts_with(how), "{name}: {said}");
        assert!(answer.headers[CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("sandbox;"));
        assert_eq!(answer.headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        if how == "inline" {
            assert!(said.contains("filename=\"__.png\"; filename*=UTF-8''%C3%A9%22.png"), "{said}");
            assert_eq!((&file["width"], &file["height"]), (&json!(640), &json!(480)));
            let saved = fetch(&world, &messi, file["url"].as_str().unwrap(), &[]).await;
            assert!(saved.headers[CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
            assert_eq!(saved.headers[CONTENT_TYPE], "image/png");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_requests_to_an_upload_the_newer_goes_on() {
    let world = World::new().await;
    let messi = world.register("messi").await;
    let id = begin(&world, &messi, "a", 10).await;
    // The first request says half and then nothing more, as over a connection that is dead without knowing.
    let (pieces, body) = tokio::sync::mpsc::unbounded_channel::<Result<&str, std::io::Error>>();
    pieces.send(Ok("01234")).unwrap();
    let body = futures_util::stream::unfold(body, async |mut body| {
        let piece = body.recv().await?;
        Some((piece, body))
    });
    let request = Request::patch(format!("/api/v1/uploads/{id}"))
        .header(AUTHORIZATION, format!("Bearer {messi}"))
        .header("Upload-Offset", 0);
    let stalled = world.send(request.body(Body::from_stream(body)).unwrap());
    let newer = async {
        let path = format!("/uploads/{id}");
        while world.get(&messi, &path).await["offset"] != 5 {
            tokio::task::yield_now().await;
        }
        piece(&world, &messi, &id, 5, b"56789").await
    };
    let (stalled, newer) = tokio::join!(stalled, newer);
    assert_eq!((stalled.status.as_u16(), stalled.code().as_str()), (409, "conflict"));
    assert_eq!(newer.json(), json!({"offset": 10}));
    drop(pieces);
}
