//! The command line of `kabar bench`, with a bound on every number.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use serde::Serialize;

use crate::text::MARK_BYTES;

const PAIRS_MAX: u64 = 4096;
const CONNECTIONS_MAX: u64 = 20_000;
const WINDOW_MAX: u64 = 1024;
const DURATION_SECS_MAX: u64 = 3600;
const WARMUP_SECS_MAX: u64 = 60;
const DRAIN_SECS_MAX: u64 = 60;
const POLL_MS_MAX: u64 = 5000;
/// Leaves room for the command, the token and the receiver in a line of 64 KiB.
const BODY_BYTES_MAX: u64 = 60_000;
const BODY_BYTES_MIN: u64 = MARK_BYTES as u64;

/// What the load consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Direct messages between pairs of accounts, each checked to arrive once and in order
    Pairs,
    /// Logins with a password
    Logins,
    /// Known sessions presented again by their token
    Resumes,
    /// Many connections that log in and then stay silent
    Idle,
}

impl Mode {
    fn connections(self) -> u32 {
        match self {
            // More than a few only queue up: password hashing uses the processor alone.
            Self::Logins => 8,
            Self::Pairs | Self::Resumes => 64,
            Self::Idle => 1000,
        }
    }
}

/// Puts a running server on this machine under load and checks that what it accepts arrives
///
/// It registers accounts of its own and leaves them there. On a fresh realm the first of them
/// becomes the administrator: load a realm that was made for it.
// Its fields stay inside the crate: only the command line builds one, so the bounds always hold.
#[derive(Debug, Clone, clap::Args)]
pub struct BenchArgs {
    /// Server to load, on this machine: a loopback address and port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8889", value_parser = loopback)]
    pub(crate) server: SocketAddr,

    /// What the load consists of
    #[arg(long, value_enum, default_value_t = Mode::Pairs)]
    pub(crate) mode: Mode,

    /// Pairs of one sending and one receiving connection (mode pairs)
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = within::<u32>(1, PAIRS_MAX))]
    pub(crate) pairs: u32,

    /// Connections; 8 for logins, 64 for resumes, 1000 for idle unless given
    #[arg(long, value_name = "N", value_parser = within::<u32>(1, CONNECTIONS_MAX))]
    connections: Option<u32>,

    /// Requests under way on each connection
    #[arg(long, value_name = "W", default_value_t = 1, value_parser = within::<u32>(1, WINDOW_MAX))]
    pub(crate) window: u32,

    /// Seconds that count
    #[arg(long, value_name = "SECS", default_value_t = 10,
          value_parser = within::<u64>(1, DURATION_SECS_MAX))]
    duration: u64,

    /// Seconds before them that do not count
    #[arg(long, value_name = "SECS", default_value_t = 2,
          value_parser = within::<u64>(0, WARMUP_SECS_MAX))]
    warmup: u64,

    /// Seconds to wait for what is still under way at the end
    #[arg(long, value_name = "SECS", default_value_t = 10,
          value_parser = within::<u64>(1, DRAIN_SECS_MAX))]
    drain: u64,

    /// Bytes of each message
    #[arg(long, value_name = "BYTES", default_value_t = 120,
          value_parser = within::<usize>(BODY_BYTES_MIN, BODY_BYTES_MAX))]
    pub(crate) body: usize,

    /// Pause of a receiver between two looks into its inbox, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 200,
          value_parser = within::<u64>(0, POLL_MS_MAX))]
    poll_ms: u64,

    /// Keep the accounts in FILE and use them again; it holds passwords, private to you
    #[arg(long, value_name = "FILE")]
    pub(crate) accounts: Option<PathBuf>,

    /// Process of the server, to measure its processor time and memory
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) server_pid: Option<u32>,

    /// Measure fdatasync first: 200 times 4 KiB
    #[arg(long)]
    pub(crate) measure_disk: bool,

    /// Directory for that measurement, best on the disk of the server's data
    /// [default: the directory for temporary files]
    #[arg(long, value_name = "DIR", requires = "measure_disk")]
    pub(crate) disk: Option<PathBuf>,

    /// Print one JSON document instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

impl BenchArgs {
    pub(crate) fn connections(&self) -> u32 {
        match self.mode {
            Mode::Pairs => self.pairs * 2,
            mode => self.connections.unwrap_or(mode.connections()),
        }
    }

    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(self.duration)
    }

    pub(crate) fn warmup(&self) -> Duration {
        Duration::from_secs(self.warmup)
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.drain)
    }

    pub(crate) fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }
}

fn within<T>(least: u64, most: u64) -> RangedU64ValueParser<T>
where
    T: TryFrom<u64> + Clone + Send + Sync,
{
    RangedU64ValueParser::new().range(least..=most)
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let named = text
        .strip_prefix("localhost:")
        .and_then(|port| port.parse().ok())
        .map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    let address = match named {
        Some(address) => address,
        None => {
            text.parse().map_err(|_| "expected ADDRESS:PORT, such as 127.0.0.1:8889".to_owned())?
        }
    };
    if !address.ip().is_loopback() {
        return Err(
            "only a server on this machine may be loaded; use a loopback address".to_owned()
        );
    }
    Ok(address)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: BenchArgs,
    }

    pub(crate) fn parse(words: &[&str]) -> Result<BenchArgs, clap::Error> {
        let words = std::iter::once("bench").chain(words.iter().copied());
        Line::try_parse_from(words).map(|line| line.args)
    }

    #[test]
    fn nothing_given_means_64_pairs_for_10_seconds_against_the_usual_port() {
        let args = parse(&[]).unwrap();
        assert_eq!(args.server, "127.0.0.1:8889".parse().unwrap());
        assert_eq!((args.mode, args.pairs, args.window), (Mode::Pairs, 64, 1));
        assert_eq!((args.body, args.connections()), (120, 128));
        assert_eq!(args.duration(), Duration::from_secs(10));
    }

    #[test]
    fn only_loopback_may_be_loaded() {
        for good in ["127.0.0.1:1", "127.3.2.1:80", "[::1]:8889", "localhost:8889"] {
            assert!(parse(&["--server", good]).is_ok(), "{good}");
        }
        for bad in ["192.0.2.1:8889", "0.0.0.0:8889", "[2001:db8::1]:1", "localhost", "8889"] {
            assert!(parse(&["--server", bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_number_has_a_bound_that_can_be_reached_and_not_passed() {
        for (option, least, most) in [
            ("--pairs", 1, PAIRS_MAX),
            ("--connections", 1, CONNECTIONS_MAX),
            ("--window", 1, WINDOW_MAX),
            ("--duration", 1, DURATION_SECS_MAX),
            ("--warmup", 0, WARMUP_SECS_MAX),
            ("--drain", 1, DRAIN_SECS_MAX),
            ("--body", BODY_BYTES_MIN, BODY_BYTES_MAX),
            ("--poll-ms", 0, POLL_MS_MAX),
        ] {
            let given = |value: i128| parse(&[&format!("{option}={value}")]).is_ok();
            assert!(given(least.into()) && given(most.into()), "{option}");
            assert!(!given(i128::from(least) - 1) && !given(i128::from(most) + 1), "{option}");
        }
    }

    #[test]
    fn a_directory_for_the_disk_needs_the_measurement() {
        assert!(parse(&["--disk", "/tmp"]).is_err());
        assert!(parse(&["--disk", "/tmp", "--measure-disk"]).is_ok());
    }
}
