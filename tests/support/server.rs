//! The real binary, started on a free port, and ended when dropped.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::program::{Ended, KABAR};

/// A server that runs.
pub(crate) struct Server {
    process: Ended,
    /// Where it puts temporary files, those of a demo among them.
    pub(crate) temporary: TempDir,
    /// Where it listens, in the order of its `--listen`, with the dialect's name.
    pub(crate) listening: Vec<(SocketAddr, String)>,
    /// What it called ready.
    pub(crate) page: String,
    /// How long it took from start to ready.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// On that data directory, on one free port that speaks everything.
    pub(crate) fn start(data: &Path) -> Self {
        Self::with(&["--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"], &[])
    }

    /// The seeds' accounts, on a free port for each of these dialects.
    pub(crate) fn demo(dialects: &[&str]) -> Self {
        Self::demo_with(dialects, &[])
    }

    /// The same with these settings.
    pub(crate) fn demo_with(dialects: &[&str], variables: &[(&str, &str)]) -> Self {
        let listen: Vec<String> = dialects.iter().map(|d| format!("127.0.0.1:0/{d}")).collect();
        let mut args = vec!["--demo=accounts"];
        for address in &listen {
            args.extend(["--listen", address]);
        }
        Self::with(&args, variables)
    }

    /// With these arguments after `serve`, and these variables.
    pub(crate) fn with(args: &[&str], variables: &[(&str, &str)]) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let began = Instant::now();
        let mut process = Command::new(KABAR)
            .arg("serve")
            .args(args)
            .env("TMPDIR", temporary.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log())
            .spawn()
            .unwrap();
        let out = process.stdout.take().unwrap();
        let mut process = Ended(process);
        let mut listening = Vec::new();
        for line in BufReader::new(out).lines() {
            let line = line.unwrap();
            if let Some(page) = line.strip_prefix("ready ") {
                let (page, ready_after) = (page.to_owned(), began.elapsed());
                return Self { process, temporary, listening, page, ready_after };
            }
            let (address, dialect) =
                line.strip_prefix("listening ").and_then(|l| l.split_once(' ')).unwrap();
            listening.push((address.parse().unwrap(), dialect.to_owned()));
        }
        panic!("the server ended before it was ready: {}", process.wait());
    }

    /// The first listener.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listening[0].0
    }

    /// The listener of that dialect.
    pub(crate) fn speaking(&self, dialect: &str) -> SocketAddr {
        self.listening.iter().find(|(_, name)| name == dialect).unwrap().0
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Its resident memory, as `/proc` tells it.
    pub(crate) fn resident_bytes(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most resident memory that it has had since the last look.
    pub(crate) fn resident_bytes_peak(&self) -> u64 {
        let peak = self.memory("VmHWM:");
        std::fs::write(format!("/proc/{}/clear_refs", self.id()), "5").unwrap();
        peak
    }

    fn memory(&self, line: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|found| found.strip_prefix(line)).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    /// As if the power had gone, but for what the kernel keeps.
    pub(crate) fn kill(mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }

    /// Asks it to stop, as a service manager does.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.id().try_into().unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Asks it to stop and waits; its exit code.
    #[track_caller]
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.terminate();
        self.wait()
    }

    /// Waits until it has ended; its exit code.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.process.wait().code()
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.process.0.try_wait().unwrap().is_none()
    }
}

/// Where a server's log goes: nowhere, unless who tests wants to see it.
fn log() -> Stdio {
    if std::env::var_os("KABAR_TEST_LOG").is_some() { Stdio::inherit() } else { Stdio::null() }
}
