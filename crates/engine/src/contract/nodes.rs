//! What every store for several nodes must do.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use kabar_model::{ConversationId, Field, Refusal, SessionId, UserId, Username};

use super::world::refused;
use crate::store::Store;
use crate::store::nodes::{
    ACTIVE_TOGETHER, Active, Coming, Entered, InRoom, NodeId, NodeStore, SILENT, Seen, Stands,
    Version,
};

/// Lets so much time pass on the database's clock.
pub type Pass = Arc<dyn Fn(Duration) + Send + Sync>;

/// A test: its name, and what it does with a fresh store.
pub type Case = (&'static str, fn(Arc<dyn Store>, Pass) -> super::Run);

macro_rules! cases {
    ($($name:ident,)*) => {
        &[$((stringify!($name), |store, pass| Box::pin(async move {
            $name(store.nodes().expect("a store for nodes"), &pass).await;
        })),)*]
    };
}

/// Every promise of a store for nodes. The time that passes in one test is [`SILENT`] and a little more.
pub const ALL: &[Case] = cases![
    who_is_silent_is_gone_with_all_it_had,
    when_the_store_stood_still_nobody_is_gone_for_it,
    who_retires_is_gone_at_once,
    who_is_gone_writes_nothing,
    who_is_active_is_told_as_it_changes,
    so_many_are_told_of_at_a_time,
    a_session_is_in_one_room_on_one_node,
    of_two_comings_the_later_visit_holds,
    a_visit_is_left_once_and_not_by_an_earlier_one,
    a_room_has_so_many_people_and_no_more,
    what_is_written_again_takes_nobody_out_of_another_room,
    wrong_passwords_are_counted_by_account_and_by_network,
    facts_are_kept_by_name_for_as_long_as_their_node_lives,
    a_lease_has_one_holder_and_its_token_counts_takings,
    of_many_who_want_a_lease_one_gets_it,
];

/// Runs every test, each on a store of its own with what lets its time pass, and panics with the names of those that
/// failed.
pub async fn run_all<M, F, G>(make: M)
where
    M: Fn() -> F,
    F: Future<Output = (Arc<dyn Store>, Pass, G)>,
{
    let mut failed = Vec::new();
    for (name, test) in ALL {
        let (store, pass, _guard) = make().await;
        if tokio::spawn(test(store, pass)).await.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "broken promises of NodeStore: {failed:#?}");
}

const ONE: NodeId = NodeId(1);
const OTHER: NodeId = NodeId(2);
const ANA: Active = Active { user: UserId(1), elsewhere: false };
const BUDI: Active = Active { user: UserId(2), elsewhere: true };
const HALL: ConversationId = ConversationId(10);
const YARD: ConversationId = ConversationId(11);

/// Both live.
async fn both(nodes: &dyn NodeStore) {
    for node in [ONE, OTHER] {
        assert!(nodes.beat(node).await.unwrap().is_new);
    }
}

fn coming(session: i64, room: ConversationId, visit: u64) -> Coming {
    let (session, user) = (SessionId(session), UserId(session));
    Coming { session, user, room, visit, again: false }
}

async fn enter(nodes: &dyn NodeStore, node: NodeId, coming: Coming) -> Version {
    match nodes.enter(node, coming, 100).await.unwrap() {
        Entered::Here(version) => version,
        other => panic!("{other:?}"),
    }
}

/// Who is where, and when they came; of all there is.
async fn there(nodes: &dyn NodeStore) -> Vec<(i64, ConversationId, NodeId)> {
    let seen = nodes.seen(Version::NONE).await.unwrap();
    assert!(seen.whole);
    let mut there: Vec<_> =
        seen.rooms.iter().map(|row| (row.session.0, row.room, row.node)).collect();
    there.sort_unstable();
    there
}

/// The one that has changed since.
async fn changed(nodes: &dyn NodeStore, since: Version) -> InRoom {
    let seen = nodes.seen(since).await.unwrap();
    assert!(!seen.whole && seen.active.is_empty(), "{seen:?}");
    let [row] = seen.rooms[..] else { panic!("{seen:?}") };
    assert_eq!(row.changed, seen.version);
    row
}

/// Lets the one become silent while the other lives.
async fn silence_one(nodes: &dyn NodeStore, pass: &Pass) {
    for part in 1..=3 {
        pass(SILENT / 3 + Duration::from_millis(part));
        let beat = nodes.beat(OTHER).await.unwrap();
        assert!(!beat.is_new, "it lives");
        assert_eq!(beat.living.contains(&ONE), part < 3, "{beat:?}");
    }
}

async fn who_is_silent_is_gone_with_all_it_had(nodes: &dyn NodeStore, pass: &Pass) {
    both(nodes).await;
    nodes.active(ONE, &[ANA, BUDI], &[]).await.unwrap().unwrap();
    nodes.active(OTHER, &[ANA], &[]).await.unwrap().unwrap();
    enter(nodes, ONE, coming(1, HALL, 1)).await;
    enter(nodes, OTHER, coming(2, HALL, 1)).await;
    assert!(nodes.keep_fact(ONE, "a", Some(b"x")).await.unwrap());
    let before = nodes.seen(Version::NONE).await.unwrap();
    silence_one(nodes, pass).await;
    let beat = nodes.beat(OTHER).await.unwrap();
    assert_eq!((beat.living, beat.facts), (vec![OTHER], vec![]));
    assert!(beat.version > before.version);
    let seen = nodes.seen(before.version).await.unwrap();
    assert_eq!(seen.active, [(ONE, ANA, false), (ONE, BUDI, false)]);
    assert_eq!((seen.rooms.len(), seen.rooms[0].stands), (1, Stands::Gone));
    assert_eq!(seen.rooms[0].session, SessionId(1));
    assert_eq!(there(nodes).await, [(2, HALL, OTHER)]);
    assert!(nodes.beat(ONE).await.unwrap().is_new, "it is not forgotten that it was gone");
    assert!(!nodes.beat(ONE).await.unwrap().is_new);
}

async fn when_the_store_stood_still_nobody_is_gone_for_it(nodes: &dyn NodeStore, pass: &Pass) {
    both(nodes).await;
    pass(SILENT * 2);
    assert_eq!(nodes.beat(OTHER).await.unwrap().living, [ONE, OTHER]);
    assert!(!nodes.beat(ONE).await.unwrap().is_new);
    silence_one(nodes, pass).await;
}

async fn who_retires_is_gone_at_once(nodes: &dyn NodeStore, _: &Pass) {
    both(nodes).await;
    enter(nodes, ONE, coming(1, HALL, 1)).await;
    nodes.active(ONE, &[ANA], &[]).await.unwrap().unwrap();
    nodes.retire(ONE).await.unwrap();
    let seen = nodes.seen(Version::NONE).await.unwrap();
    assert_eq!((seen.active, seen.rooms), (vec![], vec![]));
    assert_eq!(nodes.beat(OTHER).await.unwrap().living, [OTHER]);
}

async fn who_is_gone_writes_nothing(nodes: &dyn NodeStore, _: &Pass) {
    both(nodes).await;
    nodes.retire(ONE).await.unwrap();
    assert_eq!(nodes.active(ONE, &[ANA], &[]).await.unwrap(), None);
    let outcome = nodes.enter(ONE, coming(1, HALL, 1), 100).await.unwrap();
    assert_eq!(outcome, Entered::NotLiving);
    assert!(!nodes.keep_fact(ONE, "a", Some(b"x")).await.unwrap());
    assert!(!nodes.has_fact("a", b"x").await.unwrap());
    let Seen { active, rooms, .. } = nodes.seen(Version::NONE).await.unwrap();
    assert_eq!((active, rooms), (vec![], vec![]));
}

async fn who_is_active_is_told_as_it_changes(nodes: &dyn NodeStore, _: &Pass) {
    both(nodes).await;
    let first = nodes.active(ONE, &[ANA, BUDI], &[]).await.unwrap().unwrap();
    let second = nodes.active(ONE, &[], &[ANA]).await.unwrap().unwrap();
    assert!(second > first);
    let seen = nodes.seen(first).await.unwrap();
    assert_eq!((seen.version, seen.whole), (second, false));
    assert_eq!(seen.active, [(ONE, ANA, false)]);
    assert_eq!(nodes.seen(Version::NONE).await.unwrap().active, [(ONE, BUDI, true)]);
    assert_eq!(nodes.seen(second).await.unwrap().active, []);
    let third = nodes.active(ONE, &[ANA], &[]).await.unwrap().unwrap();
    assert_eq!(nodes.seen(second).await.unwrap().active, [(ONE, ANA, true)], "again");
    assert_eq!(nodes.beat(OTHER).await.unwrap().version, third);
    let beyond = nodes.seen(Version(third.0 + 1_000)).await.unwrap();
    assert!(beyond.whole && beyond.active.len() == 2, "who is ahead of the store begins anew");
}

async fn so_many_are_told_of_at_a_time(nodes: &dyn NodeStore, _: &Pass) {
    both(nodes).await;
    let many = |count| -> Vec<Active> {
        (1..=count).map(|user| Active { user: UserId(user), elsewhere: user % 2 == 0 }).collect()
    };
    let together = i64::try_from(ACTIVE_TOGETHER).unwrap();
    assert!(nodes.active(ONE, &many(together), &[ANA]).await.is_err());
    assert_eq!(nodes.seen(Version::NONE).await.unwrap().active, []);
    nodes.active(ONE, &many(together), &[]).await.unwrap().unwrap();
    assert_eq!(nodes.seen(Version::NONE).await.unwrap().active.len(), ACTIVE_TOGETHER);
    nodes.active(ONE, &[], &many(together)).await.unwrap().unwrap();
    assert_eq!(nodes.seen(Version::NONE).await.unwrap().active, []);
    // Of who leaves as many as it may be.
    let visits: Vec<_> = (1..=2_500).map(|session| (SessionId(session), 1)).collect();
    for session in [1, 1_500, 2_500] {
        enter(nodes, ONE, coming(session, HALL, 1)).await;
    }
    nodes.leave(ONE, &visits).await.unwrap().unwrap();
    assert_eq!(there(nodes).await, []);
}

async fn a_session_is_in_one_room_on_one_node(nodes: &dyn NodeStore, _: &Pass) {
    both(nodes).await;
    let first = enter(nodes, ONE, coming(1, HALL, 1)).await;
    let second = enter(nodes, OTHER, coming(1, YARD, 1)).await;
    assert_eq!(there(nodes).await, [(1, YARD, OTHER)]);
    let row = changed(nodes, first).await;
    assert_eq!((row.node, row.room, row.came, row.stands), (OTHER, YARD, second, Stands::There));
    enter(nodes, ONE, coming(1, YARD, 2)).await;
    let row = changed(nodes, second).await;
    assert_eq!((row.node, row.came), (ONE, second), "who moves within a room came before");
    assert_eq!(nodes.leave(OTHER, &[(SessionId(1), 1)]).await.unwrap(), None, "long gone");
    assert_eq!(there(nodes).await, [(1, YARD, ONE)]);
    let taken = nodes.take_out(&[SessionId(1), SessionId(9)]).await.unwrap().unwrap();
    let row = changed(nodes, row.changed).await;
    assert_eq!((row.node, row.visit, row.stands, row.changed), (ONE, 2, Stands::Left, taken));
    assert_eq!(nodes.take_out(&[SessionId(1)]).await.unwrap(), None);
    assert_eq!(there(nodes).await, []);
}

async fn of_two_comings_the_later_visit_holds(nodes: &dyn NodeStore, _: &Pass) {
    both(nodes).await;
    enter(nodes, ONE, coming(1, HALL, 5)).await;
    let late = nodes.enter(ONE, coming(1, YARD, 4), 100).await.unwrap();
    assert_eq!(late, Entered::Elsewhere);
    assert_eq!(there(nodes).await, [(1, HALL, ONE)]);
    enter(nodes, OTHER, coming(1, YARD, 1)).await;
    assert_eq!(there(nodes).await, [(1, YARD, OTHER)], "nodes count their own visits");
}

async fn a_visit_is_left_once_and_not_by_an_earlier_one(nodes: &dyn NodeStore, _: &Pass) {
    both(nodes).await;
    enter(nodes, ONE, coming(1, HALL, 1)).await;
    enter(nodes, ONE, coming(2, HALL, 2)).await;
    let last = enter(nodes, ONE, coming(1, YARD, 3)).await;
    assert_eq!(nodes.leave(ONE, &[(SessionId(1), 1), (SessionId(3), 1)]).await.unwrap(), None);
    assert_eq!(there(nodes).await, [(1, YARD, ONE), (2, HALL, ONE)]);
    let both_left = [(SessionId(1), 3), (SessionId(2), 2)];
    let left = nodes.leave(ONE, &both_left).await.unwrap().unwrap();
    assert!(left > last);
    assert_eq!(nodes.leave(ONE, &both_left).await.unwrap(), None);
    assert_eq!(there(nodes).await, []);
    let came = enter(nodes, ONE, coming(1, YARD, 4)).await;
    assert_eq!(changed(nodes, left).await.came, came, "who comes again comes anew");
}

async fn a_room_has_so_many_people_and_no_more(nodes: &dyn NodeStore, _: &Pass) {
    both(nodes).await;
    for session in 1..=3 {
        let node = if session == 2 { OTHER } else { ONE };
        nodes.enter(node, coming(session, HALL, 1), 3).await.unwrap();
    }
    let full = nodes.enter(OTHER, coming(4, HALL, 1), 3).await;
    assert_eq!(refused(full), Refusal::TooMany(Field::Room));
    let within = nodes.enter(OTHER, coming(1, HALL, 1), 3).await.unwrap();
    assert!(matches!(within, Entered::Here(_)), "who is in it takes no further place");
    nodes.enter(ONE, coming(2, YARD, 1), 3).await.unwrap();
    nodes.enter(OTHER, coming(4, HALL, 1), 3).await.unwrap();
    assert_eq!(there(nodes).await.len(), 4);
}

async fn what_is_written_again_takes_nobody_out_of_another_room(nodes: &dyn NodeStore, _: &Pass) {
    both(nodes).await;
    enter(nodes, OTHER, coming(1, YARD, 1)).await;
    let again = |session| Coming { again: true, ..coming(session, HALL, 1) };
    let outcome = nodes.enter(ONE, again(1), 100).await.unwrap();
    assert_eq!(outcome, Entered::Elsewhere);
    enter(nodes, ONE, again(2)).await;
    assert_eq!(there(nodes).await, [(1, YARD, OTHER), (2, HALL, ONE)]);
    nodes.take_out(&[SessionId(1)]).await.unwrap();
    enter(nodes, ONE, again(1)).await;
}

async fn wrong_passwords_are_counted_by_account_and_by_network(nodes: &dyn NodeStore, pass: &Pass) {
    let [ana, budi] = ["ana", "budi"].map(|name| Username::parse(name).unwrap());
    let here = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let there: IpAddr = "2001:db8:1:2::".parse().unwrap();
    let within = Duration::from_secs(4);
    let ages = async |account: &Username, network, limit| {
        let found = nodes.failures(account, network, within, limit).await.unwrap();
        assert!(found.account.is_sorted() && found.network.is_sorted(), "{found:?}");
        (found.account.len(), found.network.len())
    };
    nodes.note_failure(&ana, here).await.unwrap();
    pass(Duration::from_secs(2));
    nodes.note_failure(&ana, there).await.unwrap();
    nodes.note_failure(&budi, here).await.unwrap();
    assert_eq!(ages(&ana, here, 10).await, (2, 2));
    assert_eq!(ages(&budi, there, 10).await, (1, 1));
    assert_eq!(ages(&ana, here, 1).await, (1, 1));
    let found = nodes.failures(&ana, here, within, 1).await.unwrap();
    assert!(found.account[0] < Duration::from_secs(2), "the latest: {found:?}");
    pass(Duration::from_millis(2_100));
    assert_eq!(ages(&ana, here, 10).await, (1, 1), "the first is too old");
    nodes.forget_failures(within).await.unwrap();
    let all = nodes.failures(&ana, here, Duration::from_mins(10), 10).await.unwrap();
    assert_eq!((all.account.len(), all.network.len()), (1, 1), "and forgotten");
}

async fn facts_are_kept_by_name_for_as_long_as_their_node_lives(
    nodes: &dyn NodeStore,
    pass: &Pass,
) {
    both(nodes).await;
    for (node, fact) in [(ONE, b"x"), (OTHER, b"y"), (ONE, b"z")] {
        assert!(nodes.keep_fact(node, "a", Some(fact)).await.unwrap());
    }
    nodes.keep_fact(ONE, "b", Some(b"x")).await.unwrap();
    let has = async |name, fact: &[u8]| nodes.has_fact(name, fact).await.unwrap();
    assert!(!has("a", b"x").await, "it has another now");
    assert!(has("a", b"y").await && has("a", b"z").await && has("b", b"x").await);
    let mut facts = nodes.beat(ONE).await.unwrap().facts;
    facts.sort();
    let named = |node, name: &str| (node, name.to_owned());
    assert_eq!(facts, [named(ONE, "a"), named(ONE, "b"), named(OTHER, "a")]);
    nodes.keep_fact(ONE, "b", None).await.unwrap();
    assert!(!has("b", b"x").await);
    silence_one(nodes, pass).await;
    assert!(!has("a", b"z").await && has("a", b"y").await);
    nodes.forget_facts("a").await.unwrap();
    assert!(!has("a", b"y").await);
}

async fn a_lease_has_one_holder_and_its_token_counts_takings(nodes: &dyn NodeStore, pass: &Pass) {
    both(nodes).await;
    let time = Duration::from_secs(3);
    let take = async |node| nodes.lease("link:1", node, time).await.unwrap();
    let first = take(ONE).await.unwrap();
    assert_eq!(take(OTHER).await, None);
    pass(Duration::from_secs(2));
    assert_eq!(take(ONE).await, Some(first), "held on");
    pass(Duration::from_secs(2));
    assert_eq!(take(OTHER).await, None, "it was held on");
    assert!(nodes.lease("link:2", OTHER, time).await.unwrap().is_some(), "each on its own");
    pass(Duration::from_millis(1_100));
    let second = take(OTHER).await.unwrap();
    assert!(second > first);
    assert_eq!(take(ONE).await, None);
    nodes.release("link:1", first).await.unwrap();
    assert_eq!(take(ONE).await, None, "it was not given back by who holds it");
    nodes.release("link:1", second).await.unwrap();
    let third = take(ONE).await.unwrap();
    assert!(third > second);
    nodes.retire(ONE).await.unwrap();
    assert!(take(OTHER).await.unwrap() > third, "who is gone holds nothing");
}

async fn of_many_who_want_a_lease_one_gets_it(nodes: &dyn NodeStore, _: &Pass) {
    let wishes = (1..=20).map(|node| nodes.lease("link:1", NodeId(node), SILENT));
    let taken = futures_util::future::join_all(wishes).await;
    let taken: Vec<_> = taken.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(taken.len(), 1);
}
