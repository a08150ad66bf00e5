//! `GROUP-CREATE`, `GROUP-GET`, `GROUP-JOIN`, `GROUP-EXIT`, `GROUP-INVITE`.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Caller;
use kabar_model::{GroupName, Visibility};

use super::{Command, Parameter, Run};
use crate::arguments::Arguments;
use crate::reply::{Data, Outcome, Reply};
use crate::session::KeywordConversation;
use crate::wording;

pub(super) const CREATE: Command = Command {
    name: "GROUP-CREATE",
    also: &[],
    parameters: &[Parameter::rest("NAME", "group_name")],
    summary: "make a private group",
    overlaps: false,
    run: Run::LoggedIn(create),
};

pub(super) const GET: Command = Command {
    name: "GROUP-GET",
    also: &[],
    parameters: &[],
    summary: "your groups",
    overlaps: false,
    run: Run::LoggedIn(get),
};

pub(super) const JOIN: Command = Command {
    name: "GROUP-JOIN",
    also: &[],
    parameters: &[Parameter::rest("CODE", "code")],
    summary: "join a group",
    overlaps: false,
    run: Run::LoggedIn(join),
};

pub(super) const EXIT: Command = Command {
    name: "GROUP-EXIT",
    also: &[],
    parameters: &[Parameter::rest("CODE", "code")],
    summary: "leave a group",
    overlaps: false,
    run: Run::LoggedIn(exit),
};

pub(super) const INVITE: Command = Command {
    name: "GROUP-INVITE",
    also: &[],
    parameters: &[Parameter::word("CODE", "code"), Parameter::several("USER...", "user_list")],
    summary: "add people to a group of which you are an admin",
    overlaps: false,
    run: Run::LoggedIn(invite),
};

fn create(
    session: &mut KeywordConversation,
    caller: Caller,
    mut args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let name = GroupName::parse(&args.take()?)?;
        let group = session.engine.create_group(&caller, name, Visibility::Private).await?;
        Ok(Reply::Ready(wording::GROUP_CREATED.to_owned(), Data::Group(group)))
    }
    .boxed()
}

fn get(
    session: &mut KeywordConversation,
    caller: Caller,
    _args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let groups = session.engine.joined_groups(&caller).await?;
        Ok(Reply::Ready(wording::groups(groups.len()), Data::Groups(groups)))
    }
    .boxed()
}

fn join(
    session: &mut KeywordConversation,
    caller: Caller,
    mut args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        session.engine.join_group(&caller, &args.take()?).await?;
        Ok(Reply::sentence(wording::GROUP_JOINED))
    }
    .boxed()
}

fn exit(
    session: &mut KeywordConversation,
    caller: Caller,
    mut args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        session.engine.leave_group(&caller, &args.take()?).await?;
        Ok(Reply::sentence(wording::GROUP_LEFT))
    }
    .boxed()
}

fn invite(
    session: &mut KeywordConversation,
    caller: Caller,
    mut args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let group = args.take()?;
        let joined = session.engine.invite(&caller, &group, &args.several).await?;
        let people = args.several.into_iter().zip(joined).collect();
        Ok(Reply::Ready(wording::MEMBERS_ADDED.to_owned(), Data::Invited(people)))
    }
    .boxed()
}
