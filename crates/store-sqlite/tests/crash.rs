//! What is accepted is there after the process was gone.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod realm;

use std::fs;
use std::path::Path;

use kabar_engine::Store;
use kabar_model::Seq;
use tempfile::TempDir;

use self::realm::{message, open, say, texts, user};

/// The files as they are now: what a killed process leaves to the next.
fn crash(dir: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["kabar.db", "kabar.db-wal", "lock"] {
        fs::copy(dir.join(name), copy.path().join(name)).unwrap();
    }
    copy
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_messages_survive_a_crash_at_any_moment() {
    let running = tempfile::tempdir().unwrap();
    let store = open(running.path()).unwrap();
    let ana = user(&store, "ana").await;
    let budi = user(&store, "budi").await;
    let mut accepted = 0;
    for round in 1..=5 {
        for _ in 0..round * 7 {
            accepted += 1;
            say(&store, ana, budi, &accepted.to_string()).await;
        }
        // One more is on its way while the files are copied.
        let more = message(ana, budi, &(accepted + 1).to_string());
        let on_its_way = store.post(more).await.unwrap();
        let copy = crash(running.path());
        on_its_way.await.unwrap();
        accepted += 1;

        let restarted = open(copy.path()).unwrap();
        let found = texts(&restarted, budi).await;
        assert!(found.len() >= accepted - 1, "{} of {accepted}", found.len());
        assert!(found.iter().enumerate().all(|(n, text)| *text == (n + 1).to_string()));
        let next = say(&restarted, ana, budi, "next").await;
        assert_eq!(usize::try_from(next.seq.0), Ok(found.len() + 1), "the numbers go on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_a_clean_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let ana = user(&store, "ana").await;
    let budi = user(&store, "budi").await;
    let mut tickets = Vec::new();
    for number in 1..=500 {
        tickets.push(store.post(message(ana, budi, &number.to_string())).await.unwrap());
    }
    // Handed over is enough for a clean close: nobody waited for these.
    drop(tickets);
    store.close();

    let store = open(dir.path()).unwrap();
    let place = say(&store, budi, ana, "hai").await;
    assert_eq!(place.seq, Seq(501));
    let found = texts(&store, budi).await;
    assert!(found.iter().enumerate().all(|(n, text)| *text == (n + 1).to_string()));
    assert_eq!(found.len(), 500);
    store.check().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_right_after_the_start_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path()).unwrap();
    user(&open(crash(dir.path()).path()).unwrap(), "ana").await;
    user(&first, "ana").await;
    first.close();
    let again = open(dir.path()).unwrap();
    let copy = crash(dir.path());
    let restarted = open(copy.path()).unwrap();
    assert_eq!(restarted.list_users(None, 10).await.unwrap().len(), 1);
    drop(again);
}
