//! Logs, on standard error: an event a line, never a message, a password or a token.

use std::io::{IsTerminal, stderr};

use anyhow::{Result, anyhow};
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts logging as the settings say.
pub(crate) fn start(settings: &Log) -> Result<()> {
    let filter =
        EnvFilter::try_new(&settings.level).map_err(|error| anyhow!("log.level: {error}"))?;
    // It says a line for each try to connect; the bus says so once a minute.
    let filter = filter.add_directive("async_nats=off".parse()?);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_target(false)
        .with_ansi(stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none());
    let started = match settings.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| anyhow!("cannot start logging: {error}"))
}
