//! Groups: names and codes, joining and leaving.

use kabar_model::limits::GROUPS_JOINED_MAX;
use kabar_model::{ConversationId, GroupRole, Refusal, Visibility};
use tokio::task::JoinSet;

use super::world::{
    Shared, at, group, group_of, is_shut_out, new_group, read_all, refused, say, unread_texts,
    user, users,
};
use crate::store::{Conversation, NewGroup, Target};

pub(super) async fn its_maker_is_the_first_member_and_admin(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let new = NewGroup { visibility: Visibility::Private, ..new_group("Kelompok Bagan", ana) };
    let made = store.create_group(new).await.unwrap();
    assert_eq!(made.name.as_str(), "Kelompok Bagan");
    assert_eq!(made.visibility, Visibility::Private);
    assert_eq!(store.members(made.id).await.unwrap(), [(ana, GroupRole::Admin)]);
    let found = store.conversations(&[made.id]).await.unwrap();
    assert_eq!(found, [Conversation::Group(made.clone())]);
    store.join_group(made.id, budi, at(1)).await.unwrap();
    let members = [(ana, GroupRole::Admin), (budi, GroupRole::Member)];
    assert_eq!(store.members(made.id).await.unwrap(), members, "the longest-standing first");
}

pub(super) async fn a_group_is_found_by_name_or_code(store: Shared) {
    let ana = user(&*store, "ana").await;
    let club = group(&*store, "Chess Club", ana).await;
    group(&*store, "other", ana).await;
    let code = club.code.to_string();
    for text in ["Chess Club", "chess  CLUB", &code, &code.to_uppercase()] {
        assert_eq!(store.group(text).await.unwrap().as_ref(), Some(&club), "{text}");
    }
    for text in ["chess", "", "a@b", "zzzzzz", &"x".repeat(100)] {
        assert_eq!(store.group(text).await.unwrap(), None, "{text}");
    }
}

pub(super) async fn a_group_name_is_taken_whatever_its_case_and_spacing(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    group(&*store, "Chess Club", ana).await;
    for (who, taken) in [(budi, "chess  club"), (ana, "CHESS CLUB")] {
        let outcome = store.create_group(new_group(taken, who)).await;
        assert_eq!(refused(outcome), Refusal::GroupTaken);
    }
    let made = group(&*store, "chess-club", budi).await;
    assert_eq!(store.members(made.id).await.unwrap().len(), 1);
}

pub(super) async fn a_name_that_reads_like_a_code_in_use_is_taken(store: Shared) {
    let ana = user(&*store, "ana").await;
    let code = group(&*store, "club", ana).await.code;
    for taken in [code.to_string(), code.to_string().to_uppercase()] {
        let outcome = store.create_group(new_group(&taken, ana)).await;
        assert_eq!(refused(outcome), Refusal::GroupTaken);
    }
    let free = kabar_model::GroupCode::new(code.number().wrapping_add(1)).to_string();
    let made = group(&*store, &free, ana).await;
    assert_eq!(store.group(&free).await.unwrap(), Some(made), "a name comes before a code");
}

pub(super) async fn a_group_name_wanted_by_many_at_once_goes_to_one(store: Shared) {
    let ana = user(&*store, "ana").await;
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let store = store.clone();
        tasks.spawn(async move { store.create_group(new_group("club", ana)).await });
    }
    let (made, denied): (Vec<_>, Vec<_>) =
        tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for outcome in denied {
        assert_eq!(refused(outcome), Refusal::GroupTaken);
    }
}

pub(super) async fn one_joins_once(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await.id;
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        tasks.spawn(async move { store.join_group(club, budi, at(1)).await });
    }
    let (joined, denied): (Vec<_>, Vec<_>) =
        tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(joined.len(), 1);
    for outcome in denied {
        assert_eq!(refused(outcome), Refusal::AlreadyMember);
    }
    assert_eq!(refused(store.join_group(club, ana, at(1)).await), Refusal::AlreadyMember);
    assert_eq!(store.members(club).await.unwrap().len(), 2);
}

