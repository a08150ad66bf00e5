//! `auth`: logs in.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_model::{Password, Refusal, Username};

use super::{Command, Run};
use crate::form::Form;
use crate::reply::{Outcome, Reply, ok};
use crate::session::FormConversation;
use crate::wording;

pub(super) const COMMAND: Command = Command {
    name: "auth",
    also: &[],
    usage: "auth username=USER&password=PASSWORD",
    summary: "log in; answers with the session's token",
    overlaps: false,
    run: Run::Anyone(run),
};

fn run<'a>(session: &'a mut FormConversation, form: Form<'a>) -> BoxFuture<'a, Outcome> {
    async move {
        let (username, password) = (form.need("username")?, form.need("password")?);
        // A name that no account can have is the name of no account.
        let username = Username::parse(&username).map_err(|_| Refusal::UserUnknown)?;
        let password = Password::parse(&password)?;
        let login = session.engine.login(session.origin, &username, password).await?;
        let token = login.token.reveal();
        session.remember(login);
        Ok(Reply::Ready(ok(|o| {
            o.text("tokenid", &token);
            o.text("session", &token);
            o.text("message", &wording::logged_in(username.as_str()));
        })))
    }
    .boxed()
}
