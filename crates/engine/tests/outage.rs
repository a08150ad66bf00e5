//! Nodes whose database fails for a while: nothing of what they were to write or to ask is forgotten meanwhile.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use kabar_engine::store::Place;
use kabar_engine::store::nodes::NodeId;
use kabar_engine::testing::{ManualClock, MemoryBlobs, MemoryStore};
use kabar_engine::{
    Bus, Caller, Clock, Engine, Hint, Listening, LocalBus, NewPost, News, Origin, Registration,
    Settings, Signal,
};
use kabar_model::{
    Address, Body, Password, RealmName, RoomName, Seq, SessionToken, Timestamp, Username,
};

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

    async fn node(&self, bus: Arc<LocalBus>) -> Arc<Engine> {
        let settings = Settings::new(RealmName::parse("kampus").unwrap());
        let (store, blobs) = (Arc::new(self.store.clone()), Arc::new(MemoryBlobs::default()));
        Engine::start(settings, store, blobs, bus, self.clock.clone()).await.unwrap()
    }

    async fn two(&self) -> [Arc<Engine>; 2] {
        [self.node(Arc::default()).await, self.node(Arc::default()).await]
    }

    /// A second goes by, and each of these takes its turn.
    async fn second(&self, nodes: &[&Arc<Engine>]) {
        self.clock.advance(Duration::from_secs(1));
        for node in nodes {
            node.tell_nodes().await.unwrap();
        }
    }

    /// The first is silent until the other has counted it as gone.
    async fn silence(&self, other: &Arc<Engine>) {
        for _ in 0..6 {
            self.second(&[other]).await;
        }
    }
}

async fn register(engine: &Engine, name: &str) -> (Caller, SessionToken) {
    let wish = wish(name);
    let login = engine.register(Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) }, wish).await;
    login.map(|login| (login.caller, login.token)).unwrap()
}

fn wish(name: &str) -> Registration {
    Registration {
        username: Username::parse(name).unwrap(),
        password: Password::parse("rahasia").unwrap(),
        name: None,
        country: None,
        invitation: None,
    }
}

fn people(engine: &Engine, caller: &Caller) -> usize {
    engine.open_rooms(caller).iter().map(|room| room.people).sum()
}

#[tokio::test]
async fn what_a_node_that_was_gone_has_is_written_again_when_that_failed_once() {
    let realm = Realm::new();
    let [one, other] = realm.two().await;
    let ((ana, _), (budi, _)) = (register(&one, "ana").await, register(&other, "budi").await);
    let at_ana = one.listen(&ana);
    let lobby = RoomName::parse("lobby").unwrap();
    let (stay, _) = one.enter_room(&ana, &at_ana, &lobby).await.unwrap();
    realm.second(&[&one, &other]).await;
    realm.silence(&other).await;
    assert_eq!(people(&other, &budi), 0);

    realm.store.fail_nodes(true);
    one.tell_nodes().await.unwrap_err();
    realm.store.fail_nodes(false);
    realm.second(&[&one, &other]).await;
    assert_eq!((people(&other, &budi), stay.lasts()), (1, true));
}

#[tokio::test]
async fn a_secret_for_the_first_administrator_outlives_a_beat_that_failed() {
    let realm = Realm::new();
    let [one, other] = realm.two().await;
    let secret = one.setup_secret().await.unwrap().unwrap();
    realm.second(&[&one, &other]).await;
    realm.silence(&other).await;
    realm.store.fail_nodes(true);
    one.tell_nodes().await.unwrap_err();
    realm.store.fail_nodes(false);
    realm.second(&[&one, &other]).await;
    assert!(one.awaits_set_up() && other.awaits_set_up());
    other.set_up(&secret, wish("ana")).await.unwrap();
}

#[tokio::test]
async fn leavings_that_could_not_be_written_are_written_later() {
    let realm = Realm::new();
    let [one, other] = realm.two().await;
    let ((ana, _), (budi, token)) = (register(&one, "ana").await, register(&other, "budi").await);
    let budi_here = one.resume(token).await.unwrap();
    let (at_ana, at_budi) = (one.listen(&ana), other.listen(&budi));
    let lobby = RoomName::parse("lobby").unwrap();
    let (stay, _) = one.enter_room(&ana, &at_ana, &lobby).await.unwrap();
    let (_stay, _) = other.enter_room(&budi, &at_budi, &lobby).await.unwrap();
    realm.second(&[&one, &other, &one]).await;
    assert_eq!(people(&other, &budi), 2);

    realm.store.fail_nodes(true);
    drop(stay);
    one.leave_room(&budi_here).unwrap();
    one.tell_nodes().await.unwrap_err();
    realm.store.fail_nodes(false);
    realm.second(&[&one, &other]).await;
    assert_eq!(people(&other, &budi), 0);
}

