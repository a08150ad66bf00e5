//! What is answered stands once, and what is refused does not stand, whatever becomes of connections and of the server.
#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "realm/proxy.rs"]
mod proxy;
mod realm;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kabar_engine::Store;
use kabar_engine::testing::new_user;
use kabar_model::{Seq, UserId};
use kabar_store_postgres::PostgresStore;
use kabar_testbed::{Postgres, PostgresOptions};
use tokio::time::sleep;

use self::proxy::{Fate, Proxy};
use self::realm::{message, node, user};

/// What one who posts has heard.
#[derive(Default)]
struct Heard {
    accepted: HashSet<String>,
    refused: HashSet<String>,
}

/// Posts until told to stop, several at a time, each text once.
async fn post(
    store: Arc<PostgresStore>,
    name: &str,
    (author, to): (UserId, UserId),
    stop: Arc<AtomicBool>,
) -> Heard {
    let mut heard = Heard::default();
    for round in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let mut tickets = Vec::new();
        for number in 0..5 {
            let text = format!("{name} {round} {number}");
            match store.post(message(author, to, &text)).await {
                Ok(ticket) => tickets.push((text, ticket)),
                Err(_) => drop(heard.refused.insert(text)),
            }
        }
        for (text, ticket) in tickets {
            let set = if ticket.await.is_ok() { &mut heard.accepted } else { &mut heard.refused };
            set.insert(text);
        }
    }
    heard
}

/// All texts of a conversation; their numbers have no gaps.
async fn stored(store: &PostgresStore, one: UserId, other: UserId) -> Vec<String> {
    let conversation = store.direct(one, other).await.unwrap().unwrap();
    let (mut texts, mut after) = (Vec::new(), Seq(0));
    loop {
        let part = store.messages(conversation, after, 500).await.unwrap();
        let Some(last) = part.last() else { return texts };
        for message in &part {
            after = after.next();
            assert_eq!(message.place.seq, after);
        }
        assert_eq!(last.place.seq, after);
        texts.extend(part.into_iter().map(|message| message.body));
    }
}

