//! Contents that no message refers to.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kabar_engine::testing::{ManualClock, MemoryBlobs, MemoryStore};
use kabar_engine::{Blobs, Clock, Engine, LocalBus, Settings, SystemClock};
use kabar_model::{ContentHash, RealmName, Timestamp};

const TWO_DAYS: Duration = Duration::from_hours(48);

/// How many contents are removed that nobody refers to, two days after they came.
async fn swept(store: impl FnOnce(Arc<dyn Clock>) -> MemoryStore) -> usize {
    let then = SystemClock::default().now().0 + i64::try_from(TWO_DAYS.as_micros()).unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp(then)));
    let blobs = MemoryBlobs::default();
    blobs.put(ContentHash([7; 32]), Bytes::from_static(b"nobody's")).await.unwrap();
    let settings = Settings::new(RealmName::parse("kampus").unwrap());
    let store = Arc::new(store(Arc::clone(&clock) as Arc<dyn Clock>));
    let bus = Arc::new(LocalBus::default());
    let engine = Engine::start(settings, store, Arc::new(blobs), bus, clock).await.unwrap();
    engine.sweep_files().await.unwrap()
}

#[tokio::test]
async fn they_go_after_a_day() {
    assert_eq!(swept(|_| MemoryStore::default()).await, 1);
}

#[tokio::test]
async fn they_stay_where_another_node_may_be_about_to_refer_to_them() {
    assert_eq!(swept(MemoryStore::of_nodes).await, 0);
}
