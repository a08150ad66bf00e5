//! For the tests: a small server that keeps messages in memory and can do one thing wrong.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

const INBOX_ITEMS_MAX: usize = 1000;
/// The message, counted over all senders, with which the planted fault happens.
const FAULT_AT: u64 = 20;
const SESSIONS_MAX: u64 = 100_000;

/// What the server does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plant {
    Nothing,
    Lose,
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
}

#[derive(Debug, Default)]
struct State {
    passwords: HashMap<String, String>,
    names_by_token: HashMap<String, String>,
    inboxes: HashMap<String, Vec<String>>,
    /// Receiver and text of a message that has to wait for a later one.
    held: Option<(String, String)>,
    sent: u64,
    logins: u64,
}

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
        let mut state = lock(&self.state);
        // Of each pair the account with the odd number receives.
        let names: Vec<_> = state.passwords.keys().filter(|name| name.ends_with('1')).collect();
        let names: Vec<_> = names.into_iter().cloned().collect();
        for name in names {
            let inbox = state.inboxes.entry(name).or_default();
            inbox.extend(std::iter::repeat_n(text.to_owned(), times));
        }
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

async fn serve(stream: TcpStream, plant: Plant, state: Arc<Mutex<State>>) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    let (mut line, mut out) = (String::new(), String::new());
    while stream.read_line(&mut line).await? > 0 {
        match lock(&state).answer(line.trim_end(), plant) {
            Answer::Reply(reply) => out.extend(["{\"status\":", &reply, "}\r\n\r\n"]),
            Answer::Nothing => (),
            Answer::Close => return Ok(()),
        }
        if !stream.buffer().contains(&b'\n') {
            stream.write_all(out.as_bytes()).await?;
            out.clear();
        }
        if plant == Plant::CloseAfterInbox && line.starts_with("inbox") {
            return Ok(());
        }
        line.clear();
    }
    Ok(())
}

enum Answer {
    /// What follows `{"status":` in the reply.
    Reply(String),
    Nothing,
    Close,
}

fn error(words: &str) -> Answer {
    Answer::Reply(format!("\"ERROR\",\"message\":\"{words}\""))
}

impl State {
    fn answer(&mut self, line: &str, plant: Plant) -> Answer {
        if plant == Plant::RefuseAll {
            return error("Not allowed");
        }
        let words: Vec<_> = line.splitn(4, ' ').collect();
        match *words {
            ["register", name, password, _] => {
                if self.passwords.contains_key(name) {
                    return error("User already exists");
                }
                self.passwords.insert(name.to_owned(), password.to_owned());
                self.log_in(name)
            }
            ["auth", ..] if plant == Plant::RefuseLogins => error("Wrong password"),
            ["auth", name, password] => match self.passwords.get(name) {
                Some(right) if right == password => self.log_in(name),
                _ => error("Wrong password"),
            },
            ["inbox", token] => match self.names_by_token.get(token).cloned() {
                Some(name) => self.inbox(&name),
                None => error("Session is not found"),
            },
            ["send", token, to, text] => {
                if !self.names_by_token.contains_key(token) || !self.passwords.contains_key(to) {
                    return error("User is not found");
                }
                self.send(to, text, plant)
            }
            _ => error("Wrong protocol: unknown command"),
        }
    }

    fn log_in(&mut self, name: &str) -> Answer {
        // Old sessions end, or the mode that only logs in would fill the memory.
        self.logins = (self.logins + 1) % SESSIONS_MAX;
        let number = self.logins;
        let token = format!("00000000-0000-4000-8000-{number:012x}");
        self.names_by_token.insert(token.clone(), name.to_owned());
        Answer::Reply(format!("\"OK\",\"tokenid\":\"{token}\",\"tokenId\":\"{token}\""))
    }

    fn inbox(&mut self, name: &str) -> Answer {
        let inbox = self.inboxes.entry(name.to_owned()).or_default();
        let part = inbox.len().min(INBOX_ITEMS_MAX);
        let items: Vec<_> = inbox
            .drain(..part)
            .map(|text| {
                format!(
                    "{{\"msg_from\":\"Bench 0\",\"msg_to\":\"Bench 1\",\"msg\":\"{text}\",\
                     \"sent_at\":\"2026-01-01T00:00:00.000Z\"}}"
                )
            })
            .collect();
        let messages = match items.len() {
            0 => String::new(),
            _ => format!("\"sender\":[{}]", items.join(",")),
        };
        Answer::Reply(format!("\"OK\",\"messages\":{{{messages}}}"))
    }

    fn send(&mut self, to: &str, text: &str, plant: Plant) -> Answer {
        self.sent += 1;
        let inbox = self.inboxes.entry(to.to_owned()).or_default();
        let deliver = |inbox: &mut Vec<String>, text: &str| inbox.push(text.to_owned());
        let now = self.sent == FAULT_AT;
        match plant {
            Plant::Lose if now => (),
            Plant::Double if now => (0..2).for_each(|_| deliver(inbox, text)),
            Plant::Reorder if now => self.held = Some((to.to_owned(), text.to_owned())),
            Plant::Ghost if now => {
                deliver(inbox, text);
                deliver(inbox, "a message from nobody");
            }
            Plant::Alter if now => deliver(inbox, &text.replace("def", "fed")),
            Plant::Refuse if now => return error("Server is busy"),
            Plant::RefuseYetDeliver if now => {
                deliver(inbox, text);
                return error("Server is busy");
            }
            Plant::StopAnswering if self.sent >= FAULT_AT => return Answer::Nothing,
            Plant::Close if now => return Answer::Close,
            _ => deliver(inbox, text),
        }
        if !now && let Some((_, text)) = self.held.take_if(|(receiver, _)| receiver == to) {
            deliver(inbox, &text);
        }
        Answer::Reply("\"OK\",\"message\":\"Message sent\"".to_owned())
    }
}
