//! The index, filled and emptied, behind the messages and without them.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use kabar_engine::Store;
use kabar_engine::store::{Content, NewMessage, SearchQuery, Target};
use kabar_engine::testing::new_user;
use kabar_model::{Body, Seq, Timestamp, UserId};
use kabar_store_sql::sql::Connection;
use kabar_testbed::Postgres;

use super::marks::{self, list};
use super::position::{MAKE, taken_up};
use crate::driver::{PostgresDriver, Role};
use crate::settings::Address;
use crate::{Buses, PostgresStore, Settings, open};

/// How long the thread may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A realm of one's own, with its database.
struct Realm {
    url: String,
    database: String,
}

impl Realm {
    fn new() -> Self {
        let url = Postgres::shared().new_database();
        let database = url.rsplit('/').next().unwrap().to_owned();
        Self { url, database }
    }

    fn node(&self) -> PostgresStore {
        let settings = Settings { url: self.url.clone(), accept_unsafe: false };
        open(&settings, Buses::default(), Arc::new(|what| panic!("{what}"))).unwrap()
    }

    fn sql(&self, sql: &str) -> String {
        Postgres::shared().sql(&self.database, sql)
    }

    /// What the index alone names.
    fn named(&self, piece: &str) -> Vec<i64> {
        let marks = list(&marks::marks_of(piece));
        let found = self.sql(&format!("SELECT id FROM said WHERE marks @> '{marks}' ORDER BY id"));
        found.lines().map(|id| id.parse().unwrap()).collect()
    }

