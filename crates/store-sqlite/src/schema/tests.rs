//! Databases of an earlier schema, and migrations that were cut short.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use kabar_engine::Store;
use kabar_engine::store::{Conversation, NewMessage, Place, Target};
use kabar_model::{Address, Body, ConversationId, RoomName, Seq, Timestamp, UserId};
use tempfile::TempDir;

use super::*;
use crate::connection::{Durability, make_durable, open_for_writing};
use crate::{FILE, SqliteStore};

/// What leads to the first schema and no further.
const FIRST: &[(i64, &str)] = MIGRATIONS.split_at(1).0;

/// Two people who wrote to each other, and a group: rows as the first schema has them.
const REALM: &str = "
    INSERT INTO account (id, username, name, password_hash, role, disabled, created_at)
    VALUES (1, 'ana', 'Ana', '$', 'administrator', 0, 1), (2, 'budi', 'Budi', '$', 'user', 0, 2);
    INSERT INTO conversation (id, kind, created_at) VALUES (1, 'direct', 3);
    INSERT INTO conversation (id, kind, created_at, name, name_key, code, visibility)
    VALUES (2, 'group', 4, 'Klub', 'klub', '00ab9f', 'public');
    INSERT INTO direct (user_low, user_high, conversation_id) VALUES (1, 2, 1);
    INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, read_seq)
    VALUES (1, 1, NULL, 3, 0, 0), (1, 2, NULL, 3, 0, 1), (2, 1, 'admin', 4, 0, 0);
    INSERT INTO message (conversation_id, seq, author_id, sent_at, body)
    VALUES (1, 1, 1, 5, 'read'), (1, 2, 1, 6, 'unread');";

fn first_schema(dir: &Path) -> Connection {
    let mut connection = open_for_writing(&dir.join(FILE)).unwrap();
    make_durable(&connection, Durability::Full).unwrap();
    migrate_by(FIRST, &mut connection).unwrap();
    assert_eq!(schema_of(&connection), 1);
    connection
}

fn schema_of(connection: &Connection) -> i64 {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(dir, Arc::new(|what| panic!("{what}"))).unwrap()
}

/// The files as they are now: what a process that is killed leaves.
fn killed(dir: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in [FILE, "kabar.db-wal"] {
        fs::copy(dir.join(name), copy.path().join(name)).unwrap();
    }
    copy
}

/// All that was kept is there, and what is new works.
async fn is_whole_and_new(dir: &Path) {
    let store = open(dir);
    let [ana, budi] = [UserId(1), UserId(2)];
    let unread = store.unread(budi, 10, 1_000).await.unwrap();
    assert_eq!(unread.messages.iter().map(|m| m.body.as_str()).collect::<Vec<_>>(), ["unread"]);
    let klub = store.group("00ab9f").await.unwrap().unwrap();
    assert_eq!(klub.name.as_str(), "Klub");
    let body = Body::parse("hai").unwrap();
    let targets = vec![Target::Direct(ana)];
    let new = NewMessage { author: budi, targets, body, at: Timestamp(7), session: None };
    let next = Place { conversation: ConversationId(1), seq: Seq(3) };
    assert_eq!(store.post(new).await.unwrap().await.unwrap(), [next]);

    let name = RoomName::parse("klub").unwrap();
    let room = store.room(&name, Timestamp(8)).await.unwrap();
    let found = store.conversations(&[room]).await.unwrap();
    assert_eq!(found, [Conversation::Room(room, name)]);
    let contacts = [Address::parse("budi").unwrap()];
    assert_eq!(store.add_contacts(ana, &contacts, Timestamp(9)).await.unwrap(), 1);
    store.close();

    let file = Connection::open(dir.join(FILE)).unwrap();
    assert_eq!(schema_of(&file), KNOWN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_the_first_schema_opens_and_keeps_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let connection = first_schema(dir.path());
    connection.execute_batch(REALM).unwrap();
    let crashed = killed(dir.path());
    fs::write(crashed.path().join("lock"), "1\n").unwrap();
    drop(connection);
    is_whole_and_new(dir.path()).await;
    is_whole_and_new(crashed.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_was_killed_between_steps_is_completed_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let connection = first_schema(dir.path());
    let copy = killed(dir.path());
    drop(connection);
    let store = open(copy.path());
    store.room(&RoomName::parse("lobby").unwrap(), Timestamp(1)).await.unwrap();
    store.close();
    assert_eq!(schema_of(&Connection::open(copy.path().join(FILE)).unwrap()), KNOWN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_was_killed_halfway_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut connection = first_schema(dir.path());
    connection.execute_batch(REALM).unwrap();
    let log_bytes = || fs::metadata(dir.path().join("kabar.db-wal")).unwrap().len();
    let before = log_bytes();
    // With so small a cache, what is not committed reaches the log as well.
    connection.pragma_update(None, "cache_size", 2).unwrap();
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    step.execute_batch(MIGRATIONS[1].1).unwrap();
    step.execute_batch(
        "INSERT INTO contact (user_id, contact, added_at)
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 5000)
         SELECT 1, 'c' || n, n FROM n",
    )
    .unwrap();
    assert!(log_bytes() > before, "nothing of the step was written yet");
    let copy = killed(dir.path());
    drop(step);
    is_whole_and_new(copy.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut connection = first_schema(dir.path());
    connection.execute_batch(REALM).unwrap();
    let broken = [FIRST[0], (2, "CREATE TABLE contact (wrong TEXT); CREATE TABLE account (x)")];
    migrate_by(&broken, &mut connection).unwrap_err();
    assert_eq!(schema_of(&connection), 1);
    drop(connection);
    is_whole_and_new(dir.path()).await;
}
