//! What clients call messages of theirs, looked up and kept many at a time.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod realm;

use std::time::Duration;

use kabar_engine::store::{Content, NewMessage, Posted, Ticket};
use kabar_engine::{Error, Store};
use kabar_model::{Body, ClientKey, Field, Refusal, Timestamp, UserId};
use kabar_store_postgres::PostgresStore;
use kabar_testbed::Postgres;
use realm::{fresh, message, node, user};

fn keyed(author: UserId, to: UserId, text: &str, key: &str) -> NewMessage {
    NewMessage { key: Some(ClientKey::parse(key).unwrap()), ..message(author, to, text) }
}

/// The number that a message got, or why it was refused.
async fn seq(ticket: Ticket<Vec<Posted>>) -> Result<i64, Refusal> {
    match ticket.await {
        Ok(posted) => Ok(posted[0].place.seq.0),
        Err(Error::Refused(refusal)) => Err(refusal),
        Err(error) => panic!("{error:?}"),
    }
}

async fn post(store: &PostgresStore, new: NewMessage) -> Result<i64, Refusal> {
    seq(store.post(new).await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_one_transaction_are_told_apart() {
    let (store, url) = fresh();
    let (ana, budi) = (user(&store, "ana").await, user(&store, "budi").await);
    assert_eq!(post(&store, keyed(ana, budi, "satu", "a")).await, Ok(1));
    let nobody = UserId(99);
    let wants = [
        (keyed(ana, budi, "dua", "b"), Ok(2)),
        (keyed(ana, budi, "dua", "b"), Ok(2)),
        (keyed(ana, budi, "satu", "a"), Ok(1)),
        (keyed(ana, budi, "lain", "a"), Err(Refusal::Invalid(Field::Key))),
        (keyed(ana, budi, "lain", "b"), Err(Refusal::Invalid(Field::Key))),
        (keyed(ana, nobody, "tiga", "c"), Err(Refusal::UserUnknown)),
        (message(ana, budi, "dua"), Ok(3)),
        (keyed(ana, budi, "empat", "c"), Ok(4)),
        (keyed(budi, ana, "lima", "a"), Ok(5)),
        (keyed(ana, budi, "enam", "\\\"{},' x"), Ok(6)),
        (keyed(ana, budi, "enam", "\\\"{},' x"), Ok(6)),
    ];
    // Whoever writes waits meanwhile, so they are in the queue together.
    let database = url.rsplit('/').next().unwrap().to_owned();
    let hold = "BEGIN; SELECT turn FROM head FOR UPDATE; SELECT pg_sleep(0.5); COMMIT";
    let holding = std::thread::spawn(move || Postgres::shared().sql(&database, hold));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut tickets = Vec::new();
    for (new, expected) in wants {
        tickets.push((store.post(new).await.unwrap(), expected));
    }
    for (number, (ticket, expected)) in tickets.into_iter().enumerate() {
        assert_eq!(seq(ticket).await, expected, "{number}");
    }
    holding.join().unwrap();
    // A retry finds what was kept.
    assert_eq!(post(&store, keyed(ana, budi, "enam", "\\\"{},' x")).await, Ok(6));
    assert_eq!(post(&store, keyed(ana, budi, "empat", "c")).await, Ok(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_holds_on_every_node_until_one_forgets_it() {
    let (one, url) = fresh();
    let other = node(&url);
    let (ana, budi) = (user(&one, "ana").await, user(&one, "budi").await);
    let new = || keyed(ana, budi, "satu", "a");
    assert_eq!(post(&one, new()).await, Ok(1));
    assert_eq!(post(&other, new()).await, Ok(1));
    assert_eq!(post(&other, keyed(ana, budi, "dua", "a")).await, Err(Refusal::Invalid(Field::Key)));
    assert_eq!(other.forget_keys(Timestamp(i64::MAX)).await.unwrap(), 1);
    assert_eq!(post(&one, new()).await, Ok(2));
    assert_eq!(post(&other, new()).await, Ok(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_keeps_its_key() {
    let (store, _) = fresh();
    let ana = user(&store, "ana").await;
    // More than is kept back at a time, so some go before the others.
    let text = "x".repeat(60_000);
    let long = |key: usize| {
        let content = Content::Text(Body::parse(&text).unwrap());
        NewMessage { content, ..keyed(ana, ana, "x", &key.to_string()) }
    };
    let mut tickets = Vec::new();
    for key in 0..200 {
        tickets.push(store.post(long(key)).await.unwrap());
    }
    for (number, ticket) in (1..).zip(tickets) {
        assert_eq!(seq(ticket).await, Ok(number));
    }
    for (key, number) in (0..200).zip(1..) {
        assert_eq!(post(&store, long(key)).await, Ok(number));
    }
}
