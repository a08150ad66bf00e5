//! Rooms: names, and messages that nobody has to read.

use kabar_model::{ConversationId, Refusal, RoomName, Seq};
use tokio::task::JoinSet;

use super::world::{
    Shared, at, group, history, message, post, refused, room, say, unread, unread_texts, users,
};
use crate::store::{Conversation, Target};

pub(super) async fn a_room_is_made_once_however_many_ask(store: Shared) {
    let mut tasks = JoinSet::new();
    for number in 0..24 {
        let store = store.clone();
        let name = ["Ruang 12", " ruang  12", "RUANG 12"][number % 3];
        tasks.spawn(async move { room(&*store, name).await });
    }
    let mut made = tasks.join_all().await;
    made.dedup();
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(room(&*store, "ruang 12").await, made[0]);
    assert_ne!(room(&*store, "ruang-12").await, made[0]);
}

pub(super) async fn a_room_keeps_the_name_it_was_first_given(store: Shared) {
    let first = RoomName::parse("Ruang  Baca").unwrap();
    let id = store.room(&first, at(1)).await.unwrap();
    assert_eq!(room(&*store, "ruang baca").await, id);
    let found = store.conversations(&[id]).await.unwrap();
    assert_eq!(found, [Conversation::Room(id, first)]);
}

pub(super) async fn a_room_is_no_group(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let lobby = room(&*store, "lobby").await;
    assert_eq!(store.group("lobby").await.unwrap(), None);
    assert_eq!(store.visible_groups(ana, 10).await.unwrap(), []);
    assert_eq!(refused(store.join_group(lobby, ana, at(1)).await), Refusal::GroupUnknown);
    assert_eq!(refused(store.leave_group(lobby, ana, at(1)).await), Refusal::NotMember);
    let outcome = post(&*store, message(ana, &[Target::Group(lobby)], "hai")).await;
    assert_eq!(refused(outcome), Refusal::NotMember);

    let club = group(&*store, "lobby", ana).await;
    assert_ne!(club.id, lobby, "a room's name is free for a group");
    store.join_group(club.id, budi, at(1)).await.unwrap();
    assert_eq!(room(&*store, "Lobby").await, lobby);
}

pub(super) async fn anybody_writes_to_a_room_and_no_number_is_left_out(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let lobby = room(&*store, "lobby").await;
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        let author = if number % 2 == 0 { ana } else { budi };
        tasks.spawn(async move { say(&*store, author, Target::Room(lobby), "hai").await.seq });
    }
    let mut given = tasks.join_all().await;
    given.sort_unstable();
    assert!(given.into_iter().eq((1..=20).map(Seq)));
    assert_eq!(history(&*store, lobby).await.len(), 20);
    let other = room(&*store, "other").await;
    assert_eq!(say(&*store, ana, Target::Room(other), "hai").await.seq, Seq(1));
}

pub(super) async fn what_is_no_room_takes_no_message_as_one(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await.id;
    let direct = say(&*store, ana, Target::Direct(budi), "hai").await.conversation;
    let lobby = room(&*store, "lobby").await;
    let nowhere = ConversationId(lobby.0.max(direct.0).max(club.0) + 1_000);
    for wrong in [club, direct, nowhere] {
        let targets = [Target::Room(lobby), Target::Room(wrong)];
        let outcome = post(&*store, message(ana, &targets, "hai")).await;
        assert_eq!(refused(outcome), Refusal::NotInRoom);
    }
    assert_eq!(history(&*store, lobby).await, [""; 0], "to all or to none");
    assert_eq!(history(&*store, nowhere).await, [""; 0]);
    assert_eq!(say(&*store, ana, Target::Room(lobby), "hai").await.seq, Seq(1));
}

pub(super) async fn what_is_said_in_a_room_is_never_unread(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let lobby = room(&*store, "lobby").await;
    say(&*store, ana, Target::Room(lobby), "to the room").await;
    let last = say(&*store, budi, Target::Room(lobby), "to the room").await;
    for who in [ana, budi] {
        let found = unread(&*store, who).await;
        assert_eq!((found.messages, found.positions), (vec![], vec![]));
        store.mark_read(who, &[last]).await.unwrap();
    }
    assert_eq!(store.members(lobby).await.unwrap(), []);
    say(&*store, ana, Target::Direct(budi), "to budi").await;
    assert_eq!(unread_texts(&*store, budi).await, ["to budi"]);
}
