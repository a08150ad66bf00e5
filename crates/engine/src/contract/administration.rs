//! What an admin does with a group.

use kabar_model::{ConversationId, GroupName, GroupRole, Refusal, UserId, Visibility};

use super::world::{Shared, at, group, group_of, is_shut_out, refused, say, unread_texts, users};
use crate::store::{GroupChange, Store, Target};

fn called(name: &str) -> GroupChange {
    GroupChange::name(GroupName::parse(name).unwrap())
}

async fn roles(store: &dyn Store, group: ConversationId) -> Vec<(UserId, GroupRole)> {
    store.members(group).await.unwrap()
}

pub(super) async fn a_group_gets_another_name_and_keeps_its_code(store: Shared) {
    let [ana] = users(&*store, ["ana"]).await;
    let club = group(&*store, "Chess Club", ana).await;
    let changed = store.change_group(club.id, ana, called("Go Club")).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.code), ("Go Club", club.code));
    assert_eq!(store.group("go club").await.unwrap(), Some(changed.clone()));
    assert_eq!(store.group("chess club").await.unwrap(), None);
    store.change_group(club.id, ana, called("GO club")).await.unwrap();
    assert_eq!(store.group("go club").await.unwrap().unwrap().name.as_str(), "GO club");
    group(&*store, "Chess Club", ana).await;
    for taken in ["chess  CLUB", &club.code.to_string()] {
        let outcome = store.change_group(club.id, ana, called(taken)).await;
        assert_eq!(refused(outcome), Refusal::GroupTaken, "{taken}");
    }
}

pub(super) async fn a_group_becomes_private(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await;
    let private = GroupChange::visibility(Visibility::Private);
    let changed = store.change_group(club.id, ana, private).await.unwrap();
    assert_eq!(changed.visibility, Visibility::Private);
    assert_eq!(store.visible_groups(budi, 10).await.unwrap(), []);
    store.change_group(club.id, ana, GroupChange::visibility(Visibility::Public)).await.unwrap();
    assert_eq!(store.visible_groups(budi, 10).await.unwrap().len(), 1);
}

pub(super) async fn a_change_of_a_group_is_made_whole_or_not_at_all(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await;
    group(&*store, "taken", budi).await;
    let both = |name: &str| GroupChange { visibility: Some(Visibility::Private), ..called(name) };
    let outcome = store.change_group(club.id, ana, both("taken")).await;
    assert_eq!(refused(outcome), Refusal::GroupTaken);
    assert_eq!(store.group("club").await.unwrap(), Some(club.clone()), "nothing has changed");
    let changed = store.change_group(club.id, ana, both("other")).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.visibility), ("other", Visibility::Private));
    let same = store.change_group(club.id, ana, GroupChange::default()).await.unwrap();
    assert_eq!(same, changed, "what is not named stays");
}

pub(super) async fn only_an_admin_changes_a_group(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    let closed = group(&*store, "closed", ana).await.id;
    store.leave_group(closed, ana, at(1)).await.unwrap();
    let direct = say(&*store, ana, Target::Direct(budi), "hai").await.conversation;
    let denied = [
        (club, budi, Refusal::AdminOnly),
        (club, citra, Refusal::NotMember),
        (closed, ana, Refusal::GroupUnknown),
        (direct, ana, Refusal::GroupUnknown),
    ];
    for (group, by, refusal) in denied {
        let changed = store.change_group(group, by, called("other")).await;
        assert_eq!(refused(changed), refusal);
        assert_eq!(refused(store.set_role(group, by, ana, GroupRole::Member).await), refusal);
        assert_eq!(refused(store.remove_member(group, by, ana).await), refusal);
    }
    assert_eq!(roles(&*store, club).await, [(ana, GroupRole::Admin), (budi, GroupRole::Member)]);
}

pub(super) async fn a_group_always_has_an_admin(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    let outcome = store.set_role(club, ana, ana, GroupRole::Member).await;
    assert_eq!(refused(outcome), Refusal::NotAllowed);
    assert_eq!(refused(store.remove_member(club, ana, ana).await), Refusal::NotAllowed);
    let outcome = store.set_role(club, ana, citra, GroupRole::Admin).await;
    assert_eq!(refused(outcome), Refusal::UserUnknown);
    assert_eq!(refused(store.remove_member(club, ana, citra).await), Refusal::UserUnknown);

    store.set_role(club, ana, ana, GroupRole::Admin).await.unwrap();
    store.set_role(club, ana, budi, GroupRole::Admin).await.unwrap();
    store.set_role(club, ana, ana, GroupRole::Member).await.unwrap();
    assert_eq!(roles(&*store, club).await, [(ana, GroupRole::Member), (budi, GroupRole::Admin)]);
    assert_eq!(refused(store.remove_member(club, ana, budi).await), Refusal::AdminOnly);
}

pub(super) async fn who_was_removed_neither_writes_nor_sees(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    say(&*store, budi, Target::Group(club), "still in").await;
    say(&*store, ana, Target::Group(club), "unseen").await;
    store.remove_member(club, ana, budi).await.unwrap();
    assert!(is_shut_out(&*store, budi, club).await);
    assert_eq!(unread_texts(&*store, budi).await, [""; 0]);
    store.join_group(club, budi, at(2)).await.unwrap();
    say(&*store, ana, Target::Group(club), "again").await;
    assert_eq!(unread_texts(&*store, budi).await, ["again"]);
}
