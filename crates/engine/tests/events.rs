//! What a client that listens closely hears, and what it is told after it was away.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use kabar_engine::store::{Change, Place, Window};
use kabar_engine::testing::{ManualClock, MemoryBlobs, MemoryStore};
use kabar_engine::{
    Accepted, Caller, Engine, Listening, LocalBus, MessageNews, NewPost, News, Origin,
    Registration, Settings, Signal, Whereto,
};
use kabar_model::{
    Address, Body, ClientKey, ConversationId, Emoji, Field, GroupName, Password, RealmName,
    Refusal, RoomName, Seq, Timestamp, Username, Visibility,
};

const HERE: Origin = Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) };

/// News that takes so long has been lost.
const PATIENCE: Duration = Duration::from_secs(10);

async fn engine() -> Arc<Engine> {
    let engine = quiet_engine().await;
    let follower = Arc::clone(&engine);
    tokio::spawn(async move { follower.follow().await });
    engine
}

/// One that tells nothing by itself.
async fn quiet_engine() -> Arc<Engine> {
    engine_and_clock().await.0
}

async fn engine_and_clock() -> (Arc<Engine>, Arc<ManualClock>) {
    let settings = Settings::new(RealmName::parse("kampus").unwrap());
    let clock = Arc::new(ManualClock::new(Timestamp(1_000_000_000)));
    let (store, blobs) = (Arc::new(MemoryStore::default()), Arc::new(MemoryBlobs::default()));
    let bus = Arc::new(LocalBus::default());
    let handed_in = Arc::clone(&clock);
    (Engine::start(settings, store, blobs, bus, handed_in).await.unwrap(), clock)
}

async fn register(engine: &Engine, name: &str) -> Caller {
    let wish = Registration {
        username: Username::parse(name).unwrap(),
        password: Password::parse("rahasia").unwrap(),
        name: None,
        country: None,
        invitation: None,
    };
    engine.register(HERE, wish).await.unwrap().caller
}

fn text(text: &str) -> NewPost {
    NewPost { text: Some(Body::parse(text).unwrap()), ..NewPost::default() }
}

fn refusal<T>(outcome: kabar_engine::Result<T>) -> Refusal {
    outcome.err().unwrap().refusal().unwrap().clone()
}

async fn with(engine: &Engine, caller: &Caller, other: &str) -> ConversationId {
    engine.open_direct(caller, &Address::parse(other).unwrap()).await.unwrap()
}

/// The next news but who came or went, which may come at any time.
async fn next(listening: &mut Listening) -> News {
    loop {
        let news = tokio::time::timeout(PATIENCE, listening.next()).await.unwrap();
        match &news {
            News::Signal(signal) if matches!(**signal, Signal::Presence { .. }) => {}
            _ => return news,
        }
    }
}

async fn message(listening: &mut Listening) -> Arc<MessageNews> {
    match next(listening).await {
        News::Message(news) => news,
        other => panic!("{other:?}"),
    }
}

