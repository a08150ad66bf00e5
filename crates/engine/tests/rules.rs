//! Rules that no interface shows whole yet: private groups, and several nodes on one store.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use kabar_engine::testing::{ManualClock, MemoryBlobs, MemoryStore};
use kabar_engine::{Bus, Caller, Engine, Hint, LocalBus, Operator, Origin, Registration, Settings};
use kabar_model::{
    Body, GroupName, Password, RealmName, Refusal, SessionToken, Timestamp, Username, Visibility,
};

const HERE: Origin = Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) };

/// Nodes of one realm: a store, a clock and a bus that they share.
struct Realm {
    store: Arc<MemoryStore>,
    bus: Arc<LocalBus>,
    clock: Arc<ManualClock>,
}

impl Realm {
    fn new() -> Self {
        Self {
            store: Arc::default(),
            bus: Arc::default(),
            clock: Arc::new(ManualClock::new(Timestamp(1_000_000_000))),
        }
    }

    /// A node that follows the bus.
    async fn node(&self) -> Arc<Engine> {
        let settings = Settings::new(RealmName::parse("kampus").unwrap());
        let blobs = Arc::new(MemoryBlobs::default());
        let (store, bus, clock) = (self.store.clone(), self.bus.clone(), self.clock.clone());
        let engine = Engine::start(settings, store, blobs, bus, clock).await.unwrap();
        let follower = Arc::clone(&engine);
        tokio::spawn(async move { follower.follow().await });
        // It listens from here on.
        tokio::task::yield_now().await;
        engine
    }
}

async fn register(engine: &Engine, name: &str) -> (Caller, SessionToken) {
    let wish = Registration {
        username: Username::parse(name).unwrap(),
        password: Password::parse("rahasia").unwrap(),
        name: None,
        country: None,
        invitation: None,
    };
    let login = engine.register(HERE, wish).await.unwrap();
    (login.caller, login.token)
}

fn refusal<T>(outcome: kabar_engine::Result<T>) -> Option<Refusal> {
    outcome.err().and_then(|error| error.refusal().cloned())
}

fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

fn body() -> Body {
    Body::parse("halo").unwrap()
}

/// Waits until the other node has heard.
async fn eventually(mut happened: impl AsyncFnMut() -> bool) {
    for _ in 0..10_000 {
        if happened().await {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it did not happen");
}

#[tokio::test]
async fn a_private_group_does_not_exist_for_strangers_who_lack_its_code() {
    let realm = Realm::new();
    let engine = realm.node().await;
    let (ana, _) = register(&engine, "ana").await;
    let (budi, _) = register(&engine, "budi").await;
    let made = engine.create_group(&ana, group("rahasia"), Visibility::Private).await.unwrap();
    let code = made.code.to_string();

    assert_eq!(refusal(engine.join_group(&budi, "rahasia").await), Some(Refusal::GroupUnknown));
    assert_eq!(refusal(engine.leave_group(&budi, "rahasia").await), Some(Refusal::GroupUnknown));
    let posting = engine.send_to_group(&budi, "rahasia", body()).await.unwrap();
    assert_eq!(refusal(posting.durable().await), Some(Refusal::GroupUnknown));
    assert!(engine.visible_groups(&budi).await.unwrap().is_empty());
    assert_eq!(refusal(engine.join_group(&ana, "rahasia").await), Some(Refusal::AlreadyMember));

    let posting = engine.send_to_group(&budi, &code, body()).await.unwrap();
    assert_eq!(refusal(posting.durable().await), Some(Refusal::NotMember));
    engine.join_group(&budi, &code).await.unwrap();
    engine.send_to_group(&budi, "rahasia", body()).await.unwrap().durable().await.unwrap();
    assert_eq!(engine.inbox(&ana).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn what_one_node_ends_has_ended_on_the_others() {
    let realm = Realm::new();
    let (one, other) = (realm.node().await, realm.node().await);
    let (ana, token) = register(&one, "ana").await;
    let there = other.resume(token).await.unwrap();
    one.logout(&ana).await.unwrap();
    eventually(async || other.still(&there).is_err()).await;
    assert_eq!(refusal(other.resume(token).await), Some(Refusal::SessionUnknown));

    let (_, token) = register(&one, "budi").await;
    let there = other.resume(token).await.unwrap();
    let budi = Username::parse("budi").unwrap();
    assert_eq!(one.set_disabled(Operator::vouched(), &budi, true).await.unwrap(), 1);
    eventually(async || other.still(&there).is_err()).await;
    let again = other.login(HERE, &budi, Password::parse("rahasia").unwrap()).await;
    assert_eq!(refusal(again), Some(Refusal::NotAllowed));
}

#[tokio::test]
async fn a_node_that_missed_hints_catches_up() {
    let realm = Realm::new();
    let one = realm.node().await;
    let other = realm.node().await;
    let (ana, token) = register(&one, "ana").await;
    let there = other.resume(token).await.unwrap();
    one.logout(&ana).await.unwrap();
    // So much is said at once that whoever listens must lose the hint of the logout.
    for number in 0..20_000 {
        realm.bus.publish(Hint::GroupChanged(kabar_model::ConversationId(number)));
    }
    eventually(async || other.still(&there).is_err()).await;
}

#[tokio::test]
async fn sessions_end_after_their_time_without_use_and_outlive_a_restart_until_then() {
    let realm = Realm::new();
    let engine = realm.node().await;
    let (_, token) = register(&engine, "ana").await;
    let day = Duration::from_hours(24);
    realm.clock.advance(day * 29);
    engine.resume(token).await.unwrap();
    engine.keep_house().await.unwrap();
    drop(engine);

    let engine = realm.node().await;
    realm.clock.advance(day * 29);
    let caller = engine.resume(token).await.unwrap();
    realm.clock.advance(day * 30);
    assert_eq!(refusal(engine.resume(token).await), Some(Refusal::SessionUnknown));
    assert_eq!(refusal(engine.still(&caller)), Some(Refusal::SessionUnknown));
}

#[tokio::test]
async fn who_was_active_before_a_restart_still_is() {
    let realm = Realm::new();
    let engine = realm.node().await;
    register(&engine, "ana").await;
    let (_, token) = register(&engine, "budi").await;
    realm.clock.advance(Duration::from_mins(14));
    engine.resume(token).await.unwrap();
    engine.note_use().await.unwrap();
    drop(engine);
    let engine = realm.node().await;
    assert_eq!(engine.active().await.unwrap().len(), 2);
    realm.clock.advance(Duration::from_mins(2));
    let active = engine.active().await.unwrap();
    assert_eq!(active.len(), 1);
    assert_eq!(active[0].username.as_str(), "budi");
}

#[tokio::test]
async fn a_clock_that_is_set_back_holds_nobody_up() {
    let realm = Realm::new();
    let engine = realm.node().await;
    let (ana, token) = register(&engine, "ana").await;
    realm.clock.set(Timestamp(0));
    engine.resume(token).await.unwrap();
    let to = [kabar_model::Address::parse("ana").unwrap()];
    engine.send(&ana, &to, body()).await.unwrap().durable().await.unwrap();
    let name = Username::parse("ana").unwrap();
    for _ in 0..6 {
        let _ = engine.login(HERE, &name, Password::parse("salah").unwrap()).await;
    }
    realm.clock.set(Timestamp(-5_000_000_000));
    realm.clock.advance(Duration::from_secs(2));
    engine.login(HERE, &name, Password::parse("rahasia").unwrap()).await.unwrap();
}
