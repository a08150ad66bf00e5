//! The commands: a row each, a file a command or a family.

mod auth;
mod file_get;
mod file_list;
mod file_send;
mod help;
mod inbox;
mod logout;
mod register;
mod rooms;
mod send;

use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Destination, Engine};
use kabar_model::FileName;

use crate::form::{Form, Request};
use crate::reply::{Complaint, Outcome};
use crate::session::FormConversation;

pub use help::{Help, help};

/// A command.
pub(crate) struct Command {
    /// Its name, in lower case.
    pub(crate) name: &'static str,
    /// Other names for it. One of two words has one space in it.
    pub(crate) also: &'static [&'static str],
    /// Its own form.
    pub(crate) usage: &'static str,
    /// What it does, for people.
    pub(crate) summary: &'static str,
    /// Whether it may be taken up while earlier messages still wait for the disk.
    pub(crate) overlaps: bool,
    /// Who may, and what to do.
    pub(crate) run: Run,
}

/// Who may use a command, and what it does.
pub(crate) enum Run {
    /// Anyone.
    Anyone(for<'a> fn(&'a mut FormConversation, Form<'a>) -> BoxFuture<'a, Outcome>),
    /// Somebody with a session.
    LoggedIn(for<'a> fn(&'a mut FormConversation, Caller, Form<'a>) -> BoxFuture<'a, Outcome>),
    /// Somebody with a session, who sends the contents of a file along. This says where the file goes; it is
    /// asked with what has come of the form, and again with all of it.
    Uploading(Prepare),
}

/// How a command says where a file goes.
pub(crate) type Prepare =
    for<'a> fn(&'a Engine, &'a Caller, Form<'a>) -> BoxFuture<'a, Result<Delivery, Complaint>>;

/// What becomes of contents once they have come.
pub(crate) struct Delivery {
    pub(crate) to: Destination,
    pub(crate) name: FileName,
    /// Whether the receiver may have no other file of that name.
    pub(crate) sole: bool,
    /// The answer, once the file is durable.
    pub(crate) success: Vec<u8>,
}

/// All of them.
const TABLE: &[Command] = &[
    register::COMMAND,
    auth::COMMAND,
    send::COMMAND,
    inbox::COMMAND,
    file_send::TO_PERSON,
    file_list::COMMAND,
    file_get::COMMAND,
    rooms::JOIN,
    rooms::CHAT,
    file_send::TO_ROOM,
    file_get::IN_ROOM,
    rooms::LEAVE,
    logout::COMMAND,
];

impl Command {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.also.iter().copied())
    }
}

/// The command that a request names, in any case, and its form.
pub(crate) fn find(request: &[u8]) -> Option<(&'static Command, Form<'_>)> {
    let request = Request::read(request);
    let two_words = [request.first, b" ", request.second].concat();
    match named(&two_words) {
        Some(command) => Some((command, request.after_second)),
        // `send file ...` is another command than `send`, whether or not there is one of that name.
        None if request.has_two_words() => None,
        None => named(request.first).map(|command| (command, request.after_first)),
    }
}

fn named(name: &[u8]) -> Option<&'static Command> {
    let is_it = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
    TABLE.iter().find(|command| command.names().any(is_it))
}

/// The form of a request, if that takes the contents of a file.
pub(crate) fn form_of_upload(request: &[u8]) -> Option<&[u8]> {
    let (command, form) = find(request)?;
    matches!(command.run, Run::Uploading(_)).then(|| form.encoded())
}

/// All names of all commands, in lower case: what tells this dialect from others.
pub fn command_names() -> Vec<&'static str> {
    TABLE.iter().flat_map(Command::names).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(request: &str, expected: Option<&str>) {
        let found = find(request.as_bytes()).map(|(command, _)| command.name);
        assert_eq!(found, expected, "{request:?}");
    }

    #[test]
    fn a_command_is_found_by_any_of_its_names_in_any_case() {
        check("send destination=b", Some("send"));
        check("  CHAT   destination=b ", Some("send"));
        check("room_join roomname=1", Some("room_join"));
        check("inbox", Some("inbox"));
        check("send halo", Some("send"));
        check("send file username=b&filename=c", Some("file_send"));
        check("SEND   FILE ", Some("file_send"));
        check("get file session=1", Some("file_get"));
        check("file list", Some("file_list"));
    }

    #[test]
    fn what_is_no_command_is_none() {
        for request in
            ["", "   ", "halo", "sendx a=b", "send=1", "in box session=1", "\u{fffd} a=b"]
        {
            check(request, None);
        }
        check("send files username=b&filename=c", None);
        check("file  session=1", None);
    }

    #[test]
    fn no_two_commands_share_a_name() {
        let mut names = command_names();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(names.iter().all(|name| *name == name.to_lowercase()));
    }
}
