//! Several nodes on one store: what somebody does on one is seen on the others.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use kabar_engine::store::Place;
use kabar_engine::store::nodes::Coming;
use kabar_engine::testing::{ManualClock, MemoryBlobs, MemoryStore};
use kabar_engine::{
    Caller, Clock, Engine, Listening, LocalBus, NewPost, News, Origin, Registration, Settings,
    Signal, Store,
};
use kabar_model::limits::ROOM_PEOPLE_MAX;
use kabar_model::{
    Address, Body, ConversationId, Field, Label, Password, RealmName, Refusal, RoomName, SessionId,
    SessionToken, Timestamp, Username,
};

const HERE: Origin = Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
/// As far as one is from this machine.
const AFAR: Origin = Origin { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)) };
const SECOND: Duration = Duration::from_secs(1);

/// A realm of several nodes. Their time passes when the test says so; hints come as they come.
struct Realm {
    store: MemoryStore,
    bus: Arc<LocalBus>,
    clock: Arc<ManualClock>,
}

impl Realm {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp(1_000_000_000)));
        let store = MemoryStore::of_nodes(Arc::clone(&clock) as Arc<dyn Clock>);
        Self { store, bus: Arc::default(), clock }
    }

    /// A node that hears no hints.
    async fn deaf_node(&self) -> Arc<Engine> {
        self.node_on(Arc::default()).await
    }

    async fn node(&self) -> Arc<Engine> {
        let engine = self.node_on(Arc::clone(&self.bus)).await;
        let follower = Arc::clone(&engine);
        tokio::spawn(async move { follower.follow().await });
        // It listens from here on.
        tokio::task::yield_now().await;
        engine
    }

    async fn node_on(&self, bus: Arc<LocalBus>) -> Arc<Engine> {
        let settings = Settings::new(RealmName::parse("kampus").unwrap());
        let (store, blobs) = (Arc::new(self.store.clone()), Arc::new(MemoryBlobs::default()));
        Engine::start(settings, store, blobs, bus, self.clock.clone()).await.unwrap()
    }

    /// A second goes by, and each of these takes its turn.
    async fn second(&self, nodes: &[&Arc<Engine>]) {
        self.clock.advance(SECOND);
        for node in nodes {
            node.tell_nodes().await.unwrap();
        }
    }
}

