//! The realm `lab`, with links to others. A direct conversation with somebody of `kampus` has its home there, one with
//! somebody of `zeta` here.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "this is part of tests")]

use std::path::Path;

use kabar_engine::store::links::{Link, LinkChange, NewLink, Queued, Received, Standing};
use kabar_engine::store::{Content, Group, LinkStore, NewGroup, NewMessage, Posted, Store, Target};
use kabar_engine::{Error, Result};
use kabar_model::{
    Body, GroupName, LinkId, RealmName, Refusal, Timestamp, UserId, Username, Visibility,
};
use kabar_store_sqlite::SqliteStore;
use rusqlite::Connection;

use crate::realm::{open, user};

/// When most of what happens here happens.
pub(crate) const NOW: Timestamp = Timestamp(1_750_000_000_000_000);

pub(crate) fn realm_name(text: &str) -> RealmName {
    RealmName::parse(text).unwrap()
}

pub(crate) fn new_link(name: &str) -> NewLink {
    NewLink {
        name: realm_name(name),
        own_name: realm_name(name),
        reach: None,
        root: [7; 32],
        keys: String::new(),
        standing: Standing::Linked,
        invite: None,
        at: NOW,
    }
}

/// The realm, with ana, and a link to each of these.
pub(crate) async fn lab<const N: usize>(
    dir: &Path,
    realms: [&str; N],
) -> (SqliteStore, UserId, [LinkId; N]) {
    let store = open(dir).unwrap();
    store.keep_identity("secret".to_owned(), realm_name("lab")).await.unwrap();
    let ana = user(&store, "ana").await;
    let mut links = [LinkId(0); N];
    for (id, realm) in links.iter_mut().zip(realms) {
        *id = store.add_link(new_link(realm)).await.unwrap().id;
    }
    (store, ana, links)
}

/// Somebody of another realm.
pub(crate) async fn stranger(store: &SqliteStore, address: &str) -> UserId {
    let username = Username::parse_kept(address).unwrap();
    store.stand_in(&username, None, NOW).await.unwrap().id
}

pub(crate) fn text(author: UserId, target: Target, text: &str) -> NewMessage {
    let content = Content::Text(Body::parse(text).unwrap());
    NewMessage::new(author, vec![target], content, NOW)
}

pub(crate) async fn post(store: &SqliteStore, new: NewMessage) -> Result<Posted> {
    Ok(store.post(new).await?.await?[0])
}

pub(crate) async fn say(store: &SqliteStore, author: UserId, to: UserId, what: &str) -> Posted {
    post(store, text(author, Target::Direct(to), what)).await.unwrap()
}

pub(crate) async fn group(store: &SqliteStore, creator: UserId, name: &str) -> Group {
    let name = GroupName::parse(name).unwrap();
    let visibility = Visibility::Private;
    store.create_group(NewGroup { name, creator, visibility, at: NOW }).await.unwrap()
}

pub(crate) async fn link(store: &SqliteStore, id: LinkId) -> Link {
    LinkStore::links(store).await.unwrap().into_iter().find(|link| link.id == id).unwrap()
}

/// All that waits for a link.
pub(crate) async fn waits(store: &SqliteStore, id: LinkId) -> Vec<Queued> {
    let all = store.outbox(id, usize::MAX).await.unwrap();
    let of = link(store, id).await;
    assert_eq!(all.len() as u64, of.queued());
    let numbers: Vec<u64> = all.iter().map(|item| item.number).collect();
    assert_eq!(numbers, (of.acknowledged + 1..=of.last).collect::<Vec<_>>());
    all
}

pub(crate) async fn received(
    store: &SqliteStore,
    id: LinkId,
    number: u64,
    refused: &[(u64, &str)],
) -> Received {
    let refused = refused.iter().map(|(number, code)| (*number, (*code).to_owned())).collect();
    Received { epoch: link(store, id).await.epoch, number, refused }
}

pub(crate) async fn stand(store: &SqliteStore, id: LinkId, standing: Standing) -> Link {
    store.change_link(id, LinkChange::Standing(standing)).await.unwrap()
}

pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T>) -> Refusal {
    match result.unwrap_err() {
        Error::Refused(refusal) => refusal,
        failed @ Error::Failed(_) => panic!("{failed}"),
    }
}

/// As if the home of a group, the first link `kampus`, had named this person among its members.
pub(crate) async fn mirrored(store: SqliteStore, dir: &Path, member: UserId) -> SqliteStore {
    let maya = stranger(&store, "maya@kampus").await;
    store.close();
    let db = Connection::open(dir.join("kabar.db")).unwrap();
    db.execute_batch(&format!(
        "INSERT INTO conversation (id, kind, created_at, name, name_key, code, visibility)
         VALUES (77, 'group', 1, 'Klub@kampus', 'klub@kampus', '00ab9f', 'public');
         INSERT INTO mirror (conversation_id, link_id, home_id, begins_after)
         VALUES (77, 1, 5, 0);
         INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, read_seq)
         VALUES (77, {}, 'admin', 1, 0, 0), (77, {}, 'member', 1, 0, 0);",
        maya.0, member.0
    ))
    .unwrap();
    open(dir).unwrap()
}

/// The store, after something else has changed its rows.
pub(crate) fn changed(store: SqliteStore, dir: &Path, sql: &str) -> SqliteStore {
    store.close();
    Connection::open(dir.join("kabar.db")).unwrap().execute_batch(sql).unwrap();
    open(dir).unwrap()
}
