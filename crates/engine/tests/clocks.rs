//! A node whose clock is wrong deletes nothing for its age.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use kabar_engine::testing::{ManualClock, MemoryBlobs, MemoryStore};
use kabar_engine::{Clock, Engine, LocalBus, Origin, Registration, Settings, Store};
use kabar_model::{Password, RealmName, Timestamp, Username};

const NOW: Timestamp = Timestamp(1_000_000_000_000_000);
const MONTH: Duration = Duration::from_hours(31 * 24);

#[tokio::test]
async fn a_node_whose_clock_is_not_the_databases_deletes_nothing_for_its_age() {
    let (right, own) = (Arc::new(ManualClock::new(NOW)), Arc::new(ManualClock::new(NOW)));
    let store = MemoryStore::of_nodes(Arc::clone(&right) as Arc<dyn Clock>);
    let settings = Settings::new(RealmName::parse("kampus").unwrap());
    let blobs = Arc::new(MemoryBlobs::default());
    let bus: Arc<LocalBus> = Arc::default();
    let node = Engine::start(settings, Arc::new(store.clone()), blobs, bus, own.clone());
    let node = node.await.unwrap();
    let wish = Registration {
        username: Username::parse("ana").unwrap(),
        password: Password::parse("rahasia").unwrap(),
        name: None,
        country: None,
        invitation: None,
    };
    let here = Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
    let session = node.register(here, wish).await.unwrap().caller.session();
    let lives = async || !store.living_sessions(&[session]).await.unwrap().is_empty();

    for (clock, is_trusted) in [
        (NOW.after(MONTH), false),
        (NOW.before(MONTH), false),
        (NOW.after(Duration::from_secs(31)), false),
        (NOW.before(Duration::from_secs(31)), false),
        (NOW.after(Duration::from_secs(29)), true),
        (NOW.before(Duration::from_secs(29)), true),
    ] {
        own.set(clock);
        node.tell_nodes().await.unwrap();
        assert_eq!(node.trusts_clock(), is_trusted, "{clock:?}");
        node.keep_house().await.unwrap();
        assert!(lives().await, "{clock:?}");
    }
    for clock in [&right, &own] {
        clock.set(NOW.after(MONTH));
    }
    node.tell_nodes().await.unwrap();
    node.keep_house().await.unwrap();
    assert!(!lives().await, "a month is over");
}
