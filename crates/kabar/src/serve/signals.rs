//! SIGTERM and SIGINT stop the server; a second one ends it at once.

use std::process;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// The exit status of a process that a signal ended, less the signal's number.
const EXIT_SIGNAL: i32 = 128;

/// Signals within this time of the first say the same.
const ONE_WISH: Duration = Duration::from_millis(20);

/// Cancels `stop` at the first signal and ends the process at the second.
pub(super) fn watch(stop: CancellationToken) -> Result<()> {
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
            stop.cancel();
        }
    });
    Ok(())
}
