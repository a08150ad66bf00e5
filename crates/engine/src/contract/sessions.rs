//! Sessions: tokens, last use, expiry.

use std::sync::Arc;

use kabar_model::limits::SESSIONS_MAX;
use kabar_model::{Label, Refusal, SessionId, UserId};

use super::world::{Shared, at, name, new_session, refused, session, token, user, users};
use crate::store::{NewSession, Purpose, TokenHash, UserChange};

pub(super) async fn a_session_is_found_by_its_token(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let new = new_session(ana, 1, at(5));
    let made = store.create_session(new).await.unwrap().session;
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

pub(super) async fn a_session_that_ended_begets_no_other(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let own = session(&*store, ana, 1, at(0)).await;
    let of_budi = session(&*store, budi, 2, at(0)).await;
    let asked = |number, by| NewSession { asked_by: Some(by), ..new_session(ana, number, at(0)) };
    let bot = Purpose::Program { name: Label::parse("bot").unwrap(), writes: true };
    let program = |by| NewSession { purpose: bot.clone(), ..asked(5, by) };
    store.create_session(asked(3, own)).await.unwrap();
    assert_eq!(refused(store.create_session(asked(4, of_budi)).await), Refusal::SessionUnknown);
    assert!(store.end_session(own).await.unwrap());
    for new in [asked(4, own), program(own)] {
        assert_eq!(refused(store.create_session(new).await), Refusal::SessionUnknown);
    }
    let change = UserChange::OwnPassword {
        hash: "$argon2id$new".into(),
        checked: "$argon2id$of-ana".into(),
        keeps: own,
    };
    assert_eq!(refused(store.change_user(ana, change).await), Refusal::SessionUnknown);
    let account = store.account(&name("ana")).await.unwrap().unwrap();
    assert_eq!(account.password_hash, "$argon2id$of-ana");
    assert_eq!(store.sessions(ana).await.unwrap().len(), 1);
}

/// So many sessions, each used a second after the one before.
async fn many(store: &Shared, user: UserId, count: usize) -> Vec<SessionId> {
    let tasks: Vec<_> = (0..count)
        .map(|nth| {
            let store = Arc::clone(store);
            let mut hash = [0xee; 32];
            hash[..8].copy_from_slice(&nth.to_be_bytes());
            let last_use = at(i64::try_from(nth).unwrap());
            let new = NewSession { token: TokenHash(hash), ..new_session(user, 0, last_use) };
            tokio::spawn(async move { store.create_session(new).await.unwrap() })
        })
        .collect();
    let mut made = Vec::new();
    for task in tasks {
        let new = task.await.unwrap();
        assert_eq!(new.ended, []);
        made.push(new.session.id);
    }
    made
}

pub(super) async fn of_too_many_sessions_the_one_used_longest_ago_ends(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let of_budi = session(&*store, budi, 9, at(-1)).await;
    let program = Purpose::Program { name: Label::parse("bot").unwrap(), writes: false };
    let program = NewSession { purpose: program, ..new_session(ana, 8, at(-1)) };
    let program = store.create_session(program).await.unwrap().session.id;
    let all = many(&store, ana, SESSIONS_MAX).await;
    store.touch_sessions(&[(all[0], at(5_000))]).await.unwrap();
    let further = store.create_session(new_session(ana, 1, at(6_000))).await.unwrap();
    assert_eq!(further.ended, [all[1]]);
    // What asks goes on, however long ago it was noted.
    let asked = NewSession { asked_by: Some(all[2]), ..new_session(ana, 2, at(0)) };
    let asked = store.create_session(asked).await.unwrap();
    assert_eq!(asked.ended, [all[3]]);
    let left: Vec<_> = store.sessions(ana).await.unwrap().iter().map(|own| own.id).collect();
    assert_eq!(left.len(), SESSIONS_MAX + 1);
    for (id, lives) in [
        (all[0], true),
        (all[1], false),
        (all[2], true),
        (all[3], false),
        (further.session.id, true),
        (asked.session.id, true),
        (program, true),
    ] {
        assert_eq!(left.contains(&id), lives, "{id:?}");
    }
    assert_eq!(store.sessions(budi).await.unwrap()[0].id, of_budi);
}

pub(super) async fn the_last_use_of_many_sessions_is_noted(store: Shared) {
    let ana = user(&*store, "ana").await;
    let real = many(&store, ana, 3).await;
    let unknown = SessionId(real.iter().map(|id| id.0).max().unwrap() + 1_000);
    let mut used = vec![(unknown, at(1)); 2_500];
    for (place, id) in [0, 1_200, 2_499].into_iter().zip(&real) {
        used[place] = (*id, at(100 + i64::try_from(place).unwrap()));
    }
    store.touch_sessions(&used).await.unwrap();
    let mut found = store.sessions(ana).await.unwrap();
    found.sort_by_key(|session| session.used_at);
    let found: Vec<_> = found.iter().map(|session| (session.id, session.used_at)).collect();
    assert_eq!(found, [(real[0], at(100)), (real[1], at(1_300)), (real[2], at(2_599))]);
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

pub(super) async fn those_of_many_sessions_that_live_are_told(store: Shared) {
    let ana = user(&*store, "ana").await;
    let mut own = Vec::new();
    for number in 0..3 {
        own.push(session(&*store, ana, number, at(0)).await);
    }
    let [first, second, third] = own[..] else { unreachable!("three of them") };
    assert!(store.end_session(second).await.unwrap());
    let living = async |asked: &[SessionId]| {
        let mut living = store.living_sessions(asked).await.unwrap();
        living.sort_unstable();
        living
    };
    assert_eq!(living(&[]).await, []);
    assert_eq!(living(&[second]).await, []);
    assert_eq!(living(&[third, second, first]).await, [first, third]);
    // More than are asked after with one statement, and those that live at both ends.
    let mut many = vec![first];
    many.extend((0..1_000).map(|number| SessionId(third.0 + 1 + number)));
    many.push(third);
    assert_eq!(living(&many).await, [first, third]);
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
