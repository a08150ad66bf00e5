//! A connection on which the server also speaks unasked. A thread reads it: it hands replies to
//! whoever waits for one, prints pushes as they come, and passes the bytes of a file on.

use std::io::{ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::messages::{Cut, Cutter};
use super::ticking::{self, Stop, TICK};
use super::{FAREWELL_SECS, Lost, READ_BYTES, REPLY_IDLE_SECS, Unreachable, lost, open};
use crate::shell::complaint;
use crate::shell::reply::Reply;
use crate::shell::shown;
use crate::shell::terminal::cancel::Cancel;
use crate::shell::terminal::screen::Screen;
use crate::shell::url::Address;
use kabar_catalogue::Lang;

/// How long a greeting is waited for; servers may have none.
const GREETING_SECS: u64 = 2;

/// Messages that wait for the shell. It asks for one thing at a time, so more are a server's mistake.
const WAITING_MESSAGES_MAX: usize = 16;

/// Pieces of a file that wait to be written, of up to [`READ_BYTES`] each.
const WAITING_PIECES_MAX: usize = 4;

/// What a message means to somebody who did not ask for it.
pub(in crate::shell) enum Push {
    /// It is a reply.
    No,
    /// It is said unasked, and nothing for this person.
    Silent,
    /// It is said unasked, and reads so.
    Shown(String),
}

/// Tells pushes from replies.
pub(in crate::shell) type Listener = Box<dyn FnMut(&Reply) -> Push + Send>;

/// What the reading thread hands over.
enum Heard {
    /// `None`: it cannot be read.
    Reply(Option<Reply>),
    /// Words that are no message; they have been printed.
    Chatter,
    End(Lost),
}

/// The bytes of a file that come instead of messages.
struct Raw {
    left: u64,
    pieces: SyncSender<Vec<u8>>,
}

pub(in crate::shell) struct Live {
    stream: TcpStream,
    heard: Receiver<Heard>,
    /// How many replies are still to come; what comes beyond them was not asked for.
    expected: Arc<AtomicUsize>,
    raw: Arc<Mutex<Option<Raw>>>,
}

impl Live {
    pub(in crate::shell) fn open(
        address: &Address,
        cutter: Cutter,
        (screen, lang): (Screen, Lang),
        listener: Listener,
    ) -> Result<Self, Unreachable> {
        let stream = open(address)?;
        stream.set_write_timeout(Some(TICK)).map_err(Unreachable::Failed)?;
        let (sender, heard) = sync_channel(WAITING_MESSAGES_MAX);
        // A greeting is expected before anybody waits for it.
        let greets = matches!(cutter, Cutter::Objects(_));
        let expected = Arc::new(AtomicUsize::new(usize::from(greets)));
        let raw = Arc::new(Mutex::new(None));
        let ear = Ear {
            stream: stream.try_clone().map_err(Unreachable::Failed)?,
            cutter,
            screen,
            lost: {
                let address = address.clone();
                Box::new(move |why| complaint::lost_because(lang, &address, why))
            },
            listener,
            sender,
            expected: Arc::clone(&expected),
            raw: Arc::clone(&raw),
        };
        // It ends with the connection, which `drop` shuts down.
        thread::spawn(move || ear.listen());
        Ok(Self { stream, heard, expected, raw })
    }

    /// Waits for the words with which a server of objects begins. The reading thread prints them. To be
    /// called once, first.
    pub(in crate::shell) fn greeting(&mut self) -> Result<(), Lost> {
        let heard = self.heard.recv_timeout(Duration::from_secs(GREETING_SECS));
        self.expected.store(0, Ordering::SeqCst);
        match heard {
            Ok(Heard::End(why)) => Err(why),
            _ => Ok(()),
        }
    }

    /// Sends a request and waits for its reply; `None` when the reply cannot be read.
    pub(in crate::shell) fn ask(&mut self, request: &[u8]) -> Result<Option<Reply>, Lost> {
        self.ask_within(request, 1, REPLY_IDLE_SECS)
    }

    /// The same for a request that gets two replies: this is the first. If it is such that there is no
    /// second one, [`Live::no_more`] says so.
    pub(in crate::shell) fn ask_for_two(&mut self, request: &[u8]) -> Result<Option<Reply>, Lost> {
        self.ask_within(request, 2, REPLY_IDLE_SECS)
    }

    pub(in crate::shell) fn second(&mut self) -> Result<Option<Reply>, Lost> {
        self.reply(REPLY_IDLE_SECS)
    }

    pub(in crate::shell) fn no_more(&mut self) {
        self.expected.store(0, Ordering::SeqCst);
    }

    /// Sends the last request. Its reply is waited for, so that the server has read it before the
    /// connection ends, but what it says no longer matters.
    pub(in crate::shell) fn leave(mut self, request: &[u8]) {
        let _ = self.ask_within(request, 1, FAREWELL_SECS);
    }

    fn ask_within(
        &mut self,
        request: &[u8],
        replies: usize,
        secs: u64,
    ) -> Result<Option<Reply>, Lost> {
        // A connection that ended meanwhile is found before something is sent into it.
        if let Ok(Heard::End(why)) = self.heard.try_recv() {
            return Err(why);
        }
        self.expected.store(replies, Ordering::SeqCst);
        match ticking::send(&self.stream, request, &Cancel::default()) {
            Err(Stop::Lost(why)) => Err(why),
            Ok(()) | Err(Stop::Cancelled) => self.reply(secs),
        }
    }

    fn reply(&mut self, secs: u64) -> Result<Option<Reply>, Lost> {
        loop {
            match self.heard.recv_timeout(Duration::from_secs(secs)) {
                Ok(Heard::Reply(reply)) => return Ok(reply),
                Ok(Heard::Chatter) => {}
                Ok(Heard::End(why)) => return Err(why),
                Err(RecvTimeoutError::Timeout) => return Err(Lost::Silent),
                Err(RecvTimeoutError::Disconnected) => return Err(Lost::Closed),
            }
        }
    }

    /// Sends bytes that are no request.
    pub(in crate::shell) fn send(&self, bytes: &[u8], cancel: &Cancel) -> Result<(), Stop> {
        ticking::send(&self.stream, bytes, cancel)
    }

    /// The next so many bytes, at least one, are no messages; they come out of the receiver in pieces.
    /// To be called before the server can send them.
    pub(in crate::shell) fn raw(&self, left: u64) -> Receiver<Vec<u8>> {
        let (pieces, receiver) = sync_channel(WAITING_PIECES_MAX);
        *self.raw.lock() = Some(Raw { left, pieces });
        receiver
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // An end that is wished for is not told. Already gone is as good.
        self.expected.store(1, Ordering::SeqCst);
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// The reading thread.
struct Ear {
    stream: TcpStream,
    cutter: Cutter,
    screen: Screen,
    listener: Listener,
    /// How a person is told that the connection ended.
    lost: Box<dyn Fn(Lost) -> String + Send>,
    sender: SyncSender<Heard>,
    expected: Arc<AtomicUsize>,
    raw: Arc<Mutex<Option<Raw>>>,
}

impl Ear {
    fn listen(mut self) {
        let mut chunk = vec![0; READ_BYTES];
        let end = loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => break Lost::Closed,
                Ok(read) => {
                    if let Err(why) = self.take(&chunk[..read]) {
                        break why;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break lost(&error),
            }
        };
        if self.expected.load(Ordering::SeqCst) == 0 {
            self.screen.live(&(self.lost)(end));
        }
        // With nobody left to hear it, the shell has ended.
        let _ = self.sender.send(Heard::End(end));
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), Lost> {
        while !bytes.is_empty() {
            if self.cutter.is_between() && pass_on(&mut self.raw.lock(), &mut bytes)? {
                continue;
            }
            match self.cutter.feed(&mut bytes)? {
                Some(Cut::Message(message)) => self.message(Reply::read(&message))?,
                Some(Cut::Chatter(words)) => {
                    self.screen.live(&shown::plain(String::from_utf8_lossy(&words).trim()));
                    if self.expected.load(Ordering::SeqCst) > 0 {
                        self.hand_over(Heard::Chatter)?;
                    }
                }
                None => {}
            }
        }
        Ok(())
    }

    fn message(&mut self, reply: Option<Reply>) -> Result<(), Lost> {
        match reply.as_ref().map_or(Push::No, |reply| (self.listener)(reply)) {
            Push::Silent => {}
            Push::Shown(line) => self.screen.live(&line),
            Push::No if self.is_expected() => self.hand_over(Heard::Reply(reply))?,
            // Last words, such as why the server ends the connection.
            Push::No => {
                if let Some(words) = reply.and_then(|reply| reply.text(&["message"])) {
                    self.screen.live(&words);
                }
            }
        }
        Ok(())
    }

    /// Whether this is a reply that somebody waits for; then one less is to come.
    fn is_expected(&self) -> bool {
        let less_one = |expected: usize| expected.checked_sub(1);
        self.expected.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less_one).is_ok()
    }

    fn hand_over(&self, heard: Heard) -> Result<(), Lost> {
        self.sender.send(heard).map_err(|_| Lost::Closed)
    }
}

/// Passes on what belongs to a file; true when that was something.
fn pass_on(raw: &mut Option<Raw>, bytes: &mut &[u8]) -> Result<bool, Lost> {
    let Some(file) = raw else {
        return Ok(false);
    };
    let size = usize::try_from(file.left).unwrap_or(usize::MAX).min(bytes.len());
    let (piece, rest) = bytes.split_at(size);
    // Nobody takes it: the transfer was given up, and with it the connection.
    file.pieces.send(piece.to_vec()).map_err(|_| Lost::Closed)?;
    *bytes = rest;
    file.left -= size as u64;
    if file.left == 0 {
        *raw = None;
    }
    Ok(true)
}
