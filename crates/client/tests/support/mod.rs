//! A person who waits for what is printed, and servers of a few lines.
#![allow(dead_code, reason = "each test file uses a part of this")]

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use kabar_client::Lang;
use kabar_client::shell::console::Console;
use kabar_client::shell::terminal::{Source, Typed, cancel::Cancel, screen::Screen};
use kabar_client::shell::{self, Outcome};
use parking_lot::{Condvar, Mutex};

/// Small enough that no character, escape or end of a reply comes in one read by rule.
const PIECE_BYTES: usize = 7;

/// How long something that must come is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Output that can be waited for.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<(Mutex<Vec<u8>>, Condvar)>);

impl Memory {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.0.lock().clone()).unwrap()
    }

    /// Waits for a text after `from`; where it ends.
    #[track_caller]
    fn wait_for(&self, wanted: &str, from: usize) -> usize {
        let mut out = self.0.0.lock();
        loop {
            let text = String::from_utf8_lossy(&out[from..]).into_owned();
            if let Some(at) = text.find(wanted) {
                return from + at + wanted.len();
            }
            let late = self.0.1.wait_for(&mut out, PATIENCE).timed_out();
            assert!(!late, "{wanted:?} was not printed: {text}");
        }
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.0.lock().write(bytes);
        self.0.1.notify_all();
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Types each line once a text has been printed after the line before.
struct Person {
    steps: VecDeque<(&'static str, Typed)>,
    out: Memory,
    seen: usize,
}

impl Source for Person {
    fn next(&mut self, prompt: &str, _screen: &Screen) -> io::Result<Typed> {
        self.out.write_all(prompt.as_bytes())?;
        let Some((wanted, typed)) = self.steps.pop_front() else {
            return Ok(Typed::End);
        };
        self.seen = self.out.wait_for(wanted, self.seen);
        self.out.write_all(b"\n")?;
        Ok(typed)
    }
}

pub(crate) fn line(typed: &str) -> Typed {
    Typed::Line(typed.to_owned())
}

/// Runs a shell for somebody who waits for each text and then types. `""` waits for nothing.
pub(crate) fn run(
    url: &str,
    directory: &Path,
    steps: impl IntoIterator<Item = (&'static str, Typed)>,
) -> (Outcome, String) {
    run_with(Cancel::default(), url, directory, steps)
}

/// The same for somebody who may interrupt a transfer.
pub(crate) fn run_with(
    cancel: Cancel,
    url: &str,
    directory: &Path,
    steps: impl IntoIterator<Item = (&'static str, Typed)>,
) -> (Outcome, String) {
    let out = Memory::default();
    let steps = steps.into_iter().collect();
    let source = Person { steps, out: out.clone(), seen: 0 };
    let screen = Screen::plain(out.clone());
    let mut console = Console::plain(Box::new(source), screen, Lang::En, directory);
    console.cancel = cancel;
    let mut complaints = out.clone();
    let outcome = shell::run_on(url, &mut console, &mut complaints);
    (outcome, out.text())
}

/// Handles each connection in a thread of its own; the port.
pub(crate) fn serve(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let handle = Arc::new(handle);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, handle) = (stream.unwrap(), Arc::clone(&handle));
            stream.set_nodelay(true).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            thread::spawn(move || handle(stream));
        }
    });
    port
}

pub(crate) fn send_in_pieces(stream: &mut TcpStream, reply: &[u8]) {
    for piece in reply.chunks(PIECE_BYTES) {
        stream.write_all(piece).unwrap();
    }
}

/// Exactly so many bytes.
pub(crate) fn read_bytes(stream: &mut impl Read, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// Bytes of every value, not the same at any two pieces.
pub(crate) fn contents(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n * 7 + n / 251).to_le_bytes()[0]).collect()
}