#[tokio::test]
async fn a_session_that_could_not_be_asked_after_is_asked_after_again() {
    let realm = Realm::new();
    let bus: Arc<LocalBus> = Arc::default();
    let one = realm.node(Arc::clone(&bus)).await;
    follow(&one);
    // The other's hints never come.
    let other = realm.node(Arc::default()).await;
    let (_, token) = register(&one, "ana").await;
    let (_, kept) = register(&one, "budi").await;
    let there = other.resume(token).await.unwrap();
    other.logout(&there).await.unwrap();

    realm.store.fail_nodes(true);
    bus.miss();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(one.resume(token).now_or_never().unwrap().is_ok(), "nobody could say");
    realm.store.fail_nodes(false);
    ends(&one, token, "it is never asked after").await;
    one.resume(kept).await.unwrap();
}

#[tokio::test]
async fn hints_are_heard_while_sessions_are_asked_after() {
    let realm = Realm::new();
    let bus: Arc<LocalBus> = Arc::default();
    let one = realm.node(Arc::clone(&bus)).await;
    follow(&one);
    let other = realm.node(Arc::default()).await;
    let ((ana, first), (_, second)) = (register(&one, "ana").await, register(&one, "budi").await);
    for token in [first, second] {
        let there = other.resume(token).await.unwrap();
        other.logout(&there).await.unwrap();
    }

    // As with so many sessions that it takes long.
    realm.store.hold_sessions(true);
    bus.miss();
    tokio::time::sleep(Duration::from_millis(20)).await;
    bus.publish(Hint::SessionEnded(ana.session()));
    ends(&one, first, "the hint waits").await;
    assert!(one.resume(second).now_or_never().unwrap().is_ok(), "nobody has said yet");
    realm.store.hold_sessions(false);
    ends(&one, second, "it is never asked after").await;
}

#[tokio::test]
async fn hints_that_come_while_a_node_starts_are_heard() {
    let realm = Realm::new();
    let bus: Arc<LocalBus> = Arc::default();
    let other = realm.node(Arc::clone(&bus)).await;
    let (ana, token) = register(&other, "ana").await;
    let one = realm.node(Arc::clone(&bus)).await;
    assert!(one.resume(token).now_or_never().unwrap().is_ok(), "it has taken the session up");
    other.logout(&ana).await.unwrap();
    follow(&one);
    ends(&one, token, "it has not heard that").await;
}

/// The next thing that somebody hears.
async fn next(listening: &mut Listening) -> News {
    tokio::time::timeout(Duration::from_secs(5), listening.next()).await.expect("it is told")
}

#[tokio::test]
async fn what_the_store_tells_of_others_reaches_those_who_listen_closely() {
    let realm = Realm::new();
    let bus: Arc<LocalBus> = Arc::default();
    let one = realm.node(Arc::clone(&bus)).await;
    follow(&one);
    tokio::task::yield_now().await;
    // The other's hints never come.
    let other = realm.node(Arc::default()).await;
    let ((ana, _), (budi, token)) = (register(&one, "ana").await, register(&other, "budi").await);
    let mut at_budi = one.listen_closely(&one.resume(token).await.unwrap());
    let direct = other.open_direct(&budi, &Address::parse("ana").unwrap()).await.unwrap();
    let post = NewPost { text: Some(Body::parse("halo").unwrap()), ..NewPost::default() };
    one.post_in(&ana, direct, post).await.unwrap();
    assert!(matches!(next(&mut at_budi).await, News::Message(_)));

    let (by, user) = (NodeId::NONE, budi.user());
    let place = Place { conversation: direct, seq: Seq(1) };
    other.read_up_to(&budi, place).await.unwrap();
    for _ in 0..2 {
        bus.publish(Hint::Read { by, user, place });
    }
    let told = async |listening: &mut Listening| match next(listening).await {
        News::Signal(signal) => (*signal).clone(),
        other => panic!("{other:?}"),
    };
    let read = told(&mut at_budi).await;
    assert!(matches!(read, Signal::Read(read) if read == place), "{read:?}");
    bus.publish(Hint::Delivery { by, conversation: direct, user: Some(user) });
    let delivery = told(&mut at_budi).await;
    assert!(
        matches!(delivery, Signal::Delivery(id) if id == direct),
        "read but once: {delivery:?}"
    );
    bus.publish(Hint::Left { by, conversation: direct, user });
    let left = told(&mut at_budi).await;
    assert!(matches!(left, Signal::Conversation(id) if id == direct), "{left:?}");
}

#[tokio::test]
async fn who_listens_closely_reads_anew_when_hints_were_lost_for_good() {
    let realm = Realm::new();
    let bus: Arc<LocalBus> = Arc::default();
    let one = realm.node(Arc::clone(&bus)).await;
    follow(&one);
    tokio::task::yield_now().await;
    let (ana, _) = register(&one, "ana").await;
    let (mut close, mut listening) = (one.listen_closely(&ana), one.listen(&ana));
    // The store tells what matters of these.
    bus.skip();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(close.next().now_or_never().is_none());
    bus.miss();
    assert!(matches!(next(&mut close).await, News::Missed));
    assert!(listening.next().now_or_never().is_none(), "messages are told all the same");
}

fn follow(node: &Arc<Engine>) {
    let follower = Arc::clone(node);
    tokio::spawn(async move { follower.follow().await });
}

async fn ends(node: &Engine, token: SessionToken, otherwise: &str) {
    let began = tokio::time::Instant::now();
    while node.resume(token).await.is_ok() {
        assert!(began.elapsed() < Duration::from_secs(5), "{otherwise}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
