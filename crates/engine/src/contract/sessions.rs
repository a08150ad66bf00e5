//! Sessions: tokens, last use, expiry.

use kabar_model::{Refusal, SessionId};

use super::world::{Shared, at, name, new_session, refused, session, token, user, users};
use crate::store::{NewSession, UserChange};

pub(super) async fn a_session_is_found_by_its_token(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let new = new_session(ana, 1, at(5));
    let made = store.create_session(new).await.unwrap();
    assert_eq!((made.user, made.token, made.used_at), (ana, token(1), at(5)));
    let second = session(&*store, ana, 2, at(6)).await;
    let others = session(&*store, budi, 3, at(7)).await;
    assert!(second != made.id && others != second && others != made.id);
    assert_eq!(store.session(&token(1)).await.unwrap(), Some(made));
    assert_eq!(store.session(&token(3)).await.unwrap().map(|s| s.user), Some(budi));
    assert_eq!(store.session(&token(9)).await.unwrap(), None);
}

pub(super) async fn a_disabled_account_gets_no_session(store: Shared) {
    let ana = user(&*store, "ana").await;
    store.change_user(ana, UserChange::Disabled(true)).await.unwrap();
    let new = new_session(ana, 1, at(0));
    assert_eq!(refused(store.create_session(new.clone()).await), Refusal::NotAllowed);
    assert_eq!(store.session(&token(1)).await.unwrap(), None);
    store.change_user(ana, UserChange::Disabled(false)).await.unwrap();
    store.create_session(new).await.unwrap();
}

pub(super) async fn a_password_that_changed_since_it_was_checked_gets_no_session(store: Shared) {
    let ana = user(&*store, "ana").await;
    let checked = store.account(&name("ana")).await.unwrap().map(|account| account.password_hash);
    let new = |number| NewSession { checked: checked.clone(), ..new_session(ana, number, at(0)) };
    store.create_session(new(1)).await.unwrap();
    store.change_user(ana, UserChange::PasswordHash("$argon2id$other".into())).await.unwrap();
    assert_eq!(refused(store.create_session(new(2)).await), Refusal::WrongPassword);
    assert_eq!(store.session(&token(2)).await.unwrap(), None);
}

pub(super) async fn a_session_that_ended_is_gone(store: Shared) {
    let ana = user(&*store, "ana").await;
    let id = session(&*store, ana, 1, at(0)).await;
    session(&*store, ana, 2, at(0)).await;
    assert!(store.end_session(id).await.unwrap());
    assert!(!store.end_session(id).await.unwrap(), "it has ended already");
    assert_eq!(store.session(&token(1)).await.unwrap(), None);
    assert!(store.session(&token(2)).await.unwrap().is_some());
}

pub(super) async fn a_last_use_never_moves_back(store: Shared) {
    let ana = user(&*store, "ana").await;
    let first = session(&*store, ana, 1, at(10)).await;
    let second = session(&*store, ana, 2, at(10)).await;
    let unknown = SessionId(second.0.max(first.0) + 1_000);
    let used = [(first, at(20)), (unknown, at(20)), (second, at(5))];
    store.touch_sessions(&used).await.unwrap();
    let used_at = async |number| store.session(&token(number)).await.unwrap().unwrap().used_at;
    assert_eq!(used_at(1).await, at(20));
    assert_eq!(used_at(2).await, at(10));
    store.touch_sessions(&[(first, at(30)), (first, at(25))]).await.unwrap();
    assert_eq!(used_at(1).await, at(30));
    store.touch_sessions(&[]).await.unwrap();
}

pub(super) async fn the_most_recently_used_sessions_come_first(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let oldest = session(&*store, ana, 1, at(10)).await;
    let middle = session(&*store, budi, 2, at(20)).await;
    let newest = session(&*store, ana, 3, at(15)).await;
    store.touch_sessions(&[(newest, at(30))]).await.unwrap();
    let since = async |secs, limit| {
        let found = store.sessions_used_since(at(secs), limit).await.unwrap();
        found.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(since(0, 10).await, [newest, middle, oldest]);
    assert_eq!(since(20, 10).await, [newest, middle], "used then, or later");
    assert_eq!(since(0, 2).await, [newest, middle]);
    assert_eq!(since(31, 10).await, []);
}

pub(super) async fn sessions_unused_since_then_expire(store: Shared) {
    let ana = user(&*store, "ana").await;
    for (number, secs) in [(1, 10), (2, 20), (3, 30)] {
        session(&*store, ana, number, at(secs)).await;
    }
    assert_eq!(store.expire_sessions(at(10)).await.unwrap(), 0, "used at that very moment");
    assert_eq!(store.expire_sessions(at(21)).await.unwrap(), 2);
    assert_eq!(store.session(&token(1)).await.unwrap(), None);
    assert_eq!(store.session(&token(2)).await.unwrap(), None);
    assert!(store.session(&token(3)).await.unwrap().is_some());
    assert_eq!(store.expire_sessions(at(21)).await.unwrap(), 0);
}

pub(super) async fn a_session_number_is_never_given_again(store: Shared) {
    let ana = user(&*store, "ana").await;
    let first = session(&*store, ana, 1, at(0)).await;
    assert!(store.end_session(first).await.unwrap());
    let second = session(&*store, ana, 2, at(0)).await;
    assert_ne!(first, second, "a late word about the first would hit the second");
}
