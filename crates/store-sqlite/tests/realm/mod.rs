//! A store in a directory of its own, with two people.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "this is part of tests")]

use std::path::Path;
use std::sync::Arc;

use kabar_engine::Store;
use kabar_engine::store::{NewMessage, NewRole, NewUser, Place, Target};
use kabar_model::{Body, DisplayName, Role, Timestamp, UserId, Username};
use kabar_store_sqlite::{OpenError, SqliteStore};

pub(crate) fn open(dir: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(dir, Arc::new(|what| panic!("{what}")))
}

pub(crate) async fn user(store: &SqliteStore, name: &str) -> UserId {
    let username = Username::parse(name).unwrap();
    let new = NewUser {
        name: DisplayName::of(&username),
        username,
        country: None,
        password_hash: "$".into(),
        role: NewRole::Fixed(Role::User),
        at: Timestamp(0),
    };
    store.create_user(new).await.unwrap().id
}

pub(crate) fn message(author: UserId, to: UserId, text: &str) -> NewMessage {
    let body = Body::parse(text).unwrap();
    NewMessage { author, targets: vec![Target::Direct(to)], body, at: Timestamp(1), session: None }
}

pub(crate) async fn say(store: &SqliteStore, author: UserId, to: UserId, text: &str) -> Place {
    store.post(message(author, to, text)).await.unwrap().await.unwrap()[0]
}

pub(crate) async fn texts(store: &SqliteStore, user: UserId) -> Vec<String> {
    let unread = store.unread(user, 10_000, 1 << 30).await.unwrap();
    unread.messages.into_iter().map(|message| message.body).collect()
}
