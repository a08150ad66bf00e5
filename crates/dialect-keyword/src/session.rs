//! One conversation in dialect keyword: who is logged in, and the way of a request from bytes to answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Connected, Engine, Error, Listening, News, Origin, Posting};
use kabar_model::{Refusal, SessionToken};
use kabar_wire::conversation::{Answer, Conversation, Cut, Ending, Output, Unasked, Worth};
use kabar_wire::guard;
use tracing::error;

use crate::arguments::Given;
use crate::command::{Command, Run};
use crate::complaint::Complaint;
use crate::cutter::{Cutter, is_object};
use crate::notice;
use crate::reply::{self, Form, Outcome, Reply};
use crate::request::{self, Request, Senseless};
use crate::transfer::{Incoming, Offered};
use crate::wording;

/// COMPAT(seed 001): its client takes all that comes in one read for one object.
const PAUSE_BETWEEN_OBJECTS: Duration = Duration::from_millis(20);

/// One conversation in dialect keyword.
pub struct KeywordConversation {
    pub(crate) engine: Arc<Engine>,
    pub(crate) origin: Origin,
    login: Option<LoggedIn>,
    known: bool,
    cutter: Cutter,
    /// The form of the latest request; what is said unasked has it, too.
    form: Form,
    /// Whether an object has ever come.
    speaks_objects: bool,
    /// The file whose contents are coming.
    incoming: Option<Incoming>,
    /// The file that the latest reply offered. The next request takes it or leaves it.
    offered: Option<Offered>,
}

/// The session of this connection.
struct LoggedIn {
    caller: Caller,
    token: SessionToken,
    /// Whether the client has been told the token, and may show it on another connection.
    is_told: bool,
    listening: Listening,
    _connected: Connected,
}

impl KeywordConversation {
    /// A conversation that has just begun.
    pub fn new(engine: Arc<Engine>, origin: Origin) -> Self {
        Self {
            engine,
            origin,
            login: None,
            known: false,
            cutter: Cutter::new(),
            form: Form::Text,
            speaks_objects: false,
            incoming: None,
            offered: None,
        }
    }

    /// The form of the request that is being answered.
    pub(crate) fn form(&self) -> &Form {
        &self.form
    }

    /// Makes this the connection's session, and listens for its person's messages.
    pub(crate) fn remember(&mut self, caller: Caller, token: SessionToken) {
        self.known = true;
        self.login = Some(LoggedIn {
            listening: self.engine.listen(&caller),
            _connected: self.engine.connected(&caller),
            caller,
            token,
            is_told: matches!(self.form, Form::Object(_)),
        });
    }

    /// Forgets the connection's session.
    pub(crate) fn forget(&mut self) {
        self.login = None;
        self.known = false;
    }

    /// Ends a session that nobody can use after this connection, since its token was never told.
    pub(crate) async fn end_own(&mut self) {
        let Some(login) = self.login.take_if(|login| !login.is_told) else { return };
        match self.engine.logout(&login.caller).await {
            Ok(()) | Err(Error::Refused(_)) => {}
            Err(error) => error!(%error, "a session that nobody uses lives on"),
        }
    }

    /// Who speaks: the session whose token is shown, else the connection's own. A token that is shown
    /// becomes the connection's.
    async fn caller(&mut self, given: &Given<'_>) -> Result<Caller, Error> {
        let shown = given.token().and_then(SessionToken::parse);
        let own = self.login.as_ref().map(|login| login.token);
        if let Some(token) = shown
            && shown != own
        {
            match self.engine.resume(token).await {
                Ok(caller) => {
                    self.end_own().await;
                    self.remember(caller.clone(), token);
                    return Ok(caller);
                }
                Err(Error::Refused(Refusal::SessionUnknown)) => {}
                Err(error) => return Err(error),
            }
        }
        let login = self.login.as_ref().ok_or(Refusal::SessionUnknown)?;
        self.engine.still(&login.caller)?;
        Ok(login.caller.clone())
    }

    async fn run(&mut self, command: &Command, given: Given<'_>) -> Outcome {
        match command.run {
            Run::Anyone(run) => run(self, given.arguments(command.parameters)?).await,
            Run::LoggedIn(run) => {
                let caller = self.caller(&given).await?;
                run(self, caller, given.arguments(command.parameters)?).await
            }
        }
    }

    async fn respond(&mut self, bytes: &[u8]) -> Answer {
        if let Some(offered) = self.offered.take()
            && request::is_ready(bytes)
        {
            return Answer { output: offered.give(&self.engine).await, ..Answer::now(Vec::new()) };
        }
        let request = Request::read(bytes);
        self.speaks_objects |= is_object(bytes);
        let Request { form, command, given } = match request {
            Ok(request) => request,
            Err(Senseless { form, why }) => {
                let output = reply::failure(&form, why);
                self.form = form;
                return Answer { worth: Worth::Nonsense, ..Answer::now(output) };
            }
        };
        self.form.clone_from(&form);
        match self.run(command, given).await {
            Ok(reply) => self.reply(form, command, reply),
            Err(complaint) => {
                Answer { worth: complaint.worth(), ..Answer::now(complaint.said(&form, command)) }
            }
        }
    }

