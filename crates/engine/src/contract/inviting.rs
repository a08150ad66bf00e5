//! Inviting people to a group.

use kabar_model::limits::GROUPS_JOINED_MAX;
use kabar_model::{ConversationId, GroupRole, Refusal};
use tokio::task::JoinSet;

use super::world::{
    Shared, at, group, group_of, history, is_shut_out, refused, room, say, unread_texts, users,
};
use crate::store::Target;

pub(super) async fn an_admin_adds_who_is_not_in_it_yet(store: Shared) {
    let [ana, budi, citra, dewi] = users(&*store, ["ana", "budi", "citra", "dewi"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    let guests = [dewi, budi, citra, dewi, ana];
    let joined = store.invite(club, ana, &guests, at(1)).await.unwrap();
    assert_eq!(joined, [true, false, true, false, false]);
    let members = [
        (ana, GroupRole::Admin),
        (budi, GroupRole::Member),
        (dewi, GroupRole::Member),
        (citra, GroupRole::Member),
    ];
    assert_eq!(store.members(club).await.unwrap(), members, "in the order of the invitation");
    assert_eq!(store.invite(club, ana, &[], at(2)).await.unwrap(), [false; 0]);
    assert_eq!(say(&*store, citra, Target::Group(club), "hai").await.seq.0, 1);
}

pub(super) async fn only_an_admin_of_the_group_invites(store: Shared) {
    let [ana, budi, citra, dewi] = users(&*store, ["ana", "budi", "citra", "dewi"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    group(&*store, "other", citra).await;
    let outcome = store.invite(club, budi, &[dewi], at(1)).await;
    assert_eq!(refused(outcome), Refusal::AdminOnly);
    let outcome = store.invite(club, citra, &[dewi, citra], at(1)).await;
    assert_eq!(refused(outcome), Refusal::NotMember);
    assert_eq!(store.members(club).await.unwrap().len(), 2);
    assert!(is_shut_out(&*store, dewi, club).await);

    store.leave_group(club, ana, at(2)).await.unwrap();
    let outcome = store.invite(club, ana, &[dewi], at(3)).await;
    assert_eq!(refused(outcome), Refusal::NotMember);
    assert_eq!(store.invite(club, budi, &[dewi], at(3)).await.unwrap(), [true], "the heir may");
}

pub(super) async fn nobody_is_invited_to_what_is_no_open_group(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let closed = group(&*store, "closed", ana).await.id;
    store.leave_group(closed, ana, at(1)).await.unwrap();
    let direct = say(&*store, ana, Target::Direct(budi), "hai").await.conversation;
    let lobby = room(&*store, "lobby").await;
    let nowhere = ConversationId(lobby.0.max(direct.0).max(closed.0) + 1_000);
    for wrong in [closed, direct, lobby, nowhere] {
        let outcome = store.invite(wrong, ana, &[citra], at(2)).await;
        assert_eq!(refused(outcome), Refusal::GroupUnknown);
        assert_eq!(store.members(wrong).await.unwrap().iter().find(|m| m.0 == citra), None);
    }
    let open = group(&*store, "open", ana).await.id;
    assert_eq!(store.invite(open, ana, &[citra], at(2)).await.unwrap(), [true]);
}

pub(super) async fn who_was_invited_sees_what_is_written_from_then_on(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await.id;
    say(&*store, ana, Target::Group(club), "before").await;
    store.invite(club, ana, &[budi], at(1)).await.unwrap();
    assert_eq!(unread_texts(&*store, budi).await, [""; 0]);
    say(&*store, ana, Target::Group(club), "after").await;
    assert_eq!(unread_texts(&*store, budi).await, ["after"]);
    store.invite(club, ana, &[budi], at(2)).await.unwrap();
    assert_eq!(unread_texts(&*store, budi).await, ["after"], "asking again changes nothing");
    assert_eq!(history(&*store, club).await, ["before", "after"]);
}

pub(super) async fn who_is_in_as_many_groups_as_may_be_does_not_join(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let mut tasks = JoinSet::new();
    for number in 0..GROUPS_JOINED_MAX {
        let store = store.clone();
        tasks.spawn(async move { group(&*store, &format!("g {number}"), budi).await.id });
    }
    let groups = tasks.join_all().await;
    let club = group(&*store, "club", ana).await.id;
    let joined = store.invite(club, ana, &[budi, citra], at(1)).await.unwrap();
    assert_eq!(joined, [false, true]);
    assert!(is_shut_out(&*store, budi, club).await);
    store.leave_group(groups[0], budi, at(2)).await.unwrap();
    assert_eq!(store.invite(club, ana, &[budi, citra], at(3)).await.unwrap(), [true, false]);
    say(&*store, budi, Target::Group(club), "hai").await;
}
