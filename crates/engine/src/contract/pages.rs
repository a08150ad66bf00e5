//! Pages of a conversation, and what arrived for somebody who was away.

use kabar_model::{Arrival, Body, ConversationId, Refusal, Seq, UserId};

use super::world::{Shared, at, group_of, message, post, refused, room, say, user, users};
use crate::store::{Content, NewMessage, Place, Store, Target, Window};

async fn page(
    store: &dyn Store,
    reader: UserId,
    id: ConversationId,
    window: Window,
    limit: usize,
) -> Vec<i64> {
    let page = store.history(reader, id, window, limit).await.unwrap();
    page.messages.iter().map(|message| message.place.seq.0).collect()
}

/// Ten texts with an edit of the third after the fifth, so that number 6 is a change.
async fn eleven(store: &dyn Store, author: UserId, target: Target) -> ConversationId {
    let mut last = None;
    for number in 1..=11 {
        let content = match number {
            6 => Content::Edit { of: Seq(3), text: Body::parse("three").unwrap() },
            _ => message(author, &[target], &number.to_string()).content,
        };
        let new = NewMessage::new(author, vec![target], content, at(number));
        last = Some(post(store, new).await.unwrap()[0]);
    }
    last.unwrap().conversation
}

pub(super) async fn a_page_has_what_was_said_and_no_changes(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let id = eleven(&*store, ana, Target::Direct(budi)).await;
    let around = |seq| Window::Around(Seq(seq));
    for (window, limit, expected) in [
        (Window::Last, 3, &[9, 10, 11][..]),
        (Window::Last, 99, &[1, 2, 3, 4, 5, 7, 8, 9, 10, 11]),
        (Window::Before(Seq(8)), 3, &[4, 5, 7]),
        (Window::Before(Seq(1)), 3, &[]),
        (Window::Before(Seq(99)), 1, &[11]),
        (Window::After(Seq(4)), 3, &[5, 7, 8]),
        (Window::After(Seq::NONE), 2, &[1, 2]),
        (Window::After(Seq(11)), 2, &[]),
        (around(7), 4, &[4, 5, 7, 8]),
        (around(6), 4, &[4, 5, 7, 8]),
        (around(1), 3, &[1, 2, 3]),
        (around(11), 4, &[8, 9, 10, 11]),
        (around(10), 5, &[7, 8, 9, 10, 11]),
        (around(99), 2, &[10, 11]),
        (Window::Last, 0, &[]),
    ] {
        assert_eq!(page(&*store, budi, id, window, limit).await, expected, "{window:?} {limit}");
    }
    let all = store.history(budi, id, Window::Last, 99).await.unwrap();
    assert_eq!((all.first, all.last), (Seq(1), Seq(11)));
    assert_eq!((all.messages[2].body.as_str(), all.messages[2].edited_at), ("three", Some(at(6))));
}

pub(super) async fn a_deleted_message_keeps_its_place_in_a_page(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let id = eleven(&*store, ana, Target::Direct(budi)).await;
    let content = Content::Deletion { of: Seq(11) };
    post(&*store, NewMessage::new(ana, vec![Target::Own(id)], content, at(12))).await.unwrap();
    let all = store.history(budi, id, Window::Last, 2).await.unwrap();
    assert_eq!((all.messages[1].deleted, all.messages[1].body.as_str()), (true, ""));
    assert_eq!((all.messages[0].deleted, all.last), (false, Seq(12)));
}

pub(super) async fn one_reads_what_one_may_see(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana]).await;
    eleven(&*store, ana, Target::Group(club)).await;
    store.join_group(club, budi, at(20)).await.unwrap();
    let late = say(&*store, ana, Target::Group(club), "late").await;
    let seen = store.history(budi, club, Window::Around(Seq(1)), 9).await.unwrap();
    assert_eq!(seen.messages.iter().map(|m| m.place).collect::<Vec<_>>(), [late]);
    assert_eq!((seen.first, seen.last), (Seq(12), Seq(12)));
    assert!(store.shown(budi, late).await.unwrap().is_some());
    let early = Place { seq: Seq(11), ..late };
    assert_eq!(store.shown(budi, early).await.unwrap(), None);
    assert!(store.shown(ana, early).await.unwrap().is_some());
    let change = Place { seq: Seq(6), ..late };
    assert!(store.shown(ana, change).await.unwrap().unwrap().change.is_some());
    let stranger = store.history(citra, club, Window::Last, 9).await;
    assert_eq!(refused(stranger), Refusal::NotMember);
    assert_eq!(store.shown(citra, late).await.unwrap(), None);
    let lobby = room(&*store, "lobby").await;
    say(&*store, ana, Target::Room(lobby), "hai").await;
    assert_eq!(page(&*store, citra, lobby, Window::Last, 9).await, [1]);
}

