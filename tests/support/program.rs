//! The program run to its end, as a script runs it.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};

use super::eventually;

/// The program under test.
pub(crate) const KABAR: &str = env!("CARGO_BIN_EXE_kabar");

/// What a program that has ended left behind.
#[derive(Debug)]
pub(crate) struct Told {
    /// Its exit code; absent if a signal ended it.
    pub(crate) code: Option<i32>,
    /// Its standard output.
    pub(crate) out: String,
    /// Its standard error.
    pub(crate) err: String,
}

/// Runs the program with these arguments, in English and without input.
pub(crate) fn kabar(args: &[&str]) -> Told {
    kabar_with(args, &[], "")
}

/// Runs the program with these arguments, these variables and this input.
pub(crate) fn kabar_with(args: &[&str], variables: &[(&str, &str)], input: &str) -> Told {
    let mut process = Command::new(KABAR)
        .args(args)
        .env("KABAR_LANG", "en")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let out = read(process.stdout.take().unwrap());
    let err = read(process.stderr.take().unwrap());
    // A program that refuses its arguments reads nothing.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    let mut process = Ended(process);
    let status = process.wait();
    Told { code: status.code(), out: out.join().unwrap(), err: err.join().unwrap() }
}

/// A process that is gone when this is dropped, whatever the test came to.
pub(crate) struct Ended(pub(crate) Child);

impl Ended {
    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        eventually("the program ends", || self.0.try_wait().unwrap())
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads to the end without keeping anybody waiting.
pub(crate) fn read(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8(bytes).unwrap()
    })
}