pub(super) async fn one_joins_only_an_open_group(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let closed = group(&*store, "closed", ana).await.id;
    store.leave_group(closed, ana, at(1)).await.unwrap();
    let direct = say(&*store, ana, Target::Direct(budi), "hai").await.conversation;
    let nowhere = ConversationId(closed.0.max(direct.0) + 1_000);
    for wrong in [closed, direct, nowhere] {
        let outcome = store.join_group(wrong, citra, at(2)).await;
        assert_eq!(refused(outcome), Refusal::GroupUnknown);
    }
    let open = group(&*store, "open", ana).await.id;
    store.join_group(open, citra, at(2)).await.unwrap();
}

pub(super) async fn a_new_member_sees_what_is_written_from_then_on(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await.id;
    say(&*store, ana, Target::Group(club), "before").await;
    store.join_group(club, budi, at(1)).await.unwrap();
    assert_eq!(unread_texts(&*store, budi).await, [""; 0]);
    say(&*store, ana, Target::Group(club), "after").await;
    assert_eq!(unread_texts(&*store, budi).await, ["after"]);
}

pub(super) async fn who_left_neither_writes_nor_sees(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    say(&*store, budi, Target::Group(club), "still in").await;
    let unseen = say(&*store, ana, Target::Group(club), "unseen").await;
    store.leave_group(club, budi, at(1)).await.unwrap();
    say(&*store, ana, Target::Group(club), "without budi").await;
    assert!(is_shut_out(&*store, budi, club).await);
    assert_eq!(unread_texts(&*store, budi).await, [""; 0]);
    store.mark_read(budi, &[unseen]).await.unwrap();
    assert_eq!(read_all(&*store, ana).await, ["still in"]);
}

pub(super) async fn who_comes_back_sees_what_is_written_from_then_on(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    say(&*store, ana, Target::Group(club), "while in").await;
    store.leave_group(club, budi, at(1)).await.unwrap();
    say(&*store, ana, Target::Group(club), "while away").await;
    store.join_group(club, budi, at(2)).await.unwrap();
    say(&*store, ana, Target::Group(club), "back again").await;
    assert_eq!(unread_texts(&*store, budi).await, ["back again"]);
    assert_eq!(say(&*store, budi, Target::Group(club), "hai").await.seq.0, 4);
}

pub(super) async fn only_a_member_leaves(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await.id;
    let direct = say(&*store, ana, Target::Direct(budi), "hai").await.conversation;
    for (group, who) in [(club, budi), (direct, ana), (ConversationId(club.0 + 1_000), ana)] {
        assert_eq!(refused(store.leave_group(group, who, at(1)).await), Refusal::NotMember);
    }
    store.join_group(club, budi, at(1)).await.unwrap();
    store.leave_group(club, budi, at(2)).await.unwrap();
    assert_eq!(refused(store.leave_group(club, budi, at(3)).await), Refusal::NotMember);
}

pub(super) async fn a_person_is_in_so_many_groups_and_no_more(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    say(&*store, ana, Target::Direct(budi), "a direct conversation does not count").await;
    let mut tasks = JoinSet::new();
    for number in 0..GROUPS_JOINED_MAX {
        let store = store.clone();
        tasks.spawn(async move { group(&*store, &format!("g {number}"), ana).await.id });
    }
    let groups = tasks.join_all().await;
    let other = group(&*store, "other", budi).await.id;
    let outcome = store.create_group(new_group("one more", ana)).await;
    assert_eq!(refused(outcome), Refusal::TooManyGroups);
    assert_eq!(store.group("one more").await.unwrap(), None);
    assert_eq!(refused(store.join_group(other, ana, at(1)).await), Refusal::TooManyGroups);
    assert!(is_shut_out(&*store, ana, other).await);
    store.leave_group(groups[0], ana, at(2)).await.unwrap();
    store.join_group(other, ana, at(3)).await.unwrap();
    store.leave_group(other, ana, at(4)).await.unwrap();
    group(&*store, "one more", ana).await;
}
