//! Read positions: what is unread, and what moves them.

use kabar_model::{ConversationId, Seq};

use super::world::{Shared, group_of, read_all, say, unread, unread_texts, up_to, users};
use crate::store::{Place, Target, Unread};

pub(super) async fn what_others_wrote_is_unread_until_it_is_marked(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    assert_eq!(unread(&*store, budi).await, Unread::default());
    let first = say(&*store, ana, Target::Direct(budi), "one").await;
    let second = say(&*store, ana, Target::Direct(budi), "two").await;
    let found = unread(&*store, budi).await;
    assert_eq!(found.messages.iter().map(|m| m.place).collect::<Vec<_>>(), [first, second]);
    assert_eq!(found.positions, [second]);
    assert_eq!(unread_texts(&*store, budi).await, ["one", "two"], "looking does not mark");

    store.mark_read(budi, &[first]).await.unwrap();
    assert_eq!(unread_texts(&*store, budi).await, ["two"]);
    store.mark_read(budi, &[second]).await.unwrap();
    assert_eq!(unread(&*store, budi).await, Unread::default());
    say(&*store, ana, Target::Direct(budi), "three").await;
    assert_eq!(unread_texts(&*store, budi).await, ["three"]);
}

pub(super) async fn what_one_wrote_oneself_is_never_unread(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    for target in [Target::Direct(budi), Target::Group(club)] {
        say(&*store, ana, target, "mine").await;
    }
    assert_eq!(unread_texts(&*store, ana).await, [""; 0]);
    assert_eq!(unread_texts(&*store, budi).await, ["mine", "mine"]);
    say(&*store, budi, Target::Group(club), "yours").await;
    say(&*store, ana, Target::Group(club), "mine again").await;
    assert_eq!(unread_texts(&*store, ana).await, ["yours"]);
}

pub(super) async fn a_note_to_oneself_is_unread(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    say(&*store, ana, Target::Direct(ana), "milk").await;
    say(&*store, ana, Target::Direct(budi), "hai").await;
    say(&*store, ana, Target::Direct(ana), "bread").await;
    assert_eq!(read_all(&*store, ana).await, ["milk", "bread"]);
    assert_eq!(unread(&*store, ana).await, Unread::default());
    assert_eq!(unread_texts(&*store, budi).await, ["hai"]);
}

pub(super) async fn a_read_position_never_moves_back(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let first = say(&*store, ana, Target::Direct(budi), "one").await;
    let second = say(&*store, ana, Target::Direct(budi), "two").await;
    say(&*store, ana, Target::Direct(budi), "three").await;
    store.mark_read(budi, &[second]).await.unwrap();
    store.mark_read(budi, &[first]).await.unwrap();
    store.mark_read(budi, &[Place { seq: Seq::NONE, ..first }, first]).await.unwrap();
    assert_eq!(unread_texts(&*store, budi).await, ["three"]);
}

pub(super) async fn a_read_position_never_passes_the_last_message(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let place = say(&*store, ana, Target::Direct(budi), "one").await;
    store.mark_read(budi, &[Place { seq: Seq(i64::MAX), ..place }]).await.unwrap();
    assert_eq!(unread_texts(&*store, budi).await, [""; 0]);
    say(&*store, ana, Target::Direct(budi), "two").await;
    assert_eq!(unread_texts(&*store, budi).await, ["two"]);
}

pub(super) async fn marking_passes_over_conversations_one_is_not_in(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let ours = say(&*store, ana, Target::Direct(budi), "to budi").await;
    let theirs = say(&*store, ana, Target::Direct(citra), "to citra").await;
    let nowhere =
        Place { conversation: ConversationId(theirs.conversation.0 + 1_000), seq: Seq(1) };
    store.mark_read(budi, &[nowhere, theirs, ours]).await.unwrap();
    assert_eq!(unread_texts(&*store, budi).await, [""; 0]);
    assert_eq!(unread_texts(&*store, citra).await, ["to citra"]);
}

pub(super) async fn each_member_has_a_read_position_of_their_own(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi, citra]).await;
    let place = say(&*store, ana, Target::Group(club), "hai").await;
    say(&*store, ana, Target::Direct(budi), "direct").await;
    store.mark_read(budi, &[place]).await.unwrap();
    assert_eq!(unread_texts(&*store, budi).await, ["direct"]);
    assert_eq!(unread_texts(&*store, citra).await, ["hai"]);
}

pub(super) async fn positions_lead_past_messages_of_ones_own(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    for (author, reader, text) in
        [(ana, budi, "1"), (budi, ana, "2"), (ana, budi, "3"), (budi, ana, "4"), (ana, budi, "5")]
    {
        say(&*store, author, Target::Direct(reader), text).await;
    }
    let found = store.unread(ana, up_to(1, 1 << 20)).await.unwrap();
    assert_eq!(found.messages[0].body, "2");
    let [position] = found.positions[..] else { panic!("one conversation: {found:?}") };
    assert!((2..=3).contains(&position.seq.0), "past the second, before the fourth: {position:?}");
    store.mark_read(ana, &found.positions).await.unwrap();
    assert_eq!(read_all(&*store, ana).await, ["4"]);
    assert_eq!(unread(&*store, ana).await.messages, []);
    say(&*store, budi, Target::Direct(ana), "6").await;
    assert_eq!(unread_texts(&*store, ana).await, ["6"]);
}
