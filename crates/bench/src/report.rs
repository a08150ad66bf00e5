//! What a run found: one document for programs, one table for people.

use std::fmt::{self, Write as _};
use std::net::SocketAddr;

use serde::Serialize;

use crate::args::{BenchArgs, Mode};
use crate::check::Faults;
use crate::dialect::Dialect;
use crate::disk::Disk;
use crate::files::{Files, Way};
use crate::idle::Idle;
use crate::meter::{Counted, Meter};
use crate::rooms::Fanout;
use crate::size::Size;

/// Form of the JSON document; it grows when a field changes its meaning or goes away.
const SCHEMA: u32 = 1;

/// Everything about one run. Absent parts were not asked for or do not apply.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    schema: u32,
    mode: Mode,
    dialect: Dialect,
    server: SocketAddr,
    nodes: usize,
    connections: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_bytes: Option<usize>,
    window: u32,
    pub(crate) load: Option<Load>,
    pub(crate) check: Option<Checked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fanout: Option<Fanout>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) files: Option<Files>,
    pub(crate) idle: Option<Idle>,
    pub(crate) disk: Option<Disk>,
    /// The median latency in medians of fdatasync.
    latency_p50_per_fdatasync_p50: Option<f64>,
    pub(crate) problems: Vec<String>,
    pub(crate) passed: bool,
}

/// The part of the load that counts. Processor times are user and system together.
#[derive(Debug, Serialize)]
pub(crate) struct Load {
    pub(crate) succeeded: u64,
    pub(crate) refused: u64,
    pub(crate) unanswered: u64,
    pub(crate) secs: f64,
    pub(crate) per_sec: f64,
    pub(crate) latency_us: Latency,
    pub(crate) server_cpu_us_each: Option<f64>,
    pub(crate) server_resident_kib: Option<u64>,
    pub(crate) generator_cpu_us_each: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Latency {
    p50: u64,
    p99: u64,
    #[serde(rename = "p99.9")]
    p99_9: u64,
    max: u64,
}

/// What arrived in the whole run, warm-up included. Among many, a message counts once for each who
/// has to get it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Checked {
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    /// Found in the inboxes before the run began, and put aside.
    pub(crate) left_over: u64,
    /// Whether the receivers came to the end of what was sent in time.
    pub(crate) caught_up: bool,
    /// How long that took after the last was sent, in seconds; measured in pairs.
    pub(crate) drained_secs: f64,
    #[serde(flatten)]
    pub(crate) faults: Faults,
}

impl Load {
    #[expect(clippy::cast_precision_loss, reason = "counts of an hour are far below 2^52")]
    pub(crate) fn new(meter: &Meter, counted: &Counted) -> Self {
        let succeeded = meter.counted();
        Self {
            succeeded,
            refused: meter.refusals(),
            unanswered: meter.without_answer(),
            secs: counted.secs,
            per_sec: if counted.secs > 0.0 { succeeded as f64 / counted.secs } else { 0.0 },
            latency_us: Latency {
                p50: meter.latency_micros(0.5),
                p99: meter.latency_micros(0.99),
                p99_9: meter.latency_micros(0.999),
                max: meter.latency_micros(1.0),
            },
            server_cpu_us_each: counted.server_cpu_us_each(succeeded),
            server_resident_kib: counted.server.map(|(_, after)| after.resident_kib),
            generator_cpu_us_each: counted.generator_cpu_us_each(succeeded),
        }
    }
}

impl Report {
    pub(crate) fn new(args: &BenchArgs, disk: Option<Disk>) -> Self {
        let pairs = args.mode == Mode::Pairs;
        let has_bodies = matches!(args.mode, Mode::Pairs | Mode::Rooms);
        Self {
            schema: SCHEMA,
            mode: args.mode,
            dialect: args.dialect(),
            server: args.server(),
            nodes: args.nodes(),
            connections: args.connections(),
            pairs: pairs.then_some(args.pairs),
            body_bytes: has_bodies.then(|| args.body()),
            window: args.window,
            load: None,
            check: None,
            fanout: None,
            files: None,
            idle: None,
            disk,
            latency_p50_per_fdatasync_p50: None,
            problems: Vec::new(),
            passed: false,
        }
    }

