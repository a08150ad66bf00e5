//! What the thread that follows does in states that a whole node seldom meets.

use kabar_engine::Listener;
use kabar_engine::store::Place;
use kabar_engine::store::nodes::NodeId;
use kabar_model::{ConversationId, Seq, SessionId, Timestamp, UserId};
use kabar_testbed::Postgres;

use super::*;
use crate::Settings;
use crate::driver::{PostgresDriver, Role};
use crate::settings::Address;

fn follower(buses: &Buses, heralds: &Heralds) -> (Follower, Commits, String) {
    let url = Postgres::shared().new_database();
    let settings = Settings { url: url.clone(), accept_unsafe: false };
    let panics = Arc::new(|what: &str| panic!("{what}"));
    crate::open(&settings, Buses::default(), panics).unwrap().close();
    let address = Arc::new(Address::parse(&url).unwrap());
    let connection = Connection::new(PostgresDriver::open(address, Role::Reader).unwrap());
    let (follower, commits) =
        Follower::new(connection, UnderWay::default(), heralds, buses.clone()).unwrap();
    (follower, commits, url.rsplit('/').next().unwrap().to_owned())
}

fn heard(listener: &mut Listener) -> Heard {
    let waiting = runtime::Builder::new_current_thread().build().unwrap();
    waiting.block_on(listener.next())
}

fn add(database: &str, id: i64, hint: Hint) {
    let (kind, [first, second, third]) = hint.durable().unwrap();
    let row = format!(
        "INSERT INTO hint (id, kind, number, second, third, writer, at)
         VALUES ({id}, {kind}, {first}, {second}, {third}, 1, 1)"
    );
    Postgres::shared().sql(database, &row);
}

#[derive(Default)]
struct Told(Mutex<Vec<Option<SessionId>>>);

impl Herald for Told {
    fn listens(&self) -> bool {
        true
    }

    fn posted(&self, message: NewMessage, _: Vec<Posted>) {
        self.0.lock().unwrap().push(message.session);
    }
}

#[test]
fn what_this_node_has_committed_is_told_with_its_session_while_more_is_under_way() {
    let (told, heralds) = (Arc::new(Told::default()), Heralds::default());
    heralds.replace(Arc::clone(&told) as Arc<dyn Herald>);
    let (mut follower, commits, database) = follower(&Buses::default(), &heralds);
    Postgres::shared().sql(&database, "UPDATE head SET arrival = 2");
    let session = Some(SessionId(5));
    let content = Content::Text(Body::parse("hai").unwrap());
    let message = NewMessage::new(UserId(1), Vec::new(), content, Timestamp(1));
    let stored = vec![(NewMessage { session, ..message }, Vec::new())];
    let herald = Some(Arc::clone(&told) as Arc<dyn Herald>);
    // It came after a change of others, so it is left to the thread.
    commits.hand_over(Committed { gave: (0, 1), stored, herald, after_changes: true });
    assert_eq!(*told.0.lock().unwrap(), []);
    follower.under_way.begin(1);
    follower.look().unwrap();
    assert_eq!((&*told.0.lock().unwrap(), follower.told.now()), (&vec![session], 1));
}

#[test]
fn what_others_have_stored_is_looked_for_once_an_empty_turn_of_this_node_has_ended() {
    let (told, heralds) = (Arc::new(Told::default()), Heralds::default());
    heralds.replace(Arc::clone(&told) as Arc<dyn Herald>);
    let (mut follower, commits, database) = follower(&Buses::default(), &heralds);
    follower.under_way.begin(0);
    Postgres::shared().sql(&database, "UPDATE head SET arrival = 2");
    follower.look().unwrap();
    assert_eq!(follower.told.now(), 0, "it may be this node's own");
    assert!(follower.commits.try_recv().is_err(), "nobody asks for a look yet");
    commits.hand_over(Committed { gave: (2, 2), ..Committed::nothing() });
    assert!(follower.commits.try_recv().is_ok(), "a second later would be late");
    follower.look().unwrap();
    assert_eq!(follower.told.now(), 2);
}

#[test]
fn hints_are_passed_on_after_the_database_has_gone_back() {
    let buses = Buses::default();
    let mut listener = buses.here.listen();
    let (mut follower, _commits, database) = follower(&buses, &Heralds::default());
    follower.told.pass_over(9);
    follower.hinted = 40;
    follower.look().unwrap();
    assert_eq!(heard(&mut listener), Heard::Missed);
    let session = Hint::SessionEnded(SessionId(1));
    add(&database, 3, session);
    follower.look().unwrap();
    buses.here.publish(Hint::SessionEnded(SessionId(2)));
    assert_eq!(heard(&mut listener), Heard::Hint(session));
}

