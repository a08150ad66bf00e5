//! One conversation in dialect form: who is logged in, and the way of a request from bytes to answer.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Connected, Engine, Login, Origin};
use kabar_model::{Refusal, SessionToken};
use kabar_wire::conversation::{Answer, Conversation, Cut, Ending, Unasked};

use crate::command::{self, Command, Run};
use crate::cutter::Cutter;
use crate::form::Form;
use crate::reply::{self, Complaint, Outcome};
use crate::room::{InRoom, Told};
use crate::upload::Arriving;
use crate::wording;

/// One conversation in dialect form.
pub struct FormConversation {
    pub(crate) engine: Arc<Engine>,
    pub(crate) origin: Origin,
    /// The room that was joined on this connection, with whichever session.
    pub(crate) room: Option<InRoom>,
    login: Option<Remembered>,
    known: bool,
    pub(crate) cutter: Cutter,
    /// The file whose contents are under way.
    pub(crate) arriving: Option<Box<Arriving>>,
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
        let cutter = Cutter::new(engine.settings().file_bytes_max);
        Self { engine, origin, room: None, login: None, known: false, cutter, arriving: None }
    }

    pub(crate) fn remember(&mut self, login: Login) {
        self.known = true;
        let connected = self.engine.connected(&login.caller);
        self.login =
            Some(Remembered { caller: login.caller, token: login.token, _connected: connected });
    }

    /// The token of the login on this connection.
    pub(crate) fn own_token(&self) -> Option<String> {
        self.login.as_ref().map(|login| login.token.reveal())
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
    pub(crate) async fn caller(&mut self, form: Form<'_>) -> Result<Caller, Complaint> {
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
            Run::Uploading(prepare) => self.upload_nothing(prepare, form).await,
        }
    }

    async fn respond(&mut self, request: &[u8]) -> Answer {
        let Some((command, form)) = command::find(request) else { return self.unknown() };
        let outcome = self.run(command, form).await;
        self.answer_to(command, form, outcome)
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
        async move {
            if !self.cutter.is_in_contents() {
                return self.respond(&request).await;
            }
            self.begin_upload(&request).await;
            Answer::now(Vec::new())
        }
        .boxed()
    }

    fn awaits_contents(&self) -> bool {
        self.cutter.is_in_contents()
    }

    fn take_in(&mut self, piece: Bytes) -> BoxFuture<'_, ()> {
        async move {
            if let Some(arriving) = &mut self.arriving {
                arriving.take_in(piece).await;
            }
        }
        .boxed()
    }

    fn finish(&mut self) -> BoxFuture<'_, Answer> {
        self.finish_upload().boxed()
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
