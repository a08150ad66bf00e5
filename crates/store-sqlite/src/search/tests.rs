//! The index, filled and emptied, behind the messages and without them.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kabar_engine::Store;
use kabar_engine::store::{Content, NewMessage, SearchQuery, Target};
use kabar_engine::testing::new_user;
use kabar_model::{Body, Seq, Timestamp, UserId};

use super::file::{FILE, position};
use crate::connection::open_for_reading;
use crate::{SqliteStore, open};

/// How long the thread may take.
const PATIENCE: Duration = Duration::from_secs(30);

fn opened(dir: &Path) -> SqliteStore {
    open(dir, Arc::new(|reason: &str| panic!("{reason}"))).unwrap()
}

async fn person(store: &SqliteStore, username: &str) -> UserId {
    store.create_user(new_user(username)).await.unwrap().id
}

async fn post(store: &SqliteStore, author: UserId, to: UserId, content: Content) {
    let new = NewMessage::new(author, vec![Target::Direct(to)], content, Timestamp(7));
    store.post(new).await.unwrap().await.unwrap();
}

fn text(text: &str) -> Content {
    Content::Text(Body::parse(text).unwrap())
}

async fn found(store: &SqliteStore, user: UserId, word: &str) -> Vec<String> {
    let query = SearchQuery { words: vec![word.into()], ..SearchQuery::default() };
    let found = store.search(user, &query, 10).await.unwrap();
    found.into_iter().map(|message| message.body).collect()
}

/// Waits until the index has every message.
async fn filled(store: &SqliteStore, dir: &Path) {
    let last = store.last_arrival().await.unwrap().0;
    let begun = Instant::now();
    let at = || open_for_reading(&dir.join(FILE)).and_then(|index| position(&index));
    while at().map_or(-1, |(arrival, _)| arrival) != last {
        assert!(begun.elapsed() < PATIENCE, "the index is not filled");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What the index alone names.
fn named(dir: &Path, piece: &str) -> Vec<i64> {
    let index = open_for_reading(&dir.join(FILE)).unwrap();
    let mut find = index.prepare("SELECT rowid FROM said WHERE said MATCH ?1").unwrap();
    let named = find.query_map([format!("\"{piece}\"")], |row| row.get(0)).unwrap();
    named.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn the_index_follows_messages_and_what_changes_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    let (ana, budi) = (person(&store, "ana").await, person(&store, "budi").await);
    for said in ["Kucing hitam", "kucing putih", "anjing"] {
        post(&store, ana, budi, text(said)).await;
    }
    filled(&store, dir.path()).await;
    assert_eq!(named(dir.path(), "kuc"), [1, 2]);
    assert_eq!(found(&store, budi, "KUCING").await, ["kucing putih", "Kucing hitam"]);
    let edited = Body::parse("burung hitam").unwrap();
    post(&store, ana, budi, Content::Edit { of: Seq(1), text: edited }).await;
    post(&store, ana, budi, Content::Deletion { of: Seq(2) }).await;
    assert_eq!(found(&store, budi, "kucing").await, [""; 0], "whatever the index says");
    assert_eq!(found(&store, budi, "burung").await, ["burung hitam"]);
    filled(&store, dir.path()).await;
    assert_eq!(named(dir.path(), "kuc"), [0; 0]);
    assert_eq!(named(dir.path(), "bur"), [1]);
    assert_eq!(found(&store, budi, "burung").await, ["burung hitam"]);
}

#[tokio::test]
async fn an_index_that_is_missing_damaged_or_of_something_else_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    let store = opened(dir.path());
    let ana = person(&store, "ana").await;
    for number in 0..500 {
        post(&store, ana, ana, text(&format!("catatan nomor {number}"))).await;
    }
    filled(&store, dir.path()).await;
    store.close();
    let whole = fs::read(&path).unwrap();
    let mut spoiled = whole.clone();
    spoiled[100..].fill(0xff);
    let broken: [&dyn Fn(); 4] = [
        &|| fs::remove_file(&path).unwrap(),
        &|| fs::write(&path, &spoiled).unwrap(),
        &|| fs::write(&path, "this is no database, however long one reads in it").unwrap(),
        &|| {
            fs::write(&path, &whole).unwrap();
            let index = rusqlite::Connection::open(&path).unwrap();
            index.execute("UPDATE position SET arrival = 9999", ()).unwrap();
        },
    ];
    for (number, spoil) in broken.iter().enumerate() {
        spoil();
        let store = opened(dir.path());
        assert_eq!(found(&store, ana, "nomor 7").await.len(), 10, "{number}: at once");
        filled(&store, dir.path()).await;
        assert_eq!(named(dir.path(), "cat").len(), 500, "{number}");
        assert_eq!(found(&store, ana, "nomor 499").await, ["catatan nomor 499"]);
    }
}

#[tokio::test]
async fn an_index_that_breaks_while_it_is_read_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    let ana = person(&store, "ana").await;
    post(&store, ana, ana, text("catatan")).await;
    filled(&store, dir.path()).await;
    let index = rusqlite::Connection::open(dir.path().join(FILE)).unwrap();
    index.execute_batch("DROP TABLE said").unwrap();
    drop(index);
    assert_eq!(found(&store, ana, "catatan").await, ["catatan"]);
    let begun = Instant::now();
    while open_for_reading(&dir.path().join(FILE))
        .and_then(|index| index.prepare("SELECT rowid FROM said").map(drop))
        .is_err()
    {
        assert!(begun.elapsed() < PATIENCE, "the index is not made anew");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    filled(&store, dir.path()).await;
    assert_eq!(found(&store, ana, "catatan").await, ["catatan"]);
}
