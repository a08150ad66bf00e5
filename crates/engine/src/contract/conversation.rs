//! One conversation alone: what is unread in it, what was said last, and which is whose.

use kabar_model::{ConversationId, Refusal, Seq, UserId};

use super::world::{
    Shared, at, group, group_of, refused, room, say, texts, unread_texts, up_to, user, users,
};
use crate::store::{Store, Target, Unread};

async fn unread_in(store: &dyn Store, user: UserId, conversation: ConversationId) -> Unread {
    store.unread_in(user, conversation, up_to(1_000, 1 << 20)).await.unwrap()
}

async fn recent(store: &dyn Store, user: UserId, conversation: ConversationId) -> Vec<String> {
    let recent = store.recent(user, conversation, 1_000).await.unwrap();
    recent.into_iter().map(|message| message.body).collect()
}

pub(super) async fn unread_in_one_leaves_the_others_alone(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    let first = say(&*store, ana, Target::Direct(budi), "1").await;
    say(&*store, ana, Target::Group(club), "2").await;
    say(&*store, citra, Target::Direct(budi), "3").await;
    let last = say(&*store, ana, Target::Direct(budi), "4").await;

    let found = unread_in(&*store, budi, first.conversation).await;
    assert_eq!(found.messages.iter().map(|m| m.place).collect::<Vec<_>>(), [first, last]);
    assert_eq!((texts(&found), found.positions), (vec!["1".into(), "4".into()], vec![last]));
    assert_eq!(texts(&unread_in(&*store, budi, club).await), ["2"]);
    store.mark_read(budi, &[last]).await.unwrap();
    assert_eq!(unread_in(&*store, budi, first.conversation).await, Unread::default());
    assert_eq!(unread_texts(&*store, budi).await, ["2", "3"]);
}

pub(super) async fn unread_in_one_comes_in_parts(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let mut places = Vec::new();
    for number in 1..=5 {
        let text = number.to_string().repeat(1_000);
        places.push(say(&*store, ana, Target::Direct(budi), &text).await);
    }
    let conversation = places[0].conversation;
    for (messages_max, bytes_max, expected) in
        [(2, 1 << 20, 0..2), (10, 10, 2..3), (10, 1 << 20, 3..5)]
    {
        let part =
            store.unread_in(budi, conversation, up_to(messages_max, bytes_max)).await.unwrap();
        let found: Vec<_> = part.messages.iter().map(|m| m.place).collect();
        assert_eq!(found, places[expected.clone()]);
        assert_eq!(part.positions, [places[expected.end - 1]]);
        store.mark_read(budi, &part.positions).await.unwrap();
    }
}

pub(super) async fn unread_in_one_passes_over_ones_own_but_not_notes(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let direct = say(&*store, ana, Target::Direct(budi), "mine").await.conversation;
    let theirs = say(&*store, budi, Target::Direct(ana), "yours").await;
    let note = say(&*store, ana, Target::Direct(ana), "milk").await;
    let found = unread_in(&*store, ana, direct).await;
    assert_eq!((texts(&found), found.positions), (vec!["yours".into()], vec![theirs]));
    let found = unread_in(&*store, ana, note.conversation).await;
    assert_eq!((texts(&found), found.positions), (vec!["milk".into()], vec![note]));
    store.mark_read(ana, &[theirs]).await.unwrap();
    say(&*store, ana, Target::Direct(budi), "mine again").await;
    assert_eq!(unread_in(&*store, ana, direct).await.messages, []);
}

pub(super) async fn only_a_member_is_shown_a_conversation(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    say(&*store, ana, Target::Group(club), "hai").await;
    let direct = say(&*store, ana, Target::Direct(budi), "hai").await.conversation;
    let lobby = room(&*store, "lobby").await;
    say(&*store, citra, Target::Room(lobby), "hai").await;
    for conversation in [club, direct] {
        assert_eq!(texts(&unread_in(&*store, budi, conversation).await), ["hai"]);
        assert_eq!(recent(&*store, budi, conversation).await, ["hai"]);
    }
    store.leave_group(club, budi, at(1)).await.unwrap();

    let nowhere = ConversationId(lobby.0.max(direct.0).max(club.0) + 1_000);
    let shut = [(citra, club), (citra, direct), (citra, lobby), (citra, nowhere), (budi, club)];
    for (who, conversation) in shut {
        let outcome = store.unread_in(who, conversation, up_to(10, 1_000)).await;
        assert_eq!(refused(outcome), Refusal::NotMember);
        assert_eq!(refused(store.recent(who, conversation, 10).await), Refusal::NotMember);
    }
}

pub(super) async fn nothing_from_before_joining_is_shown(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await.id;
    say(&*store, ana, Target::Group(club), "before").await;
    store.join_group(club, budi, at(1)).await.unwrap();
    assert_eq!(recent(&*store, budi, club).await, [""; 0]);
    assert_eq!(unread_in(&*store, budi, club).await, Unread::default());
    say(&*store, ana, Target::Group(club), "after").await;
    assert_eq!(recent(&*store, budi, club).await, ["after"]);
    assert_eq!(texts(&unread_in(&*store, budi, club).await), ["after"]);

    store.leave_group(club, budi, at(2)).await.unwrap();
    say(&*store, ana, Target::Group(club), "while away").await;
    store.join_group(club, budi, at(3)).await.unwrap();
    say(&*store, budi, Target::Group(club), "back again").await;
    assert_eq!(recent(&*store, budi, club).await, ["back again"]);
    assert_eq!(recent(&*store, ana, club).await, ["before", "after", "while away", "back again"]);
}

pub(super) async fn the_last_messages_come_in_order_read_or_not(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let mut places = Vec::new();
    for number in 1..=5 {
        let (author, reader) = if number % 2 == 0 { (ana, budi) } else { (budi, ana) };
        places.push(say(&*store, author, Target::Direct(reader), &number.to_string()).await);
        say(&*store, ana, Target::Direct(ana), "between").await;
    }
    store.mark_read(ana, &[places[3]]).await.unwrap();
    let conversation = places[0].conversation;
    for limit in 0..=6 {
        let recent = store.recent(ana, conversation, limit).await.unwrap();
        let found: Vec<_> = recent.iter().map(|message| message.place).collect();
        assert_eq!(found, places[5 - limit.min(5)..]);
    }
    let all = store.messages(conversation, Seq::NONE, 10).await.unwrap();
    assert_eq!(store.recent(ana, conversation, 10).await.unwrap(), all);
    let unread = unread_in(&*store, ana, conversation).await;
    assert_eq!(texts(&unread), ["5"], "looking does not mark");
}

pub(super) async fn two_people_have_a_conversation_once_they_wrote(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let citra = user(&*store, "citra").await;
    group_of(&*store, "club", &[ana, budi, citra]).await;
    say(&*store, ana, Target::Direct(citra), "to another").await;
    for (one, other) in [(ana, budi), (budi, ana), (ana, ana)] {
        assert_eq!(store.direct(one, other).await.unwrap(), None);
    }
    let made = say(&*store, budi, Target::Direct(ana), "hai").await.conversation;
    let note = say(&*store, ana, Target::Direct(ana), "note").await.conversation;
    let expected = [(ana, budi, made), (budi, ana, made), (ana, ana, note)];
    for (one, other, conversation) in expected {
        assert_eq!(store.direct(one, other).await.unwrap(), Some(conversation));
    }
    assert_eq!(store.direct(budi, citra).await.unwrap(), None);
}
