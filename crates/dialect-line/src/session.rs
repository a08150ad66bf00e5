//! One conversation in dialect line: who is logged in, and the way of a line from bytes to answer.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Connected, Engine, Error, Login, Origin};
use kabar_model::{Refusal, SessionToken};
use kabar_wire::base64;
use kabar_wire::conversation::{Answer, Conversation, Cut, Ending, Output, Worth};
use tracing::error;
use uuid::Uuid;

use crate::command::{self, Command, Run, Upload};
use crate::cutter::Cutter;
use crate::incoming::Incoming;
use crate::profile::Profile;
use crate::reply::{self, Complaint, Outcome, Reply};
use crate::wording::{self, Text};
use crate::words::Words;

/// The longest line, without its end.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// One conversation in dialect line.
pub struct LineConversation {
    pub(crate) engine: Arc<Engine>,
    pub(crate) profile: Profile,
    pub(crate) origin: Origin,
    login: Option<Remembered>,
    known: bool,
    cutter: Cutter,
    /// The file whose contents are coming, or why it is refused once they have come.
    incoming: Option<(&'static Command, Result<Incoming, Complaint>)>,
}

/// The session of the login that succeeded on this connection.
struct Remembered {
    caller: Caller,
    token: SessionToken,
    _connected: Connected,
}

impl LineConversation {
    /// A conversation that has just begun.
    pub fn new(engine: Arc<Engine>, profile: Profile, origin: Origin) -> Self {
        let cutter = Cutter::new(engine.settings().file_bytes_max);
        Self { engine, profile, origin, login: None, known: false, cutter, incoming: None }
    }

    pub(crate) fn remember(&mut self, login: Login) {
        self.known = true;
        let connected = self.engine.connected(&login.caller);
        self.login =
            Some(Remembered { caller: login.caller, token: login.token, _connected: connected });
    }

    /// Forgets the connection's session if it is that one.
    pub(crate) fn forget(&mut self, ended: &Caller) {
        self.login.take_if(|login| login.caller.session() == ended.session());
        self.known = self.login.is_some();
    }

    /// The token of the connection's own session.
    pub(crate) fn own_token(&self) -> Option<SessionToken> {
        self.login.as_ref().map(|login| login.token)
    }

    /// Who speaks: the session whose token comes first, else the connection's own.
    async fn caller(&mut self, words: &mut Words<'_>) -> Result<Caller, Error> {
        if let Some(token) = words.peek().and_then(SessionToken::parse) {
            words.take();
            let caller = self.engine.resume(token).await?;
            self.known = true;
            return Ok(caller);
        }
        let login = self.login.as_ref().ok_or(kabar_model::Refusal::SessionUnknown)?;
        self.engine.still(&login.caller)?;
        Ok(login.caller.clone())
    }

    async fn run(&mut self, command: &Command, mut words: Words<'_>) -> Outcome {
        match command.run {
            Run::Anyone(run) => run(self, words).await,
            Run::LoggedIn(run) => {
                let caller = self.caller(&mut words).await?;
                run(self, caller, words).await
            }
            Run::Upload(upload) => {
                let caller = self.caller(&mut words).await?;
                (upload.wish)(self, &caller, words).await?;
                // It is a wish, but nothing was sent with it.
                Err(Refusal::FileUnknown.into())
            }
        }
    }

    /// Begins to take in a file.
    async fn begin(&mut self, command: &'static Command, mut words: Words<'_>) {
        let begun = async {
            let Run::Upload(Upload { wish, .. }) = command.run else {
                return Err(Complaint::Usage);
            };
            let caller = self.caller(&mut words).await?;
            let (to, name) = wish(self, &caller, words).await?;
            let upload = self.engine.upload(Some(&caller));
            Ok(Incoming { caller, to, name, upload })
        };
        let begun = begun.await;
        self.incoming = Some((command, begun));
    }

    /// Answers a file once its contents have come.
    async fn file_has_come(&mut self) -> Answer {
        let was_base64 = self.cutter.end_contents();
        let Some((command, incoming)) = self.incoming.take() else {
            return Answer::now(reply::error(Text::UnknownCommand.words(self.profile)));
        };
        let sent = async {
            let incoming = incoming?;
            if !was_base64 {
                return Err(Complaint::Usage);
            }
            Ok(incoming.send(&self.engine).await?)
        };
        match sent.await {
            Ok(sent) => Answer::now(reply::ok(|o| {
                o.text("message", Text::FileSent.words(self.profile));
                o.text("file_code", &sent.file.code.to_string());
            })),
            Err(complaint) => self.complaint(command, &complaint),
        }
    }

