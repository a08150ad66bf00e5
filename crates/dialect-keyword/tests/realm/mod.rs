//! What every test stands on: an engine in memory, and who has an account there.

use std::sync::Arc;

use kabar_engine::testing::{ManualClock, MemoryStore};
use kabar_engine::{Blobs, Engine, LocalBus, Registration, Settings};
use kabar_model::{Password, Username};

/// An engine over an empty store that tells of news.
pub(crate) async fn engine(
    settings: Settings,
    blobs: impl Blobs,
    clock: Arc<ManualClock>,
) -> Arc<Engine> {
    let (store, blobs) = (Arc::new(MemoryStore::default()), Arc::new(blobs));
    let bus = Arc::new(LocalBus::default());
    let engine = Engine::start(settings, store, blobs, bus, clock).await.unwrap();
    let follower = Arc::clone(&engine);
    tokio::spawn(async move { follower.follow().await });
    engine
}

/// An account without a name of its own.
pub(crate) fn registration(username: &str, password: &str) -> Registration {
    Registration {
        username: Username::parse(username).unwrap(),
        password: Password::parse(password).unwrap(),
        name: None,
        country: None,
        invitation: None,
    }
}