    /// Draws the conclusions, once all parts are in place.
    #[expect(clippy::cast_precision_loss, reason = "latencies are below 2^52 microseconds")]
    pub(crate) fn conclude(mut self) -> Self {
        if let (Some(load), Some(disk)) = (&self.load, &self.disk) {
            self.latency_p50_per_fdatasync_p50 =
                Some(load.latency_us.p50 as f64 / disk.fdatasync_p50_us.max(0.1));
        }
        if self.load.as_ref().is_some_and(|load| load.succeeded == 0) {
            self.problems.push("nothing succeeded in the part that counts".to_owned());
        }
        if let Some(check) = &self.check {
            self.problems.extend(check.problems());
        }
        self.problems.extend(self.files.iter().flat_map(Files::problems));
        if let Some(idle) = self.idle.as_ref().filter(|idle| idle.disturbed > 0) {
            self.problems.push(format!("idle connections closed or spoken to: {}", idle.disturbed));
        }
        self.passed = self.problems.is_empty();
        self
    }
}

impl Checked {
    fn problems(&self) -> Vec<String> {
        let faults = &self.faults;
        let mut problems: Vec<String> = [
            (faults.lost, "accepted messages lost"),
            (faults.doubled, "messages that arrived again"),
            (faults.reordered, "messages that arrived after a later one"),
            (faults.never_sent, "messages that arrived and were never sent so"),
            (faults.refused_yet_delivered, "messages refused and yet delivered"),
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{what}: {count}"))
        .collect();
        if !self.caught_up {
            problems.push("the receivers did not get everything in time".to_owned());
        }
        problems
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = match self.mode {
            Mode::Pairs => "sends",
            Mode::Logins => "logins",
            Mode::Resumes => "resumes",
            Mode::Idle => "idle connections",
            Mode::Events => "silent streams of events",
            Mode::Rooms => "messages",
            Mode::Files => "files",
        };
        let dialect = format!("{:?}", self.dialect).to_lowercase();
        write!(f, "{noun} to {} (dialect {dialect}, ", self.server)?;
        write!(f, "connections {}", self.connections)?;
        if self.nodes > 1 {
            write!(f, ", nodes {}", self.nodes)?;
        }
        if self.load.is_some() {
            write!(f, ", window {}", self.window)?;
        }
        if let Some(pairs) = self.pairs {
            write!(f, ", pairs {pairs}")?;
        }
        if let Some(bytes) = self.body_bytes {
            write!(f, ", body {bytes} bytes")?;
        }
        writeln!(f, ")")?;
        if let Some(load) = &self.load {
            load.rows(f, noun, self.latency_p50_per_fdatasync_p50)?;
        }
        if let Some(check) = &self.check {
            row(f, "delivered", &check.sentence())?;
        }
        if let Some(fanout) = &self.fanout {
            fanout_rows(f, fanout)?;
        }
        if let Some(files) = &self.files {
            files_rows(f, files)?;
        }
        if let Some(idle) = &self.idle {
            idle_rows(f, idle)?;
        }
        if let Some(disk) = &self.disk {
            let (p50, p99) = (disk.fdatasync_p50_us, disk.fdatasync_p99_us);
            row(f, "disk", &format!("fdatasync of 4 KiB: p50 {p50:.0} µs, p99 {p99:.0} µs"))?;
        }
        for problem in &self.problems {
            row(f, "PROBLEM", problem)?;
        }
        row(f, "result", if self.passed { "passed" } else { "FAILED" })
    }
}

impl Load {
    fn rows(&self, f: &mut fmt::Formatter<'_>, noun: &str, ratio: Option<f64>) -> fmt::Result {
        let (count, secs, rate) = (self.succeeded, self.secs, self.per_sec);
        row(f, "accepted", &format!("{rate:.0}/s ({count} {noun} in {secs:.1} s)"))?;
        let Latency { p50, p99, p99_9, max } = self.latency_us;
        let mut latency = format!("p50 {p50} µs, p99 {p99} µs, p99.9 {p99_9} µs, max {max} µs");
        if let Some(ratio) = ratio {
            write!(latency, "; p50 is {ratio:.2} × fdatasync")?;
        }
        row(f, "latency", &latency)?;
        let cpu = |micros: Option<f64>| micros.map(|micros| format!("{micros:.1} µs CPU each"));
        let resident = self.server_resident_kib.map(|kib| format!("{kib} KiB resident"));
        let server: Vec<_> =
            [cpu(self.server_cpu_us_each), resident].into_iter().flatten().collect();
        if !server.is_empty() {
            row(f, "server", &server.join(", "))?;
        }
        cpu(self.generator_cpu_us_each).map_or(Ok(()), |words| row(f, "generator", &words))
    }
}

impl Checked {
    fn sentence(&self) -> String {
        let faults = if self.faults == Faults::default() { ", each once and in order" } else { "" };
        let old = match self.left_over {
            0 => String::new(),
            items => format!("; {items} older ones put aside first"),
        };
        let late = match self.drained_secs {
            secs if secs >= 1.0 => format!(", the last {secs:.1} s after it was sent"),
            _ => String::new(),
        };
        format!("{} of {} accepted{faults}{late}{old}", self.delivered, self.accepted)
    }
}

fn idle_rows(f: &mut fmt::Formatter<'_>, idle: &Idle) -> fmt::Result {
    let quiet = idle.connections - idle.disturbed;
    row(f, "idle", &format!("{quiet} of {} connections stayed open", idle.connections))?;
    let readings = idle.resident_kib_before.zip(idle.resident_kib_after).zip(idle.kib_each);
    readings.map_or(Ok(()), |((before, after), each)| {
        row(f, "server", &format!("{each:.2} KiB a connection ({before} → {after} KiB resident)"))
    })
}

fn fanout_rows(f: &mut fmt::Formatter<'_>, fanout: &Fanout) -> fmt::Result {
    let Fanout { people, senders, deliveries, deliveries_per_sec, .. } = fanout;
    let each = |micros: Option<f64>| micros.map(|micros| format!("{micros:.2}"));
    let mut words = format!(
        "{deliveries_per_sec:.0} deliveries/s ({deliveries}) among {people}, of whom {senders} wrote"
    );
    if let Some(server) = each(fanout.server_cpu_us_per_delivery) {
        write!(words, "; µs CPU each: server {server}")?;
        if let Some(generator) = each(fanout.generator_cpu_us_per_delivery) {
            write!(words, ", generator {generator}")?;
        }
    }
    row(f, "fan-out", &words)
}

fn files_rows(f: &mut fmt::Formatter<'_>, files: &Files) -> fmt::Result {
    let size = Size(files.size_bytes);
    for (name, way) in [("up", &files.up), ("down", &files.down)] {
        let Way { done, secs, mb_per_sec, .. } = way;
        let mut words =
            format!("{mb_per_sec:.0} MB/s ({done} of {} × {size} in {secs:.1} s)", files.count);
        if let Some(server) = way.server_cpu_ms_per_mb {
            write!(words, ", server {server:.2} ms CPU per MB")?;
        }
        if let Some(generator) = way.generator_cpu_ms_per_mb {
            write!(words, ", generator {generator:.2}")?;
        }
        row(f, name, &words)?;
    }
    let readings = files.resident_kib_before.zip(files.resident_kib_peak);
    readings.map_or(Ok(()), |(before, peak)| {
        let grown = peak.saturating_sub(before);
        row(f, "server", &format!("{grown} KiB more at most ({before} → {peak} KiB resident)"))
    })
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, words: &str) -> fmt::Result {
    writeln!(f, "  {name:<10} {words}")
}
