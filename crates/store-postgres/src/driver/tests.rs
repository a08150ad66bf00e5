//! Messages that wait to be sent, and savepoints among them.

use std::sync::Arc;

use kabar_engine::Store;
use kabar_engine::testing::new_user;
use kabar_store_sql::sql::{Connection, KeyRow, MessageRow};
use kabar_testbed::Postgres;

use super::{PostgresDriver, Role, WriterId};
use crate::settings::Address;
use crate::{Buses, Settings, open};

const CONVERSATION: i64 = 1;

/// A writer on a database with one person and one conversation.
fn writer() -> (Connection, String) {
    let url = Postgres::shared().new_database();
    let settings = Settings { url: url.clone(), accept_unsafe: false };
    let store = open(&settings, Buses::default(), Arc::new(|what| panic!("{what}"))).unwrap();
    let asking = tokio::runtime::Runtime::new().unwrap();
    let id = asking.block_on(store.create_user(new_user("ana"))).unwrap().id;
    assert_eq!(id.0, 1);
    store.close();
    let database = url.rsplit('/').next().unwrap().to_owned();
    Postgres::shared()
        .sql(&database, "INSERT INTO conversation (kind, created_at) VALUES ('direct', 1)");
    let address = Arc::new(Address::parse(&url).unwrap());
    let driver = PostgresDriver::open(address, Role::Writer(WriterId::random())).unwrap();
    (Connection::new(driver), database)
}

fn run(connection: &Connection, sql: &str) {
    connection.prepare_cached(sql).unwrap().execute(()).unwrap();
}

/// Adds a message with a key; returns its place in the order of arrival.
fn add(connection: &Connection, seq: i64) -> i64 {
    let text = seq.to_string();
    let row = MessageRow::text(CONVERSATION, seq, 1, 1, &text);
    let arrival = connection.add_message(&row).unwrap();
    let (author_id, conversation_id, sent_at) = (1, CONVERSATION, 1);
    connection.add_key(&KeyRow { author_id, key: &text, conversation_id, seq, sent_at }).unwrap();
    arrival
}

/// What was stored: places, numbers and keys.
fn stored(database: &str) -> String {
    let sql =
        "SELECT string_agg(m.id || ':' || m.seq || ':' || coalesce(k.key, '-'), ' ' ORDER BY m.id)
               FROM message m FULL JOIN client_key k USING (conversation_id, seq)";
    Postgres::shared().sql(database, sql).trim().to_owned()
}

/// What a request does with three things that another realm says together; the second is refused, after its message was
/// sent when `is_sent`.
fn three_of_which_one_is_refused(connection: &Connection, is_sent: bool) {
    connection.begin().unwrap();
    run(connection, "SAVEPOINT change");
    run(connection, "SAVEPOINT item");
    assert_eq!(add(connection, 1), 1);
    run(connection, "RELEASE item");
    run(connection, "SAVEPOINT item");
    run(connection, "UPDATE account SET disabled = 1");
    assert_eq!(add(connection, 2), 2);
    if is_sent {
        run(connection, "SELECT 1 FROM client_key");
    }
    run(connection, "ROLLBACK TO item");
    run(connection, "RELEASE item");
    run(connection, "SAVEPOINT item");
    assert_eq!(add(connection, 2), 2);
    run(connection, "RELEASE item");
    run(connection, "RELEASE change");
}

#[test]
fn what_an_inner_savepoint_undoes_is_its_own_messages_alone() {
    for is_sent in [false, true] {
        let (connection, database) = writer();
        three_of_which_one_is_refused(&connection, is_sent);
        connection.commit().unwrap();
        assert_eq!(stored(&database), "1:1:1 2:2:2", "{is_sent}");
        let names = "SELECT count(*) FROM account WHERE disabled = 1";
        assert_eq!(Postgres::shared().sql(&database, names).trim(), "0");
        let head = Postgres::shared().sql(&database, "SELECT arrival FROM head");
        assert_eq!(head.trim(), "2");
    }
}

#[test]
fn what_an_outer_savepoint_undoes_is_all_within() {
    let (connection, database) = writer();
    connection.begin().unwrap();
    assert_eq!(add(&connection, 1), 1);
    run(&connection, "SAVEPOINT change");
    for seq in [2, 3] {
        run(&connection, "SAVEPOINT item");
        assert_eq!(add(&connection, seq), seq);
        run(&connection, "SELECT 1 FROM message");
        run(&connection, "RELEASE item");
    }
    run(&connection, "ROLLBACK TO change");
    run(&connection, "RELEASE change");
    assert_eq!(add(&connection, 2), 2);
    connection.commit().unwrap();
    assert_eq!(stored(&database), "1:1:1 2:2:2");
}
