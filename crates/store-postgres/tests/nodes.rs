//! Two nodes keep one realm.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod realm;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kabar_engine::store::nodes::{NodeId, SILENT};
use kabar_engine::store::{
    Content, Herald, NewGroup, NewMessage, NewSession, Posted, Purpose, Target, TokenHash,
    UserChange,
};
use kabar_engine::testing::new_user;
use kabar_engine::{Bus, Heard, Hint, Store};
use kabar_model::{
    Arrival, Body, GroupName, RoomName, Seq, SessionId, Timestamp, UserId, Visibility,
};
use kabar_store_postgres::{Buses, PostgresStore};
use tokio::time::{sleep, timeout};

use self::realm::{fresh, message, node, say, try_node, user};

/// One who listens and keeps what it is told; of changes with the number of messages before.
#[derive(Default)]
struct Told(Mutex<Vec<(Arrival, String, Target)>>, Mutex<Vec<(usize, Hint)>>);

impl Herald for Told {
    fn listens(&self) -> bool {
        true
    }

    fn posted(&self, message: NewMessage, places: Vec<Posted>) {
        for (posted, target) in places.iter().zip(&message.targets) {
            let said = message.content.text().to_owned();
            self.0.lock().unwrap().push((posted.arrival.unwrap(), said, *target));
        }
    }

    fn changed(&self, hint: Hint) {
        let before = self.0.lock().unwrap().len();
        self.1.lock().unwrap().push((before, hint));
    }
}

impl Told {
    fn to(store: &PostgresStore) -> Arc<Self> {
        let told = Arc::new(Self::default());
        store.tell(Arc::clone(&told) as Arc<dyn Herald>);
        told
    }

