//! The commands: a row each, a file each.

mod auth;
pub(crate) mod files;
mod groups;
mod help;
mod inbox;
mod logout;
mod people;
mod register;
mod send;

use futures_util::future::BoxFuture;
use kabar_engine::Caller;

use crate::reply::Outcome;
use crate::session::LineConversation;
use crate::words::Words;
use files::Wish;

pub use help::{Help, help};

/// A command.
pub(crate) struct Command {
    /// Its name, in lower case.
    pub(crate) name: &'static str,
    /// Its own form.
    pub(crate) usage: &'static str,
    /// What it does, for people.
    pub(crate) summary: &'static str,
    /// Whether it may be taken up while earlier messages still wait for the disk.
    pub(crate) overlaps: bool,
    /// Whether the connection ends with it, whatever comes of it.
    pub(crate) closes: bool,
    /// Who may, and what to do.
    pub(crate) run: Run,
}

/// Who may use a command, and what it does.
pub(crate) enum Run {
    /// Anyone.
    Anyone(for<'a> fn(&'a mut LineConversation, Words<'a>) -> BoxFuture<'a, Outcome>),
    /// Somebody with a session.
    LoggedIn(for<'a> fn(&'a mut LineConversation, Caller, Words<'a>) -> BoxFuture<'a, Outcome>),
    /// Somebody with a session, who sends contents with it.
    Upload(for<'a> fn(&'a mut LineConversation, &'a Caller, Words<'a>) -> BoxFuture<'a, Wish>),
}

/// All of them, in the order of `help`.
const TABLE: &[Command] = &[
    auth::COMMAND,
    register::COMMAND,
    send::COMMAND,
    inbox::COMMAND,
    people::LIST,
    people::SHOW,
    people::INFO,
    groups::ADD,
    groups::JOIN,
    groups::LEAVE,
    groups::LIST,
    groups::SEND,
    files::SEND,
    files::SEND_TO_GROUP,
    files::GET,
    logout::LOGOUT,
    logout::EXIT,
    logout::QUIT,
    help::COMMAND,
];

/// The command of that name, in any case.
pub(crate) fn named(name: &str) -> Option<&'static Command> {
    TABLE.iter().find(|command| command.name.eq_ignore_ascii_case(name))
}

/// Whether the command of that name is followed by contents.
pub(crate) fn takes_contents(name: &[u8]) -> bool {
    let name = std::str::from_utf8(name).ok();
    name.and_then(named).is_some_and(|command| matches!(command.run, Run::Upload(_)))
}

/// The names of all commands, in lower case: what tells this dialect from others.
pub fn command_names() -> Vec<&'static str> {
    TABLE.iter().map(|command| command.name).collect()
}
