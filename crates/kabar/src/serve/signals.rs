//! SIGTERM and SIGINT stop the server in order; a second one ends it at once.

use std::process;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use kabar_api::Stop;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

/// The exit status of a process that a signal ended, less the signal's number.
const EXIT_SIGNAL: i32 = 128;

/// Signals within this time of the first say the same.
const ONE_WISH: Duration = Duration::from_millis(20);

/// Stops in order at the first signal, with so much notice and over so much time, and ends the process at the second.
pub(super) fn watch(stop: Stop, notice: Duration, spread: Duration) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot catch SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot catch SIGINT")?;
    tokio::spawn(async move {
        let mut first: Option<Instant> = None;
        loop {
            let kind = tokio::select! {
                _ = terminate.recv() => SignalKind::terminate(),
                _ = interrupt.recv() => SignalKind::interrupt(),
            };
            match first {
                // Some that stop a program signal it and then its group: that is one wish.
                Some(first) if first.elapsed() < ONE_WISH => continue,
                Some(_) => process::exit(EXIT_SIGNAL + kind.as_raw_value()),
                None => first = Some(Instant::now()),
            }
            info!("stopping; a second signal stops at once");
            let stop = stop.clone();
            tokio::spawn(async move { stop.begin(notice, spread).await });
        }
    });
    Ok(())
}
