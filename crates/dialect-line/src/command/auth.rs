//! `auth USER PASSWORD`: logs in.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Login;
use kabar_model::{Password, Refusal, Username};

use super::{Command, Run};
use crate::reply::{Complaint, Outcome, Reply, ok};
use crate::session::LineConversation;
use crate::words::Words;

pub(super) const COMMAND: Command = Command {
    name: "auth",
    usage: "auth USER PASSWORD",
    summary: "log in; answers with the session's token",
    overlaps: false,
    closes: false,
    run: Run::Anyone(run),
};

fn run<'a>(session: &'a mut LineConversation, mut words: Words<'a>) -> BoxFuture<'a, Outcome> {
    async move {
        let (Some(username), Some(password), None) = (words.take(), words.take(), words.take())
        else {
            return Err(Complaint::Usage);
        };
        // A name that no account can have is the name of no account.
        let username = Username::parse(username).map_err(|_| Refusal::UserUnknown)?;
        let password = Password::parse(password)?;
        let login = session.engine.login(session.origin, &username, password).await?;
        Ok(logged_in(session, login))
    }
    .boxed()
}

/// Remembers the session and tells its token, under both names that clients look for.
pub(super) fn logged_in(session: &mut LineConversation, login: Login) -> Reply {
    let token = login.token.reveal();
    session.remember(login);
    Reply::Ready(ok(|o| {
        o.text("tokenid", &token);
        o.text("tokenId", &token);
    }))
}
