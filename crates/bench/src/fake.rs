//! For the tests: a small server that keeps messages in memory and can do one thing wrong. It
//! speaks all dialects on one port, as far as the load does.

mod form;
mod keyword;
mod line;
mod state;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use self::state::{Outcome, Speaker, State, Wish};
use crate::dialect::Dialect;

/// The message, counted over all senders, with which the planted fault happens.
pub(crate) const FAULT_AT: u64 = 20;

/// What the server does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plant {
    Nothing,
    Lose,
    /// What is said unasked is lost; the inbox has it.
    LosePush,
    /// The receiver is told that it missed something, and its connection is closed.
    LetGo,
    Double,
    Reorder,
    Ghost,
    Alter,
    Refuse,
    RefuseYetDeliver,
    /// From the fault on, messages are neither answered nor kept.
    StopAnswering,
    /// The sender's connection is closed instead of an answer.
    Close,
    CloseAfterInbox,
    RefuseLogins,
    RefuseAll,
    /// One byte of a file that is fetched is another.
    CorruptFiles,
    RefuseFiles,
}

/// In a connection's queue: there is nothing more to say.
const CLOSE: Vec<u8> = Vec::new();

/// A running server; it ends when this is dropped.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    pub(crate) fn start(plant: Plant) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_all().build().unwrap().block_on(async {
                tokio::select! {
                    () = accept(listener, plant, shared) => (),
                    _ = stopped => (),
                }
            });
        });
        Self { address, state, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn leave_in_every_inbox(&self, text: &str, times: usize) {
        lock(&self.state).leave_in_every_inbox(text, times);
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap()
}

async fn accept(listener: std::net::TcpListener, plant: Plant, state: Arc<Mutex<State>>) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(serve(stream, plant, Arc::clone(&state)));
    }
}

async fn serve(stream: TcpStream, plant: Plant, state: Arc<Mutex<State>>) {
    let (reading, writing) = stream.into_split();
    let (say, said) = unbounded_channel();
    tokio::spawn(write(writing, said));
    let _ = read(reading, say.clone(), plant, state).await;
    // Others may still hold the queue's end, to tell of what is said in the room.
    let _ = say.send(CLOSE);
}

/// Answers and pushes leave by one queue, so none stands in the middle of another.
async fn write(mut stream: OwnedWriteHalf, mut said: UnboundedReceiver<Vec<u8>>) -> io::Result<()> {
    let mut batch = Vec::new();
    while said.recv_many(&mut batch, 1000).await > 0 {
        stream.write_all(&batch.concat()).await?;
        if batch.contains(&CLOSE) {
            break;
        }
        batch.clear();
    }
    Ok(())
}

async fn read(
    stream: OwnedReadHalf,
    say: UnboundedSender<Vec<u8>>,
    plant: Plant,
    state: Arc<Mutex<State>>,
) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    let (mut line, mut speaker) = (Vec::new(), None);
    while stream.read_until(b'\n', &mut line).await? > 0 {
        let text = String::from_utf8(std::mem::take(&mut line)).unwrap();
        let text = text.trim_end();
        let speaker = speaker.get_or_insert_with(|| Speaker::new(spoken(text), say.clone()));
        let mut wish = match speaker.dialect {
            Dialect::Line => line::read(text),
            Dialect::Form => form::read(text),
            Dialect::Keyword => keyword::read(text),
        };
        if let Some(Wish::FileSend { raw_bytes: Some(count), contents, .. }) = &mut wish {
            let _ = say.send(format!("ready send {count} bytes\r\n\r\n").into_bytes());
            contents.resize(*count, 0);
            stream.read_exact(contents).await?;
        }
        let outcome = match wish {
            Some(wish) => lock(&state).grant(wish, speaker, plant),
            None => Outcome::Refused("unknown command"),
        };
        match outcome {
            Outcome::Nothing => (),
            Outcome::Close => return Ok(()),
            outcome => drop(say.send(word(speaker.dialect, outcome))),
        }
        if plant == Plant::CloseAfterInbox && (text.contains("inbox") || text.contains("NOTIF")) {
            return Ok(());
        }
    }
    Ok(())
}

fn spoken(first: &str) -> Dialect {
    match first.split(' ').nth(1) {
        Some(word) if word.contains('=') => Dialect::Form,
        _ if first.starts_with(char::is_uppercase) => Dialect::Keyword,
        _ => Dialect::Line,
    }
}

fn word(dialect: Dialect, outcome: Outcome) -> Vec<u8> {
    match dialect {
        Dialect::Line => line::word(outcome).into_bytes(),
        Dialect::Form => form::word(outcome).into_bytes(),
        Dialect::Keyword => keyword::word(outcome),
    }
}
