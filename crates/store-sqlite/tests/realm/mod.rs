//! A store in a directory of its own, with two people.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "this is part of tests")]

use std::path::Path;
use std::sync::Arc;

use kabar_engine::Store;
use kabar_engine::store::{Content, NewFile, NewMessage, PartMax, Place, Target};
use kabar_engine::testing::new_user;
use kabar_model::{Body, ContentHash, File, FileCode, FileName, Timestamp, UserId};
use kabar_store_sqlite::{OpenError, SqliteStore};

pub(crate) fn open(dir: &Path) -> Result<SqliteStore, OpenError> {
    kabar_store_sqlite::open(dir, Arc::new(|what| panic!("{what}")))
}

pub(crate) async fn user(store: &SqliteStore, name: &str) -> UserId {
    store.create_user(new_user(name)).await.unwrap().id
}

pub(crate) fn message(author: UserId, to: UserId, text: &str) -> NewMessage {
    let content = Content::Text(Body::parse(text).unwrap());
    let targets = vec![Target::Direct(to)];
    NewMessage::new(author, targets, content, Timestamp(1))
}

pub(crate) fn file(author: UserId, to: UserId, name: &str) -> NewMessage {
    let file = File {
        code: FileCode::new(1),
        name: FileName::clean(name).unwrap(),
        size: 4,
        media_type: "text/plain".into(),
        hash: ContentHash([1; 32]),
    };
    let content = Content::File(Box::new(NewFile { file, caption: None, sole: false }));
    NewMessage { content, ..message(author, to, "a file") }
}

pub(crate) async fn say(store: &SqliteStore, author: UserId, to: UserId, text: &str) -> Place {
    store.post(message(author, to, text)).await.unwrap().await.unwrap()[0].place
}

/// A part of an inbox, without the contents of files.
pub(crate) fn up_to(messages: usize, bytes: usize) -> PartMax {
    PartMax { messages, bytes, file_bytes: 0 }
}

pub(crate) async fn texts(store: &SqliteStore, user: UserId) -> Vec<String> {
    let unread = store.unread(user, up_to(10_000, 1 << 30)).await.unwrap();
    unread.messages.into_iter().map(|message| message.body).collect()
}