    /// The answer to a command that was done, or begun.
    fn reply(&mut self, form: Form, command: &'static Command, reply: Reply) -> Answer {
        match reply {
            Reply::Ready(message, data) => Answer::now(reply::success(&form, &message, &data)),
            Reply::Messages(message, data, receipt) => Answer {
                written: receipt.map(|receipt| self.engine.confirmation(receipt)),
                ..Answer::now(reply::success(&form, &message, &data))
            },
            Reply::Posting(posting) => Answer {
                output: Output::Later(sent(posting, form, command).boxed()),
                ..Answer::now(Vec::new())
            },
            Reply::Take(file) => {
                let ready = reply::ready(&form, file.size);
                self.cutter.expect_contents(file.size);
                let upload = self.engine.upload(Some(&file.caller));
                self.incoming = Some(Incoming::new(file, upload, form, command));
                Answer::now(ready)
            }
            Reply::Give(found) if form == Form::Text => {
                Answer { output: found.text(), ..Answer::now(Vec::new()) }
            }
            Reply::Give(found) => {
                let (reply, offered) = found.object(form, command);
                self.offered = Some(offered);
                Answer::now(reply)
            }
            Reply::Last(message) => Answer {
                close: true,
                ..Answer::now(reply::success(&form, &message, &reply::Data::Nothing))
            },
        }
    }

    async fn hear(&mut self) -> Unasked {
        if self.offered.is_some() {
            // What the client reads next is the file.
            return std::future::pending().await;
        }
        loop {
            let Some(login) = &mut self.login else { return std::future::pending().await };
            match login.listening.next().await {
                News::Message(news) if news.session == Some(login.caller.session()) => {}
                News::Message(news) => {
                    if let Some(bytes) = notice::message(&self.form, &news) {
                        return Unasked::Say(bytes);
                    }
                }
                News::Entered(_) | News::Left(_) | News::Signal(_) => {}
                // Nothing more comes after this. A session that has ended elsewhere hears it, too.
                News::Missed if self.engine.still(&login.caller).is_err() => self.login = None,
                News::Missed => return Unasked::Close(notice::missed(&self.form)),
            }
        }
    }
}

impl Conversation for KeywordConversation {
    fn cut(&mut self, input: &mut BytesMut) -> Cut {
        self.cutter.cut(input)
    }

    /// A browser cannot send an object before its request line, which is a line here.
    fn is_suspicious(&self, request: &[u8]) -> bool {
        if is_object(request) {
            request.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
        } else {
            guard::before_login(request).is_err()
        }
    }

    fn overlaps(&self, request: &[u8]) -> bool {
        request::overlaps(request)
    }

    fn answer(&mut self, request: Bytes) -> BoxFuture<'_, Answer> {
        async move { self.respond(&request).await }.boxed()
    }

    fn awaits_contents(&self) -> bool {
        self.incoming.is_some()
    }

    fn says_nothing_unasked(&self) -> bool {
        self.incoming.is_some() || self.offered.is_some()
    }

    fn take_in(&mut self, piece: Bytes) -> BoxFuture<'_, ()> {
        async move {
            if let Some(incoming) = &mut self.incoming {
                incoming.take_in(&self.engine, piece).await;
            }
        }
        .boxed()
    }

    fn finish(&mut self) -> BoxFuture<'_, Answer> {
        async move {
            match self.incoming.take() {
                Some(incoming) => Answer::now(incoming.finish(&self.engine).await),
                None => Answer::now(Vec::new()),
            }
        }
        .boxed()
    }

    fn unasked(&mut self) -> BoxFuture<'_, Unasked> {
        self.hear().boxed()
    }

    /// Kept from the first object on, so that outputs of a connection that mixes forms stay in order.
    fn pause_between_outputs(&self) -> Option<Duration> {
        self.speaks_objects.then_some(PAUSE_BETWEEN_OBJECTS)
    }

    fn is_known(&self) -> bool {
        self.known
    }

    fn leave(&mut self) -> BoxFuture<'_, ()> {
        self.end_own().boxed()
    }

    fn farewell(&self, reason: Ending) -> Vec<u8> {
        let words = match reason {
            Ending::TooLong => wording::REQUEST_TOO_LONG,
            Ending::TooMuchBeforeLogin => wording::LOGIN_FIRST,
            Ending::TooManyErrors => wording::TOO_MANY_ERRORS,
        };
        let form =
            if self.cutter.is_in_object() { Form::Object(None) } else { self.form.of_no_command() };
        reply::failure(&form, words)
    }
}

async fn sent(posting: Posting, form: Form, command: &Command) -> Vec<u8> {
    match posting.durable().await {
        Ok(_) => reply::success(&form, wording::MESSAGE_SENT, &reply::Data::Nothing),
        Err(error) => Complaint::from(error).said(&form, command),
    }
}