    /// Waits until the index has every message.
    fn filled(&self) {
        let begun = Instant::now();
        let sql =
            "SELECT to_regclass('said') IS NOT NULL AND to_regclass('search_position') IS NOT NULL";
        let all = "SELECT p.arrival = h.arrival FROM search_position p, head h";
        while self.sql(sql) != "t" || self.sql(all) != "t" {
            assert!(begun.elapsed() < PATIENCE, "the index is not filled");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

async fn person(store: &PostgresStore, username: &str) -> UserId {
    store.create_user(new_user(username)).await.unwrap().id
}

async fn post(store: &PostgresStore, author: UserId, to: UserId, content: Content) {
    let new = NewMessage::new(author, vec![Target::Direct(to)], content, Timestamp(7));
    store.post(new).await.unwrap().await.unwrap();
}

fn text(text: &str) -> Content {
    Content::Text(Body::parse(text).unwrap())
}

async fn found(store: &PostgresStore, user: UserId, word: &str) -> Vec<String> {
    let query = SearchQuery { words: vec![word.into()], ..SearchQuery::default() };
    let found = store.search(user, &query, 10).await.unwrap();
    found.into_iter().map(|message| message.body).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_follows_messages_and_what_changes_them() {
    let realm = Realm::new();
    let store = realm.node();
    let (ana, budi) = (person(&store, "ana").await, person(&store, "budi").await);
    for said in ["Kucing hitam", "kucing putih", "anjing"] {
        post(&store, ana, budi, text(said)).await;
    }
    realm.filled();
    assert_eq!(realm.named("kuc"), [1, 2]);
    assert_eq!(found(&store, budi, "KUCING").await, ["kucing putih", "Kucing hitam"]);
    let edited = Body::parse("burung hitam").unwrap();
    post(&store, ana, budi, Content::Edit { of: Seq(1), text: edited }).await;
    post(&store, ana, budi, Content::Deletion { of: Seq(2) }).await;
    assert_eq!(found(&store, budi, "kucing").await, [""; 0], "whatever the index says");
    assert_eq!(found(&store, budi, "burung").await, ["burung hitam"]);
    realm.filled();
    assert_eq!(realm.named("kuc"), [0; 0]);
    assert_eq!(realm.named("bur"), [1]);
    assert_eq!(found(&store, budi, "burung").await, ["burung hitam"]);
}

/// As [`found`], of messages that are in the index and too old to be among the latest.
#[tokio::test(flavor = "multi_thread")]
async fn old_messages_are_found_wherever_they_stand() {
    let realm = Realm::new();
    let store = realm.node();
    let ana = person(&store, "ana").await;
    post(&store, ana, ana, text("jarum pertama")).await;
    // So many that a search takes the order of arrival in parts, of several sizes.
    realm.sql(
        "INSERT INTO message (id, conversation_id, seq, author_id, sent_at, body)
         SELECT n, 1, n, 1, 7, CASE WHEN n % 10000 = 2 THEN 'jarum ' || n ELSE 'rumput' END
         FROM generate_series(2, 30001) n;
         UPDATE head SET turn = turn + 1, changes = changes + 1, arrival = 30001",
    );
    realm.filled();
    assert_eq!(
        found(&store, ana, "jarum").await,
        ["jarum 20002", "jarum 10002", "jarum 2", "jarum pertama"]
    );
    assert_eq!(found(&store, ana, "rumput").await.len(), 10);
    let query = SearchQuery { words: vec!["jarum".into()], ..SearchQuery::default() };
    let page = |before| SearchQuery { before, ..query.clone() };
    let mut seen = Vec::new();
    let mut before = None;
    while let Some(message) = store.search(ana, &page(before), 1).await.unwrap().pop() {
        before = Some(message.arrival);
        seen.push(message.arrival.0);
    }
    assert_eq!(seen, [20_002, 10_002, 2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_missing_or_of_something_else_is_made_anew() {
    let realm = Realm::new();
    let store = realm.node();
    let ana = person(&store, "ana").await;
    for number in 0..200 {
        post(&store, ana, ana, text(&format!("catatan nomor {number}"))).await;
    }
    realm.filled();
    // The first two while a node is at it.
    for spoil in ["DROP TABLE said", "DROP TABLE search_position"] {
        realm.sql(spoil);
        assert_eq!(found(&store, ana, "nomor 7").await.len(), 10, "{spoil}: at once");
        realm.filled();
        assert_eq!(realm.named("cat").len(), 200, "{spoil}");
    }
    store.close();
    for spoil in [
        "UPDATE search_position SET make = 0; DELETE FROM said",
        "UPDATE search_position SET arrival = 9999; DELETE FROM said",
        "UPDATE search_position SET sent_at = 6; DELETE FROM said",
        "DELETE FROM search_position; DELETE FROM said",
    ] {
        realm.sql(spoil);
        let store = realm.node();
        assert_eq!(found(&store, ana, "nomor 7").await.len(), 10, "{spoil}: at once");
        let begun = Instant::now();
        while realm.named("cat").len() < 200 {
            assert!(begun.elapsed() < PATIENCE, "{spoil}: it is not made anew");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        realm.filled();
        assert_eq!(found(&store, ana, "nomor 199").await, ["catatan nomor 199"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_fills_and_another_goes_on_when_it_is_gone() {
    let realm = Realm::new();
    let one = realm.node();
    let ana = person(&one, "ana").await;
    post(&one, ana, ana, text("satu")).await;
    realm.filled();
    let other = realm.node();
    let holders = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    post(&other, ana, ana, text("dua")).await;
    realm.filled();
    assert_eq!(realm.sql(holders), "1");
    // Cut off as by a crash: whichever comes first goes on.
    realm.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    post(&other, ana, ana, text("tiga")).await;
    realm.filled();
    one.close();
    post(&other, ana, ana, text("empat")).await;
    realm.filled();
    assert_eq!(realm.named("tig"), [3]);
    assert_eq!(realm.named("emp"), [4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_a_later_make_is_left_alone() {
    let realm = Realm::new();
    let store = realm.node();
    let ana = person(&store, "ana").await;
    post(&store, ana, ana, text("catatan")).await;
    realm.filled();
    store.close();
    realm.sql(&format!("UPDATE search_position SET make = {}", MAKE + 1));
    let store = realm.node();
    post(&store, ana, ana, text("catatan kedua")).await;
    assert_eq!(found(&store, ana, "catatan").await, ["catatan kedua", "catatan"]);
    let address = Arc::new(Address::parse(&realm.url).unwrap());
    let indexer = thread::spawn(move || PostgresDriver::open(address, Role::Indexer).unwrap());
    let connection = Connection::new(indexer.join().unwrap());
    let taken = thread::spawn(move || taken_up(&connection).unwrap()).join().unwrap();
    assert_eq!(taken, None);
    assert_eq!(realm.sql("SELECT make, arrival FROM search_position"), format!("{}|1", MAKE + 1));
}