    async fn arrivals(&self, wanted: usize) -> Vec<i64> {
        let started = Instant::now();
        loop {
            let found: Vec<i64> = self.0.lock().unwrap().iter().map(|(at, ..)| at.0).collect();
            if found.len() >= wanted {
                return found;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "told of {} only", found.len());
            sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Two nodes that share a bus, as far as anything shares it within one process.
fn two_nodes() -> (Arc<PostgresStore>, Arc<PostgresStore>) {
    let (one, url) = fresh();
    one.close();
    let buses = Buses::default();
    let one = try_node(&url, buses.clone()).unwrap();
    let two = try_node(&url, buses).unwrap();
    (Arc::new(one), Arc::new(two))
}

async fn post_many(store: Arc<PostgresStore>, name: &'static str, (author, to): (UserId, UserId)) {
    for round in 0..20 {
        let mut tickets = Vec::new();
        for number in 0..25 {
            let text = format!("{name} {round} {number}");
            tickets.push(store.post(message(author, to, &text)).await.unwrap());
        }
        for ticket in tickets {
            ticket.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_two_nodes_have_no_gaps_and_are_told_in_one_order_on_both() {
    let (one, two) = two_nodes();
    let (ana, budi) = (user(&one, "ana").await, user(&two, "budi").await);
    let (told_one, told_two) = (Told::to(&one), Told::to(&two));
    let posting = [
        tokio::spawn(post_many(Arc::clone(&one), "a", (ana, budi))),
        tokio::spawn(post_many(Arc::clone(&two), "b", (budi, ana))),
        tokio::spawn(post_many(Arc::clone(&one), "c", (ana, ana))),
        tokio::spawn(post_many(Arc::clone(&two), "d", (ana, budi))),
    ];
    for posting in posting {
        posting.await.unwrap();
    }
    let all: Vec<i64> = (1..=2_000).collect();
    assert_eq!(told_one.arrivals(2_000).await, all);
    assert_eq!(told_two.arrivals(2_000).await, all);
    let said = |told: &Told| -> Vec<String> {
        told.0.lock().unwrap().iter().map(|(_, text, _)| text.clone()).collect()
    };
    assert_eq!(said(&told_one), said(&told_two));
    let conversation = one.direct(ana, budi).await.unwrap().unwrap();
    let messages = two.messages(conversation, Seq(0), 2_000).await.unwrap();
    assert_eq!(messages.len(), 1_500);
    assert!(messages.iter().zip(1..).all(|(message, seq)| message.place.seq == Seq(seq)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_writer_remembers_is_forgotten_when_another_node_changed_it() {
    let (one, two) = two_nodes();
    let (ana, budi) = (user(&one, "ana").await, user(&one, "budi").await);
    for number in 0..6 {
        let from = if number % 2 == 0 { &one } else { &two };
        assert_eq!(say(from, ana, budi, "hai").await.seq, Seq(number + 1));
    }
    let name = GroupName::parse("kelompok").unwrap();
    let visibility = Visibility::Public;
    let new = NewGroup { name, creator: ana, visibility, at: Timestamp(1) };
    let group = two.create_group(new).await.unwrap();
    one.join_group(group.id, budi, Timestamp(2)).await.unwrap();
    let to_group = |text: &str| {
        let content = Content::Text(Body::parse(text).unwrap());
        NewMessage::new(budi, vec![Target::Group(group.id)], content, Timestamp(3))
    };
    // Both writers know by now that budi is a member.
    one.post(to_group("one")).await.unwrap().await.unwrap();
    two.post(to_group("two")).await.unwrap().await.unwrap();
    one.leave_group(group.id, budi, Timestamp(4)).await.unwrap();
    assert!(two.post(to_group("three")).await.unwrap().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_told_who_was_removed_before_what_was_said_afterwards() {
    for bus in [true, false] {
        let (one, two) = if bus {
            two_nodes()
        } else {
            let (one, url) = fresh();
            (Arc::new(one), Arc::new(node(&url)))
        };
        let (ana, budi) = (user(&one, "ana").await, user(&one, "budi").await);
        let name = GroupName::parse("kelompok").unwrap();
        let new = NewGroup { name, creator: ana, visibility: Visibility::Public, at: Timestamp(1) };
        let group = one.create_group(new).await.unwrap().id;
        one.join_group(group, budi, Timestamp(2)).await.unwrap();
        let say = async |store: &PostgresStore, text: &str| {
            let content = Content::Text(Body::parse(text).unwrap());
            let new = NewMessage::new(ana, vec![Target::Group(group)], content, Timestamp(3));
            store.post(new).await.unwrap().await.unwrap();
        };
        let told = Told::to(&two);
        say(&one, "before").await;
        say(&two, "before").await;
        told.arrivals(2).await;
        told.1.lock().unwrap().clear();
        one.remove_member(group, ana, budi).await.unwrap();
        // On the node that has to be told itself, also when it has written something else since, and on the other one.
        user(&two, "cici").await;
        say(&two, "after").await;
        assert_eq!(told.arrivals(3).await, [1, 2, 3]);
        assert_eq!(told.1.lock().unwrap()[..1], [(2, Hint::GroupChanged(group))]);
        one.join_group(group, budi, Timestamp(4)).await.unwrap();
        one.remove_member(group, ana, budi).await.unwrap();
        say(&one, "after").await;
        assert_eq!(told.arrivals(4).await, [1, 2, 3, 4]);
        let changes = told.1.lock().unwrap().clone();
        assert!(changes.len() > 2, "{changes:?}");
        assert!(changes.iter().all(|(before, _)| *before < 4), "{changes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_has_each_of_its_hints_once() {
    let (store, url) = fresh();
    let ana = user(&store, "ana").await;
    let new = |number: u16| {
        let mut token = [0; 32];
        token[..2].copy_from_slice(&number.to_be_bytes());
        NewSession {
            user: ana,
            token: TokenHash(token),
            checked: None,
            asked_by: None,
            at: Timestamp(1),
            purpose: Purpose::default(),
        }
    };
    let mut ids = Vec::new();
    for number in 0..50 {
        ids.push(store.create_session(new(number)).await.unwrap().session.id.0);
    }
    let change = UserChange::PasswordHash("$argon2id$new".into());
    assert_eq!(store.change_user(ana, change).await.unwrap().len(), 50);
    let hinted = ids.clone();
    store
        .change(move |work| {
            for _ in 0..2 {
                for id in &hinted {
                    work.hint(Hint::SessionEnded(SessionId(*id)));
                }
            }
            Ok(())
        })
        .await
        .unwrap();
    let database = url.rsplit('/').next().unwrap();
    let found = kabar_testbed::Postgres::shared()
        .sql(database, "SELECT number FROM hint WHERE kind = (SELECT max(kind) FROM hint WHERE number = 1) ORDER BY id");
    let found: Vec<i64> = found.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(found[found.len() - 50..], ids);
    assert_eq!(found.len(), 100, "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_gone_does_not_live_on_when_the_clock_was_set_back() {
    let (store, url) = fresh();
    let nodes = store.nodes().unwrap();
    let (gone, other) = (NodeId(1), NodeId(2));
    for node in [gone, other] {
        nodes.beat(node).await.unwrap();
    }
    let shift = |by: i128| {
        let database = url.rsplit('/').next().unwrap();
        let sql = format!("UPDATE node SET seen_at = seen_at + {by}");
        kabar_testbed::Postgres::shared().sql(database, &sql);
    };
    shift(3_600_000_000);
    assert_eq!(nodes.beat(other).await.unwrap().living, [gone, other]);
    let part = SILENT / 3 + Duration::from_millis(1);
    for _ in 0..3 {
        shift(-i128::try_from(part.as_micros()).unwrap());
        nodes.beat(other).await.unwrap();
    }
    assert_eq!(nodes.beat(other).await.unwrap().living, [other]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_free_in_time_though_the_clock_was_set_back() {
    let (store, url) = fresh();
    let nodes = store.nodes().unwrap();
    let (one, other) = (NodeId(1), NodeId(2));
    // Nobody sets the server's clock: what was before moves into the future instead.
    let shift = |by: i128| {
        let database = url.rsplit('/').next().unwrap();
        let sql = format!("UPDATE lease SET held_until = held_until + {by}");
        kabar_testbed::Postgres::shared().sql(database, &sql);
    };
    let hour = 3_600_000_000;
    let take = async |node| nodes.lease("link:1", node, SILENT).await.unwrap();
    let first = take(one).await.unwrap();
    shift(hour);
    assert_eq!(take(one).await, Some(first), "held on");
    assert_eq!(take(other).await, None);
    shift(hour);
    assert_eq!(take(other).await, None, "it may have been given a moment ago");
    shift(-i128::try_from(SILENT.as_micros()).unwrap());
    let second = take(other).await.unwrap();
    assert!(second > first);
    assert_eq!(take(one).await, None);

    nodes.release("link:1", second).await.unwrap();
    shift(hour);
    let third = take(one).await.expect("what was given back is free by any clock");
    assert!(third > second);
    nodes.beat(one).await.unwrap();
    nodes.retire(one).await.unwrap();
    shift(hour);
    assert!(take(other).await.unwrap() > third, "so is what was held by a node that is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_a_bus_hears_of_everything_within_two_seconds() {
    let (one, url) = fresh();
    let buses = Buses::default();
    let mut listener = buses.here.listen();
    let two = try_node(&url, buses).unwrap();
    let told = Told::to(&two);
    let ana = user(&one, "ana").await;
    let room = one.room(&RoomName::parse("lobi").unwrap(), Timestamp(1)).await.unwrap();
    let session = NewSession {
        user: ana,
        token: TokenHash([7; 32]),
        checked: None,
        asked_by: None,
        at: Timestamp(1),
        purpose: Purpose::default(),
    };
    let session = one.create_session(session).await.unwrap().session;
    let group = NewGroup {
        name: GroupName::parse("kelompok").unwrap(),
        creator: ana,
        visibility: Visibility::Public,
        at: Timestamp(1),
    };
    let group = one.create_group(group).await.unwrap().id;
    let budi = user(&one, "budi").await;
    one.join_group(group, budi, Timestamp(1)).await.unwrap();
    let place = say(&one, ana, budi, "hai").await;
    assert_eq!(told.arrivals(1).await, [1]);
    let started = Instant::now();
    let content = Content::Text(Body::parse("di lobi").unwrap());
    let said = NewMessage::new(ana, vec![Target::Room(room)], content, Timestamp(2));
    one.post(said).await.unwrap().await.unwrap();
    one.end_session(session.id).await.unwrap();
    // Twice: what was read already is not told again.
    for _ in 0..2 {
        one.mark_read(budi, &[place]).await.unwrap();
    }
    one.remove_member(group, ana, budi).await.unwrap();
    assert_eq!(told.arrivals(2).await, [1, 2]);
    assert_eq!(told.0.lock().unwrap()[1], (Arrival(2), "di lobi".into(), Target::Room(room)));
    let by = NodeId::NONE;
    let last = Hint::Left { by, conversation: group, user: budi };
    let mut heard = Vec::new();
    while heard.last() != Some(&Heard::Hint(last)) {
        heard.push(timeout(Duration::from_secs(5), listener.next()).await.unwrap());
    }
    for hint in [Hint::SessionEnded(session.id), Hint::Read { by, user: budi, place }] {
        let times = heard.iter().filter(|heard| **heard == Heard::Hint(hint)).count();
        assert_eq!(times, 1, "{hint:?}: {heard:?}");
    }
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_hears_of_what_it_did_itself_though_nobody_published_it() {
    let (first, url) = fresh();
    first.close();
    let buses = Buses::default();
    let mut listener = buses.here.listen();
    let store = try_node(&url, buses).unwrap();
    let session = NewSession {
        user: user(&store, "ana").await,
        token: TokenHash([7; 32]),
        checked: None,
        asked_by: None,
        at: Timestamp(1),
        purpose: Purpose::default(),
    };
    let session = store.create_session(session).await.unwrap().session;
    // Whoever asked, and would publish it, is gone.
    store.end_session(session.id).await.unwrap();
    let started = Instant::now();
    loop {
        let heard = timeout(Duration::from_secs(5), listener.next()).await.unwrap();
        if heard == Heard::Hint(Hint::SessionEnded(session.id)) {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_hints_are_removed_but_the_last_and_never_many_at_a_time() {
    let (store, url) = fresh();
    let database = url.rsplit('/').next().unwrap();
    let sql = |sql: &str| -> Vec<i64> {
        let found = kabar_testbed::Postgres::shared().sql(database, sql);
        found.trim().lines().flat_map(|line| line.split('|')).map(|n| n.parse().unwrap()).collect()
    };
    let hint = async |count: i64| {
        let hints = move |work: &mut kabar_store_sql::Work| {
            (0..count).for_each(|number| work.hint(Hint::SessionEnded(SessionId(number))));
            Ok(())
        };
        store.change(hints).await.unwrap();
    };
    // The first ones sweep at once, and find nothing.
    hint(1).await;
    hint(200).await;
    let last = sql("SELECT max(id) FROM hint")[0];
    sql("UPDATE hint SET at = at - 240000000");
    hint(55).await;
    assert_eq!(sql("SELECT count(*) FROM hint"), [257], "they are not many yet");
    hint(1).await;
    assert_eq!(sql("SELECT min(id) FROM hint"), [last], "one says how far they go back");
    assert_eq!(sql("SELECT count(*) FROM hint"), [57]);
    sql(
        "INSERT INTO hint (kind, number, writer, at) SELECT 0, 0, 0, 1 FROM generate_series(1, 5000)",
    );
    sql("UPDATE hint SET at = 1");
    hint(300).await;
    assert_eq!(sql("SELECT count(*) FROM hint"), [5_057 + 300 - (2 * 300 + 1_000 - 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_nodes_may_start_at_once() {
    let url = kabar_testbed::Postgres::shared().new_database();
    let starting: Vec<_> = (0..6)
        .map(|_| {
            let url = url.clone();
            tokio::task::spawn_blocking(move || node(&url))
        })
        .collect();
    let mut nodes = Vec::new();
    for starting in starting {
        nodes.push(starting.await.unwrap());
    }
    for (number, node) in nodes.iter().enumerate() {
        node.create_user(new_user(&format!("orang{number}"))).await.unwrap();
    }
    assert_eq!(nodes[0].count_accounts().await.unwrap(), 6);
}
