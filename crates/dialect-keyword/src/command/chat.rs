//! `CHAT-PRIVATE-SEND`, `CHAT-GROUP-SEND`, `CHAT-PRIVATE-GET`, `CHAT-GROUP-GET`.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Inbox};
use kabar_model::{Address, Body, Refusal};

use super::{Command, Parameter, Run};
use crate::arguments::Arguments;
use crate::reply::{Data, Outcome, Reply};
use crate::session::KeywordConversation;
use crate::wording;

pub(super) const PRIVATE_SEND: Command = Command {
    name: "CHAT-PRIVATE-SEND",
    also: &["MSG-PRIVATE-SEND"],
    parameters: &[Parameter::word("USER", "p_username"), Parameter::rest("TEXT", "message")],
    summary: "send a text to somebody",
    overlaps: true,
    run: Run::LoggedIn(private_send),
};

pub(super) const GROUP_SEND: Command = Command {
    name: "CHAT-GROUP-SEND",
    also: &["MSG-GROUP-SEND"],
    parameters: &[Parameter::word("CODE", "code"), Parameter::rest("TEXT", "message")],
    summary: "send a text to a group",
    overlaps: true,
    run: Run::LoggedIn(group_send),
};

pub(super) const PRIVATE_GET: Command = Command {
    name: "CHAT-PRIVATE-GET",
    also: &["MSG-PRIVATE-GET"],
    parameters: &[Parameter::word("USER", "p_username")],
    summary: "read what is new with somebody",
    overlaps: false,
    run: Run::LoggedIn(private_get),
};

pub(super) const GROUP_GET: Command = Command {
    name: "CHAT-GROUP-GET",
    also: &["MSG-GROUP-GET"],
    parameters: &[Parameter::rest("CODE", "code")],
    summary: "read what is new in a group",
    overlaps: false,
    run: Run::LoggedIn(group_get),
};

fn private_send(
    session: &mut KeywordConversation,
    caller: Caller,
    mut args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let to = person(args.take()?)?;
        let body = Body::parse(&args.take()?)?;
        Ok(Reply::Posting(session.engine.send(&caller, &[to], body).await?))
    }
    .boxed()
}

fn group_send(
    session: &mut KeywordConversation,
    caller: Caller,
    mut args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let group = args.take()?;
        let body = Body::parse(&args.take()?)?;
        Ok(Reply::Posting(session.engine.send_to_group(&caller, &group, body).await?))
    }
    .boxed()
}

fn private_get(
    session: &mut KeywordConversation,
    caller: Caller,
    mut args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let other = person(args.take()?)?;
        let engine = &session.engine;
        let inbox = if args.unread_only {
            engine.unread_with(&caller, &other).await?
        } else {
            engine.recent_with(&caller, &other).await?
        };
        Ok(chat(inbox))
    }
    .boxed()
}

fn group_get(
    session: &mut KeywordConversation,
    caller: Caller,
    mut args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let group = args.take()?;
        let engine = &session.engine;
        let inbox = if args.unread_only {
            engine.unread_in_group(&caller, &group).await?
        } else {
            engine.recent_in_group(&caller, &group).await?
        };
        Ok(chat(inbox))
    }
    .boxed()
}

fn chat(inbox: Inbox) -> Reply {
    Reply::Messages(wording::messages(inbox.items.len()), Data::Chat(inbox.items), inbox.receipt)
}

pub(super) fn person(name: String) -> Result<Address, Refusal> {
    // A name that no account can have is the name of no account.
    Address::parse(&name).map_err(|_| Refusal::ReceiverUnknown(vec![name]))
}
