//! How long does a search take in a large realm, and what does the index cost?
//!
//! `cargo run --release -p kabar-store-postgres --example postgres_search -- URL [MESSAGES]` adds so many messages of 200
//! people to a database, waits for the index, then searches.
#![allow(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kabar_engine::Store;
use kabar_engine::store::{Content, NewMessage, SearchQuery, Target};
use kabar_engine::testing::new_user;
use kabar_model::{Body, Timestamp, UserId, Username};
use kabar_store_postgres::{Buses, PostgresStore, Settings, open};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// People, each of whom writes to the next ones.
const PEOPLE: usize = 200;
/// Messages that are handed over before the first is waited for.
const AT_A_TIME: usize = 1_000;
/// Searches of each kind.
const SEARCHES: usize = 200;

const SYLLABLES: [&str; 16] = [
    "ka", "bar", "su", "ra", "ba", "ya", "ma", "lang", "pa", "gi", "si", "ang", "so", "re", "ha",
    "lo",
];

/// A word of three syllables, of which there are 4,096.
fn word(number: usize) -> String {
    [number, number / 16, number / 256].map(|n| SYLLABLES[n % 16]).concat()
}

/// Numbers without an order that anybody would notice (`SplitMix64`).
fn scattered(number: usize) -> usize {
    let mut z = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((z ^ (z >> 31)) >> 16).unwrap_or(0)
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("usage: search URL [MESSAGES]")?;
    let messages = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let settings = Settings { url, accept_unsafe: true };
    let fatal = Arc::new(|reason: &str| panic!("{reason}"));
    let store = open(&settings, Buses::default(), fatal)?;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(person(&store, &format!("user{number}")).await?);
    }
    let begun = Instant::now();
    fill(&store, &people, messages).await?;
    println!("filled: {messages} messages in {:.1?}", begun.elapsed());
    let last = store.last_arrival().await?;
    while !store.base().is_indexed(last.0).await? {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("indexed after {:.1?}", begun.elapsed());
    let kinds: [(&str, &dyn Fn(usize) -> String); 4] = [
        ("a rare word", &|n| format!("xq{}", word(n % 1_000))),
        ("a common word", &|n| word(scattered(n))),
        ("a part of many words", &|n| SYLLABLES[n % 16].repeat(2)),
        ("two characters", &|n| SYLLABLES[n % 16][..2].to_owned()),
    ];
    for (kind, word) in kinds {
        let mut took: Vec<Duration> = Vec::with_capacity(SEARCHES);
        let mut hits = 0;
        for number in 0..SEARCHES {
            let query = SearchQuery { words: vec![word(number)], ..SearchQuery::default() };
            let begun = Instant::now();
            hits += store.search(people[number % PEOPLE], &query, 20).await?.len();
            took.push(begun.elapsed());
        }
        took.sort_unstable();
        let at = |percent: usize| took[(SEARCHES * percent / 100).min(SEARCHES - 1)];
        println!("{kind}: p50 {:.1?}, p99 {:.1?}, {hits} hits", at(50), at(99));
    }
    Ok(())
}

async fn person(store: &PostgresStore, name: &str) -> Outcome<UserId> {
    let username = Username::parse(name).map_err(|refusal| format!("{refusal:?}"))?;
    if let Some(account) = store.account(&username).await? {
        return Ok(account.user.id);
    }
    Ok(store.create_user(new_user(name)).await?.id)
}

async fn fill(store: &PostgresStore, people: &[UserId], messages: usize) -> Outcome<()> {
    let mut tickets = Vec::with_capacity(AT_A_TIME);
    for number in 0..messages {
        let words: Vec<String> = (0..8).map(|n| word(scattered(number * 8 + n))).collect();
        // One in a thousand has a word of its own kind.
        let mark =
            if number % 1_000 == 0 { format!("xq{}", word(number / 1_000)) } else { String::new() };
        let body =
            Body::parse(&format!("{} {mark}", words.join(" "))).map_err(|e| e.to_string())?;
        let author = people[number % PEOPLE];
        let to = people[(number % PEOPLE + 1 + scattered(number) % 10) % PEOPLE];
        let at = Timestamp(i64::try_from(number)?);
        let new = NewMessage::new(author, vec![Target::Direct(to)], Content::Text(body), at);
        tickets.push(store.post(new).await?);
        if tickets.len() == AT_A_TIME {
            for ticket in tickets.drain(..) {
                ticket.await?;
            }
        }
    }
    for ticket in tickets {
        ticket.await?;
    }
    Ok(())
}