pub(super) async fn what_arrived_is_told_in_order_as_far_as_one_may_see_it(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    assert_eq!(store.last_arrival().await.unwrap(), Arrival::NONE);
    let club = group_of(&*store, "club", &[ana]).await;
    let lobby = room(&*store, "lobby").await;
    say(&*store, ana, Target::Group(club), "before budi").await;
    store.join_group(club, budi, at(2)).await.unwrap();
    let start = store.last_arrival().await.unwrap();
    let said = say(&*store, ana, Target::Group(club), "one").await;
    say(&*store, ana, Target::Direct(citra), "not budi's").await;
    say(&*store, ana, Target::Room(lobby), "nobody's").await;
    say(&*store, budi, Target::Direct(ana), "two").await;
    let content = Content::Edit { of: said.seq, text: Body::parse("1").unwrap() };
    post(&*store, NewMessage::new(ana, vec![Target::Own(club)], content, at(3))).await.unwrap();
    let arrived = async |after, limit| {
        let found = store.arrivals(budi, after, limit, 100).await.unwrap().unwrap();
        assert!(found.is_sorted_by_key(|message| message.arrival));
        found
    };
    let texts = |all: &[crate::store::Message]| {
        all.iter().map(|message| message.body.clone()).collect::<Vec<_>>()
    };
    let all = arrived(start, 10).await;
    assert_eq!(texts(&all), ["1", "two", "1"]);
    assert_eq!(texts(&arrived(Arrival::NONE, 10).await), ["1", "two", "1"]);
    assert_eq!(all[2].change.map(kabar_model::Change::of), Some(said.seq));
    assert_eq!(texts(&arrived(start, 2).await), ["1", "two"]);
    assert_eq!(arrived(all[1].arrival, 10).await, all[2..]);
    assert_eq!(all[2].arrival, store.last_arrival().await.unwrap());
    assert_eq!(arrived(all[2].arrival, 10).await, []);
    assert_eq!(store.arrivals(budi, start, 10, 4).await.unwrap(), None, "five have arrived");
    assert!(store.arrivals(budi, start, 10, 5).await.unwrap().is_some());
    let ahead = Arrival(all[2].arrival.0 + 1);
    assert_eq!(store.arrivals(budi, ahead, 10, 5).await.unwrap(), None, "from another realm");
}

pub(super) async fn a_direct_conversation_is_opened_once(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let opened = store.open_direct(ana, budi, at(1)).await.unwrap();
    assert_eq!(store.open_direct(budi, ana, at(2)).await.unwrap(), opened);
    assert_eq!(say(&*store, budi, Target::Direct(ana), "hai").await.conversation, opened);
    let note = store.open_direct(ana, ana, at(3)).await.unwrap();
    assert_ne!(note, opened);
    let outcome = store.open_direct(ana, UserId(99), at(4)).await;
    assert_eq!(refused(outcome), Refusal::UserUnknown);
    let both: Vec<_> = store.members(opened).await.unwrap().iter().map(|(id, _)| *id).collect();
    assert_eq!(both, [ana, budi]);
}

pub(super) async fn peers_are_those_one_shares_a_conversation_with(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let dewi = user(&*store, "dewi").await;
    group_of(&*store, "club", &[ana, budi]).await;
    say(&*store, citra, Target::Direct(ana), "hai").await;
    say(&*store, ana, Target::Direct(budi), "hai").await;
    let peers = async |user, limit| {
        let mut peers = store.peers(user, limit).await.unwrap();
        peers.sort_unstable();
        peers
    };
    assert_eq!(peers(ana, 10).await, [budi, citra]);
    assert_eq!(peers(ana, 1).await.len(), 1);
    assert_eq!(peers(citra, 10).await, [ana]);
    assert_eq!(peers(dewi, 10).await, []);
}
