//! `addgroup`, `joingroup`, `leavegroup`, `getgroups`, `sendgroup`.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Error};
use kabar_model::{Body, GroupName, Refusal, Visibility};

use super::{Command, Run};
use crate::reply::{Complaint, Outcome, Reply, ok};
use crate::session::LineConversation;
use crate::wording::Text;
use crate::words::Words;

pub(super) const ADD: Command = Command {
    name: "addgroup",
    usage: "addgroup [TOKEN] NAME",
    summary: "make a public group",
    overlaps: false,
    closes: false,
    run: Run::LoggedIn(add),
};

pub(super) const JOIN: Command = Command {
    name: "joingroup",
    usage: "joingroup [TOKEN] GROUP",
    summary: "join a group, by name or code",
    overlaps: false,
    closes: false,
    run: Run::LoggedIn(join),
};

pub(super) const LEAVE: Command = Command {
    name: "leavegroup",
    usage: "leavegroup [TOKEN] GROUP",
    summary: "leave a group",
    overlaps: false,
    closes: false,
    run: Run::LoggedIn(leave),
};

pub(super) const LIST: Command = Command {
    name: "getgroups",
    usage: "getgroups [TOKEN]",
    summary: "your groups and the public ones",
    overlaps: false,
    closes: false,
    run: Run::LoggedIn(list),
};

pub(super) const SEND: Command = Command {
    name: "sendgroup",
    usage: "sendgroup [TOKEN] GROUP TEXT",
    summary: "send a text to a group; one with spaces in its name by its code",
    overlaps: true,
    closes: false,
    run: Run::LoggedIn(send),
};

fn add<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let name = GroupName::parse(words.rest().ok_or(Complaint::Usage)?)?;
        let group = session.engine.create_group(&caller, name, Visibility::Public).await?;
        Ok(Reply::Ready(ok(|o| {
            o.text("message", Text::GroupAdded.words(session.profile));
            o.text("code", &group.code.to_string());
        })))
    }
    .boxed()
}

fn join<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let group = words.rest().ok_or(Complaint::Usage)?;
        match session.engine.join_group(&caller, group).await {
            Ok(_) => Ok(Reply::text(session.profile, Text::GroupJoined)),
            Err(Error::Refused(Refusal::GroupUnknown)) => Err(Complaint::GroupUnknownToJoin),
            Err(error) => Err(error.into()),
        }
    }
    .boxed()
}

fn leave<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let group = words.rest().ok_or(Complaint::Usage)?;
        session.engine.leave_group(&caller, group).await?;
        Ok(Reply::text(session.profile, Text::GroupLeft))
    }
    .boxed()
}

fn list<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        if words.rest().is_some() {
            return Err(Complaint::Usage);
        }
        let groups = session.engine.visible_groups(&caller).await?;
        Ok(Reply::Ready(ok(|o| {
            o.list("messages", |list| {
                for listed in &groups {
                    list.object(|o| {
                        o.text("name", listed.group.name.as_str());
                        o.text("code", &listed.group.code.to_string());
                        o.number("members", listed.members);
                        o.boolean("joined", listed.joined);
                    });
                }
            });
        })))
    }
    .boxed()
}

fn send<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    mut words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let (Some(group), Some(text)) = (words.take(), words.rest()) else {
            return Err(Complaint::Usage);
        };
        let body = Body::parse(text)?;
        Ok(Reply::Posting(session.engine.send_to_group(&caller, group, body).await?))
    }
    .boxed()
}
