//! The commands: a row each, a file each.

mod auth;
pub(crate) mod files;
mod groups;
mod help;
mod inbox;
mod logout;
mod people;
mod realm_files;
mod realms;
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
    Upload(Upload),
}

/// A command that is followed by contents.
#[derive(Clone, Copy)]
pub(crate) struct Upload {
    /// How many words stand before the contents, without the command's own and the token.
    pub(crate) words: usize,
    /// Where the contents are to go.
    pub(crate) wish:
        for<'a> fn(&'a mut LineConversation, &'a Caller, Words<'a>) -> BoxFuture<'a, Wish>,
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
    realms::ADD,
    realms::LIST,
    realms::INBOX,
    realms::SEND,
    realms::SEND_TO_GROUP,
    realm_files::SEND,
    realm_files::SEND_TO_GROUP,
    logout::LOGOUT,
    logout::EXIT,
    logout::QUIT,
    help::COMMAND,
];

/// The command of that name, in any case.
pub(crate) fn named(name: &str) -> Option<&'static Command> {
    TABLE.iter().find(|command| command.name.eq_ignore_ascii_case(name))
}

/// How many words stand before the contents that follow the command of that name, if any do.
pub(crate) fn words_before_contents(name: &[u8]) -> Option<usize> {
    match std::str::from_utf8(name).ok().and_then(named)?.run {
        Run::Upload(upload) => Some(upload.words),
        Run::Anyone(_) | Run::LoggedIn(_) => None,
    }
}

/// The names of all commands, in lower case: what tells this dialect from others.
pub fn command_names() -> Vec<&'static str> {
    TABLE.iter().map(|command| command.name).collect()
}
