//! `logout [TOKEN]`, and `exit` or `quit`: ends a session.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Caller;
use kabar_model::{Refusal, SessionToken};

use super::{Command, Run};
use crate::profile::Profile;
use crate::reply::{Complaint, Outcome, Reply, ok};
use crate::session::LineConversation;
use crate::wording::Text;
use crate::words::Words;

pub(super) const LOGOUT: Command = Command {
    name: "logout",
    usage: "logout [TOKEN]",
    summary: "end the session",
    overlaps: false,
    closes: false,
    run: Run::Anyone(logout),
};

pub(super) const EXIT: Command = Command {
    name: "exit",
    usage: "exit",
    summary: "end the session and the connection",
    overlaps: false,
    closes: true,
    run: Run::Anyone(exit),
};

pub(super) const QUIT: Command = Command { name: "quit", usage: "quit", ..EXIT };

fn logout<'a>(session: &'a mut LineConversation, mut words: Words<'a>) -> BoxFuture<'a, Outcome> {
    async move {
        let shown = words.peek().and_then(SessionToken::parse);
        if shown.is_some() {
            words.take();
        }
        if words.rest().is_some() {
            return Err(Complaint::Usage);
        }
        let bytes = end(session, shown).await?;
        Ok(Reply::Ready(bytes))
    }
    .boxed()
}

fn exit<'a>(session: &'a mut LineConversation, words: Words<'a>) -> BoxFuture<'a, Outcome> {
    async move {
        if words.rest().is_some() {
            return Err(Complaint::Usage);
        }
        let bytes = end(session, None).await?;
        Ok(Reply::Last(bytes))
    }
    .boxed()
}

/// Ends the session of the token that was shown, else the connection's own.
async fn end(
    session: &mut LineConversation,
    shown: Option<SessionToken>,
) -> Result<Vec<u8>, Complaint> {
    let token = shown.or(session.own_token()).ok_or(Refusal::SessionUnknown)?;
    let caller: Caller = session.engine.resume(token).await?;
    session.engine.logout(&caller).await?;
    session.forget(&caller);
    let words = Text::LoggedOut.words(session.profile);
    Ok(match session.profile {
        Profile::LineEn => ok(|o| o.text("messages", words)),
        // COMPAT(seed 003): its clients print the token that ended.
        Profile::LineId => ok(|o| o.text("message", &token.reveal())),
        Profile::Realm => ok(|o| o.text("message", words)),
    })
}
