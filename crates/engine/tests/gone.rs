//! Nodes of which others are gone: who was active there still is, and nobody waits for it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use kabar_engine::store::nodes::Version;
use kabar_engine::testing::{ManualClock, MemoryBlobs, MemoryStore};
use kabar_engine::{Caller, Clock, Engine, LocalBus, Origin, Registration, Settings, Store};
use kabar_model::{Password, RealmName, SessionToken, Timestamp, UserId, Username};

const SECOND: Duration = Duration::from_secs(1);

struct Realm {
    store: MemoryStore,
    clock: Arc<ManualClock>,
}

impl Realm {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp(1_000_000_000)));
        let store = MemoryStore::of_nodes(Arc::clone(&clock) as Arc<dyn Clock>);
        Self { store, clock }
    }

    async fn node(&self) -> Arc<Engine> {
        let settings = Settings::new(RealmName::parse("kampus").unwrap());
        let (store, blobs) = (Arc::new(self.store.clone()), Arc::new(MemoryBlobs::default()));
        let bus: Arc<LocalBus> = Arc::default();
        Engine::start(settings, store, blobs, bus, self.clock.clone()).await.unwrap()
    }

    /// A second goes by, and each of these takes its turn; nobody may be long about it.
    async fn second(&self, nodes: &[&Arc<Engine>]) {
        self.clock.advance(SECOND);
        for node in nodes {
            let turn = tokio::time::timeout(SECOND * 5, node.tell_nodes()).await;
            turn.expect("it says in time that it lives").unwrap();
        }
    }

    /// Who is active, as each node says of itself.
    async fn told(&self) -> Vec<UserId> {
        let seen = self.store.nodes().unwrap().seen(Version::NONE).await.unwrap();
        seen.active.into_iter().map(|(_, who, _)| who.user).collect()
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
    let login = engine.register(Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) }, wish).await;
    login.map(|login| (login.caller, login.token)).unwrap()
}

async fn active(engine: &Engine) -> Vec<String> {
    match engine.active().await {
        Ok(active) => active.iter().map(|user| user.username.to_string()).collect(),
        Err(_) => Vec::new(),
    }
}

