//! One conversation in dialect form: who is logged in, and the way of a request from bytes to answer.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Connected, Engine, Error, Login, Origin, Posting, Receipt};
use kabar_model::{Refusal, SessionToken};
use kabar_wire::conversation::{Answer, Conversation, Cut, Ending, Output, Unasked, Worth};
use tracing::error;
use uuid::Uuid;

use crate::command::{self, Command, Run};
use crate::cutter::Cutter;
use crate::form::Form;
use crate::reply::{self, Complaint, Outcome, Reply};
use crate::room::{InRoom, Told};
use crate::wording::{self, Subject};

/// One conversation in dialect form.
pub struct FormConversation {
    pub(crate) engine: Arc<Engine>,
    pub(crate) origin: Origin,
    /// The room that was joined on this connection, with whichever session.
    pub(crate) room: Option<InRoom>,
    login: Option<Remembered>,
    known: bool,
    cutter: Cutter,
}

/// The session of the login that succeeded on this connection.
struct Remembered {
    caller: Caller,
    token: SessionToken,
    _connected: Connected,
}

impl FormConversation {
    /// A conversation that has just begun.
    pub fn new(engine: Arc<Engine>, origin: Origin) -> Self {
        Self { engine, origin, room: None, login: None, known: false, cutter: Cutter::new() }
    }

    pub(crate) fn remember(&mut self, login: Login) {
        self.known = true;
        let connected = self.engine.connected(&login.caller);
        self.login =
            Some(Remembered { caller: login.caller, token: login.token, _connected: connected });
    }

    /// Forgets all of a session that has ended.
    pub(crate) fn forget(&mut self, ended: &Caller) {
        self.forget_room(ended);
        self.login.take_if(|login| login.caller.session() == ended.session());
        self.known = self.login.is_some();
    }

    /// Forgets the room that a session has left.
    pub(crate) fn forget_room(&mut self, left: &Caller) {
        self.room.take_if(|room| room.is_of(left));
    }

    /// Who speaks: the session that the form names, else the connection's own.
    async fn caller(&mut self, form: Form<'_>) -> Result<Caller, Complaint> {
        if let Some(shown) = form.text("session")? {
            let token = SessionToken::parse(&shown).ok_or(Refusal::SessionUnknown)?;
            let caller = self.engine.resume(token).await?;
            self.known = true;
            return Ok(caller);
        }
        let login = self.login.as_ref().ok_or(Complaint::MissingKey("session"))?;
        self.engine.still(&login.caller)?;
        Ok(login.caller.clone())
    }

    async fn run(&mut self, command: &Command, form: Form<'_>) -> Outcome {
        match command.run {
            Run::Anyone(run) => run(self, form).await,
            Run::LoggedIn(run) => {
                let caller = self.caller(form).await?;
                run(self, caller, form).await
            }
        }
    }

    async fn respond(&mut self, request: &[u8]) -> Answer {
        let framing = self.cutter.framing();
        let Some((command, form)) = command::find(request) else {
            let bytes = framing.seal(reply::error(wording::UNKNOWN_COMMAND));
            return Answer { worth: Worth::Nonsense, ..Answer::now(bytes) };
        };
        match self.run(command, form).await {
            Ok(Reply::Ready(object)) => Answer::now(framing.seal(object)),
            Ok(Reply::Inbox(object, receipt)) => Answer {
                written: receipt.map(|receipt| self.confirmation(receipt)),
                ..Answer::now(framing.seal(object))
            },
            Ok(Reply::Posting(posting, object)) => {
                let subject = self.subject(form);
                let durable =
                    async move { framing.seal(accepted(posting, object, command, &subject).await) };
                Answer { output: Output::Later(durable.boxed()), ..Answer::now(Vec::new()) }
            }
            Err(complaint) => {
                let object = complain(command, &self.subject(form), &complaint);
                Answer { worth: worth(&complaint), ..Answer::now(framing.seal(object)) }
            }
        }
    }

    fn confirmation(&self, receipt: Receipt) -> BoxFuture<'static, ()> {
        let engine = Arc::clone(&self.engine);
        async move {
            if let Err(error) = engine.confirm(receipt).await {
                error!(%error, "messages that were read stay unread");
            }
        }
        .boxed()
    }

    /// What a request speaks of, for the wording of its refusal.
    fn subject(&self, form: Form<'_>) -> Subject {
        let text = |key| form.text(key).ok().flatten();
        let own = || self.login.as_ref().map(|login| login.token.reveal());
        Subject {
            username: text("username").unwrap_or_default(),
            session: text("session").or_else(own).unwrap_or_default(),
            file: text("filename").unwrap_or_default(),
        }
    }

    async fn hear(&mut self) -> Unasked {
        let framing = self.cutter.framing();
        loop {
            let Some(room) = &mut self.room else { return std::future::pending().await };
            match room.next().await {
                Told::Push(object) => return Unasked::Say(framing.seal(object)),
                Told::NoMore if room.lasts(&self.engine) => {
                    return Unasked::Close(framing.seal(reply::error(wording::MISSED)));
                }
                Told::NoMore => self.room = None,
            }
        }
    }
}

impl Conversation for FormConversation {
    fn cut(&mut self, input: &mut BytesMut) -> Cut {
        self.cutter.cut(input)
    }

    fn cut_quiet(&mut self, input: &mut BytesMut) -> Cut {
        self.cutter.cut_quiet(input)
    }

    fn overlaps(&self, request: &[u8]) -> bool {
        command::find(request).is_some_and(|(command, _)| command.overlaps)
    }

    fn answer(&mut self, request: Bytes) -> BoxFuture<'_, Answer> {
        async move { self.respond(&request).await }.boxed()
    }

    fn unasked(&mut self) -> BoxFuture<'_, Unasked> {
        self.hear().boxed()
    }

    fn is_known(&self) -> bool {
        self.known
    }

    fn farewell(&self, reason: Ending) -> Vec<u8> {
        let words = match reason {
            Ending::TooLong => wording::REQUEST_TOO_LONG,
            Ending::TooMuchBeforeLogin => wording::LOGIN_FIRST,
            Ending::TooManyErrors => wording::TOO_MANY_ERRORS,
        };
        self.cutter.framing().seal(reply::error(words))
    }
}

/// The success once it is one.
async fn accepted(
    posting: Posting,
    success: Vec<u8>,
    command: &Command,
    subject: &Subject,
) -> Vec<u8> {
    match posting.durable().await {
        Ok(_) => success,
        Err(error) => complain(command, subject, &error.into()),
    }
}

fn worth(complaint: &Complaint) -> Worth {
    match complaint {
        Complaint::MissingKey(_) | Complaint::NotUtf8(_) => Worth::Nonsense,
        Complaint::Error(_) => Worth::Sense,
    }
}

fn complain(command: &Command, subject: &Subject, complaint: &Complaint) -> Vec<u8> {
    let reason = match complaint {
        Complaint::MissingKey(key) => wording::missing_key(key),
        Complaint::NotUtf8(key) => wording::not_utf8(key),
        Complaint::Error(Error::Refused(refusal)) => wording::refusal(refusal, subject),
        Complaint::Error(Error::Failed(cause)) => {
            let incident = Uuid::new_v4().simple().to_string()[..8].to_owned();
            error!(%incident, command = command.name, %cause, "a request failed");
            wording::failed(&incident)
        }
    };
    reply::error(&reason)
}
