//! `FILE-SEND-PRIVATE`, `FILE-SEND-GROUP`, `FILE-GET-PRIVATE`, `FILE-GET-GROUP`.
//!
//! What is wrong with a file to be sent is said before any of its contents comes.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Destination, Error};
use kabar_model::{Field, File, FileName, Refusal};

use super::chat::person;
use super::{Command, Parameter, Run};
use crate::arguments::Arguments;
use crate::complaint::Complaint;
use crate::reply::{Outcome, Reply};
use crate::session::KeywordConversation;
use crate::transfer::{Announced, Found};

pub(super) const SEND_PRIVATE: Command = Command {
    name: "FILE-SEND-PRIVATE",
    also: &["FILE-PRIVATE-SEND"],
    parameters: &[
        Parameter::word("USER", "p_username"),
        Parameter::word("PATH", "file_name"),
        Parameter::number("SIZE", "file_size"),
    ],
    summary: "send a file to somebody",
    overlaps: false,
    run: Run::LoggedIn(send_private),
};

pub(super) const SEND_GROUP: Command = Command {
    name: "FILE-SEND-GROUP",
    also: &["FILE-GROUP-SEND"],
    parameters: &[
        Parameter::word("CODE", "code"),
        Parameter::word("PATH", "file_name"),
        Parameter::number("SIZE", "file_size"),
    ],
    summary: "send a file to a group",
    overlaps: false,
    run: Run::LoggedIn(send_group),
};

pub(super) const GET_PRIVATE: Command = Command {
    name: "FILE-GET-PRIVATE",
    also: &["FILE-PRIVATE-GET"],
    parameters: &[Parameter::word("USER", "p_username"), Parameter::rest("FILE", "file_code")],
    summary: "get a file that you and somebody exchanged",
    overlaps: false,
    run: Run::LoggedIn(get_private),
};

pub(super) const GET_GROUP: Command = Command {
    name: "FILE-GET-GROUP",
    also: &["FILE-GROUP-GET"],
    parameters: &[Parameter::word("CODE", "code"), Parameter::rest("FILE", "file_code")],
    summary: "get a file of a group",
    overlaps: false,
    run: Run::LoggedIn(get_group),
};

fn send_private(
    session: &mut KeywordConversation,
    caller: Caller,
    mut args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let to = session.engine.to_person(&person(args.take()?)?).await?;
        take(session, caller, to, args)
    }
    .boxed()
}

fn send_group(
    session: &mut KeywordConversation,
    caller: Caller,
    mut args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let to = session.engine.to_group(&caller, &args.take()?).await?;
        take(session, caller, to, args)
    }
    .boxed()
}

fn get_private(
    session: &mut KeywordConversation,
    caller: Caller,
    mut args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let other = person(args.take()?)?;
        let file = session.engine.file_with(&caller, &other, &args.take()?).await?;
        give(session, caller, file).await
    }
    .boxed()
}

fn get_group(
    session: &mut KeywordConversation,
    caller: Caller,
    mut args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let group = args.take()?;
        let file = session.engine.file_in_group(&caller, &group, &args.take()?).await?;
        give(session, caller, file).await
    }
    .boxed()
}

fn take(
    session: &KeywordConversation,
    caller: Caller,
    to: Destination,
    mut args: Arguments,
) -> Outcome {
    let name = FileName::clean(&args.take()?)?;
    let size = args.take_number()?;
    session.engine.may_upload(size).map_err(|error| match error {
        Error::Refused(Refusal::TooLong(Field::File)) => {
            Complaint::FileTooLarge { bytes_max: session.engine.settings().file_bytes_max }
        }
        other => other.into(),
    })?;
    Ok(Reply::Take(Announced { caller, to, name, size }))
}

async fn give(session: &KeywordConversation, caller: Caller, file: File) -> Outcome {
    let contents = session.engine.contents(&file).await?;
    Ok(Reply::Give(Found { caller, file, contents }))
}