/// Waits until it has happened.
async fn eventually(mut happened: impl AsyncFnMut() -> bool) {
    for _ in 0..10_000 {
        if happened().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it did not happen");
}

#[tokio::test]
async fn nodes_that_leave_shortly_after_one_another_hold_nobody_up_and_lose_nobody() {
    let realm = Realm::new();
    let (one, two, other) = (realm.node().await, realm.node().await, realm.node().await);
    register(&one, "ana").await;
    register(&two, "budi").await;
    register(&other, "citra").await;
    realm.second(&[&one, &two, &other]).await;
    realm.second(&[&one, &two, &other]).await;
    let all = ["ana", "budi", "citra"];
    assert_eq!(active(&other).await, all);

    // As with so many sessions that reading them takes long.
    realm.store.hold_sessions(true);
    one.retire().await.unwrap();
    realm.second(&[&two, &other]).await;
    assert_eq!(active(&other).await, all, "not taken up yet");
    let taking_up = tokio::spawn({
        let other = Arc::clone(&other);
        async move { other.take_up_left().await }
    });
    eventually(async || realm.store.holds_up_somebody()).await;
    two.retire().await.unwrap();
    realm.second(&[&other]).await;
    realm.store.hold_sessions(false);
    taking_up.await.unwrap().unwrap();
    assert_eq!(active(&other).await, all, "the second is for the next time");
    other.take_up_left().await.unwrap();
    assert_eq!(active(&other).await, all);

    // They are taken up, and not remembered for ever.
    realm.clock.advance(Duration::from_mins(16));
    assert_eq!(active(&other).await, [""; 0]);
}

#[tokio::test]
async fn a_node_lives_on_while_it_takes_up_the_people_of_another() {
    let realm = Realm::new();
    let (one, two, other) = (realm.node().await, realm.node().await, realm.node().await);
    let follower = Arc::clone(&other);
    tokio::spawn(async move { follower.follow().await });
    register(&one, "ana").await;
    realm.second(&[&one, &two]).await;
    eventually(async || active(&other).await == ["ana"]).await;
    realm.store.hold_sessions(true);
    one.retire().await.unwrap();
    eventually(async || realm.store.holds_up_somebody()).await;
    register(&two, "budi").await;
    realm.second(&[&two]).await;
    eventually(async || active(&other).await == ["ana", "budi"]).await;
    realm.store.hold_sessions(false);
    eventually(async || !realm.store.holds_up_somebody()).await;
    two.retire().await.unwrap();
    eventually(async || active(&other).await == ["ana", "budi"]).await;
}

#[tokio::test]
async fn who_is_only_taken_up_is_not_told_to_others_who_do_so_themselves() {
    let realm = Realm::new();
    let (one, other) = (realm.node().await, realm.node().await);
    let (ana, token) = register(&one, "ana").await;
    realm.second(&[&one, &other]).await;
    one.retire().await.unwrap();
    realm.second(&[&other]).await;
    other.take_up_left().await.unwrap();
    realm.second(&[&other]).await;
    assert_eq!(realm.told().await, []);
    let late = realm.node().await;
    assert_eq!(active(&other).await, ["ana"]);
    assert_eq!(active(&late).await, ["ana"], "nobody has to say so");

    // Who comes back is known as such wherever they come.
    realm.clock.advance(Duration::from_mins(14));
    let there = late.resume(token).await.unwrap();
    realm.second(&[&late, &other]).await;
    assert_eq!(realm.told().await, [ana.user()]);
    realm.clock.advance(Duration::from_mins(2));
    realm.second(&[&late, &other]).await;
    assert_eq!(active(&other).await, ["ana"]);
    late.logout(&there).await.unwrap();
}

#[tokio::test]
async fn a_session_that_ends_while_many_are_taken_up_costs_nobody_else_their_place() {
    let realm = Realm::new();
    let (one, two, other) = (realm.node().await, realm.node().await, realm.node().await);
    register(&one, "ana").await;
    let (_, token) = register(&one, "budi").await;
    let here = other.resume(token).await.unwrap();
    realm.second(&[&one, &two, &other]).await;
    realm.store.hold_sessions(true);
    one.retire().await.unwrap();
    realm.second(&[&two, &other]).await;
    let taking_up = tokio::spawn({
        let other = Arc::clone(&other);
        async move { other.take_up_left().await }
    });
    eventually(async || realm.store.holds_up_somebody()).await;
    other.logout(&here).await.unwrap();
    realm.store.hold_sessions(false);
    taking_up.await.unwrap().unwrap();
    assert_eq!(active(&other).await, ["ana"]);
}

#[tokio::test]
async fn many_who_are_active_are_told_in_parts_of_which_a_beat_waits_for_few() {
    let realm = Realm::new();
    let (one, other) = (realm.node().await, realm.node().await);
    let people: HashSet<UserId> = (1..=12_345).map(UserId).collect();
    one.active_elsewhere(people.clone());
    realm.second(&[&one]).await;
    assert_eq!(realm.told().await.len(), 10_000);
    realm.second(&[&one]).await;
    assert_eq!(realm.told().await.len(), people.len());
    realm.second(&[&other]).await;
    assert_eq!(other.active_ids(), people);
    one.active_elsewhere(HashSet::from([UserId(7)]));
    realm.second(&[&one]).await;
    assert_eq!(realm.told().await.len(), 2_345);

    // What is left follows by itself.
    let follower = Arc::clone(&one);
    tokio::spawn(async move { follower.follow().await });
    eventually(async || realm.told().await == [UserId(7)]).await;
    realm.second(&[&other]).await;
    assert_eq!(other.active_ids(), HashSet::from([UserId(7)]));
}
