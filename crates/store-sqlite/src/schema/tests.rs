//! Databases of an earlier schema, and migrations that were cut short.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use kabar_engine::Store;
use kabar_engine::store::{
    Content, Conversation, FileKey, FileScope, NewFile, NewMessage, PartMax, Place, Target,
};
use kabar_model::{
    Address, Body, ContentHash, ConversationId, File, FileCode, FileName, RoomName, Seq, Timestamp,
    UserId, Username,
};
use tempfile::TempDir;

use super::*;
use crate::connection::{Durability, make_durable, open_for_writing};
use crate::{FILE, SqliteStore};

/// The schemas that were released before this one.
const EARLIER: Range<usize> = 1..MIGRATIONS.len();

/// A part of an inbox that holds all there is in these tests.
const PART: PartMax = PartMax { messages: 10, bytes: 1_000, file_bytes: 0 };

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

/// A database as it was when there were no more migrations than these.
fn made_by(migrations: usize, dir: &Path) -> Connection {
    let mut connection = open_for_writing(&dir.join(FILE)).unwrap();
    make_durable(&connection, Durability::Full).unwrap();
    migrate_by(&MIGRATIONS[..migrations], &mut connection).unwrap();
    assert_eq!(schema_of(&connection), MIGRATIONS[migrations - 1].0);
    connection
}

fn schema_of(connection: &Connection) -> i64 {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn open(dir: &Path) -> SqliteStore {
    crate::open(dir, Arc::new(|what| panic!("{what}"))).unwrap()
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
    let unread = store.unread(budi, PART).await.unwrap();
    assert_eq!(unread.messages.iter().map(|m| m.body.as_str()).collect::<Vec<_>>(), ["unread"]);
    let klub = store.group("00ab9f").await.unwrap().unwrap();
    assert_eq!(klub.name.as_str(), "Klub");
    let content = Content::Text(Body::parse("hai").unwrap());
    let targets = vec![Target::Direct(ana)];
    let new = NewMessage::new(budi, targets, content, Timestamp(7));
    let next = Place { conversation: ConversationId(1), seq: Seq(3) };
    assert_eq!(store.post(new).await.unwrap().await.unwrap()[0].place, next);

    let name = RoomName::parse("klub").unwrap();
    let room = store.room(&name, Timestamp(8)).await.unwrap();
    let found = store.conversations(&[room]).await.unwrap();
    assert_eq!(found, [Conversation::Room(room, name)]);
    let contacts = [Address::parse("budi").unwrap()];
    assert_eq!(store.add_contacts(ana, &contacts, Timestamp(9)).await.unwrap(), 1);
    takes_files(&store, ana, budi).await;
    has_links(&store).await;
    store.close();

    let file = Connection::open(dir.join(FILE)).unwrap();
    assert_eq!(schema_of(&file), KNOWN);
}

/// Texts from before there were files have none, and a file comes after them.
async fn takes_files(store: &SqliteStore, ana: UserId, budi: UserId) {
    let file = File {
        code: FileCode::new(1),
        name: FileName::clean("a.txt").unwrap(),
        size: 4,
        media_type: "text/plain".into(),
        hash: ContentHash([1; 32]),
    };
    let new = NewFile { file: file.clone(), caption: None, sole: true };
    let content = Content::File(Box::new(new));
    let targets = vec![Target::Direct(budi)];
    let new = NewMessage::new(ana, targets, content, Timestamp(10));
    let place = store.post(new).await.unwrap().await.unwrap()[0];
    let all = store.messages(place.place.conversation, Seq::NONE, 10).await.unwrap();
    let files: Vec<_> = all.into_iter().map(|message| message.file).collect();
    assert_eq!(files, [None, None, None, Some(file.clone())]);
    let found = store.find_file(budi, FileScope::Everywhere, &FileKey::Name(file.name)).await;
    assert_eq!(found.unwrap().map(|sent| sent.place), Some(place.place));
}

/// Those who were there are of this realm, and others are not counted among them.
async fn has_links(store: &SqliteStore) {
    let links = store.links().unwrap();
    assert_eq!(links.links().await.unwrap(), []);
    assert_eq!(links.identity().await.unwrap(), None);
    let maya = Username::parse_kept("maya@kampus").unwrap();
    links.stand_in(&maya, None, Timestamp(11)).await.unwrap();
    assert_eq!(store.count_accounts().await.unwrap(), 2);
    assert_eq!(store.list_users(None, 10).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_an_earlier_schema_opens_and_keeps_its_data() {
    for migrations in EARLIER {
        let dir = tempfile::tempdir().unwrap();
        let connection = made_by(migrations, dir.path());
        connection.execute_batch(REALM).unwrap();
        let crashed = killed(dir.path());
        fs::write(crashed.path().join("lock"), "1\n").unwrap();
        drop(connection);
        is_whole_and_new(dir.path()).await;
        is_whole_and_new(crashed.path()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_was_killed_between_steps_is_completed_by_the_next() {
    for migrations in EARLIER {
        let dir = tempfile::tempdir().unwrap();
        let connection = made_by(migrations, dir.path());
        let copy = killed(dir.path());
        drop(connection);
        let store = open(copy.path());
        store.room(&RoomName::parse("lobby").unwrap(), Timestamp(1)).await.unwrap();
        store.close();
        assert_eq!(schema_of(&Connection::open(copy.path().join(FILE)).unwrap()), KNOWN);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_was_killed_halfway_is_begun_anew() {
    for migrations in EARLIER {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = made_by(migrations, dir.path());
        connection.execute_batch(REALM).unwrap();
        let log_bytes = || fs::metadata(dir.path().join("kabar.db-wal")).unwrap().len();
        let before = log_bytes();
        // With so small a cache, what is not committed reaches the log as well.
        connection.pragma_update(None, "cache_size", 2).unwrap();
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        step.execute_batch(MIGRATIONS[migrations].1).unwrap();
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
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut connection = made_by(1, dir.path());
    connection.execute_batch(REALM).unwrap();
    let broken =
        [MIGRATIONS[0], (2, "CREATE TABLE contact (wrong TEXT); CREATE TABLE account (x)")];
    migrate_by(&broken, &mut connection).unwrap_err();
    assert_eq!(schema_of(&connection), 1);
    drop(connection);
    is_whole_and_new(dir.path()).await;
}
