//! A person's sessions, and those of programs.

use kabar_model::limits::TOKENS_MAX;
use kabar_model::{Field, Label, Refusal, UserId};

use super::world::{Shared, at, new_session, refused, session, token, users};
use crate::store::{NewSession, Purpose};

fn program(user: UserId, number: u8, writes: bool) -> NewSession {
    let name = Label::parse(&format!("program {number}")).unwrap();
    NewSession { purpose: Purpose::Program { name, writes }, ..new_session(user, number, at(0)) }
}

pub(super) async fn a_persons_sessions_are_listed_the_last_used_first(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let old = session(&*store, ana, 1, at(10)).await;
    let new = session(&*store, ana, 2, at(20)).await;
    session(&*store, budi, 3, at(30)).await;
    let listed = async || {
        let own = store.sessions(ana).await.unwrap();
        own.into_iter().map(|s| (s.id, s.created_at, s.used_at)).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, [(new, at(20), at(20)), (old, at(10), at(10))]);
    store.touch_sessions(&[(old, at(40))]).await.unwrap();
    assert_eq!(listed().await, [(old, at(10), at(40)), (new, at(20), at(20))]);
}

pub(super) async fn a_program_keeps_its_session_without_use(store: Shared) {
    let [ana] = users(&*store, ["ana"]).await;
    let made = store.create_session(program(ana, 1, true)).await.unwrap().session;
    let reads = store.create_session(program(ana, 2, false)).await.unwrap().session;
    session(&*store, ana, 3, at(0)).await;
    assert_eq!(store.expire_sessions(at(1_000)).await.unwrap(), 1, "the person's alone");
    assert_eq!(store.session(&token(1)).await.unwrap(), Some(made.clone()));
    assert_eq!(store.sessions(ana).await.unwrap(), [reads, made.clone()]);
    assert!(store.end_session(made.id).await.unwrap());
    assert_eq!(store.session(&token(1)).await.unwrap(), None);
}

pub(super) async fn so_many_programs_act_for_a_person_and_no_more(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let last = u8::try_from(TOKENS_MAX).unwrap();
    for number in 0..last {
        store.create_session(program(ana, number, false)).await.unwrap();
    }
    let outcome = store.create_session(program(ana, last, false)).await;
    assert_eq!(refused(outcome), Refusal::TooMany(Field::Programs));
    session(&*store, ana, last, at(0)).await;
    store.create_session(program(budi, last + 1, false)).await.unwrap();
}
