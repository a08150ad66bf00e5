//! `register USER PASSWORD COUNTRY [NAME]`: makes an account and logs in.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Registration;
use kabar_model::{Country, DisplayName, Password, Username};

use super::{Command, Run, auth};
use crate::reply::{Complaint, Outcome};
use crate::session::LineConversation;
use crate::words::Words;

pub(super) const COMMAND: Command = Command {
    name: "register",
    usage: "register USER PASSWORD COUNTRY [NAME]",
    summary: "make an account and log in; _ in NAME reads as a space",
    overlaps: false,
    closes: false,
    run: Run::Anyone(run),
};

fn run<'a>(session: &'a mut LineConversation, mut words: Words<'a>) -> BoxFuture<'a, Outcome> {
    async move {
        let (Some(username), Some(password), Some(country)) =
            (words.take(), words.take(), words.take())
        else {
            return Err(Complaint::Usage);
        };
        let name = words.rest().map(|name| DisplayName::parse(&name.replace('_', " ")));
        let wish = Registration {
            username: Username::parse(username)?,
            password: Password::parse(password)?,
            name: name.transpose()?,
            country: Some(Country::parse(country)?),
            invitation: None,
        };
        let login = session.engine.register(session.origin, wish).await?;
        Ok(auth::logged_in(session, login))
    }
    .boxed()
}
