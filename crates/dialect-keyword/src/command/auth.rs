//! `AUTH-REGISTER`, `AUTH-LOGIN`, `AUTH-LOGOUT`.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Registration};
use kabar_model::{Password, Refusal, Username};

use super::{Command, Parameter, Run};
use crate::arguments::Arguments;
use crate::complaint::Complaint;
use crate::reply::{Data, Outcome, Reply};
use crate::session::KeywordConversation;
use crate::wording;

pub(super) const REGISTER: Command = Command {
    name: "AUTH-REGISTER",
    also: &[],
    parameters: &[
        Parameter::word("USER", "username"),
        Parameter::word("PASSWORD", "password"),
        Parameter::word("PASSWORD", "password-confirm"),
    ],
    summary: "make an account",
    overlaps: false,
    run: Run::Anyone(register),
};

pub(super) const LOGIN: Command = Command {
    name: "AUTH-LOGIN",
    also: &[],
    parameters: &[Parameter::word("USER", "username"), Parameter::word("PASSWORD", "password")],
    summary: "log in",
    overlaps: false,
    run: Run::Anyone(login),
};

pub(super) const LOGOUT: Command = Command {
    name: "AUTH-LOGOUT",
    also: &[],
    parameters: &[],
    summary: "end the session",
    overlaps: false,
    run: Run::LoggedIn(logout),
};

fn register(session: &mut KeywordConversation, mut args: Arguments) -> BoxFuture<'_, Outcome> {
    async move {
        let (username, password, again) = (args.take()?, args.take()?, args.take()?);
        if password != again {
            return Err(Complaint::PasswordsDiffer);
        }
        let wish = Registration {
            username: Username::parse(&username)?,
            password: Password::parse(&password)?,
            name: None,
            country: None,
            invitation: None,
        };
        // COMPAT(seed 001): its clients log in of their own accord.
        session.engine.create_account(session.origin, wish).await?;
        Ok(Reply::sentence(wording::REGISTERED))
    }
    .boxed()
}

fn login(session: &mut KeywordConversation, mut args: Arguments) -> BoxFuture<'_, Outcome> {
    async move {
        let (username, password) = (args.take()?, args.take()?);
        // A name that no account can have is the name of no account.
        let username = Username::parse(&username).map_err(|_| Refusal::UserUnknown)?;
        let password = Password::parse(&password)?;
        let login = session.engine.login(session.origin, &username, password).await?;
        let token = login.token.reveal();
        session.end_own().await;
        session.remember(login.caller, login.token);
        Ok(Reply::Ready(wording::LOGGED_IN.to_owned(), Data::Token(token)))
    }
    .boxed()
}

fn logout(
    session: &mut KeywordConversation,
    caller: Caller,
    _args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        session.engine.logout(&caller).await?;
        session.forget();
        Ok(Reply::sentence(wording::LOGGED_OUT))
    }
    .boxed()
}
