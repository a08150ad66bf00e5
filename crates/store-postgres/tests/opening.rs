//! Which databases are taken, and which are not.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod realm;

use std::sync::Arc;
use std::time::{Duration, Instant};

use kabar_engine::Store;
use kabar_store_postgres::{Buses, OpenError, Settings, open};
use kabar_testbed::{Postgres, PostgresOptions};

use self::realm::{fresh, message, node, say, texts, try_node, user};

fn refused(url: &str) -> String {
    try_node(url, Buses::default()).unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_lose_what_was_accepted_is_refused_unless_told_otherwise() {
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (name, value, mend) in [
        ("fsync", "off", "set fsync = on"),
        ("full_page_writes", "off", "set full_page_writes = on"),
        ("data_sync_retry", "on", "set data_sync_retry = off"),
        ("synchronous_commit", "off", "set synchronous_commit = on"),
    ] {
        let options = PostgresOptions { settings: vec![setting(name, value)], tls: false };
        let server = Postgres::start_new(options);
        let url = server.new_database();
        let said = refused(&url);
        assert!(said.contains(&format!("{name} is {value}")) && said.contains(mend), "{said}");
        let settings = Settings { url, accept_unsafe: true };
        let store = open(&settings, Buses::default(), Arc::new(|what| panic!("{what}"))).unwrap();
        user(&store, "ana").await;
    }
}

#[test]
fn what_is_set_while_a_node_writes_does_not_make_it_answer_before_the_disk() {
    let options = PostgresOptions::default();
    let server = Postgres::start_new(options);
    let url = server.new_database();
    let name = url.rsplit('/').next().unwrap();
    let node = try_node(&url, Buses::default()).unwrap();
    server.sql(name, "ALTER SYSTEM SET synchronous_commit = off");
    server.sql(name, "SELECT pg_reload_conf()");
    // Each commit says by itself how it was made.
    server.sql(
        name,
        "CREATE TABLE made (how text);
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN INSERT INTO made VALUES (current_setting(''synchronous_commit'')); RETURN NEW; END';
         CREATE TRIGGER noted AFTER INSERT ON account FOR EACH ROW EXECUTE FUNCTION note()",
    );
    tokio::runtime::Runtime::new().unwrap().block_on(user(&node, "ana"));
    assert_eq!(server.sql(name, "SHOW synchronous_commit"), "off");
    assert_eq!(server.sql(name, "SELECT string_agg(how, ',') FROM made"), "on");
}

#[test]
fn a_database_of_others_or_of_a_later_kabar_is_left_as_it_is() {
    let server = Postgres::shared();
    let name = |url: &str| url.rsplit('/').next().unwrap().to_owned();
    let foreign = server.new_database();
    server.sql(&name(&foreign), "CREATE TABLE things (n int)");
    assert!(refused(&foreign).contains("none of kabar's"));
    assert_eq!(
        server.sql(&name(&foreign), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        "1"
    );

    let (store, url) = fresh();
    store.close();
    server.sql(&name(&url), "UPDATE schema_version SET number = 99");
    assert!(refused(&url).contains("schema 99"), "{}", refused(&url));

    server.sql("postgres", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");
    assert!(refused(&server.url("latin")).contains("LATIN1"));
}

#[test]
fn a_server_that_is_not_there_or_refuses_is_named_without_the_password() {
    let port = kabar_testbed::free_port();
    let said = refused(&format!("postgres://a:geheim@127.0.0.1:{port}/b"));
    assert!(said.starts_with("PostgreSQL: ") && !said.contains("geheim"), "{said}");
    let said = refused(&Postgres::shared().url("nowhere"));
    assert!(said.contains("does not exist"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_spoken_with_a_server_that_proves_its_name() {
    let server = Postgres::start_new(PostgresOptions { settings: Vec::new(), tls: true });
    let url = server.new_database();
    let root = server.certificate().display().to_string();
    let store = node(&format!("{url}?sslmode=verify-full&sslrootcert={root}"));
    user(&store, "ana").await;
    let over_tls = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                    WHERE application_name = 'kabar'";
    assert_eq!(server.sql("postgres", over_tls), "t");
    // Nobody whom browsers believe has signed that certificate.
    assert!(refused(&format!("{url}?sslmode=require")).starts_with("PostgreSQL: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unix_socket_will_do() {
    let server = Postgres::shared();
    let (store, url) = fresh();
    store.close();
    let database = url.rsplit('/').next().unwrap();
    let (dir, port) = (server.socket_dir().display(), server.port());
    let store = node(&format!("postgres://postgres@/{database}?host={dir}&port={port}"));
    user(&store, "ana").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_comes_back() {
    let (store, _) = fresh();
    let (ana, budi) = (user(&store, "ana").await, user(&store, "budi").await);
    let said = ["\u{10FFFE}0", "\u{10FFFE}", "it's \\x ?1 $1", "🦀\u{10FFFF}"];
    for text in said {
        say(&store, ana, budi, text).await;
    }
    assert_eq!(texts(&store, budi).await, said);
}

/// As long as a machine that hangs, or that nobody can reach, may keep others from writing.
const HUNG_MAX: Duration = Duration::from_secs(7);

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_hangs_in_its_turn_is_cut_off() {
    let (one, url) = fresh();
    let two = node(&url);
    let (ana, budi) = (user(&one, "ana").await, user(&one, "budi").await);
    let one = Arc::new(one);
    let hangs = Arc::clone(&one);
    let (began, begins) = tokio::sync::oneshot::channel();
    let hanging = tokio::spawn(async move {
        hangs
            .change(move |work| {
                work.connection.execute("UPDATE account SET country = 'ID'", ())?;
                began.send(()).unwrap();
                std::thread::sleep(HUNG_MAX);
                Ok(())
            })
            .await
    });
    begins.await.unwrap();
    let started = Instant::now();
    say(&two, ana, budi, "hai").await;
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    // What the hung node was doing did not happen, and it goes on.
    assert!(hanging.await.unwrap().is_err());
    say(&one, budi, ana, "hai juga").await;
    let people = two.users(&[ana, budi]).await.unwrap();
    assert!(people.iter().all(|user| user.country.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_silent_is_noticed() {
    let server = Postgres::start_new(PostgresOptions::default());
    let url = server.new_database();
    let store = node(&url);
    let (ana, budi) = (user(&store, "ana").await, user(&store, "budi").await);
    server.pause();
    let started = Instant::now();
    let asked = store.count_accounts().await;
    let took = started.elapsed();
    server.resume();
    assert!(asked.is_err() && took < Duration::from_secs(20), "{took:?}");
    let posted = store.post(message(ana, budi, "hai")).await.unwrap().await;
    posted.unwrap();
    assert!(matches!(try_node("nowhere", Buses::default()), Err(OpenError::Address(_))));
}
