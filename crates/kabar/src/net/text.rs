//! The one loop for every text dialect.
//!
//! Requests are taken up in order. Those that only wait for the disk may wait together; answers leave
//! in the order of the requests. While a client does not read its answers, nothing more is read from it.

mod apart;
mod leaving;

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_wire::conversation::{Answer, Conversation, Cut, Ending, Output, Worth};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::deadline::reached;
use super::gate::Pass;
use apart::Apart;
use leaving::next;

/// Answers that may wait for the disk at a time.
pub(crate) const WAITING_MAX: usize = 64;
/// Answers that wait for the client to read them; with more, no request is taken up.
const OUTPUT_BYTES_MAX: usize = 256 * 1024;
/// What is read at a time.
const READ_BYTES: usize = 16 * 1024;
const READ_CONTENTS_BYTES: usize = 64 * 1024;
/// What an idle connection may keep of its buffers.
const IDLE_BYTES_MAX: usize = 1_024;
/// What may be sent before a login: lines, bytes, and time.
pub(crate) const LINES_BEFORE_LOGIN_MAX: usize = 64;
pub(crate) const BYTES_BEFORE_LOGIN_MAX: usize = 16 * 1024;
const BEFORE_LOGIN_SECS_MAX: u64 = 600;
/// How long the rest of a request may take once it has begun, or so much of its contents.
const REQUEST_SECS_MAX: u64 = 60;
const CONTENTS_BYTES_MIN: usize = 64 * 1024;
/// How long a client may take to read so much of what waits for it, or all if that is less.
const UNREAD_SECS_MAX: u64 = 30;
const READ_BYTES_MIN: usize = 64 * 1024;
/// Requests in a row that make no sense.
pub(crate) const NONSENSE_MAX: usize = 100;
/// How long to wait for a client to hang up after our last words.
const LINGER: Duration = Duration::from_secs(1);

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The client hung up.
    HungUp,
    /// The client said goodbye.
    Goodbye,
    /// It sent what no client sends before a login.
    Suspicious,
    /// It used up what may be sent.
    Exceeded(Ending),
    /// It took too long.
    TooSlow,
    /// The server stops.
    Stopped,
}

/// Whether what has come is a request if nothing more comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quiet {
    NotAwaited,
    /// Then it is.
    Until(Instant),
    /// Nothing came.
    Reached,
}

impl Quiet {
    fn until(self) -> Option<Instant> {
        match self {
            Self::Until(moment) => Some(moment),
            Self::NotAwaited | Self::Reached => None,
        }
    }
}

/// A text conversation over a connection.
pub(crate) struct TextLoop {
    stream: TcpStream,
    stop: CancellationToken,
    conversation: Box<dyn Conversation>,
    pass: Pass,
    input: BytesMut,
    waiting: VecDeque<BoxFuture<'static, Vec<u8>>>,
    output: Vec<u8>,
    sent: usize,
    apart: Apart,
    quiet: Quiet,
    address: IpAddr,
    /// Whether somebody was logged in after the latest request.
    was_known: bool,
    /// When it began, or when somebody last logged out.
    began: Instant,
    /// When the request whose end has not come began, or had last sent enough of its contents.
    request_began: Option<Instant>,
    /// The contents that have come since then.
    contents_since: usize,
    /// When the client had last read enough, while something waits for it, and how much it had read then.
    read_last: Instant,
    sent_then: usize,
    lines_before_login: usize,
    bytes_before_login: usize,
    nonsense: usize,
    /// Whether the input may hold whole requests that were not taken up, since too many answers wait.
    behind: bool,
    input_ended: bool,
}

impl TextLoop {
    pub(crate) fn new(
        stream: TcpStream,
        conversation: Box<dyn Conversation>,
        input: BytesMut,
        address: IpAddr,
        pass: Pass,
        stop: CancellationToken,
    ) -> Self {
        let now = Instant::now();
        Self {
            stream,
            stop,
            conversation,
            pass,
            bytes_before_login: input.len(),
            input,
            waiting: VecDeque::new(),
            output: Vec::new(),
            sent: 0,
            apart: Apart::since(now),
            quiet: Quiet::NotAwaited,
            address,
            was_known: false,
            began: now,
            request_began: None,
            contents_since: 0,
            read_last: now,
            sent_then: 0,
            lines_before_login: 0,
            nonsense: 0,
            behind: false,
            input_ended: false,
        }
    }

    /// Converses until one side has had enough.
    pub(crate) async fn run(mut self) -> io::Result<End> {
        let end = self.converse().await;
        if end.is_ok() {
            close(self.stream).await;
        } else {
            drop(self.stream);
        }
        self.conversation.leave().await;
        end
    }