    fn complaint(&self, command: &Command, complaint: &Complaint) -> Answer {
        let worth = match complaint {
            Complaint::Usage => Worth::Nonsense,
            Complaint::Error(_) | Complaint::AmongReceivers(_) | Complaint::GroupUnknownToJoin => {
                Worth::Sense
            }
        };
        Answer {
            worth,
            close: command.closes && worth == Worth::Sense,
            ..Answer::now(complain(self.profile, command, complaint))
        }
    }

    async fn respond(&mut self, line: &[u8]) -> Answer {
        let profile = self.profile;
        let nonsense = |text: Text| Answer {
            worth: Worth::Nonsense,
            ..Answer::now(reply::error(text.words(profile)))
        };
        let Ok(line) = std::str::from_utf8(line) else { return nonsense(Text::NotUtf8) };
        let mut words = Words::new(line);
        let Some(command) = words.take().and_then(command::named) else {
            return nonsense(Text::UnknownCommand);
        };
        if self.cutter.awaits_contents() {
            self.begin(command, words).await;
            return Answer::now(Vec::new());
        }
        match self.run(command, words).await {
            Ok(Reply::Ready(bytes)) => Answer::now(bytes),
            Ok(Reply::Last(bytes)) => Answer { close: true, ..Answer::now(bytes) },
            Ok(Reply::Inbox(bytes, receipt)) => {
                let written = receipt.map(|receipt| self.engine.confirmation(receipt));
                Answer { written, ..Answer::now(bytes) }
            }
            Ok(Reply::Posting(posting)) => {
                let durable = async move {
                    match posting.durable().await {
                        Ok(_) => reply::ok(|o| o.text("message", Text::MessageSent.words(profile))),
                        Err(error) => complain(profile, command, &error.into()),
                    }
                };
                Answer { output: Output::Later(durable.boxed()), ..Answer::now(Vec::new()) }
            }
            Ok(Reply::File(file, contents)) => {
                let (before, after) = reply::around_contents(&file);
                let pieces = base64::encoded(before, contents, after);
                Answer { output: Output::Pieces(pieces), ..Answer::now(Vec::new()) }
            }
            Err(complaint) => self.complaint(command, &complaint),
        }
    }
}

impl Conversation for LineConversation {
    fn cut(&mut self, input: &mut BytesMut) -> Cut {
        self.cutter.cut(input)
    }

    fn awaits_contents(&self) -> bool {
        self.cutter.awaits_contents()
    }

    fn take_in(&mut self, piece: Bytes) -> BoxFuture<'_, ()> {
        async move {
            let Some((_, Ok(incoming))) = &mut self.incoming else { return };
            if let Err(error) = incoming.upload.write(piece).await
                && let Some((_, outcome)) = &mut self.incoming
            {
                *outcome = Err(error.into());
            }
        }
        .boxed()
    }

    fn finish(&mut self) -> BoxFuture<'_, Answer> {
        self.file_has_come().boxed()
    }

    fn overlaps(&self, request: &[u8]) -> bool {
        let word = request.trim_ascii_start().split(|&byte| byte == b' ').next();
        let word = word.and_then(|word| std::str::from_utf8(word).ok());
        word.and_then(command::named).is_some_and(|command| command.overlaps)
    }

    fn answer(&mut self, request: Bytes) -> BoxFuture<'_, Answer> {
        async move { self.respond(&request).await }.boxed()
    }

    fn is_known(&self) -> bool {
        self.known
    }

    fn farewell(&self, reason: Ending) -> Vec<u8> {
        let text = match reason {
            Ending::TooLong => Text::LineTooLong,
            Ending::TooMuchBeforeLogin => Text::LoginFirst,
            Ending::TooManyErrors => Text::TooManyErrors,
        };
        reply::error(text.words(self.profile))
    }
}

/// What is answered to what is no command.
pub fn not_understood(profile: Profile) -> Vec<u8> {
    reply::error(Text::UnknownCommand.words(profile))
}

fn complain(profile: Profile, command: &Command, complaint: &Complaint) -> Vec<u8> {
    let message = match complaint {
        Complaint::Usage => Text::Usage.say(profile, command.usage),
        Complaint::AmongReceivers(names) => {
            format!("{}: {}", Text::ReceiverUnknown.words(profile), names.join(", "))
        }
        Complaint::GroupUnknownToJoin => Text::GroupUnknownToJoin.words(profile).to_owned(),
        Complaint::Error(Error::Refused(refusal)) => {
            wording::refusal(refusal, profile, command.usage)
        }
        Complaint::Error(Error::Failed(cause)) => {
            let incident = Uuid::new_v4().simple().to_string()[..8].to_owned();
            error!(%incident, command = command.name, %cause, "a request failed");
            Text::Failure.say(profile, &incident)
        }
    };
    reply::error(&message)
}