async fn signal(listening: &mut Listening) -> Arc<Signal> {
    match next(listening).await {
        News::Signal(signal) => signal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn both_hear_what_is_written_by_number_and_changed() {
    let engine = engine().await;
    let [ana, budi] = [register(&engine, "ana").await, register(&engine, "budi").await];
    let direct = with(&engine, &ana, "budi").await;
    engine.post_in(&budi, direct, text("hai")).await.unwrap();
    let [mut at_ana, mut at_budi] = [&ana, &budi].map(|caller| engine.listen_closely(caller));
    let key = Some(ClientKey::parse("k1").unwrap());
    let post = || NewPost { key: key.clone(), reply_to: Some(Seq(1)), ..text("halo") };
    let first = engine.post_in(&ana, direct, post()).await.unwrap();
    let again = engine.post_in(&ana, direct, post()).await.unwrap();
    let Accepted::Stored { shown: first, is_new: true } = first else { panic!("{first:?}") };
    let Accepted::Stored { shown: again, is_new: false } = again else { panic!("{again:?}") };
    assert_eq!(first.message, again.message);
    assert_eq!(first.delivery, None, "no other realm is to have it");
    let place = first.message.place;
    engine.edit(&ana, place, Body::parse("hallo").unwrap()).await.unwrap();
    for listening in [&mut at_ana, &mut at_budi] {
        let heard = message(listening).await;
        assert_eq!(
            (heard.place, heard.body.as_str(), heard.reply_to),
            (place, "halo", Some(Seq(1)))
        );
        assert_eq!((heard.arrival, &heard.key), (first.message.arrival, &key));
        let Whereto::Direct(to) = &heard.whereto else { panic!("{heard:?}") };
        assert_eq!(to.username.as_str(), "budi");
        let heard = message(listening).await;
        assert_eq!((heard.change, heard.body.as_str()), (Some(Change::Edit(place.seq)), "hallo"));
    }
    let outcome = engine.edit(&budi, place, Body::parse("mine").unwrap()).await;
    assert_eq!(refusal(outcome), Refusal::NotAllowed);
    let empty = engine.post_in(&ana, direct, NewPost::default()).await;
    assert_eq!(refusal(empty), Refusal::Invalid(Field::Body));
    let citra = register(&engine, "citra").await;
    assert_eq!(refusal(engine.post_in(&citra, direct, text("x")).await), Refusal::NotMember);
    assert_eq!(refusal(engine.message(&citra, place).await), Refusal::MessageUnknown);
}

#[tokio::test]
async fn a_page_says_who_wrote_and_who_made_what_of_it() {
    let engine = engine().await;
    let [ana, budi] = [register(&engine, "ana").await, register(&engine, "budi").await];
    let direct = with(&engine, &ana, "budi").await;
    let place =
        engine.post_in(&ana, direct, text("halo")).await.unwrap().stored().unwrap().message.place;
    let [thumb, heart] = ["👍", "❤️"].map(|emoji| Emoji::parse(emoji).unwrap());
    for (caller, emoji) in [(&budi, &thumb), (&ana, &heart), (&ana, &thumb)] {
        engine.react(caller, place, emoji.clone(), true).await.unwrap();
    }
    let page = engine.history(&budi, direct, Window::Last, 50).await.unwrap();
    let [shown] = &page.messages[..] else { panic!("{page:?}") };
    assert_eq!((shown.author.username.as_str(), page.last), ("ana", Seq(4)));
    let names = |at: usize| {
        shown.reactions[at].users.iter().map(|user| user.username.as_str()).collect::<Vec<_>>()
    };
    assert_eq!((&shown.reactions[0].emoji, names(0)), (&thumb, vec!["budi", "ana"]));
    assert_eq!((&shown.reactions[1].emoji, names(1)), (&heart, vec!["ana"]));
    engine.delete(&ana, place).await.unwrap();
    assert!(engine.message(&budi, place).await.unwrap().message.deleted);
}

#[tokio::test]
async fn signals_reach_those_who_listen_closely_and_nobody_else() {
    let engine = engine().await;
    let [ana, budi] = [register(&engine, "ana").await, register(&engine, "budi").await];
    let citra = register(&engine, "citra").await;
    let direct = with(&engine, &ana, "budi").await;
    let [mut at_ana, mut at_budi] = [&ana, &budi].map(|caller| engine.listen_closely(caller));
    let mut dialect = engine.listen(&budi);

    engine.typing(&ana, direct).await.unwrap();
    let heard = signal(&mut at_budi).await;
    assert!(matches!(&*heard, Signal::Typing { user, .. } if user.username.as_str() == "ana"));
    assert_eq!(refusal(engine.typing(&citra, direct).await), Refusal::NotMember);

    let place =
        engine.post_in(&ana, direct, text("halo")).await.unwrap().stored().unwrap().message.place;
    assert_eq!(message(&mut dialect).await.place, place, "and no signal before it");
    assert_eq!(message(&mut at_budi).await.place, place);
    assert_eq!(engine.conversation(&budi, direct).await.unwrap().overview.unread, 1);
    let beyond = Place { seq: Seq(99), ..place };
    assert_eq!(engine.read_up_to(&budi, beyond).await.unwrap(), Seq(1));
    assert!(matches!(*signal(&mut at_budi).await, Signal::Read(read) if read == place));
    assert_eq!(engine.conversation(&budi, direct).await.unwrap().overview.unread, 0);
    assert_eq!(refusal(engine.read_up_to(&citra, place).await), Refusal::NotMember);
    assert_eq!(message(&mut at_ana).await.place, place, "neither typing nor reading is ana's");

    let name = GroupName::parse("klub").unwrap();
    let group = engine.create_group(&ana, name, Visibility::Public).await.unwrap();
    let changed = |signal: &Signal| matches!(signal, Signal::Conversation(id) if *id == group.id);
    assert!(changed(&*signal(&mut at_ana).await));
    engine.join_group(&budi, "klub").await.unwrap();
    assert!(changed(&*signal(&mut at_budi).await));
    engine.leave_group(&budi, "klub").await.unwrap();
    assert!(changed(&*signal(&mut at_budi).await), "who left hears it, too");
}

#[tokio::test]
async fn writing_is_told_once_a_second() {
    let (engine, clock) = engine_and_clock().await;
    let [ana, budi] = [register(&engine, "ana").await, register(&engine, "budi").await];
    let [first, second] = [with(&engine, &ana, "budi").await, with(&engine, &ana, "ana").await];
    let mut at_budi = engine.listen_closely(&budi);
    let mut heard = 0;
    for _ in 0..3 {
        for _ in 0..2_000 {
            engine.typing(&ana, first).await.unwrap();
            engine.typing(&ana, second).await.unwrap();
        }
        clock.advance(Duration::from_secs(1));
    }
    while let Some(News::Signal(signal)) = at_budi.next().now_or_never() {
        heard += usize::from(matches!(&*signal, Signal::Typing { .. }));
    }
    assert_eq!(heard, 3);
    assert_eq!(refusal(engine.typing(&budi, second).await), Refusal::NotMember);
    assert_eq!(refusal(engine.typing(&budi, second).await), Refusal::NotMember);
}

#[tokio::test]
async fn rooms_are_entered_ten_times_in_ten_seconds() {
    let (engine, clock) = engine_and_clock().await;
    let ana = register(&engine, "ana").await;
    let at_ana = engine.listen(&ana);
    let mut stay = None;
    for n in 0..10 {
        let room = RoomName::parse(&format!("room {n}")).unwrap();
        stay = Some(engine.enter_room(&ana, &at_ana, &room).await.unwrap());
    }
    let one_more = RoomName::parse("one more").unwrap();
    let refused = engine.enter_room(&ana, &at_ana, &one_more).await;
    assert_eq!(refusal(refused), Refusal::Busy);
    assert_eq!(engine.room_of(&ana).unwrap().as_str(), "room 9", "one stays where one is");
    clock.advance(Duration::from_secs(10));
    drop(stay);
    engine.enter_room(&ana, &at_ana, &one_more).await.unwrap();
}

#[tokio::test]
async fn whose_session_has_ended_hears_nothing_even_of_what_waited() {
    let engine = engine().await;
    let [ana, budi] = [register(&engine, "ana").await, register(&engine, "budi").await];
    let direct = with(&engine, &ana, "budi").await;
    let mut at_budi = engine.listen_closely(&budi);
    let mut at_ana = engine.listen_closely(&ana);
    for _ in 0..5 {
        engine.post_in(&ana, direct, text("halo")).await.unwrap();
        message(&mut at_ana).await;
    }
    // Both are told of one before the next one.
    message(&mut at_budi).await;
    engine.logout(&budi).await.unwrap();
    assert!(matches!(next(&mut at_budi).await, News::Missed));
    assert!(matches!(next(&mut at_budi).await, News::Missed));
}

#[tokio::test]
async fn who_was_away_is_told_what_arrived() {
    let engine = engine().await;
    let [ana, budi] = [register(&engine, "ana").await, register(&engine, "budi").await];
    let direct = with(&engine, &ana, "budi").await;
    engine.post_in(&ana, direct, text("before")).await.unwrap();
    let position = engine.last_arrival().await.unwrap();
    let place =
        engine.post_in(&ana, direct, text("one")).await.unwrap().stored().unwrap().message.place;
    engine.delete(&ana, place).await.unwrap();
    let arrived = engine.arrivals(&budi, position).await.unwrap().unwrap();
    let changes: Vec<_> = arrived.iter().map(|shown| shown.message.change).collect();
    assert_eq!(changes, [None, Some(Change::Deletion(place.seq))]);
    assert!(arrived[0].message.deleted, "as it stands now");
    let last = arrived[1].message.arrival;
    assert!(engine.arrivals(&budi, last).await.unwrap().unwrap().is_empty());
}

#[tokio::test]
async fn a_room_is_written_to_by_who_is_in_it() {
    let engine = engine().await;
    let [ana, budi] = [register(&engine, "ana").await, register(&engine, "budi").await];
    let at_ana = engine.listen_closely(&ana);
    let lobby = RoomName::parse("lobby").unwrap();
    let (_stay, people) = engine.enter_room(&ana, &at_ana, &lobby).await.unwrap();
    assert_eq!(people.len(), 1);
    engine.send_to_room(&ana, Body::parse("halo").unwrap()).await.unwrap().durable().await.unwrap();
    // The only conversation of this realm.
    let room = ConversationId(1);
    let place =
        engine.post_in(&ana, room, text("lagi")).await.unwrap().stored().unwrap().message.place;
    assert_eq!(place.seq, Seq(2));
    assert_eq!(refusal(engine.post_in(&budi, room, text("x")).await), Refusal::NotInRoom);
    assert_eq!(refusal(engine.typing(&budi, room).await), Refusal::NotInRoom);
    assert_eq!(engine.conversation(&budi, room).await.unwrap().overview.members, 1);
    assert_eq!(engine.history(&budi, room, Window::Last, 9).await.unwrap().messages.len(), 2);
}

#[tokio::test]
async fn coming_and_going_is_told_to_those_who_share_a_conversation() {
    let engine = quiet_engine().await;
    let ana = register(&engine, "ana").await;
    let mut at_ana = engine.listen_closely(&ana);
    engine.tell_presence().await;
    let citra = register(&engine, "citra").await;
    let budi = register(&engine, "budi").await;
    with(&engine, &ana, "budi").await;
    engine.tell_presence().await;
    let presence = async |listening: &mut Listening| {
        let news = tokio::time::timeout(PATIENCE, listening.next()).await.unwrap();
        match news {
            News::Signal(signal) => match &*signal {
                Signal::Presence { user, active } => (user.username.to_string(), *active),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(presence(&mut at_ana).await, ("budi".to_owned(), true));
    engine.logout(&citra).await.unwrap();
    engine.logout(&budi).await.unwrap();
    engine.tell_presence().await;
    assert_eq!(presence(&mut at_ana).await, ("budi".to_owned(), false));
}