    async fn converse(&mut self) -> io::Result<End> {
        let stop = self.stop.clone();
        // Made once: making it anew in every round would take the token's lock twice.
        let mut stopped = pin!(stop.cancelled());
        let end = loop {
            if let Some(end) = self.take_up_requests().await? {
                break end;
            }
            self.write_some()?;
            if stop.is_cancelled() {
                // Seen here too, since a client that never pauses leaves no time for waiting below.
                break End::Stopped;
            }
            if self.behind && self.answers_may_wait() {
                // No event will tell of requests that have arrived already.
                tokio::task::yield_now().await;
                continue;
            }
            let answered = self.waiting.is_empty() && self.has_said_all();
            if self.input_ended && answered && !self.behind {
                break End::HungUp;
            }
            self.release_buffers();
            let (deadline, apart_at) = (self.deadline(), self.apart_at());
            let listens = self.waiting.is_empty()
                && self.unsaid_bytes() < OUTPUT_BYTES_MAX
                && !self.conversation.says_nothing_unasked();
            // Fair on purpose: neither pushes nor requests may starve the other.
            tokio::select! {
                answer = next(&mut self.waiting), if !self.waiting.is_empty() => {
                    self.say(answer);
                    self.collect_ready();
                }
                unasked = self.conversation.unasked(), if listens => {
                    if let Some(end) = self.say_unasked(unasked) {
                        break end;
                    }
                }
                () = reached(apart_at) => {}
                () = reached(self.quiet.until()) => self.quiet = Quiet::Reached,
                ready = self.stream.writable(), if !self.output.is_empty() => ready?,
                ready = self.stream.readable(), if self.wants_input() => {
                    ready?;
                    self.read_some()?;
                }
                () = reached(deadline) => break End::TooSlow,
                () = &mut stopped => break End::Stopped,
            }
        };
        // What was taken up is answered, however the conversation ends; only a client that does
        // not read is not waited for.
        if end != End::TooSlow {
            self.settle().await;
            if let End::Exceeded(reason) = end {
                let farewell = self.conversation.farewell(reason);
                self.apart.hold_pushes(true);
                self.say(farewell);
            }
            self.flush().await?;
        }
        Ok(end)
    }

