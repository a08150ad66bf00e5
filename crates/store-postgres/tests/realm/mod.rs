//! A store on a database of its own, with people.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "this is part of tests")]

use std::sync::Arc;

use kabar_engine::Store;
use kabar_engine::store::{Content, NewMessage, PartMax, Place, Target};
use kabar_engine::testing::new_user;
use kabar_model::{Body, Timestamp, UserId};
use kabar_store_postgres::{Buses, OpenError, PostgresStore, Settings, open};
use kabar_testbed::Postgres;

/// A node on that database.
pub(crate) fn node(url: &str) -> PostgresStore {
    try_node(url, Buses::default()).unwrap()
}

pub(crate) fn try_node(url: &str, buses: Buses) -> Result<PostgresStore, OpenError> {
    let settings = Settings { url: url.to_owned(), accept_unsafe: false };
    open(&settings, buses, Arc::new(|what| panic!("{what}")))
}

/// A node on a database that nobody else has, with the schema already there.
pub(crate) fn fresh() -> (PostgresStore, String) {
    use std::sync::OnceLock;
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    let server = Postgres::shared();
    let template = TEMPLATE.get_or_init(|| {
        let url = server.new_database();
        node(&url).close();
        url.rsplit('/').next().unwrap().to_owned()
    });
    let url = server.copy_database(template);
    (node(&url), url)
}

pub(crate) async fn user(store: &PostgresStore, name: &str) -> UserId {
    store.create_user(new_user(name)).await.unwrap().id
}

pub(crate) fn message(author: UserId, to: UserId, text: &str) -> NewMessage {
    let content = Content::Text(Body::parse(text).unwrap());
    NewMessage::new(author, vec![Target::Direct(to)], content, Timestamp(1))
}

pub(crate) async fn say(store: &PostgresStore, author: UserId, to: UserId, text: &str) -> Place {
    store.post(message(author, to, text)).await.unwrap().await.unwrap()[0].place
}

pub(crate) async fn texts(store: &PostgresStore, user: UserId) -> Vec<String> {
    let part = PartMax { messages: 100_000, bytes: 1 << 30, file_bytes: 0 };
    let unread = store.unread(user, part).await.unwrap();
    unread.messages.into_iter().map(|message| message.body).collect()
}
