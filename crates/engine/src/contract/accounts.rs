//! Accounts: names, the first administrator, changes.

use kabar_model::{Country, DisplayName, Refusal, Role, UserId};
use tokio::task::JoinSet;

use super::world::{Shared, at, name, new_user, refused, session, token, user, users};
use crate::store::{NewRole, NewUser, UserChange};

pub(super) async fn an_account_is_found_by_its_name_and_its_number(store: Shared) {
    let new = NewUser {
        name: DisplayName::parse("Lionel \"Leo\" Messi").unwrap(),
        country: Some(Country::parse("Argentina").unwrap()),
        ..new_user("messi")
    };
    let made = store.create_user(new).await.unwrap();
    assert_eq!(made.username, name("messi"));
    assert_eq!(made.name.as_str(), "Lionel \"Leo\" Messi");
    assert_eq!(made.country.as_ref().map(Country::as_str), Some("Argentina"));
    assert_eq!((made.role, made.disabled), (Role::User, false));

    let found = store.account(&name("MESSI")).await.unwrap().unwrap();
    assert_eq!(found.user, made);
    assert_eq!(found.password_hash, "$argon2id$of-messi");
    assert!(store.account(&name("maradona")).await.unwrap().is_none());

    let other = store.create_user(new_user("алиса")).await.unwrap();
    let unknown = UserId(made.id.0.max(other.id.0) + 1_000);
    let mut both = store.users(&[other.id, unknown, made.id]).await.unwrap();
    both.sort_by_key(|user| user.id);
    assert_eq!(both, [made, other]);
    assert_eq!(store.users(&[unknown]).await.unwrap(), []);
}

pub(super) async fn a_username_is_taken_once(store: Shared) {
    let first = user(&*store, "ana").await;
    let again = NewUser { password_hash: "$another".into(), ..new_user("Ana") };
    assert_eq!(refused(store.create_user(again).await), Refusal::UsernameTaken);
    let kept = store.account(&name("ana")).await.unwrap().unwrap();
    assert_eq!((kept.user.id, kept.password_hash.as_str()), (first, "$argon2id$of-ana"));
    store.create_user(new_user("ana2")).await.unwrap();
}

pub(super) async fn a_name_wanted_by_many_at_once_goes_to_one(store: Shared) {
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let store = store.clone();
        tasks.spawn(async move { store.create_user(new_user("ana")).await });
    }
    let (made, denied): (Vec<_>, Vec<_>) =
        tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for outcome in denied {
        assert_eq!(refused(outcome), Refusal::UsernameTaken);
    }
}

pub(super) async fn the_first_of_many_at_once_is_the_only_administrator(store: Shared) {
    let mut tasks = JoinSet::new();
    for number in 0..16 {
        let store = store.clone();
        let new =
            NewUser { role: NewRole::AdministratorIfFirst, ..new_user(&format!("user{number}")) };
        tasks.spawn(async move { store.create_user(new).await.unwrap().role });
    }
    let roles = tasks.join_all().await;
    let administrators = roles.iter().filter(|role| **role == Role::Administrator).count();
    assert_eq!(administrators, 1);
    let listed = store.list_users(None, 100).await.unwrap();
    assert_eq!(listed.iter().filter(|user| user.role == Role::Administrator).count(), 1);
}

pub(super) async fn only_the_first_account_becomes_administrator_by_being_first(store: Shared) {
    user(&*store, "ana").await;
    let second = NewUser { role: NewRole::AdministratorIfFirst, ..new_user("budi") };
    assert_eq!(store.create_user(second).await.unwrap().role, Role::User);
    let third = NewUser { role: NewRole::Fixed(Role::Administrator), ..new_user("citra") };
    assert_eq!(store.create_user(third).await.unwrap().role, Role::Administrator);
}

pub(super) async fn accounts_are_listed_in_the_order_of_their_names(store: Shared) {
    assert_eq!(store.list_users(None, 10).await.unwrap(), []);
    users(&*store, ["maya", "ana", "żaneta", "b_1", "b-1", "b.1", "budi"]).await;
    let mut all = ["maya", "ana", "żaneta", "b_1", "b-1", "b.1", "budi"].map(name);
    all.sort();
    let listed = async |after: Option<&str>, limit| {
        let after = after.map(name);
        let page = store.list_users(after.as_ref(), limit).await.unwrap();
        page.into_iter().map(|user| user.username).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, 10).await, all);
    assert_eq!(listed(None, 3).await, all[..3]);
    assert_eq!(listed(Some(all[2].as_str()), 3).await, all[3..6]);
    assert_eq!(listed(Some(all[6].as_str()), 3).await, []);
    assert_eq!(listed(Some("aaa"), 1).await, all[..1], "a name that is no account's");
}

pub(super) async fn an_unknown_account_cannot_be_changed(store: Shared) {
    let ana = user(&*store, "ana").await;
    let changes = [
        UserChange::PasswordHash("$x".into()),
        UserChange::Disabled(true),
        UserChange::Role(Role::User),
    ];
    for change in changes {
        let outcome = store.change_user(UserId(ana.0 + 1_000), change.clone()).await;
        assert_eq!(refused(outcome), Refusal::UserUnknown);
        store.change_user(ana, change).await.unwrap();
    }
}

pub(super) async fn a_new_password_ends_the_sessions_of_that_account_alone(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let first = session(&*store, ana, 1, at(0)).await;
    let second = session(&*store, ana, 2, at(0)).await;
    session(&*store, budi, 3, at(0)).await;

    let change = UserChange::PasswordHash("$argon2id$new".into());
    let mut ended = store.change_user(ana, change).await.unwrap();
    ended.sort();
    assert_eq!(ended, [first, second]);
    let account = store.account(&name("ana")).await.unwrap().unwrap();
    assert_eq!(account.password_hash, "$argon2id$new");
    assert_eq!(store.session(&token(1)).await.unwrap(), None);
    assert_eq!(store.session(&token(2)).await.unwrap(), None);
    assert!(store.session(&token(3)).await.unwrap().is_some());
    session(&*store, ana, 4, at(1)).await;
}

pub(super) async fn disabling_ends_sessions_and_enabling_does_not(store: Shared) {
    let ana = user(&*store, "ana").await;
    let id = session(&*store, ana, 1, at(0)).await;
    assert_eq!(store.change_user(ana, UserChange::Disabled(true)).await.unwrap(), [id]);
    assert!(store.account(&name("ana")).await.unwrap().unwrap().user.disabled);
    assert_eq!(store.session(&token(1)).await.unwrap(), None);
    assert_eq!(store.change_user(ana, UserChange::Disabled(false)).await.unwrap(), []);
    assert!(!store.users(&[ana]).await.unwrap()[0].disabled);
    session(&*store, ana, 2, at(1)).await;
    assert_eq!(store.change_user(ana, UserChange::Disabled(false)).await.unwrap(), []);
    assert!(store.session(&token(2)).await.unwrap().is_some());
}

pub(super) async fn another_role_keeps_the_sessions(store: Shared) {
    let ana = user(&*store, "ana").await;
    session(&*store, ana, 1, at(0)).await;
    let change = UserChange::Role(Role::Administrator);
    assert_eq!(store.change_user(ana, change).await.unwrap(), []);
    assert_eq!(store.users(&[ana]).await.unwrap()[0].role, Role::Administrator);
    assert!(store.session(&token(1)).await.unwrap().is_some());
}
