//! A silent stream is kept alive, so that a proxy that drops what is silent for a minute does not drop it.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use crate::slow::connect;
use crate::world::World;

/// The longest silence.
const SILENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_stream_is_never_silent_for_more_than_half_a_minute() {
    let world = World::new().await;
    let messi = world.register("messi").await;
    let mut client = connect(&world, &messi, "").await;
    tokio::time::pause();
    let (began, mut heard) = (Instant::now(), Instant::now());
    let (mut pings, mut words) = (0, 0);
    while began.elapsed() < SILENCE * 10 {
        // Reading answers the pings, as browsers do.
        let frame = tokio::time::timeout(SILENCE + Duration::from_secs(1), client.0.next()).await;
        match frame.expect("a word within the time").unwrap().unwrap() {
            Message::Ping(_) => pings += 1,
            // A page hears no pings, only words.
            Message::Text(text) if text.contains(r#""type":"alive""#) => words += 1,
            Message::Text(_) => {}
            other => panic!("{other:?}"),
        }
        assert!(heard.elapsed() <= SILENCE + Duration::from_secs(1), "{:?}", heard.elapsed());
        heard = Instant::now();
    }
    assert!(pings >= 9 && words >= 9, "{pings} {words}");
    assert_eq!(world.ask(&messi, "GET", "/me", Value::Null).await.status, 200);
}
