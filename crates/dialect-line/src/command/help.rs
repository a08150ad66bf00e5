//! `help`: the commands, on one line.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Command, Run, TABLE};
use crate::reply::{Complaint, Outcome, Reply, ok};
use crate::session::LineConversation;
use crate::words::Words;

pub(super) const COMMAND: Command = Command {
    name: "help",
    usage: "help",
    summary: "the commands",
    overlaps: false,
    closes: false,
    run: Run::Anyone(run),
};

/// What a command is for.
#[derive(Clone, Copy, Debug)]
pub struct Help {
    /// Its own form.
    pub usage: &'static str,
    /// What it does.
    pub summary: &'static str,
}

/// All commands, in the order in which `help` names them.
pub fn help() -> Vec<Help> {
    TABLE.iter().map(|command| Help { usage: command.usage, summary: command.summary }).collect()
}

fn run<'a>(_session: &'a mut LineConversation, words: Words<'a>) -> BoxFuture<'a, Outcome> {
    async move {
        if words.rest().is_some() {
            return Err(Complaint::Usage);
        }
        let usages: Vec<&str> = help().iter().map(|help| help.usage).collect();
        Ok(Reply::Ready(ok(|o| o.text("message", &usages.join(" | ")))))
    }
    .boxed()
}
