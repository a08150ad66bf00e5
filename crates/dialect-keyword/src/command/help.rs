//! `HELP`: the commands. `QUIT`: ends the connection.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Command, Run, TABLE};
use crate::arguments::Arguments;
use crate::reply::{Data, Form, Outcome, Reply};
use crate::session::KeywordConversation;
use crate::wording;

pub(super) const HELP: Command = Command {
    name: "HELP",
    also: &[],
    parameters: &[],
    summary: "the commands",
    overlaps: false,
    run: Run::Anyone(run),
};

pub(super) const QUIT: Command = Command {
    name: "QUIT",
    also: &[],
    parameters: &[],
    summary: "end the connection",
    overlaps: false,
    run: Run::Anyone(quit),
};

/// What a command is for.
#[derive(Clone, Debug)]
pub struct Help {
    /// Its form as a line.
    pub usage: String,
    /// Its keys in an object, without `COMMAND` and `token`.
    pub keys: Vec<&'static str>,
    /// Other keywords for it.
    pub also: &'static [&'static str],
    /// What it does.
    pub summary: &'static str,
}

/// All commands, in the order in which `HELP` names them.
pub fn help() -> Vec<Help> {
    let row = |command: &Command| Help {
        usage: command.usage(&Form::Text),
        keys: command.parameters.iter().map(|parameter| parameter.key).collect(),
        also: command.also,
        summary: command.summary,
    };
    TABLE.iter().map(row).collect()
}

fn run(session: &mut KeywordConversation, _args: Arguments) -> BoxFuture<'_, Outcome> {
    async move {
        let row = |command: &Command| (command.usage(session.form()), command.summary);
        let commands: Vec<_> = TABLE.iter().map(row).collect();
        Ok(Reply::Ready(wording::commands(commands.len()), Data::Commands(commands)))
    }
    .boxed()
}

fn quit(session: &mut KeywordConversation, _args: Arguments) -> BoxFuture<'_, Outcome> {
    async move {
        session.end_own().await;
        Ok(Reply::Last(wording::BYE.to_owned()))
    }
    .boxed()
}
