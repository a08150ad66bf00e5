//! The real binary, started on a free port, and ended when dropped.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The program under test.
pub const KABAR: &str = env!("CARGO_BIN_EXE_kabar");

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A server that runs.
pub struct Server {
    process: Child,
    /// Where it listens, in the order of its `--listen`, with the dialect's name.
    pub listening: Vec<(SocketAddr, String)>,
    /// What it called ready.
    pub page: String,
    /// How long it took from start to ready.
    pub ready_after: Duration,
}

impl Server {
    /// On that data directory, on one free port that speaks everything.
    pub fn start(data: &Path) -> Self {
        let data = data.to_str().unwrap();
        Self::with(&["--data", data, "--listen", "127.0.0.1:0"], &[])
    }

    /// The seeds' accounts, on a free port for each of these dialects.
    pub fn demo(dialects: &[&str]) -> Self {
        let listen: Vec<String> = dialects.iter().map(|d| format!("127.0.0.1:0/{d}")).collect();
        let mut args = vec!["--demo"];
        for address in &listen {
            args.extend(["--listen", address]);
        }
        Self::with(&args, &[])
    }

    /// With these arguments after `serve`, and these variables.
    pub fn with(args: &[&str], variables: &[(&str, &str)]) -> Self {
        let began = Instant::now();
        let mut process = Command::new(KABAR)
            .arg("serve")
            .args(args)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut listening = Vec::new();
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(page) = line.strip_prefix("ready ") {
                let page = page.to_owned();
                return Self { process, listening, page, ready_after: began.elapsed() };
            }
            let (address, dialect) =
                line.strip_prefix("listening ").and_then(|l| l.split_once(' ')).unwrap();
            listening.push((address.parse().unwrap(), dialect.to_owned()));
        }
        panic!("the server ended before it was ready: {:?}", process.wait());
    }

    /// The first listener.
    pub fn address(&self) -> SocketAddr {
        self.listening[0].0
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// As if the power had gone, but for what the kernel keeps.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Asks it to stop and waits; its exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.signal("TERM");
        self.wait()
    }

    /// Waits until it has ended; its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the server does not end");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the program with these arguments and this input, to its end.
pub fn kabar(args: &[&str], input: &str) -> Output {
    use std::io::Write;
    let mut process = Command::new(KABAR)
        .args(args)
        .env("KABAR_LANG", "en")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments reads nothing.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}