fn check(heard: &[Heard], stored: &[String]) {
    let once: HashSet<&String> = stored.iter().collect();
    assert_eq!(once.len(), stored.len(), "something stands twice");
    for heard in heard {
        for text in &heard.accepted {
            assert!(once.contains(text), "{text} was accepted and is missing");
        }
        for text in &heard.refused {
            assert!(!once.contains(text), "{text} was refused and stands");
        }
    }
    let accepted: usize = heard.iter().map(|heard| heard.accepted.len()).sum();
    assert_eq!(stored.len(), accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_and_doubles_nothing() {
    let server = Arc::new(Postgres::start_new(PostgresOptions::default()));
    let url = server.new_database();
    let (one, two) = (Arc::new(node(&url)), Arc::new(node(&url)));
    let (ana, budi) = (user(&one, "ana").await, user(&two, "budi").await);
    let stop = Arc::new(AtomicBool::new(false));
    let posting = [
        tokio::spawn(post(Arc::clone(&one), "a", (ana, budi), Arc::clone(&stop))),
        tokio::spawn(post(Arc::clone(&two), "b", (budi, ana), Arc::clone(&stop))),
        tokio::spawn(post(Arc::clone(&two), "c", (ana, budi), Arc::clone(&stop))),
    ];
    for round in 0..6 {
        sleep(Duration::from_millis(130 + 37 * round)).await;
        let server = Arc::clone(&server);
        tokio::task::spawn_blocking(move || {
            server.kill();
            server.start();
        })
        .await
        .unwrap();
    }
    sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::SeqCst);
    let mut heard = Vec::new();
    for posting in posting {
        heard.push(posting.await.unwrap());
    }
    let stored = stored(&one, ana, budi).await;
    assert!(stored.len() > 50, "{} messages", stored.len());
    check(&heard, &stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outcome_of_a_commit_is_found_out_when_its_connection_broke() {
    let server = Postgres::shared();
    let (direct, url) = realm::fresh();
    let proxy = Proxy::to(server.port());
    let through = url.replace(&format!(":{}/", server.port()), &format!(":{}/", proxy.port));
    let store = node(&through);
    let (ana, budi) = (user(&store, "ana").await, user(&store, "budi").await);
    let mut expected = Vec::new();
    for (number, fate) in
        [Fate::AnswerLost, Fate::CommitLost, Fate::AnswerFatal, Fate::AnswerError, Fate::Pass]
            .repeat(3)
            .into_iter()
            .enumerate()
    {
        proxy.next(fate);
        let text = format!("{number} {fate:?}");
        store.post(message(ana, budi, &text)).await.unwrap().await.unwrap();
        expected.push(text);
        proxy.next(Fate::Pass);
    }
    assert_eq!(proxy.cut(), 12);
    assert_eq!(stored(&direct, ana, budi).await, expected);

    // A change that is no message is not run again: whoever asked is told that it failed, and it did not happen.
    proxy.next(Fate::CommitLost);
    assert!(store.create_user(new_user("cici")).await.is_err());
    proxy.next(Fate::AnswerLost);
    store.create_user(new_user("dedi")).await.unwrap();
    proxy.next(Fate::AnswerFatal);
    store.create_user(new_user("eka")).await.unwrap();
    let names: Vec<String> = direct
        .list_users(None, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|user| user.username.as_str().to_owned())
        .collect();
    assert_eq!(names, ["ana", "budi", "dedi", "eka"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_committed_is_answered_after_another_commit() {
    let server = Postgres::shared();
    let (direct, url) = realm::fresh();
    let proxy = Proxy::to(server.port());
    let through = url.replace(&format!(":{}/", server.port()), &format!(":{}/", proxy.port));
    let store = node(&through);
    let (ana, budi) = (user(&store, "ana").await, user(&store, "budi").await);
    for (fate, commits) in [(Fate::Pass, 1), (Fate::AnswerLost, 2), (Fate::AnswerFatal, 2)] {
        let before = proxy.commits();
        proxy.next(fate);
        realm::say(&store, ana, budi, &format!("{fate:?}")).await;
        assert_eq!(proxy.commits() - before, commits, "{fate:?}");
    }
    assert_eq!(stored(&direct, ana, budi).await, ["Pass", "AnswerLost", "AnswerFatal"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_standby_may_lack_is_not_answered() {
    let server = Postgres::start_new(PostgresOptions::default());
    let url = server.new_database();
    let store = Arc::new(node(&url));
    let (ana, budi) = (user(&store, "ana").await, user(&store, "budi").await);
    let standby = |name: &str| {
        server.sql("postgres", &format!("ALTER SYSTEM SET synchronous_standby_names = '{name}'"));
        server.sql("postgres", "SELECT pg_reload_conf()");
    };
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    standby("nobody");
    while server.sql("postgres", "SHOW synchronous_standby_names") != "nobody" {
        sleep(Duration::from_millis(20)).await;
    }
    let posting = Arc::clone(&store);
    let posting = tokio::spawn(async move { realm::say(&posting, ana, budi, "one").await });
    while server.sql("postgres", waiting) != "1" {
        sleep(Duration::from_millis(20)).await;
    }
    // From here on everybody sees it, though no standby has it.
    server.sql(
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
    );
    sleep(Duration::from_secs(2)).await;
    assert_eq!(stored(&store, ana, budi).await, ["one"]);
    assert!(!posting.is_finished(), "it is not on the standby");
    standby("");
    posting.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_right_after_the_turn_was_taken_refuses_nothing() {
    let server = Postgres::shared();
    let (direct, url) = realm::fresh();
    let proxy = Proxy::to(server.port());
    let through = url.replace(&format!(":{}/", server.port()), &format!(":{}/", proxy.port));
    let store = node(&through);
    let (ana, budi) = (user(&store, "ana").await, user(&store, "budi").await);
    realm::say(&store, ana, budi, "one").await;
    realm::say(&direct, budi, ana, "two").await;
    proxy.next(Fate::LastLost);
    realm::say(&store, ana, budi, "three").await;
    assert_eq!(proxy.cut(), 1);
    assert_eq!(stored(&direct, ana, budi).await, ["one", "two", "three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_taken_anothers_place_must_keep_what_is_committed() {
    for accept_unsafe in [false, true] {
        let server = Postgres::shared();
        let (direct, url) = realm::fresh();
        direct.close();
        let ended = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&ended);
        let on_fatal: kabar_store_postgres::OnFatal = Arc::new(move |what| {
            assert!(what.contains("synchronous_commit"), "{what}");
            ends.store(true, Ordering::SeqCst);
        });
        let settings = kabar_store_postgres::Settings { url: url.clone(), accept_unsafe };
        let buses = kabar_store_postgres::Buses::default();
        let store = kabar_store_postgres::open(&settings, buses, on_fatal).unwrap();
        user(&store, "ana").await;
        let database = url.rsplit('/').next().unwrap();
        // Sessions that begin from here on are as on another server.
        let unsafe_now = format!("ALTER DATABASE {database} SET synchronous_commit = off");
        server.sql(database, &unsafe_now);
        server.sql(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        let outcome =
            tokio::time::timeout(Duration::from_secs(10), store.create_user(new_user("budi")))
                .await;
        let is_taken = matches!(outcome, Ok(Ok(_)));
        assert_eq!((is_taken, ended.load(Ordering::SeqCst)), (accept_unsafe, !accept_unsafe));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_wait_some_seconds_for_a_server_that_is_away_and_are_refused_then() {
    let server = Arc::new(Postgres::start_new(PostgresOptions::default()));
    let url = server.new_database();
    let store = node(&url);
    let (ana, budi) = (user(&store, "ana").await, user(&store, "budi").await);
    realm::say(&store, ana, budi, "one").await;
    server.kill();
    let started = std::time::Instant::now();
    let away = store.post(message(ana, budi, "away")).await.unwrap().await;
    assert!(away.is_err());
    assert!(store.count_accounts().await.is_err());
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let again = Arc::clone(&server);
    let starting = tokio::task::spawn_blocking(move || again.start());
    // These wait, and are served by whoever answers on that port.
    realm::say(&store, ana, budi, "two").await;
    assert_eq!(store.count_accounts().await.unwrap(), 2);
    starting.await.unwrap();
    assert_eq!(stored(&store, ana, budi).await, ["one", "two"]);
}
