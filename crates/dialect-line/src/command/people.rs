//! `list`, `show`, `info [TOKEN]`: who is active.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Caller;
use kabar_model::User;

use super::{Command, Run};
use crate::reply::{Complaint, Outcome, Reply, ok};
use crate::session::LineConversation;
use crate::words::Words;

pub(super) const LIST: Command = Command {
    name: "list",
    usage: "list [TOKEN]",
    summary: "the usernames of who is active",
    overlaps: false,
    closes: false,
    run: Run::LoggedIn(list),
};

pub(super) const SHOW: Command = Command {
    name: "show",
    usage: "show [TOKEN]",
    summary: "who is active, with names and countries",
    overlaps: false,
    closes: false,
    run: Run::LoggedIn(show),
};

pub(super) const INFO: Command = Command {
    name: "info",
    usage: "info [TOKEN]",
    summary: "the same as show",
    overlaps: false,
    closes: false,
    run: Run::LoggedIn(show),
};

fn list<'a>(
    session: &'a mut LineConversation,
    _caller: Caller,
    words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let people = active(session, words).await?;
        Ok(Reply::Ready(ok(|o| {
            o.list("messages", |list| {
                for user in &people {
                    list.text(user.username.as_str());
                }
            });
        })))
    }
    .boxed()
}

fn show<'a>(
    session: &'a mut LineConversation,
    _caller: Caller,
    words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let people = active(session, words).await?;
        Ok(Reply::Ready(ok(|o| {
            o.list("message", |list| {
                for user in &people {
                    list.object(|o| {
                        o.text("username", user.username.as_str());
                        o.text("nama", user.name.as_str());
                        o.text("negara", user.country.as_ref().map_or("", |c| c.as_str()));
                    });
                }
            });
        })))
    }
    .boxed()
}

async fn active(session: &LineConversation, words: Words<'_>) -> Result<Vec<Arc<User>>, Complaint> {
    if words.rest().is_some() {
        return Err(Complaint::Usage);
    }
    Ok(session.engine.active().await?)
}
