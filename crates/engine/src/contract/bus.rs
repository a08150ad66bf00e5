//! What every bus must do.

use std::sync::Arc;
use std::time::Duration;

use kabar_model::{ConversationId, SessionId, UserId};

use crate::bus::{Bus, Heard, Hint, LISTENER_HINTS_MAX, Listener};

/// How long a hint may take before the bus counts as deaf.
const PATIENCE: Duration = Duration::from_secs(10);

/// A test: its name, and what it does with a fresh bus.
pub type Case = (&'static str, fn(Arc<dyn Bus>) -> super::Run);

macro_rules! cases {
    ($($name:ident,)*) => { &[$((stringify!($name), |bus| Box::pin($name(bus))),)*] };
}

/// Every promise of a bus.
pub const ALL: &[Case] = cases![
    a_listener_hears_in_order_what_is_published_after_it_listens,
    everyone_who_listens_hears,
    a_slow_listener_hears_that_it_missed_something,
    publishing_to_nobody_is_fine,
];

/// Runs every test, each on a bus of its own, and panics with the names of those that failed.
pub async fn run_all<M, F>(make: M)
where
    M: Fn() -> F,
    F: Future<Output = Arc<dyn Bus>>,
{
    let mut failed = Vec::new();
    for (name, test) in ALL {
        if tokio::spawn(test(make().await)).await.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "broken promises of Bus: {failed:#?}");
}

async fn next(listener: &mut Listener) -> Heard {
    tokio::time::timeout(PATIENCE, listener.next()).await.expect("a hint within the time")
}

async fn a_listener_hears_in_order_what_is_published_after_it_listens(bus: Arc<dyn Bus>) {
    bus.publish(Hint::SessionEnded(SessionId(1)));
    let mut listener = bus.listen();
    let hints = [
        Hint::SessionEnded(SessionId(2)),
        Hint::UserChanged(UserId(2)),
        Hint::GroupChanged(ConversationId(2)),
        Hint::SessionEnded(SessionId(3)),
    ];
    for hint in hints {
        bus.publish(hint);
    }
    for hint in hints {
        assert_eq!(next(&mut listener).await, Heard::Hint(hint));
    }
}

async fn everyone_who_listens_hears(bus: Arc<dyn Bus>) {
    let mut listeners = [bus.listen(), bus.listen(), bus.listen()];
    let hint = Hint::UserChanged(UserId(7));
    bus.publish(hint);
    for listener in &mut listeners {
        assert_eq!(next(listener).await, Heard::Hint(hint));
    }
}

async fn a_slow_listener_hears_that_it_missed_something(bus: Arc<dyn Bus>) {
    let mut slow = bus.listen();
    let mut quick = bus.listen();
    let count = i64::try_from(LISTENER_HINTS_MAX).expect("a limit that fits") + 10;
    for number in 1..=count {
        let hint = Hint::UserChanged(UserId(number));
        bus.publish(hint);
        assert_eq!(next(&mut quick).await, Heard::Hint(hint), "who keeps up misses nothing");
    }
    assert_eq!(next(&mut slow).await, Heard::Missed);
    let Heard::Hint(Hint::UserChanged(mut last)) = next(&mut slow).await else {
        panic!("what was kept follows")
    };
    assert!(last > UserId(1), "the oldest are lost");
    while last < UserId(count) {
        let following = UserId(last.0 + 1);
        assert_eq!(next(&mut slow).await, Heard::Hint(Hint::UserChanged(following)));
        last = following;
    }
}

async fn publishing_to_nobody_is_fine(bus: Arc<dyn Bus>) {
    drop(bus.listen());
    bus.publish(Hint::UserChanged(UserId(1)));
    let mut listener = bus.listen();
    bus.publish(Hint::UserChanged(UserId(2)));
    assert_eq!(next(&mut listener).await, Heard::Hint(Hint::UserChanged(UserId(2))));
}