async fn register(engine: &Engine, name: &str) -> (Caller, SessionToken) {
    let login = engine.register(HERE, wish(name)).await.unwrap();
    (login.caller, login.token)
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

fn refusal<T>(outcome: kabar_engine::Result<T>) -> Refusal {
    outcome.err().unwrap().refusal().unwrap().clone()
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

fn names(users: &[Arc<kabar_model::User>]) -> Vec<&str> {
    users.iter().map(|user| user.username.as_str()).collect()
}

/// What has come so far, in words.
fn heard(listening: &mut Listening) -> Vec<String> {
    let mut heard = Vec::new();
    while let Some(news) = listening.next().now_or_never() {
        heard.push(match news {
            News::Message(message) => format!("{}: {}", message.from.username, message.body),
            News::Entered(who) => format!("+{}", who.user.username),
            News::Left(who) => format!("-{}", who.user.username),
            News::Signal(signal) => match &*signal {
                Signal::Presence { user, active: true } => format!("{} is here", user.username),
                Signal::Presence { user, .. } => format!("{} is away", user.username),
                Signal::Typing { user, .. } => format!("{} types", user.username),
                Signal::Read(place) => format!("read {}", place.seq.0),
                Signal::OutOfRoom(_) => "out".to_owned(),
                Signal::Delivery(_) => "delivery".to_owned(),
                Signal::Conversation(_) => "conversation".to_owned(),
            },
            News::Missed => {
                heard.push("missed".to_owned());
                break;
            }
        });
    }
    heard
}

/// Waits until a hint has been heard.
async fn eventually(mut happened: impl AsyncFnMut() -> bool) {
    for _ in 0..10_000 {
        if happened().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it did not happen");
}

/// Waits for that, whatever comes before it.
async fn hears(listening: &mut Listening, what: &str) {
    eventually(async || heard(listening).iter().any(|heard| heard == what)).await;
}

#[tokio::test]
async fn people_on_two_nodes_are_in_one_room() {
    let realm = Realm::new();
    let (one, other) = (realm.deaf_node().await, realm.deaf_node().await);
    let ((ana, _), (budi, budis)) = (register(&one, "ana").await, register(&other, "budi").await);
    let lobby = room("lobby");
    let mut at_ana = one.listen_closely(&ana);
    let mut at_budi = other.listen_closely(&budi);
    let (at_one, _) = one.enter_room(&ana, &at_ana, &lobby).await.unwrap();
    let (stay, _) = other.enter_room(&budi, &at_budi, &lobby).await.unwrap();
    assert_eq!(at_one.room(), stay.room());
    realm.second(&[&one, &other]).await;
    for (node, who) in [(&one, &ana), (&other, &budi)] {
        assert_eq!(names(&node.people_in_room(who, stay.room())), ["ana", "budi"]);
        assert_eq!(node.open_rooms(who)[0].people, 2);
        let (open, people) = node.open_room(who, &lobby).unwrap();
        assert_eq!((open.people, names(&people)), (2, vec!["ana", "budi"]));
    }
    assert_eq!(heard(&mut at_ana), ["+budi"]);
    heard(&mut at_budi);

    let body = Body::parse("halo").unwrap();
    one.send_to_room(&ana, body).await.unwrap().durable().await.unwrap();
    let budi_at_one = one.resume(budis).await.unwrap();
    assert_eq!(one.room_of(&budi_at_one).unwrap(), lobby, "wherever one asks");

    drop(stay);
    realm.second(&[&other, &one]).await;
    assert_eq!(heard(&mut at_ana), ["-budi"], "and nothing else meanwhile");
    assert_eq!(names(&one.people_in_room(&ana, at_one.room())), ["ana"]);
    drop(at_one);
    realm.second(&[&one, &other]).await;
    assert!(other.open_rooms(&budi).is_empty());
}

#[tokio::test]
async fn who_goes_into_a_room_on_another_node_leaves_the_one_before() {
    let realm = Realm::new();
    let (one, other) = (realm.deaf_node().await, realm.deaf_node().await);
    let ((ana, token), (budi, _)) = (register(&one, "ana").await, register(&one, "budi").await);
    let ana_there = other.resume(token).await.unwrap();
    let (mut at_ana, mut at_budi) = (one.listen_closely(&ana), one.listen_closely(&budi));
    let mut at_other = other.listen_closely(&ana_there);
    let (first, _) = one.enter_room(&ana, &at_ana, &room("hall")).await.unwrap();
    let _stay = one.enter_room(&budi, &at_budi, &room("hall")).await.unwrap();
    heard(&mut at_ana);
    let (second, _) = other.enter_room(&ana_there, &at_other, &room("yard")).await.unwrap();
    realm.second(&[&one, &other]).await;
    assert_eq!(
        (heard(&mut at_ana), heard(&mut at_budi)),
        (vec!["out".into()], vec!["-ana".into()])
    );
    assert!(!first.lasts() && second.lasts());
    drop(first);
    realm.second(&[&one, &other]).await;
    assert_eq!(one.room_of(&ana).unwrap(), room("yard"), "an old stay takes nobody out");

    // The same room on another node: nobody else sees a difference.
    let (_third, _) = one.enter_room(&ana, &at_ana, &room("yard")).await.unwrap();
    realm.second(&[&one, &other]).await;
    assert_eq!((heard(&mut at_other), second.lasts()), (vec!["out".into()], false));
    assert_eq!(other.open_rooms(&ana_there).len(), 2);

    // Leaving works wherever one asks.
    assert_eq!(other.leave_room(&ana_there).unwrap(), room("yard"));
    realm.second(&[&other, &one]).await;
    assert_eq!(heard(&mut at_ana), ["out"]);
    assert_eq!(refusal(one.room_of(&ana)), Refusal::NotInRoom);
}

#[tokio::test]
async fn a_request_on_another_node_finds_the_room_one_has_just_gone_into() {
    let realm = Realm::new();
    let (one, other) = (realm.deaf_node().await, realm.deaf_node().await);
    let (ana, token) = register(&one, "ana").await;
    let ana_there = other.resume(token).await.unwrap();
    let at_ana = one.listen(&ana);
    let (stay, _) = one.enter_room(&ana, &at_ana, &room("lobby")).await.unwrap();
    let post = || NewPost { text: Some(Body::parse("halo").unwrap()), ..NewPost::default() };
    other.post_in(&ana_there, stay.room(), post()).await.unwrap();
    let body = Body::parse("lagi").unwrap();
    other.send_to_room(&ana_there, body).await.unwrap().durable().await.unwrap();
    drop(stay);
    realm.second(&[&one, &other]).await;
    let nowhere = other.post_in(&ana_there, ConversationId(1), post()).await;
    assert_eq!(refusal(nowhere), Refusal::NotInRoom);
}

#[tokio::test]
async fn a_room_is_full_on_all_nodes_together() {
    let realm = Realm::new();
    let (one, other) = (realm.deaf_node().await, realm.deaf_node().await);
    let ((ana, _), (budi, _)) = (register(&one, "ana").await, register(&other, "budi").await);
    let at_ana = one.listen(&ana);
    let (stay, _) = one.enter_room(&ana, &at_ana, &room("lobby")).await.unwrap();
    let nodes = realm.store.nodes().unwrap();
    let coming = |n: usize| Coming {
        session: SessionId(1_000 + i64::try_from(n).unwrap()),
        user: ana.user(),
        room: stay.room(),
        visit: 1,
        again: false,
    };
    for n in 1..ROOM_PEOPLE_MAX {
        nodes.enter(one.node(), coming(n), ROOM_PEOPLE_MAX).await.unwrap();
    }
    let at_budi = other.listen(&budi);
    let full = other.enter_room(&budi, &at_budi, &room("lobby")).await;
    assert_eq!(refusal(full), Refusal::TooMany(Field::Room));
    drop(stay);
    realm.second(&[&one]).await;
    other.enter_room(&budi, &at_budi, &room("lobby")).await.unwrap();
}

#[tokio::test]
async fn nothing_outlives_a_session_that_has_ended_on_another_node() {
    let realm = Realm::new();
    let (one, two) = (realm.node().await, realm.deaf_node().await);
    let (_, token) = register(&one, "ana").await;
    let ana = two.resume(token).await.unwrap();
    let other = two.further_session(&ana).await.unwrap();
    one.logout(&one.resume(token).await.unwrap()).await.unwrap();
    two.still(&ana).unwrap();
    let label = || Label::parse("bot").unwrap();
    let old = || Password::parse("rahasia").unwrap();
    let refusals = [
        refusal(two.further_session(&ana).await),
        refusal(two.admit_program(&ana, label(), true).await),
        refusal(two.change_password(&ana, HERE, old(), old()).await),
        refusal(two.own_sessions(&ana).await),
        refusal(two.end_own_session(&ana, other.caller.session()).await),
        refusal(two.end_own_sessions(&ana).await),
        refusal(two.programs(&ana).await),
    ];
    for refusal in refusals {
        assert_eq!(refusal, Refusal::SessionUnknown);
    }
    assert_eq!(one.own_sessions(&other.caller).await.unwrap().len(), 1);
}

#[tokio::test]
async fn who_is_active_on_one_node_is_on_the_others() {
    let realm = Realm::new();
    let (one, other) = (realm.deaf_node().await, realm.deaf_node().await);
    let ((ana, _), (budi, _)) = (register(&one, "ana").await, register(&other, "budi").await);
    let with_budi = Address::parse("budi").unwrap();
    one.open_direct(&ana, &with_budi).await.unwrap();
    let mut at_budi = other.listen_closely(&budi);
    realm.second(&[&one, &other]).await;
    assert_eq!(names(&other.active().await.unwrap()), ["ana", "budi"]);
    assert_eq!(other.active_ids().len(), 2);
    other.tell_presence().await;
    assert!(heard(&mut at_budi).contains(&"ana is here".to_owned()));
    one.logout(&ana).await.unwrap();
    realm.second(&[&one, &other]).await;
    assert_eq!(names(&other.active().await.unwrap()), ["budi"]);
    other.tell_presence().await;
    assert_eq!(heard(&mut at_budi), ["ana is away"]);
}

#[tokio::test]
async fn people_of_a_node_that_is_gone_leave_and_come_back_with_it() {
    let realm = Realm::new();
    let (one, other) = (realm.deaf_node().await, realm.deaf_node().await);
    let ((ana, _), (budi, _)) = (register(&one, "ana").await, register(&other, "budi").await);
    let (mut at_ana, mut at_budi) = (one.listen_closely(&ana), other.listen_closely(&budi));
    let (stay, _) = one.enter_room(&ana, &at_ana, &room("lobby")).await.unwrap();
    let _stay = other.enter_room(&budi, &at_budi, &room("lobby")).await.unwrap();
    realm.second(&[&one, &other]).await;
    heard(&mut at_budi);
    for _ in 0..4 {
        realm.second(&[&other]).await;
        assert_eq!(heard(&mut at_budi), [""; 0], "it may still come");
    }
    realm.second(&[&other]).await;
    assert_eq!(heard(&mut at_budi), ["-ana"]);
    assert_eq!(names(&other.active().await.unwrap()), ["ana", "budi"], "used a moment ago");

    // It was only paused.
    realm.second(&[&one, &other]).await;
    assert_eq!(heard(&mut at_budi), ["+ana"]);
    assert!(stay.lasts() && !heard(&mut at_ana).contains(&"out".to_owned()));
    assert_eq!(names(&other.people_in_room(&budi, stay.room())), ["budi", "ana"]);
    one.retire().await.unwrap();
    realm.second(&[&other]).await;
    assert_eq!(heard(&mut at_budi), ["-ana"], "one that stops is gone at once");
}

#[tokio::test]
async fn who_went_elsewhere_while_their_node_was_silent_stays_there() {
    let realm = Realm::new();
    let (one, other) = (realm.deaf_node().await, realm.deaf_node().await);
    let (ana, token) = register(&one, "ana").await;
    let mut at_ana = one.listen_closely(&ana);
    let (stay, _) = one.enter_room(&ana, &at_ana, &room("hall")).await.unwrap();
    for _ in 0..6 {
        realm.second(&[&other]).await;
    }
    let there = other.resume(token).await.unwrap();
    let listening = other.listen(&there);
    let (yard, _) = other.enter_room(&there, &listening, &room("yard")).await.unwrap();
    realm.second(&[&one, &other]).await;
    assert!(yard.lasts() && !stay.lasts());
    assert_eq!(heard(&mut at_ana), ["out"]);
    assert_eq!(one.room_of(&ana).unwrap(), room("yard"));
}

#[tokio::test]
async fn a_coming_that_was_broken_off_is_taken_back() {
    let realm = Realm::new();
    let (one, other) = (realm.deaf_node().await, realm.deaf_node().await);
    let (budi, _) = register(&other, "budi").await;
    // What stands in the store when a client hangs up between the two.
    let coming = Coming {
        session: budi.session(),
        user: budi.user(),
        room: realm.store.room(&room("lobby"), Timestamp(0)).await.unwrap(),
        visit: 1,
        again: false,
    };
    realm.store.nodes().unwrap().enter(one.node(), coming, 10).await.unwrap();
    realm.second(&[&one, &other]).await;
    assert_eq!(other.open_rooms(&budi).len(), 1);
    for _ in 0..3 {
        realm.second(&[&one, &other]).await;
    }
    assert!(other.open_rooms(&budi).is_empty());
}

#[tokio::test]
async fn wrong_passwords_count_on_all_nodes_together() {
    let realm = Realm::new();
    let nodes = [realm.deaf_node().await, realm.deaf_node().await];
    register(&nodes[0], "ana").await;
    let ana = Username::parse("ana").unwrap();
    let password = |text| Password::parse(text).unwrap();
    for n in 0..5 {
        let wrong = nodes[n % 2].login(AFAR, &ana, password("salah")).await;
        assert_eq!(refusal(wrong), Refusal::WrongPassword);
    }
    for node in &nodes {
        let held_up = node.login(AFAR, &ana, password("rahasia")).await;
        assert_eq!(refusal(held_up), Refusal::TooManyAttempts { wait_secs: 1 });
        node.login(HERE, &ana, password("rahasia")).await.unwrap();
    }
    realm.clock.advance(SECOND);
    nodes[1].login(AFAR, &ana, password("rahasia")).await.unwrap();
    realm.clock.advance(Duration::from_mins(10));
    nodes[0].keep_house().await.unwrap();
    let ages = realm.store.nodes().unwrap();
    let left = ages.failures(&ana, AFAR.network(), Duration::from_hours(9), 9).await.unwrap();
    assert_eq!(left.account.len(), 0, "forgotten");
}

#[tokio::test]
async fn the_first_administrator_is_made_on_any_node() {
    let realm = Realm::new();
    let (one, other) = (realm.deaf_node().await, realm.deaf_node().await);
    let secret = one.setup_secret().await.unwrap().unwrap();
    let second = other.setup_secret().await.unwrap().unwrap();
    realm.second(&[&one, &other]).await;
    assert!(one.awaits_set_up() && other.awaits_set_up());
    let third = realm.deaf_node().await;
    assert!(third.awaits_set_up());
    assert_eq!(refusal(third.set_up("guess", wish("ana")).await), Refusal::NotAllowed);
    third.set_up(&secret, wish("ana")).await.unwrap();
    assert_eq!(refusal(one.set_up(&second, wish("budi")).await), Refusal::NotAllowed);
    realm.second(&[&one, &other, &third]).await;
    assert!(![&one, &other, &third].into_iter().any(|node| node.awaits_set_up()));
    assert_eq!(one.setup_secret().await.unwrap(), None);
}

#[tokio::test]
async fn a_secret_that_is_withdrawn_or_whose_node_is_gone_is_good_nowhere() {
    let realm = Realm::new();
    let (one, other) = (realm.deaf_node().await, realm.deaf_node().await);
    let secret = one.setup_secret().await.unwrap().unwrap();
    one.withdraw_set_up();
    realm.second(&[&one, &other]).await;
    assert_eq!(refusal(other.set_up(&secret, wish("ana")).await), Refusal::NotAllowed);
    let secret = one.setup_secret().await.unwrap().unwrap();
    for _ in 0..6 {
        realm.second(&[&other]).await;
    }
    assert!(!other.awaits_set_up());
    assert_eq!(refusal(other.set_up(&secret, wish("ana")).await), Refusal::NotAllowed);
    realm.second(&[&one, &other]).await;
    other.set_up(&secret, wish("ana")).await.unwrap();
}

#[tokio::test]
async fn signals_reach_people_on_other_nodes_once() {
    let realm = Realm::new();
    let (one, other) = (realm.node().await, realm.node().await);
    let ((ana, _), (budi, token)) = (register(&one, "ana").await, register(&one, "budi").await);
    let there = other.resume(token).await.unwrap();
    let direct = one.open_direct(&ana, &Address::parse("budi").unwrap()).await.unwrap();
    let mut at_budi = other.listen_closely(&there);
    let mut at_one = one.listen_closely(&budi);
    one.typing(&ana, direct).await.unwrap();
    hears(&mut at_budi, "ana types").await;
    let post = NewPost { text: Some(Body::parse("halo").unwrap()), ..NewPost::default() };
    let accepted = one.post_in(&ana, direct, post).await.unwrap();
    let place = accepted.stored().unwrap().message.place;
    hears(&mut at_budi, "ana: halo").await;
    one.read_up_to(&budi, Place { seq: place.seq, ..place }).await.unwrap();
    hears(&mut at_budi, "read 1").await;
    one.tell_presence().await;
    let told = heard(&mut at_one);
    for once in ["ana types", "read 1"] {
        assert_eq!(told.iter().filter(|heard| *heard == once).count(), 1, "{told:?}");
    }
    let name = kabar_model::GroupName::parse("klub").unwrap();
    let visibility = kabar_model::Visibility::Public;
    one.create_group(&ana, name, visibility).await.unwrap();
    one.join_group(&budi, "klub").await.unwrap();
    hears(&mut at_budi, "conversation").await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    heard(&mut at_budi);
    one.leave_group(&budi, "klub").await.unwrap();
    hears(&mut at_budi, "conversation").await;
}

#[tokio::test]
async fn a_room_across_nodes_is_told_of_at_once() {
    let realm = Realm::new();
    let (one, other) = (realm.node().await, realm.node().await);
    let ((ana, _), (budi, _)) = (register(&one, "ana").await, register(&other, "budi").await);
    let (mut at_ana, at_budi) = (one.listen_closely(&ana), other.listen_closely(&budi));
    let _stay = one.enter_room(&ana, &at_ana, &room("lobby")).await.unwrap();
    let began = tokio::time::Instant::now();
    let (stay, _) = other.enter_room(&budi, &at_budi, &room("lobby")).await.unwrap();
    hears(&mut at_ana, "+budi").await;
    other.typing(&budi, stay.room()).await.unwrap();
    hears(&mut at_ana, "budi types").await;
    other.send_to_room(&budi, Body::parse("halo").unwrap()).await.unwrap().durable().await.unwrap();
    hears(&mut at_ana, "budi: halo").await;
    drop(stay);
    hears(&mut at_ana, "-budi").await;
    assert!(began.elapsed() < SECOND * 5);
}

#[tokio::test]
async fn a_node_without_hints_is_two_seconds_behind_at_most() {
    let realm = Realm::new();
    let one = realm.node().await;
    // It hears nothing, and looks by itself.
    let other = realm.node_on(Arc::default()).await;
    let follower = Arc::clone(&other);
    tokio::spawn(async move { follower.follow().await });
    let ((ana, _), (budi, _)) = (register(&one, "ana").await, register(&other, "budi").await);
    let (at_ana, at_budi) = (one.listen(&ana), other.listen(&budi));
    let (stay, _) = other.enter_room(&budi, &at_budi, &room("lobby")).await.unwrap();
    let began = tokio::time::Instant::now();
    let _stay = one.enter_room(&ana, &at_ana, &room("lobby")).await.unwrap();
    eventually(async || {
        let is_active = other.active().await.unwrap().len() == 2;
        is_active && other.people_in_room(&budi, stay.room()).len() == 2
    })
    .await;
    assert!(began.elapsed() <= SECOND * 2, "{:?}", began.elapsed());
}
