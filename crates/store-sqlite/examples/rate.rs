//! How many messages a second does this disk take, and what does one cost?
//!
//! `cargo run --release -p kabar-store-sqlite --example rate -- DIR [PAIRS] [OUTSTANDING] [MESSAGES]`
//! posts 120 bytes at a time over so many pairs of people, each with so many posts on their way. A
//! realm that is in DIR already is used as it is, so running it again shows how the rate holds.

#![allow(clippy::cast_precision_loss, reason = "these counts are far below 2^52")]

use std::collections::VecDeque;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kabar_engine::Store;
use kabar_engine::store::{Content, NewMessage, Target};
use kabar_engine::testing::new_user;
use kabar_model::{Body, Timestamp, UserId, Username};
use kabar_store_sqlite::SqliteStore;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const BODY_BYTES: usize = 120;

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let dir =
        PathBuf::from(arguments.next().ok_or("usage: rate DIR [PAIRS] [OUTSTANDING] [MESSAGES]")?);
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<usize>());
    let (pairs, outstanding, messages) = (number(256)?, number(32)?, number(300_000)?);

    let opening = Instant::now();
    let fatal = |what: &str| {
        eprintln!("{what}");
        std::process::exit(1);
    };
    let store = Arc::new(kabar_store_sqlite::open(&dir, Arc::new(fatal))?);
    println!("open: {:.1} ms", opening.elapsed().as_secs_f64() * 1e3);
    println!("fdatasync of 4 KiB: {:?} (median)", sync_time(&dir)?);

    let mut people = Vec::new();
    for pair in 0..pairs {
        people.push((
            user(&*store, &format!("a{pair}")).await?,
            user(&*store, &format!("b{pair}")).await?,
        ));
    }
    let (commits, cpu, started) = (store.commits(), Cpu::now()?, Instant::now());
    let mut tasks = Vec::new();
    for (from, to) in people {
        tasks.push(tokio::spawn(talk(Arc::clone(&store), from, to, messages / pairs, outstanding)));
    }
    let mut waits = Vec::new();
    for task in tasks {
        waits.append(&mut task.await??);
    }
    let (took, spent) = (started.elapsed(), Cpu::now()?.since(&cpu));
    let commits = store.commits() - commits;
    waits.sort_unstable();

    let count = waits.len() as f64;
    println!("{count:.0} messages, {pairs} pairs, {outstanding} outstanding each");
    println!(
        "{:.0} messages/s, {:.0} to a commit",
        count / took.as_secs_f64(),
        count / commits as f64
    );
    println!("p50 {:?}, p99 {:?}", waits[waits.len() / 2], waits[waits.len() * 99 / 100]);
    let micros = |spent: Duration| spent.as_secs_f64() * 1e6 / count;
    println!(
        "CPU: {:.1} µs a message, {:.1} of it the writer's",
        micros(spent.process),
        micros(spent.writer)
    );
    let closing = Instant::now();
    drop(store);
    println!("close: {:.1} ms", closing.elapsed().as_secs_f64() * 1e3);
    Ok(())
}

async fn user(store: &dyn Store, name: &str) -> Outcome<UserId> {
    let username = Username::parse(name)?;
    if let Some(account) = store.account(&username).await? {
        return Ok(account.user.id);
    }
    Ok(store.create_user(new_user(name)).await?.id)
}

async fn talk(
    store: Arc<SqliteStore>,
    from: UserId,
    to: UserId,
    messages: usize,
    outstanding: usize,
) -> Outcome<Vec<Duration>> {
    let body = Body::parse(&"x".repeat(BODY_BYTES))?;
    let mut waiting = VecDeque::with_capacity(outstanding);
    let mut waits = Vec::with_capacity(messages);
    for _ in 0..messages {
        if waiting.len() == outstanding
            && let Some((since, ticket)) = waiting.pop_front()
        {
            waits.push(settle(since, ticket).await?);
        }
        let targets = vec![Target::Direct(to)];
        let content = Content::Text(body.clone());
        let new = NewMessage::new(from, targets, content, Timestamp(1));
        let since = Instant::now();
        waiting.push_back((since, store.post(new).await?));
    }
    for (since, ticket) in waiting {
        waits.push(settle(since, ticket).await?);
    }
    Ok(waits)
}

async fn settle<T>(since: Instant, ticket: kabar_engine::store::Ticket<T>) -> Outcome<Duration> {
    ticket.await?;
    Ok(since.elapsed())
}

/// The median time to sync a page that was just written.
fn sync_time(dir: &Path) -> Outcome<Duration> {
    let path = dir.join("rate.tmp");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..101 {
        file.write_all(&[0; 4_096])?;
        let started = Instant::now();
        file.sync_data()?;
        times.push(started.elapsed());
    }
    fs::remove_file(path)?;
    times.sort();
    Ok(times[50])
}

/// CPU time of this process and of the store's writer, as Linux counts it: in steps of 10 ms.
struct Cpu {
    process: Duration,
    writer: Duration,
}

impl Cpu {
    fn now() -> Outcome<Self> {
        let mut writer = Duration::ZERO;
        for task in fs::read_dir("/proc/self/task")? {
            let task = task?.path();
            if fs::read_to_string(task.join("comm"))?.trim() == "store-writer" {
                writer = spent(&task.join("stat"))?;
            }
        }
        Ok(Self { process: spent(Path::new("/proc/self/stat"))?, writer })
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            process: self.process.saturating_sub(earlier.process),
            writer: self.writer.saturating_sub(earlier.writer),
        }
    }
}

fn spent(stat: &Path) -> Outcome<Duration> {
    let text = fs::read_to_string(stat)?;
    let (_, fields) = text.rsplit_once(')').ok_or("a stat file without a name")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}
