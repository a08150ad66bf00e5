//! How fast does this disk take contents, and give them back?
//!
//! `cargo run --release -p kabar-blobs --example throughput -- DIR [MEBIBYTES]` writes that much as one file and as
//! files of 4 KiB, and reads it back; what it wrote is removed.

#![allow(clippy::cast_precision_loss, reason = "these counts are far below 2^52")]

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::TryStreamExt;
use kabar_blobs::DirectoryBlobs;
use kabar_engine::Blobs;
use kabar_model::ContentHash;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const MIB: u64 = 1024 * 1024;

/// What a network hands over at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Small files, one after the other.
const SMALL_FILES: u8 = 200;

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().ok_or("usage: throughput DIR [MEBIBYTES]")?);
    let mebibytes: u64 = arguments.next().map_or(Ok(100), |text| text.parse())?;
    let blobs = DirectoryBlobs::open(&dir)?;
    let hash = ContentHash([0xff; 32]);
    let bytes = mebibytes * MIB;

    let started = Instant::now();
    let mut writer = blobs.begin().await?;
    let piece = Bytes::from(vec![0x5a; PIECE_BYTES]);
    for _ in 0..bytes / PIECE_BYTES as u64 {
        writer.write(piece.clone()).await?;
    }
    let taken = started.elapsed();
    writer.finish(hash).await?;
    let durable = started.elapsed();
    println!("write: {:.0} MB/s, durable {:.0} MB/s", rate(bytes, taken), rate(bytes, durable));

    for pass in 1..=2 {
        let started = Instant::now();
        let mut pieces = blobs.open(hash, 0..bytes).await?.ok_or("it is gone")?;
        let mut read = 0;
        while let Some(piece) = pieces.try_next().await? {
            read += piece.len() as u64;
        }
        println!("read, pass {pass}: {:.0} MB/s", rate(read, started.elapsed()));
    }
    blobs.remove(hash).await?;

    let mut waits = Vec::new();
    for number in 0..SMALL_FILES {
        let started = Instant::now();
        blobs.put(small(number), Bytes::from(vec![number; 4_096])).await?;
        waits.push(started.elapsed());
    }
    waits.sort_unstable();
    println!("put of 4 KiB: {:?} (median)", waits[waits.len() / 2]);
    for number in 0..SMALL_FILES {
        blobs.remove(small(number)).await?;
    }
    Ok(())
}

/// All in one shard, as after the first few thousand files.
fn small(number: u8) -> ContentHash {
    let mut hash = [0; 32];
    hash[1] = number;
    ContentHash(hash)
}

fn rate(bytes: u64, took: Duration) -> f64 {
    bytes as f64 / 1e6 / took.as_secs_f64()
}
