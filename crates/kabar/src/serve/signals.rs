//! SIGTERM and SIGINT stop the server; a second one ends it at once.

use std::process;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// The exit status of a process that a signal ended, less the signal's number.
const EXIT_SIGNAL: i32 = 128;

/// Cancels `stop` at the first signal and ends the process at the second.
pub(super) fn watch(stop: CancellationToken) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot catch SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot catch SIGINT")?;
    tokio::spawn(async move {
        loop {
            let kind = tokio::select! {
                _ = terminate.recv() => SignalKind::terminate(),
                _ = interrupt.recv() => SignalKind::interrupt(),
            };
            if stop.is_cancelled() {
                process::exit(EXIT_SIGNAL + kind.as_raw_value());
            }
            info!("stopping; a second signal stops at once");
            stop.cancel();
        }
    });
    Ok(())
}
