//! `sendfile`, `sendgroupfile`, `getfile`.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Destination};
use kabar_model::{Address, FileName, Refusal};

use super::{Command, Run, Upload};
use crate::reply::{Complaint, Outcome, Reply};
use crate::session::LineConversation;
use crate::words::Words;

pub(super) const SEND: Command = Command {
    name: "sendfile",
    usage: "sendfile [TOKEN] USER FILENAME BASE64",
    summary: "send a file to somebody",
    overlaps: false,
    closes: false,
    run: Run::Upload(Upload { words: 2, wish: to_person }),
};

pub(super) const SEND_TO_GROUP: Command = Command {
    name: "sendgroupfile",
    usage: "sendgroupfile [TOKEN] GROUP FILENAME BASE64",
    summary: "send a file to a group; one with spaces in its name by its code",
    overlaps: false,
    closes: false,
    run: Run::Upload(Upload { words: 2, wish: to_group }),
};

pub(super) const GET: Command = Command {
    name: "getfile",
    usage: "getfile [TOKEN] CODE",
    summary: "fetch a file, by code or name",
    overlaps: false,
    closes: false,
    run: Run::LoggedIn(get),
};

/// Where a file goes, to one at least, and what it is called.
pub(crate) type Wish = Result<(Vec<Destination>, FileName), Complaint>;

fn to_person<'a>(
    session: &'a mut LineConversation,
    _caller: &'a Caller,
    mut words: Words<'a>,
) -> BoxFuture<'a, Wish> {
    async move {
        let (Some(receiver), Some(name)) = (words.take(), words.take()) else {
            return Err(Complaint::Usage);
        };
        // A name that no account can have is the name of no account.
        let to = Address::parse(receiver)
            .map_err(|_| Refusal::ReceiverUnknown(vec![receiver.to_owned()]))?;
        let name = FileName::clean(name)?;
        Ok((vec![session.engine.to_person(&to).await?], name))
    }
    .boxed()
}

fn to_group<'a>(
    session: &'a mut LineConversation,
    caller: &'a Caller,
    mut words: Words<'a>,
) -> BoxFuture<'a, Wish> {
    async move {
        let (Some(group), Some(name)) = (words.take(), words.take()) else {
            return Err(Complaint::Usage);
        };
        let name = FileName::clean(name)?;
        Ok((vec![session.engine.to_group(caller, group).await?], name))
    }
    .boxed()
}

fn get<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let code_or_name = words.rest().ok_or(Complaint::Usage)?;
        let file = session.engine.file(&caller, code_or_name).await?;
        let contents = session.engine.contents(&file).await?;
        Ok(Reply::File(file, contents))
    }
    .boxed()
}
