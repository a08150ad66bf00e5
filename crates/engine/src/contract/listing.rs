//! The list of groups, and health.

use kabar_model::{UserId, Visibility};

use super::world::{Shared, at, group, new_group, say, users};
use crate::store::{ListedGroup, NewGroup, Store, Target};

/// The names in somebody's list, with the number of members and whether they are in.
async fn listed(store: &dyn Store, user: UserId, limit: usize) -> Vec<(String, u64, bool)> {
    let all = store.visible_groups(user, limit).await.unwrap();
    let row =
        |ListedGroup { group, members, joined }| (group.name.as_str().to_owned(), members, joined);
    all.into_iter().map(row).collect()
}

fn row(name: &str, members: u64, joined: bool) -> (String, u64, bool) {
    (name.to_owned(), members, joined)
}

pub(super) async fn ones_own_groups_come_first_then_public_ones(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    say(&*store, ana, Target::Direct(budi), "not a group").await;
    let private =
        |name, creator| NewGroup { visibility: Visibility::Private, ..new_group(name, creator) };
    group(&*store, "z public", ana).await;
    let shared = group(&*store, "y shared", ana).await.id;
    store.create_group(private("x hidden", ana)).await.unwrap();
    store.create_group(private("w secret", budi)).await.unwrap();
    let late = group(&*store, "a late", ana).await.id;
    store.join_group(late, budi, at(1)).await.unwrap();
    store.join_group(shared, budi, at(2)).await.unwrap();
    let expected = [
        row("y shared", 2, true),
        row("w secret", 1, true),
        row("a late", 2, true),
        row("z public", 1, false),
    ];
    assert_eq!(listed(&*store, budi, 100).await, expected);
    let whole = store.visible_groups(budi, 100).await.unwrap();
    assert_eq!(store.group("y shared").await.unwrap().as_ref(), Some(&whole[0].group));
}

pub(super) async fn a_list_of_groups_has_an_end(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    for name in ["one", "two", "three"] {
        group(&*store, name, ana).await;
    }
    for name in ["four", "five"] {
        group(&*store, name, budi).await;
    }
    for limit in 0..=6 {
        let expected = ["four", "five", "one", "two", "three"];
        let names: Vec<_> = listed(&*store, budi, limit).await.into_iter().map(|r| r.0).collect();
        assert_eq!(names, expected[..limit.min(5)]);
    }
}

pub(super) async fn closed_groups_are_not_listed(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let closing = group(&*store, "closing", ana).await.id;
    group(&*store, "staying", ana).await;
    store.leave_group(closing, ana, at(1)).await.unwrap();
    assert_eq!(listed(&*store, ana, 10).await, [row("staying", 1, true)]);
    assert_eq!(listed(&*store, budi, 10).await, [row("staying", 1, false)]);
}

pub(super) async fn ones_own_groups_are_named_in_the_order_of_joining(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    say(&*store, ana, Target::Direct(budi), "not a group").await;
    let first = group(&*store, "first", ana).await;
    let second = group(&*store, "second", ana).await;
    group(&*store, "not joined", ana).await;
    let own = group(&*store, "own", budi).await;
    // Joined at times that run backwards, and not in the order of making.
    store.join_group(second.id, budi, at(30)).await.unwrap();
    store.join_group(first.id, budi, at(20)).await.unwrap();
    let joined = store.joined_groups(budi).await.unwrap();
    assert_eq!(joined, [own.clone(), second.clone(), first.clone()]);
    store.leave_group(second.id, budi, at(10)).await.unwrap();
    assert_eq!(store.joined_groups(budi).await.unwrap(), [own.clone(), first.clone()]);
    store.join_group(second.id, budi, at(5)).await.unwrap();
    store.leave_group(own.id, budi, at(5)).await.unwrap();
    assert_eq!(store.joined_groups(budi).await.unwrap(), [first, second], "closed ones are gone");
}

pub(super) async fn a_store_that_works_is_healthy(store: Shared) {
    store.check().await.unwrap();
    users(&*store, ["ana"]).await;
    store.check().await.unwrap();
}