    /// Takes up what has arrived, as far as answers may wait.
    async fn take_up_requests(&mut self) -> io::Result<Option<End>> {
        self.behind = true;
        while self.answers_may_wait() {
            let before = self.input.len();
            let cut = if self.quiet == Quiet::Reached {
                self.quiet = Quiet::NotAwaited;
                self.conversation.cut_quiet(&mut self.input)
            } else {
                self.conversation.cut(&mut self.input)
            };
            match cut {
                Cut::More => {
                    self.quiet = Quiet::NotAwaited;
                    return Ok(self.rest_is_awaited());
                }
                Cut::MoreUnlessQuiet(time) => {
                    // Only what arrives breaks the quiet, not what else wakes this loop.
                    if self.quiet == Quiet::NotAwaited {
                        self.quiet = Quiet::Until(Instant::now() + time);
                    }
                    return Ok(self.rest_is_awaited());
                }
                Cut::Broken(reason) => return Ok(Some(End::Exceeded(reason))),
                Cut::Request(request) => {
                    self.quiet = Quiet::NotAwaited;
                    self.request_began = None;
                    if let Some(end) = self.take_up(request).await? {
                        return Ok(Some(end));
                    }
                }
                Cut::Contents(piece) => {
                    // As they came: what cannot be decoded is progress, too.
                    self.contents_since += before - self.input.len();
                    if self.contents_since >= CONTENTS_BYTES_MIN {
                        (self.request_began, self.contents_since) = (None, 0);
                    }
                    let taken_at = Instant::now();
                    self.conversation.take_in(piece).await;
                    // The client does not answer for the time that this took.
                    self.request_began = self.request_began.map(|began| began + taken_at.elapsed());
                }
                Cut::ContentsEnd => {
                    self.quiet = Quiet::NotAwaited;
                    (self.request_began, self.contents_since) = (None, 0);
                    let answer = self.conversation.finish().await;
                    if let Some(end) = self.give(answer).await? {
                        return Ok(Some(end));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Notes since when a request is under way, and whether it may go on.
    fn rest_is_awaited(&mut self) -> Option<End> {
        self.behind = false;
        let is_under_way = !self.input.is_empty() || self.conversation.awaits_contents();
        self.request_began = is_under_way.then(|| self.request_began.unwrap_or_else(Instant::now));
        self.used_up(self.bytes_before_login).map(End::Exceeded)
    }

    async fn take_up(&mut self, request: Bytes) -> io::Result<Option<End>> {
        if !self.conversation.is_known() {
            if self.conversation.is_suspicious(&request) {
                debug!("a request that no client sends before a login");
                return Ok(Some(End::Suspicious));
            }
            self.lines_before_login += 1;
            // What lies behind this request does not count yet: it may be what shows who this is.
            if let Some(reason) = self.used_up(self.bytes_before_login - self.input.len()) {
                return Ok(Some(End::Exceeded(reason)));
            }
        }
        if !self.conversation.overlaps(&request) {
            self.settle().await;
        }
        let answer = self.conversation.answer(request).await;
        self.give(answer).await
    }

    /// Hands an answer over to be written, and does what follows from it.
    async fn give(&mut self, answer: Answer) -> io::Result<Option<End>> {
        let mut worth = Some(answer.worth);
        // Last words are the last ones.
        self.apart.hold_pushes(answer.close || self.conversation.says_nothing_unasked());
        match answer.output {
            // Nothing yet: its contents come first, and then what it was worth.
            Output::Now(bytes) if bytes.is_empty() => worth = None,
            Output::Now(bytes) if self.waiting.is_empty() => self.say(bytes),
            Output::Now(bytes) => self.waiting.push_back(std::future::ready(bytes).boxed()),
            Output::Later(bytes) => self.waiting.push_back(bytes),
            Output::Pieces(pieces) => self.say_pieces(pieces).await?,
        }
        if self.conversation.is_known() {
            self.pass.known();
            self.was_known = true;
        } else if std::mem::take(&mut self.was_known) {
            // Logged out: what holds before a login holds again.
            self.began = Instant::now();
            (self.lines_before_login, self.bytes_before_login) = (0, self.input.len());
            if !self.pass.stranger(self.address) {
                return Ok(Some(End::Exceeded(Ending::TooMuchBeforeLogin)));
            }
        }
        if let Some(written) = answer.written {
            self.settle().await;
            self.flush_answers().await?;
            written.await;
        }
        if answer.close {
            return Ok(Some(End::Goodbye));
        }
        match worth {
            None => {}
            Some(Worth::Sense) => self.nonsense = 0,
            Some(Worth::Nonsense) => self.nonsense += 1,
        }
        Ok((self.nonsense >= NONSENSE_MAX).then_some(End::Exceeded(Ending::TooManyErrors)))
    }

    /// Whether more was sent than may be before a login.
    fn used_up(&self, bytes: usize) -> Option<Ending> {
        let exceeded =
            self.lines_before_login > LINES_BEFORE_LOGIN_MAX || bytes > BYTES_BEFORE_LOGIN_MAX;
        (exceeded && !self.conversation.is_known()).then_some(Ending::TooMuchBeforeLogin)
    }

    /// Whether one more answer may wait for the disk or the client.
    fn answers_may_wait(&self) -> bool {
        self.waiting.len() < WAITING_MAX && self.unread_answers() < OUTPUT_BYTES_MAX
    }

    /// Whether to read on: not while there is something left to take up.
    fn wants_input(&self) -> bool {
        !self.input_ended && !self.behind
    }

    fn deadline(&self) -> Option<Instant> {
        let after = |moment: Instant, secs| moment + Duration::from_secs(secs);
        let login =
            (!self.conversation.is_known()).then(|| after(self.began, BEFORE_LOGIN_SECS_MAX));
        let request = self.request_began.map(|began| after(began, REQUEST_SECS_MAX));
        let unread = (!self.output.is_empty()).then(|| after(self.read_last, UNREAD_SECS_MAX));
        [login, request, unread].into_iter().flatten().min()
    }

    fn read_some(&mut self) -> io::Result<()> {
        let awaits_contents = self.conversation.awaits_contents();
        self.input.reserve(if awaits_contents { READ_CONTENTS_BYTES } else { READ_BYTES });
        match self.stream.try_read_buf(&mut self.input) {
            Ok(0) => self.input_ended = true,
            Ok(count) => {
                self.quiet = Quiet::NotAwaited;
                if !self.conversation.is_known() {
                    self.bytes_before_login += count;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// An idle connection keeps next to nothing.
    fn release_buffers(&mut self) {
        if self.input.is_empty() && self.input.capacity() > IDLE_BYTES_MAX {
            self.input = BytesMut::new();
        }
        if self.output.is_empty() && self.output.capacity() > IDLE_BYTES_MAX {
            self.output = Vec::new();
        }
        if self.waiting.is_empty() && self.waiting.capacity() > WAITING_MAX / 4 {
            self.waiting = VecDeque::new();
        }
    }
}

/// Says one thing and hangs up.
pub(crate) async fn say_and_close(mut stream: TcpStream, words: &[u8]) {
    if stream.write_all(words).await.is_ok() {
        close(stream).await;
    }
}

/// Hangs up so that our last words arrive: what the client still sends is read and thrown away for a
/// moment, since closing with unread input would take back what was written.
async fn close(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let gone = async {
        let mut chunk = [0; 1_024];
        // Not with `readable`, which never lets go of the thread while a client keeps sending.
        while stream.read(&mut chunk).await.is_ok_and(|count| count > 0) {}
    };
    let _ = tokio::time::timeout(LINGER, gone).await;
}
