//! Finding people, and what they change about themselves.

use kabar_model::{Country, DisplayName, Refusal, UserId};

use super::world::{Shared, at, name, new_user, refused, session, token, user};
use crate::store::{NewUser, Store, UserChange};

async fn named(store: &dyn Store, username: &str, shown: &str) -> UserId {
    let new = NewUser { name: DisplayName::parse(shown).unwrap(), ..new_user(username) };
    store.create_user(new).await.unwrap().id
}

async fn found(store: &dyn Store, start: &str) -> Vec<String> {
    let found = store.find_users(start, None, 100).await.unwrap();
    found.into_iter().map(|user| user.username.to_string()).collect()
}

pub(super) async fn people_are_found_by_how_their_names_begin(store: Shared) {
    named(&*store, "messi", "Lionel Messi").await;
    named(&*store, "leo", "Ólafur  Leósson").await;
    named(&*store, "lineker", "Gary Lineker").await;
    assert_eq!(found(&*store, "l").await, ["leo", "lineker", "messi"]);
    assert_eq!(found(&*store, "LI").await, ["lineker", "messi"]);
    assert_eq!(found(&*store, "leó").await, ["leo"]);
    assert_eq!(found(&*store, "ólafur le").await, ["leo"], "past the end of a word");
    assert_eq!(found(&*store, "essi").await, [""; 0], "a word begins so");
    assert_eq!(found(&*store, "").await, ["leo", "lineker", "messi"]);
    assert_eq!(found(&*store, "%").await, [""; 0]);
}

pub(super) async fn people_are_found_in_pages_and_disabled_ones_are_not(store: Shared) {
    let mut ids = Vec::new();
    for username in ["ana", "anb", "anc", "and", "bud"] {
        ids.push(user(&*store, username).await);
    }
    store.change_user(ids[1], UserChange::Disabled(true)).await.unwrap();
    let page = async |after: Option<&str>| {
        let after = after.map(name);
        let found = store.find_users("an", after.as_ref(), 2).await.unwrap();
        found.into_iter().map(|user| user.username.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(page(None).await, ["ana", "anc"]);
    assert_eq!(page(Some("anc")).await, ["and"]);
    assert_eq!(page(Some("and")).await, [""; 0]);
}

pub(super) async fn a_person_is_found_by_the_new_name_alone(store: Shared) {
    let ana = named(&*store, "ana", "Ana Lama").await;
    let renamed = UserChange::Name(DisplayName::parse("Anastasia Baru").unwrap());
    assert_eq!(store.change_user(ana, renamed).await.unwrap(), []);
    assert_eq!(found(&*store, "baru").await, ["ana"]);
    assert_eq!(found(&*store, "lama").await, [""; 0]);
    assert_eq!(found(&*store, "ana").await, ["ana"], "by the username still");
    assert_eq!(store.users(&[ana]).await.unwrap()[0].name.as_str(), "Anastasia Baru");
}

pub(super) async fn a_country_comes_and_goes(store: Shared) {
    let ana = user(&*store, "ana").await;
    let country = Country::parse("Indonesia").unwrap();
    for country in [Some(country), None] {
        store.change_user(ana, UserChange::Country(country.clone())).await.unwrap();
        assert_eq!(store.users(&[ana]).await.unwrap()[0].country, country);
    }
}

pub(super) async fn settings_are_kept_for_each_person(store: Shared) {
    let (ana, budi) = (user(&*store, "ana").await, user(&*store, "budi").await);
    assert_eq!(store.settings(ana).await.unwrap(), "{}");
    let change = UserChange::Settings("{\"theme\":\"gelap\"}".into());
    store.change_user(ana, change).await.unwrap();
    assert_eq!(store.settings(ana).await.unwrap(), "{\"theme\":\"gelap\"}");
    assert_eq!(store.settings(budi).await.unwrap(), "{}");
    let nobody = UserId(ana.0.max(budi.0) + 1_000);
    assert_eq!(refused(store.settings(nobody).await), Refusal::UserUnknown);
}

pub(super) async fn a_password_of_ones_own_choice_keeps_one_session(store: Shared) {
    let ana = user(&*store, "ana").await;
    let budi = user(&*store, "budi").await;
    let kept = session(&*store, ana, 1, at(0)).await;
    let ended = session(&*store, ana, 2, at(0)).await;
    session(&*store, budi, 3, at(0)).await;
    let change = |checked: &str| UserChange::OwnPassword {
        hash: "$argon2id$new".into(),
        checked: checked.into(),
        keeps: kept,
    };
    let outcome = store.change_user(ana, change("$argon2id$wrong")).await;
    assert_eq!(refused(outcome), Refusal::WrongPassword);
    assert!(store.session(&token(2)).await.unwrap().is_some(), "nothing has changed");
    assert_eq!(store.change_user(ana, change("$argon2id$of-ana")).await.unwrap(), [ended]);
    let account = store.account(&name("ana")).await.unwrap().unwrap();
    assert_eq!(account.password_hash, "$argon2id$new");
    for (number, lives) in [(1, true), (2, false), (3, true)] {
        assert_eq!(store.session(&token(number)).await.unwrap().is_some(), lives, "{number}");
    }
    let nobody = UserId(ana.0.max(budi.0) + 1_000);
    let outcome = store.change_user(nobody, change("$argon2id$new")).await;
    assert_eq!(refused(outcome), Refusal::UserUnknown);
}
