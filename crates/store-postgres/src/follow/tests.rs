//! What the thread that follows does in states that a whole node seldom meets.

use kabar_engine::Listener;
use kabar_model::{SessionId, Timestamp, UserId};
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
    let (kind, number) = session.durable().unwrap();
    let row = format!("INSERT INTO hint VALUES (3, {kind}, {number}, 1, 1)");
    Postgres::shared().sql(&database, &row);
    follower.look().unwrap();
    buses.here.publish(Hint::SessionEnded(SessionId(2)));
    assert_eq!(heard(&mut listener), Heard::Hint(session));
}

#[test]
fn who_has_not_looked_for_long_has_missed_hints() {
    let buses = Buses::default();
    let mut listener = buses.here.listen();
    let (mut follower, _commits, _) = follower(&buses, &Heralds::default());
    let session = Hint::SessionEnded(SessionId(1));
    for (minutes, missed) in [(29, false), (31, true), (0, false)] {
        let back = Duration::from_mins(minutes);
        follower.looked = follower.looked.min(Instant::now().checked_sub(back).unwrap());
        follower.look().unwrap();
        buses.here.publish(session);
        let wants = if missed { vec![Heard::Missed] } else { vec![] };
        for wants in wants.into_iter().chain([Heard::Hint(session)]) {
            assert_eq!(heard(&mut listener), wants, "{minutes}");
        }
    }
}
