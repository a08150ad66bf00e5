//! What an administrator does with accounts.

use kabar_model::{DisplayName, Refusal, Role, User, UserId};

use super::world::{Shared, at, name, new_user, refused, session, token, user, users};
use crate::store::{NewRole, NewUser, Store, UserChange};

async fn administrator(store: &dyn Store, username: &str) -> UserId {
    let role = NewRole::Fixed(Role::Administrator);
    store.create_user(NewUser { role, ..new_user(username) }).await.unwrap().id
}

fn wish(by: UserId, role: Option<Role>, disabled: Option<bool>) -> UserChange {
    UserChange::ByAdministrator { by, role, disabled }
}

async fn now(store: &dyn Store, id: UserId) -> User {
    store.users(&[id]).await.unwrap().pop().unwrap()
}

pub(super) async fn accounts_are_listed_with_those_that_are_disabled(store: Shared) {
    assert_eq!(store.count_accounts().await.unwrap(), 0);
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let citra = NewUser {
        name: DisplayName::parse("Citra Budiman").unwrap(),
        at: at(7),
        ..new_user("citra")
    };
    store.create_user(citra).await.unwrap();
    session(&*store, ana, 1, at(1)).await;
    session(&*store, ana, 2, at(1)).await;
    session(&*store, budi, 3, at(1)).await;
    store.change_user(budi, UserChange::Disabled(true)).await.unwrap();
    let listed = async |start: &str, after: Option<&str>, limit| {
        let after = after.map(name);
        let listed = store.list_accounts(start, after.as_ref(), limit).await.unwrap();
        let shown = listed.into_iter().map(|listed| {
            let created = (listed.created_at.0 - at(0).0) / 1_000_000;
            format!(
                "{} {} {created} {}",
                listed.user.username, listed.user.disabled, listed.sessions
            )
        });
        shown.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(listed("", None, 9).await, "ana false 0 2, budi true 0 0, citra false 7 0");
    assert_eq!(listed("", None, 2).await, "ana false 0 2, budi true 0 0");
    assert_eq!(listed("", Some("budi"), 9).await, "citra false 7 0");
    assert_eq!(listed("BUD", None, 9).await, "budi true 0 0, citra false 7 0");
    assert_eq!(listed("bud", Some("budi"), 9).await, "citra false 7 0");
    assert_eq!(listed("x", None, 9).await, "");
    assert_eq!(store.count_accounts().await.unwrap(), 3);
}

pub(super) async fn an_administrator_changes_role_and_state_at_once(store: Shared) {
    let ana = administrator(&*store, "ana").await;
    let budi = user(&*store, "budi").await;
    let first = session(&*store, budi, 1, at(0)).await;
    let both = wish(ana, Some(Role::Administrator), Some(true));
    assert_eq!(store.change_user(budi, both).await.unwrap(), [first]);
    let budi_now = now(&*store, budi).await;
    assert_eq!((budi_now.role, budi_now.disabled), (Role::Administrator, true));
    assert_eq!(store.session(&token(1)).await.unwrap(), None);
    assert_eq!(store.change_user(budi, wish(ana, None, Some(false))).await.unwrap(), []);
    session(&*store, budi, 2, at(0)).await;
    assert_eq!(store.change_user(budi, wish(ana, Some(Role::User), None)).await.unwrap(), []);
    let budi_now = now(&*store, budi).await;
    assert_eq!((budi_now.role, budi_now.disabled), (Role::User, false));
    assert!(store.session(&token(2)).await.unwrap().is_some(), "another role keeps the sessions");
    let nobody = UserId(budi.0 + 1_000);
    let outcome = store.change_user(nobody, wish(ana, None, Some(true))).await;
    assert_eq!(refused(outcome), Refusal::UserUnknown);
}

pub(super) async fn who_is_no_administrator_changes_nobody(store: Shared) {
    let ana = administrator(&*store, "ana").await;
    let budi = user(&*store, "budi").await;
    let citra = administrator(&*store, "citra").await;
    store.change_user(citra, UserChange::Disabled(true)).await.unwrap();
    for by in [budi, citra, UserId(citra.0 + 1_000)] {
        let promoted = store.change_user(budi, wish(by, Some(Role::Administrator), None)).await;
        assert_eq!(refused(promoted), Refusal::NotAllowed);
        let enabled = store.change_user(citra, wish(by, None, Some(false))).await;
        assert_eq!(refused(enabled), Refusal::NotAllowed);
        let demoted = store.change_user(ana, wish(by, Some(Role::User), None)).await;
        assert_eq!(refused(demoted), Refusal::NotAllowed);
    }
    assert_eq!(now(&*store, ana).await.role, Role::Administrator);
    assert_eq!(now(&*store, budi).await.role, Role::User);
    assert!(now(&*store, citra).await.disabled);
}

pub(super) async fn an_administrator_that_can_sign_in_is_left(store: Shared) {
    let ana = administrator(&*store, "ana").await;
    let budi = administrator(&*store, "budi").await;
    let disabled = store.change_user(ana, wish(ana, None, Some(true))).await;
    assert_eq!(refused(disabled), Refusal::NotAllowed, "nobody locks themselves out");
    store.change_user(budi, wish(ana, None, Some(true))).await.unwrap();
    session(&*store, ana, 1, at(0)).await;
    let alone = store.change_user(ana, wish(ana, Some(Role::User), Some(false))).await;
    assert_eq!(refused(alone), Refusal::NotAllowed, "budi is one, and cannot sign in");
    assert_eq!(now(&*store, ana).await.role, Role::Administrator);
    store.change_user(budi, wish(ana, None, Some(false))).await.unwrap();
    store.change_user(ana, wish(ana, Some(Role::User), None)).await.unwrap();
    assert_eq!(now(&*store, ana).await.role, Role::User);
    assert!(store.session(&token(1)).await.unwrap().is_some());
}

pub(super) async fn of_two_who_demote_each_other_at_once_one_is_left(store: Shared) {
    let ana = administrator(&*store, "ana").await;
    let budi = administrator(&*store, "budi").await;
    let demote = async |by, whom| store.change_user(whom, wish(by, Some(Role::User), None)).await;
    let (one, other) = tokio::join!(demote(ana, budi), demote(budi, ana));
    let refusals = [one, other].into_iter().filter(Result::is_err).map(refused);
    assert_eq!(refusals.collect::<Vec<_>>(), [Refusal::NotAllowed]);
}
