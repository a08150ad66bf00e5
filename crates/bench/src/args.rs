//! The command line of `kabar bench`, with a bound on every number.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use serde::Serialize;

use crate::accounts::Target;
use crate::dialect::{Dialect, KEYWORD_TEXT_CHARS_MAX};
use crate::outcome::Trouble;
use crate::size::{Size, size};
use crate::text::MARK_BYTES;

const PAIRS_MAX: u64 = 4096;
const CONNECTIONS_MAX: u64 = 20_000;
const WINDOW_MAX: u64 = 1024;
const DURATION_SECS_MAX: u64 = 3600;
const WARMUP_SECS_MAX: u64 = 60;
const DRAIN_SECS_MAX: u64 = 300;
const POLL_MS_MAX: u64 = 5000;
/// Leaves room for the command, the token and the receiver in a line of 64 KiB.
const BODY_BYTES_MAX: u64 = 60_000;
const BODY_BYTES_MIN: u64 = MARK_BYTES as u64;
/// Unless given, and where so many may be sent.
const BODY_BYTES: usize = 120;
const PEOPLE_MAX: u64 = 1000;
const SENDERS_MAX: u64 = 64;
const FILES_MAX: u64 = 1000;
/// What one run may leave on the server's disk.
const FILES_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;

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
    /// Many streams of the API's events that stay silent
    Events,
    /// A room or group of many: each message is on its way until all of them have it
    Rooms,
    /// Files sent to one receiver each, then fetched and compared byte by byte
    Files,
}

impl Mode {
    fn connections(self) -> u32 {
        match self {
            // More than a few only queue up: password hashing uses the processor alone.
            Self::Logins => 8,
            Self::Pairs | Self::Resumes => 64,
            Self::Idle | Self::Events => 1000,
            Self::Rooms => 100,
            Self::Files => 1,
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
    /// Server to load, on this machine: a loopback address and port. Given again: another node of
    /// its realm; each pair then writes at one node and reads at the next, and people in a room
    /// are at one node after the other (modes pairs and rooms)
    #[arg(long = "server", value_name = "ADDR", default_value = "127.0.0.1:8889",
          value_parser = loopback)]
    servers: Vec<SocketAddr>,

    /// Server of another realm, linked already, where the receivers are (mode pairs)
    #[arg(long, value_name = "ADDR", value_parser = loopback, requires = "peer_realm")]
    pub(crate) peer: Option<SocketAddr>,

    /// What that realm is called at the server under load
    #[arg(long, value_name = "NAME", requires = "peer")]
    peer_realm: Option<String>,

    /// What the load consists of
    #[arg(long, value_enum, default_value_t = Mode::Pairs)]
    pub(crate) mode: Mode,

    /// What is spoken: line, but form in rooms, unless given
    #[arg(long, value_enum)]
    dialect: Option<Dialect>,

