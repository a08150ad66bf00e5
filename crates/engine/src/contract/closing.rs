//! Groups whose members leave: who follows as admin, and when a group closes.

use kabar_model::{GroupRole, Refusal};
use tokio::task::JoinSet;

use super::world::{
    Shared, at, group, group_of, history, is_shut_out, refused, say, unread_texts, users,
};
use crate::store::{Conversation, Target};

pub(super) async fn when_the_last_admin_leaves_the_longest_standing_member_follows(store: Shared) {
    let [dewi, ana, citra, budi] = users(&*store, ["dewi", "ana", "citra", "budi"]).await;
    // Joined at times that run backwards: standing is an order, not a clock.
    let club = group(&*store, "club", budi).await.id;
    for (who, when) in [(citra, at(30)), (dewi, at(20)), (ana, at(10))] {
        store.join_group(club, who, when).await.unwrap();
    }
    store.leave_group(club, budi, at(40)).await.unwrap();
    let members = [(citra, GroupRole::Admin), (dewi, GroupRole::Member), (ana, GroupRole::Member)];
    assert_eq!(store.members(club).await.unwrap(), members);
    store.leave_group(club, citra, at(50)).await.unwrap();
    let members = [(dewi, GroupRole::Admin), (ana, GroupRole::Member)];
    assert_eq!(store.members(club).await.unwrap(), members);
}

pub(super) async fn who_comes_back_stands_at_the_end_of_the_line(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi, citra]).await;
    store.leave_group(club, ana, at(1)).await.unwrap();
    store.join_group(club, ana, at(2)).await.unwrap();
    let members = [(budi, GroupRole::Admin), (citra, GroupRole::Member), (ana, GroupRole::Member)];
    assert_eq!(store.members(club).await.unwrap(), members, "an admin once is no admin again");
}

pub(super) async fn when_a_plain_member_leaves_the_admin_stays(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi, citra]).await;
    store.leave_group(club, budi, at(1)).await.unwrap();
    let members = [(ana, GroupRole::Admin), (citra, GroupRole::Member)];
    assert_eq!(store.members(club).await.unwrap(), members);
}

pub(super) async fn when_the_last_member_leaves_the_group_closes_and_its_name_is_free(
    store: Shared,
) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let old = group(&*store, "Chess Club", ana).await;
    say(&*store, ana, Target::Group(old.id), "last words").await;
    store.leave_group(old.id, ana, at(1)).await.unwrap();
    for text in ["chess club", &old.code.to_string()] {
        assert_eq!(store.group(text).await.unwrap(), None);
    }
    assert_eq!(store.members(old.id).await.unwrap(), []);
    assert!(is_shut_out(&*store, ana, old.id).await);
    assert_eq!(refused(store.join_group(old.id, ana, at(2)).await), Refusal::GroupUnknown);
    let found = store.conversations(&[old.id]).await.unwrap();
    assert_eq!(found, [Conversation::Group(old.clone())], "its history keeps its name");
    assert_eq!(history(&*store, old.id).await, ["last words"]);

    let new = group(&*store, "chess club", budi).await;
    assert_ne!(new.id, old.id);
    assert_eq!(store.group("Chess Club").await.unwrap(), Some(new.clone()));
    assert_eq!(history(&*store, new.id).await, [""; 0]);
    assert_eq!(say(&*store, budi, Target::Group(new.id), "hai").await.seq.0, 1);
    assert_eq!(unread_texts(&*store, ana).await, [""; 0]);
    let as_name = group(&*store, &old.code.to_string(), budi).await;
    assert_eq!(store.group(&old.code.to_string()).await.unwrap(), Some(as_name), "and its code");
}

pub(super) async fn members_who_leave_at_once_leave_nobody_behind(store: Shared) {
    let all = users(&*store, ["ana", "budi", "citra", "dewi"]).await;
    let club = group_of(&*store, "club", &all).await;
    let mut tasks = JoinSet::new();
    for who in all {
        let store = store.clone();
        tasks.spawn(async move { store.leave_group(club, who, at(1)).await.unwrap() });
    }
    tasks.join_all().await;
    assert_eq!(store.group("club").await.unwrap(), None);
    assert_eq!(store.members(club).await.unwrap(), []);
}
