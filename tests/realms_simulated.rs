//! Two and three realms in one process, on a network that delays, drops, doubles, reorders, cuts and partitions, with
//! crashes at every step: whatever was accepted arrives once and in order, and all realms agree.
//!
//! Each seed is a world of its own. `KABAR_SEED=n` runs one alone, `KABAR_SEEDS=n` so many.
#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "simulation/net.rs"]
mod net;
#[path = "simulation/realm.rs"]
mod realm;
#[path = "simulation/world.rs"]
mod world;

use std::time::{Duration, Instant};

use world::{Template, World};

/// Seeds that every test run takes.
const SEEDS: u64 = 1_000;
/// No more of them are begun after this.
const PATIENCE: Duration = Duration::from_mins(4);

#[test]
fn whatever_the_network_does_all_realms_agree_in_the_end() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("KABAR_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("KABAR_SEEDS").unwrap_or(SEEDS),
    };
    let templates = [Template::make(2), Template::make(3)];
    let (began, asked) = (Instant::now(), seeds.end - seeds.start);
    // Two at a time: each is a world on a thread of its own.
    let next = std::sync::atomic::AtomicU64::new(seeds.start);
    let run = || {
        let mut ran = 0_u64;
        while began.elapsed() < PATIENCE || asked == 1 {
            let seed = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            // The failing seed is the first thing that the failure says.
            let outcome = std::panic::catch_unwind(|| {
                World::run(seed, &templates[usize::try_from(seed % 3 / 2).unwrap()]);
            });
            if let Err(cause) = outcome {
                eprintln!("seed {seed} failed: KABAR_SEED={seed} runs it alone");
                std::panic::resume_unwind(cause);
            }
            ran += 1;
        }
        ran
    };
    let ran: u64 = std::thread::scope(|scope| {
        let threads = [scope.spawn(run), scope.spawn(run)];
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("{ran} of {asked} seeds in {:.1} s", began.elapsed().as_secs_f64());
    assert!(ran >= asked.min(100), "too slow: {ran} of {asked} seeds");
}
