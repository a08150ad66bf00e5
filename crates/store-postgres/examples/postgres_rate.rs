//! How many messages a second does a database take from so many nodes?
//!
//! `cargo run --release -p kabar-store-postgres --example postgres_rate -- URL [NODES] [PAIRS] [OUTSTANDING] [MESSAGES] [keys]`
//! posts 120 bytes at a time over so many pairs of people on each node, each with so many posts on their way. With `keys`
//! each has a key, as those of the web app have.

#![allow(clippy::cast_precision_loss, reason = "these counts are far below 2^52")]

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kabar_engine::Store;
use kabar_engine::store::{Content, NewMessage, Target};
use kabar_engine::testing::new_user;
use kabar_model::{Body, ClientKey, Timestamp, UserId};
use kabar_store_postgres::{Buses, PostgresStore, Settings, open};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const BODY_BYTES: usize = 120;

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: rate URL [NODES] [PAIRS] [OUTSTANDING] [MESSAGES] [keys]";
    let url = arguments.next().ok_or(usage)?;
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<usize>());
    let (nodes, pairs, outstanding) = (number(1)?, number(64)?, number(32)?);
    let messages = number(100_000)?;
    let with_keys = arguments.next().is_some_and(|word| word == "keys");
    let settings = Settings { url, accept_unsafe: false };
    let mut posting = Vec::new();
    let mut stores = Vec::new();
    for node in 0..nodes {
        let fatal = |what: &str| {
            eprintln!("{what}");
            std::process::exit(1);
        };
        let store = Arc::new(open(&settings, Buses::default(), Arc::new(fatal))?);
        for pair in 0..pairs {
            let from = store.create_user(new_user(&format!("a{node}x{pair}"))).await?.id;
            let to = store.create_user(new_user(&format!("b{node}x{pair}"))).await?.id;
            posting.push((Arc::clone(&store), from, to));
        }
        stores.push(store);
    }
    let commits = || stores.iter().map(|store| store.commits()).sum::<u64>();
    let (before, started) = (commits(), Instant::now());
    let each = messages / posting.len().max(1);
    let mut tasks = Vec::new();
    for (store, from, to) in posting {
        tasks.push(tokio::spawn(talk(store, (from, to), each, outstanding, with_keys)));
    }
    let mut waits = Vec::new();
    for task in tasks {
        waits.append(&mut task.await??);
    }
    let took = started.elapsed().as_secs_f64();
    waits.sort();
    let (half, most) = (waits[waits.len() / 2], waits[waits.len() * 99 / 100]);
    println!("{:.0} messages a second, {} commits", waits.len() as f64 / took, commits() - before);
    println!("wait: {half:?} (median), {most:?} (99 of 100)");
    Ok(())
}

/// Posts so many messages, so many of them at a time; says how long each took.
async fn talk(
    store: Arc<PostgresStore>,
    (from, to): (UserId, UserId),
    messages: usize,
    outstanding: usize,
    with_keys: bool,
) -> Outcome<Vec<Duration>> {
    let body = Body::parse(&"x".repeat(BODY_BYTES)).map_err(|refusal| format!("{refusal:?}"))?;
    let (mut waits, mut on_their_way) = (Vec::with_capacity(messages), VecDeque::new());
    for number in 0..messages + outstanding {
        if number < messages {
            let content = Content::Text(body.clone());
            let mut new = NewMessage::new(from, vec![Target::Direct(to)], content, Timestamp(1));
            if with_keys {
                let key = ClientKey::parse(&format!("key-{number}"));
                new.key = Some(key.map_err(|refusal| format!("{refusal:?}"))?);
            }
            on_their_way.push_back((Instant::now(), store.post(new).await?));
        }
        if (number >= outstanding || number >= messages)
            && let Some((began, ticket)) = on_their_way.pop_front()
        {
            ticket.await?;
            waits.push(began.elapsed());
        }
    }
    Ok(waits)
}
