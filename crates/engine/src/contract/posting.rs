//! Posting: order, all or nothing, who may.

use std::collections::HashMap;

use kabar_model::{ConversationId, Refusal, Seq};
use tokio::task::JoinSet;

use super::world::{
    Shared, group, group_of, hand_over, history, message, post, refused, say, unread, unread_texts,
    up_to, user, users,
};
use crate::store::{Message, Target};

const WRITERS: i64 = 50;
const POSTS_EACH: i64 = 40;

pub(super) async fn fifty_writers_leave_no_gap_and_every_reader_sees_the_same_order(store: Shared) {
    let mut people = Vec::new();
    for number in 0..=WRITERS {
        people.push(user(&*store, &format!("user{number}")).await);
    }
    let group = group_of(&*store, "crowd", &people).await;
    let reader = people[people.len() - 1];
    let mut tasks = JoinSet::new();
    for (author, number) in people.into_iter().zip(0..WRITERS) {
        let store = store.clone();
        tasks.spawn(async move {
            for post in 0..POSTS_EACH {
                let text = format!("{number} {post}");
                say(&*store, author, Target::Group(group), &text).await;
            }
        });
    }
    tasks.join_all().await;

    let all = store.messages(group, Seq::NONE, 10_000).await.unwrap();
    assert!(all.iter().map(|m| m.place.seq.0).eq(1..=WRITERS * POSTS_EACH));
    let mut next: HashMap<&str, i64> = HashMap::new();
    for Message { body, .. } in &all {
        let (writer, post) = body.split_once(' ').unwrap();
        let expected = next.entry(writer).or_default();
        assert_eq!(post.parse(), Ok(*expected), "a writer's own order is kept");
        *expected += 1;
    }
    let seen = store.unread(reader, up_to(10_000, 1 << 20)).await.unwrap().messages;
    assert_eq!(seen, all, "two readers, one order");
}

pub(super) async fn messages_keep_the_order_in_which_they_were_handed_over(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let mut tickets = Vec::new();
    for number in 1..=30 {
        let text = format!("m{number}");
        tickets.push((number, hand_over(&*store, ana, Target::Direct(budi), &text).await));
    }
    for (number, ticket) in tickets.into_iter().rev() {
        assert_eq!(ticket.await.unwrap()[0].place.seq, Seq(number));
    }
}

pub(super) async fn dropping_a_ticket_does_not_undo_the_message(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    drop(hand_over(&*store, ana, Target::Direct(budi), "lost interest").await);
    let next = say(&*store, ana, Target::Direct(budi), "still here").await;
    assert_eq!(next.seq, Seq(2));
    assert_eq!(unread_texts(&*store, budi).await, ["lost interest", "still here"]);
}

pub(super) async fn one_message_goes_to_several_targets(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let group = group_of(&*store, "club", &[ana, citra]).await;
    say(&*store, ana, Target::Group(group), "first").await;
    let targets = [Target::Direct(budi), Target::Group(group), Target::Direct(ana)];
    let places = post(&*store, message(ana, &targets, "to all")).await.unwrap();
    assert_eq!(places.len(), 3, "one place for each target, in their order");
    assert_eq!(places[1].conversation, group);
    assert_eq!(places.iter().map(|p| p.seq.0).collect::<Vec<_>>(), [1, 2, 1]);
    for place in places {
        assert_eq!(history(&*store, place.conversation).await.last().unwrap(), "to all");
    }
    assert_eq!(unread_texts(&*store, budi).await, ["to all"]);
    assert_eq!(unread_texts(&*store, citra).await, ["first", "to all"]);
}

pub(super) async fn one_target_that_refuses_keeps_the_message_from_all(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let ours = group_of(&*store, "ours", &[ana, budi]).await;
    let theirs = group(&*store, "theirs", citra).await.id;
    let targets = [Target::Direct(budi), Target::Group(ours), Target::Group(theirs)];
    let outcome = post(&*store, message(ana, &targets, "to all")).await;
    assert_eq!(refused(outcome), Refusal::NotMember);
    assert_eq!(unread_texts(&*store, budi).await, [""; 0]);
    assert_eq!(history(&*store, ours).await, [""; 0]);

    let places = post(&*store, message(ana, &targets[..2], "to both")).await.unwrap();
    assert!(places.iter().all(|place| place.seq == Seq(1)), "no number was used up");
}

pub(super) async fn only_a_member_writes_to_a_group(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await.id;
    let direct = say(&*store, ana, Target::Direct(budi), "hai").await.conversation;
    let nowhere = ConversationId(club.0.max(direct.0) + 1_000);
    for (author, group) in [(budi, club), (ana, nowhere), (ana, direct)] {
        let outcome = post(&*store, message(author, &[Target::Group(group)], "hai")).await;
        assert_eq!(refused(outcome), Refusal::NotMember);
    }
    assert_eq!(say(&*store, ana, Target::Group(club), "hai").await.seq, Seq(1));
}

pub(super) async fn a_refused_message_does_not_harm_its_neighbours(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", budi).await.id;
    let mut tickets = Vec::new();
    for number in 0..20 {
        let target = if number % 2 == 0 { Target::Direct(budi) } else { Target::Group(club) };
        tickets.push(hand_over(&*store, ana, target, "hai").await);
    }
    for (ticket, number) in tickets.into_iter().zip(0..) {
        let outcome = ticket.await;
        if number % 2 == 0 {
            assert_eq!(outcome.unwrap()[0].place.seq, Seq(number / 2 + 1));
        } else {
            assert_eq!(refused(outcome), Refusal::NotMember);
        }
    }
    assert_eq!(unread(&*store, budi).await.messages.len(), 10);
}
