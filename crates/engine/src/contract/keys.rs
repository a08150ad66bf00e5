//! Keys: a retry is told from a new message. Replies are kept as given.

use kabar_model::{Body, ClientKey, Field, Refusal, Seq, UserId};

use super::world::{
    Shared, at, file_message, group_of, history, message, new_file, post, refused, room, users,
};
use crate::store::{Content, NewMessage, Target, Window};

fn keyed(author: UserId, target: Target, text: &str, key: &str) -> NewMessage {
    let key = Some(ClientKey::parse(key).unwrap());
    NewMessage { key, ..message(author, &[target], text) }
}

pub(super) async fn a_message_with_the_key_of_an_earlier_one_is_that_one(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    let to = Target::Group(club);
    let first = store.post(keyed(ana, to, "hai", "k1")).await.unwrap().await.unwrap();
    assert!(first[0].arrival.is_some());
    for way in [to, Target::Own(club)] {
        let again = store.post(keyed(ana, way, "hai", "k1")).await.unwrap().await.unwrap();
        assert_eq!((again[0].place, again[0].arrival), (first[0].place, None));
    }
    let of_another = post(&*store, keyed(budi, to, "hai, too", "k1")).await.unwrap();
    assert_eq!(of_another[0].seq, Seq(2));
    post(&*store, keyed(ana, to, "more", "K1")).await.unwrap();
    assert_eq!(history(&*store, club).await, ["hai", "hai, too", "more"]);
    assert_eq!(store.direct(ana, budi).await.unwrap(), None);
    let two = [to, Target::Direct(budi)];
    let new = NewMessage { targets: two.to_vec(), ..keyed(ana, to, "hai", "k2") };
    assert_eq!(refused(post(&*store, new).await), Refusal::TooMany(Field::Recipients));
}

pub(super) async fn a_key_of_another_message_is_refused(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let (to, lobby) = (Target::Direct(budi), room(&*store, "lobby").await);
    let said = NewMessage { reply_to: Some(Seq(1)), ..keyed(ana, to, "hai", "k1") };
    let place = post(&*store, said.clone()).await.unwrap()[0];
    let file = |number, name: &str| {
        let key = Some(ClientKey::parse("k2").unwrap());
        NewMessage { key, ..file_message(ana, to, new_file(number, name)) }
    };
    let sent = post(&*store, file(1, "a.txt")).await.unwrap();
    for other in [
        NewMessage { targets: vec![Target::Direct(citra)], ..said.clone() },
        NewMessage { targets: vec![Target::Direct(ana)], ..said.clone() },
        NewMessage { targets: vec![Target::Room(lobby)], ..said.clone() },
        NewMessage { reply_to: Some(Seq(2)), ..said.clone() },
        NewMessage { reply_to: None, ..said.clone() },
        NewMessage { reply_to: Some(Seq(1)), ..keyed(ana, to, "hei", "k1") },
        keyed(ana, to, "a.txt", "k2"),
        file(2, "a.txt"),
        file(1, "b.txt"),
    ] {
        let outcome = post(&*store, other.clone()).await;
        assert_eq!(refused(outcome), Refusal::Invalid(Field::Key), "{other:?}");
    }
    assert_eq!(history(&*store, place.conversation).await, ["hai", ""]);
    assert_eq!(store.direct(ana, citra).await.unwrap(), None);
    assert_eq!(post(&*store, said.clone()).await.unwrap(), [place]);
    assert_eq!(post(&*store, file(1, "a.txt")).await.unwrap(), sent);
    // What it said before it was changed is not known any more.
    let edit = Content::Edit { of: place.seq, text: Body::parse("halo").unwrap() };
    post(&*store, NewMessage::new(ana, vec![to], edit, at(2))).await.unwrap();
    assert_eq!(post(&*store, said.clone()).await.unwrap(), [place]);
    let deletion = Content::Deletion { of: sent[0].seq };
    post(&*store, NewMessage::new(ana, vec![to], deletion, at(2))).await.unwrap();
    assert_eq!(post(&*store, file(1, "a.txt")).await.unwrap(), sent);
}

pub(super) async fn handed_over_at_once_a_key_makes_one_message(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let mut tickets = Vec::new();
    for _ in 0..10 {
        tickets.push(store.post(keyed(ana, Target::Direct(budi), "hai", "k")).await.unwrap());
    }
    let mut new = 0;
    for ticket in tickets {
        let posted = ticket.await.unwrap()[0];
        assert_eq!(posted.place.seq, Seq(1));
        new += usize::from(posted.arrival.is_some());
    }
    assert_eq!(new, 1);
}

pub(super) async fn a_refused_message_leaves_its_key_free(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group_of(&*store, "club", &[budi]).await;
    let outcome = post(&*store, keyed(ana, Target::Group(club), "hai", "k")).await;
    assert_eq!(refused(outcome), Refusal::NotMember);
    store.join_group(club, ana, at(2)).await.unwrap();
    post(&*store, keyed(ana, Target::Group(club), "hai", "k")).await.unwrap();
    assert_eq!(history(&*store, club).await, ["hai"]);
}

pub(super) async fn a_key_is_shown_to_who_gave_it_until_it_is_forgotten(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let old = NewMessage { at: at(1), ..keyed(ana, Target::Direct(budi), "old", "k1") };
    let place = post(&*store, old).await.unwrap()[0];
    let new = NewMessage { at: at(5), ..keyed(ana, Target::Direct(budi), "new", "k2") };
    post(&*store, new).await.unwrap();
    let keys = async |reader| {
        let page = store.history(reader, place.conversation, Window::Last, 10).await.unwrap();
        let keys = page.messages.into_iter().map(|m| m.key.map(|key| key.as_str().to_owned()));
        keys.collect::<Vec<_>>()
    };
    assert_eq!(keys(ana).await, [Some("k1".to_owned()), Some("k2".to_owned())]);
    assert_eq!(keys(budi).await, [None, None]);
    let key = |message: Option<crate::store::Message>| message.unwrap().key.is_some();
    assert!(key(store.shown(ana, place).await.unwrap()));
    assert!(!key(store.shown(budi, place).await.unwrap()));
    assert_eq!(store.forget_keys(at(5)).await.unwrap(), 1);
    assert_eq!(store.forget_keys(at(5)).await.unwrap(), 0);
    assert_eq!(keys(ana).await, [None, Some("k2".to_owned())]);
    let again = post(&*store, keyed(ana, Target::Direct(budi), "again", "k1")).await.unwrap();
    assert_eq!(again[0].seq, Seq(3));
}

pub(super) async fn a_reply_is_kept_as_given(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    for reply_to in [None, Some(Seq(1)), Some(Seq(77))] {
        let new = NewMessage { reply_to, ..message(ana, &[Target::Direct(budi)], "hai") };
        let place = post(&*store, new).await.unwrap()[0];
        let message = store.shown(budi, place).await.unwrap().unwrap();
        assert_eq!((message.reply_to, message.change), (reply_to, None));
    }
}