#[test]
fn who_has_not_passed_on_the_oldest_hint_that_is_left_has_missed_some() {
    let buses = Buses::default();
    let mut listener = buses.here.listen();
    let (mut follower, _commits, database) = follower(&buses, &Heralds::default());
    let session = |number: i64| Hint::SessionEnded(SessionId(number));
    for (number, gone_before, missed) in [(11, 0, false), (14, 14, true), (17, 16, false)] {
        // Passed on, or removed before it was.
        add(&database, number - 1, session(number - 1));
        if !missed {
            follower.look().unwrap();
            assert_eq!(heard(&mut listener), Heard::Hint(session(number - 1)));
        }
        add(&database, number, session(number));
        Postgres::shared().sql(&database, &format!("DELETE FROM hint WHERE id < {gone_before}"));
        for _ in 0..2 {
            follower.look().unwrap();
        }
        buses.here.publish(session(99));
        let wants = if missed { vec![Heard::Missed] } else { vec![] };
        let wants =
            wants.into_iter().chain([number, 99].map(|number| Heard::Hint(session(number))));
        for wants in wants {
            assert_eq!(heard(&mut listener), wants, "{number}");
        }
    }
}

/// Hears of nothing beside messages.
struct Deaf;

impl Herald for Deaf {
    fn listens(&self) -> bool {
        true
    }

    fn posted(&self, _: NewMessage, _: Vec<Posted>) {}

    fn hears(&self, _: Hint) -> bool {
        false
    }
}

#[test]
fn what_only_those_who_listen_hear_of_is_passed_on_where_one_does() {
    let by = NodeId::NONE;
    let (user, conversation) = (UserId(7), ConversationId(8));
    let hints = [
        Hint::Read { by, user, place: Place { conversation, seq: Seq(9) } },
        Hint::Delivery { by, conversation, user: None },
        Hint::Left { by, conversation, user },
    ];
    let heralds: [(Option<Arc<dyn Herald>>, bool); 3] =
        [(Some(Arc::new(Told::default())), true), (Some(Arc::new(Deaf)), false), (None, false)];
    for (herald, hears) in heralds {
        let (buses, all) = (Buses::default(), Heralds::default());
        if let Some(herald) = herald {
            all.replace(herald);
        }
        let mut listener = buses.here.listen();
        let (mut follower, _commits, database) = follower(&buses, &all);
        for (id, hint) in (2..).zip(hints) {
            add(&database, id, hint);
        }
        let group = Hint::GroupChanged(conversation);
        add(&database, 9, group);
        follower.look().unwrap();
        let wants = hints.into_iter().filter(|_| hears).chain([group]);
        for wants in wants {
            assert_eq!(heard(&mut listener), Heard::Hint(wants));
        }
    }
}

#[test]
fn what_this_node_has_committed_is_told_with_its_session_though_reading_failed_before() {
    let (told, heralds) = (Arc::new(Told::default()), Heralds::default());
    heralds.replace(Arc::clone(&told) as Arc<dyn Herald>);
    let (mut follower, commits, database) = follower(&Buses::default(), &heralds);
    Postgres::shared().sql(&database, "UPDATE head SET arrival = 2");
    let session = Some(SessionId(5));
    let content = Content::Text(Body::parse("hai").unwrap());
    let message = NewMessage::new(UserId(1), Vec::new(), content, Timestamp(1));
    let stored = vec![(NewMessage { session, ..message }, Vec::new())];
    let herald = Some(Arc::clone(&told) as Arc<dyn Herald>);
    // Another node has stored what comes before it.
    commits.hand_over(Committed { gave: (1, 2), stored, herald, after_changes: false });
    let waits = follower.commits.try_recv().unwrap();
    Postgres::shared().sql(&database, "ALTER TABLE message RENAME TO away");
    follower.committed(waits).unwrap_err();
    follower.look().unwrap_err();
    assert_eq!((&*told.0.lock().unwrap(), follower.told.now()), (&vec![], 0));
    Postgres::shared().sql(&database, "ALTER TABLE away RENAME TO message");
    follower.look().unwrap();
    assert_eq!((&*told.0.lock().unwrap(), follower.told.now()), (&vec![session], 2));
}

#[test]
fn who_ends_while_nothing_can_be_read_ends() {
    let (told, heralds) = (Arc::new(Told::default()), Heralds::default());
    heralds.replace(Arc::clone(&told) as Arc<dyn Herald>);
    let (follower, commits, database) = follower(&Buses::default(), &heralds);
    Postgres::shared().sql(&database, "ALTER TABLE message RENAME TO away");
    let herald = Some(told as Arc<dyn Herald>);
    commits.hand_over(Committed { gave: (1, 2), herald, ..Committed::nothing() });
    let (ended, ends) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        follower.run();
        ended.send(()).unwrap();
    });
    drop(commits);
    ends.recv_timeout(Duration::from_secs(20)).unwrap();
}