    /// Pairs of one sending and one receiving connection (mode pairs)
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = within::<u32>(1, PAIRS_MAX))]
    pub(crate) pairs: u32,

    /// Connections; 8 for logins, 64 for resumes, 1000 for idle and events, 1 for files unless given
    #[arg(long, value_name = "N", value_parser = within::<u32>(1, CONNECTIONS_MAX))]
    connections: Option<u32>,

    /// People in the room or group (mode rooms)
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = within::<u32>(2, PEOPLE_MAX))]
    pub(crate) people: u32,

    /// How many of them write; all of them read (mode rooms)
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = within::<u32>(1, SENDERS_MAX))]
    pub(crate) senders: u32,

    /// Bytes of each file, such as 64KiB or 100MiB (mode files)
    #[arg(long, value_name = "BYTES", default_value = "100MiB", value_parser = size)]
    pub(crate) size: Size,

    /// Files that each connection sends, one after the other (mode files)
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = within::<u32>(1, FILES_MAX))]
    pub(crate) files: u32,

    /// Requests under way on each connection; in rooms, messages of each sender
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

    /// Bytes of each message; 120, but 100 over dialect keyword, unless given
    #[arg(long, value_name = "BYTES",
          value_parser = within::<usize>(BODY_BYTES_MIN, BODY_BYTES_MAX))]
    body: Option<usize>,

    /// Pause of a receiver between two looks into its inbox, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 200,
          value_parser = within::<u64>(0, POLL_MS_MAX))]
    poll_ms: u64,

    /// Keep the accounts in FILE and use them again; it holds passwords, private to you
    #[arg(long, value_name = "FILE")]
    pub(crate) accounts: Option<PathBuf>,

    /// Process of the server, to measure its processor time and memory. Given again: another one,
    /// and both together are measured
    #[arg(long = "server-pid", value_name = "PID",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) server_pids: Vec<u32>,

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
            Mode::Rooms => self.people,
            mode => self.connections.unwrap_or(mode.connections()),
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        let usual = if self.mode == Mode::Rooms { Dialect::Form } else { Dialect::Line };
        self.dialect.unwrap_or(usual)
    }

    /// The server under load; of several nodes the first.
    pub(crate) fn server(&self) -> SocketAddr {
        self.node(0)
    }

    /// The node that has the turn, of one or several.
    pub(crate) fn node(&self, turn: usize) -> SocketAddr {
        self.servers[turn % self.servers.len()]
    }

    pub(crate) fn nodes(&self) -> usize {
        self.servers.len()
    }

    pub(crate) fn target(&self) -> Target {
        Target { server: self.server(), dialect: self.dialect() }
    }

    /// Where the receivers of pairs are.
    pub(crate) fn receivers(&self) -> Target {
        Target { server: self.peer.unwrap_or(self.server()), dialect: self.dialect() }
    }

    /// What senders call a receiver.
    pub(crate) fn address_of(&self, name: &str) -> String {
        match &self.peer_realm {
            Some(realm) => format!("{name}@{realm}"),
            None => name.to_owned(),
        }
    }

    pub(crate) fn body(&self) -> usize {
        let most = match self.dialect() {
            Dialect::Line | Dialect::Form => BODY_BYTES,
            Dialect::Keyword => KEYWORD_TEXT_CHARS_MAX,
        };
        self.body.unwrap_or(most)
    }

    /// What the bounds of single arguments cannot say.
    pub(crate) fn check(&self) -> Result<(), Trouble> {
        let keyword = self.dialect() == Dialect::Keyword;
        let files = u64::from(self.connections()) * u64::from(self.files);
        let refusals = [
            (
                self.mode == Mode::Rooms && self.dialect() == Dialect::Line,
                "dialect line tells nobody unasked, so there are no rooms to measure",
                "use --dialect form, or keyword for a group",
            ),
            (
                self.mode == Mode::Rooms && self.senders > self.people,
                "more senders than people",
                "ask for fewer senders or more people",
            ),
            (
                self.peer.is_some() && (self.mode != Mode::Pairs || self.accounts.is_some()),
                "only pairs are spread over two realms, and their accounts are made anew",
                "leave --peer or --accounts away",
            ),
            (
                self.nodes() > 1
                    && (!matches!(self.mode, Mode::Pairs | Mode::Rooms) || self.peer.is_some()),
                "only pairs and rooms of one realm are spread over several nodes",
                "name one --server, or another --mode, and leave --peer away",
            ),
            (
                self.mode == Mode::Events && self.dialect() != Dialect::Line,
                "events come over HTTP, by the tokens of dialect line",
                "leave --dialect away",
            ),
            (
                self.mode == Mode::Resumes && keyword,
                "the text form of dialect keyword has no tokens that could be shown again",
                "use --dialect line or form",
            ),
            (
                keyword && self.body() > KEYWORD_TEXT_CHARS_MAX,
                "the text form of dialect keyword takes messages of 100 characters at most",
                "ask for a shorter --body, or use another dialect",
            ),
            (
                self.mode == Mode::Files && files.saturating_mul(self.size.0) > FILES_BYTES_MAX,
                "the files would be larger than 16 GiB together",
                "ask for fewer connections, or fewer or smaller files",
            ),
        ];
        match refusals.into_iter().find(|(is_so, ..)| *is_so) {
            Some((_, why, next)) => Err(Trouble::usage("this load cannot be made", why, next)),
            None => Ok(()),
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
        assert_eq!(args.server(), "127.0.0.1:8889".parse().unwrap());
        assert_eq!((args.mode, args.pairs, args.window), (Mode::Pairs, 64, 1));
        assert_eq!((args.body(), args.connections()), (120, 128));
        assert_eq!(args.dialect(), Dialect::Line);
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
            ("--people", 2, PEOPLE_MAX),
            ("--senders", 1, SENDERS_MAX),
            ("--files", 1, FILES_MAX),
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

    #[test]
    fn each_mode_has_its_usual_dialect_and_length() {
        let args = parse(&["--mode=rooms"]).unwrap();
        assert_eq!((args.dialect(), args.body(), args.connections()), (Dialect::Form, 120, 100));
        let args = parse(&["--dialect=keyword"]).unwrap();
        assert_eq!((args.dialect(), args.body()), (Dialect::Keyword, 100));
    }

    #[test]
    fn loads_that_cannot_be_are_refused() {
        for (good, bad) in [
            (&["--mode=rooms", "--dialect=keyword"][..], &["--mode=rooms", "--dialect=line"][..]),
            (
                &["--mode=rooms", "--people=2", "--senders=2"],
                &["--mode=rooms", "--people=2", "--senders=3"],
            ),
            (&["--mode=logins", "--dialect=keyword"], &["--mode=resumes", "--dialect=keyword"]),
            (&["--mode=events"], &["--mode=events", "--dialect=form"]),
            (
                &["--server=127.0.0.1:1", "--server=127.0.0.1:2", "--mode=rooms"],
                &["--server=127.0.0.1:1", "--server=127.0.0.1:2", "--mode=logins"],
            ),
            (&["--dialect=keyword", "--body=100"], &["--dialect=keyword", "--body=101"]),
            (
                &["--mode=files", "--files=16", "--size=1GiB"],
                &["--mode=files", "--files=17", "--size=1GiB"],
            ),
        ] {
            assert!(parse(good).unwrap().check().is_ok(), "{good:?}");
            assert!(parse(bad).unwrap().check().is_err(), "{bad:?}");
        }
    }
}
