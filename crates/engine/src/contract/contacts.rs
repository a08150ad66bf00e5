//! Contacts.

use kabar_model::limits::CONTACTS_MAX;
use kabar_model::{Address, Field, Refusal, UserId};

use super::world::{Shared, at, refused, users};
use crate::store::Store;

fn addresses(texts: &[&str]) -> Vec<Address> {
    texts.iter().map(|text| Address::parse(text).unwrap()).collect()
}

async fn add(store: &dyn Store, user: UserId, texts: &[&str]) -> usize {
    store.add_contacts(user, &addresses(texts), at(1)).await.unwrap()
}

pub(super) async fn contacts_keep_the_order_of_adding(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    assert_eq!(store.contacts(ana).await.unwrap(), []);
    assert_eq!(add(&*store, ana, &["messi", "budi"]).await, 2);
    assert_eq!(add(&*store, ana, &["citra@kampus-b", "citra", "ana"]).await, 3);
    let expected = addresses(&["messi", "budi", "citra@kampus-b", "citra", "ana"]);
    assert_eq!(store.contacts(ana).await.unwrap(), expected);
    assert_eq!(store.contacts(budi).await.unwrap(), [], "each person has a list of their own");
}

pub(super) async fn who_is_there_already_adds_nothing(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    assert_eq!(add(&*store, ana, &["messi", "budi", "MESSI", "messi@b", "messi"]).await, 3);
    assert_eq!(add(&*store, ana, &["budi", "messi@B"]).await, 0);
    assert_eq!(add(&*store, ana, &["budi", "citra"]).await, 1);
    let expected = addresses(&["messi", "budi", "messi@b", "citra"]);
    assert_eq!(store.contacts(ana).await.unwrap(), expected);
    assert_eq!(add(&*store, budi, &["messi"]).await, 1);
}

pub(super) async fn who_is_taken_out_is_gone_and_may_come_back(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    add(&*store, ana, &["messi", "budi", "citra"]).await;
    add(&*store, budi, &["messi"]).await;
    let out = addresses(&["messi", "nobody", "messi", "budi@b"]);
    assert_eq!(store.remove_contacts(ana, &out).await.unwrap(), 1);
    assert_eq!(store.remove_contacts(ana, &out).await.unwrap(), 0);
    assert_eq!(store.contacts(ana).await.unwrap(), addresses(&["budi", "citra"]));
    assert_eq!(store.contacts(budi).await.unwrap(), addresses(&["messi"]));
    assert_eq!(add(&*store, ana, &["messi"]).await, 1);
    assert_eq!(store.contacts(ana).await.unwrap(), addresses(&["budi", "citra", "messi"]));
}

pub(super) async fn a_person_has_so_many_contacts_and_no_more(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let names: Vec<String> = (0..=CONTACTS_MAX).map(|number| format!("c{number}")).collect();
    let mut all = addresses(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let too_many = Refusal::TooMany(Field::Contacts);
    assert_eq!(refused(store.add_contacts(ana, &all, at(1)).await), too_many);
    assert_eq!(store.contacts(ana).await.unwrap(), [], "all of them or none");

    let one_more = all.split_off(CONTACTS_MAX);
    assert_eq!(store.add_contacts(ana, &all, at(1)).await.unwrap(), CONTACTS_MAX);
    assert_eq!(refused(store.add_contacts(ana, &one_more, at(2)).await), too_many);
    assert_eq!(store.add_contacts(ana, &all, at(2)).await.unwrap(), 0, "known ones do not count");
    assert_eq!(store.contacts(ana).await.unwrap(), all);
    assert_eq!(store.add_contacts(budi, &one_more, at(2)).await.unwrap(), 1);
    assert_eq!(store.remove_contacts(ana, &all[..1]).await.unwrap(), 1);
    assert_eq!(store.add_contacts(ana, &one_more, at(3)).await.unwrap(), 1);
}
