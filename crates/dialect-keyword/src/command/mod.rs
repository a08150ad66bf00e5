//! The commands: a row each, a file a family.

mod auth;
mod chat;
mod contacts;
mod files;
mod groups;
mod help;
mod notif;

use futures_util::future::BoxFuture;
use kabar_engine::Caller;

use crate::arguments::Arguments;
use crate::reply::{Form, Outcome};
use crate::session::KeywordConversation;

pub use help::{Help, help};

/// A command.
pub(crate) struct Command {
    /// Its keyword, in upper case.
    pub(crate) name: &'static str,
    /// Other keywords for it.
    pub(crate) also: &'static [&'static str],
    /// What it takes. Who reads a line needs one that takes the rest or several to be the last.
    pub(crate) parameters: &'static [Parameter],
    /// What it does, for people.
    pub(crate) summary: &'static str,
    /// Whether it may be taken up while earlier messages still wait for the disk.
    pub(crate) overlaps: bool,
    /// Who may, and what to do.
    pub(crate) run: Run,
}

/// Something that a command takes.
pub(crate) struct Parameter {
    /// How people are told of it.
    pub(crate) shown: &'static str,
    /// Its key in an object.
    pub(crate) key: &'static str,
    /// How much of a line it takes.
    pub(crate) kind: Kind,
}

/// How much of a line a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One word.
    Word,
    /// One word of digits; at most one parameter of a command, behind all that take a word.
    Number,
    /// All that is left, as one text.
    Rest,
    /// All that is left, as words, at least one; a list in an object.
    Several,
}

impl Parameter {
    const fn word(shown: &'static str, key: &'static str) -> Self {
        Self { shown, key, kind: Kind::Word }
    }

    const fn number(shown: &'static str, key: &'static str) -> Self {
        Self { shown, key, kind: Kind::Number }
    }

    const fn rest(shown: &'static str, key: &'static str) -> Self {
        Self { shown, key, kind: Kind::Rest }
    }

    const fn several(shown: &'static str, key: &'static str) -> Self {
        Self { shown, key, kind: Kind::Several }
    }
}

/// Who may use a command, and what it does.
pub(crate) enum Run {
    /// Anyone.
    Anyone(for<'a> fn(&'a mut KeywordConversation, Arguments) -> BoxFuture<'a, Outcome>),
    /// Somebody with a session.
    LoggedIn(for<'a> fn(&'a mut KeywordConversation, Caller, Arguments) -> BoxFuture<'a, Outcome>),
}

impl Command {
    /// Its own form: with the words of a line, or the keys of an object.
    pub(crate) fn usage(&self, form: &Form) -> String {
        let mut usage = self.name.to_owned();
        match form {
            Form::Text => {
                self.parameters.iter().for_each(|parameter| usage.extend([" ", parameter.shown]));
            }
            Form::Object(_) => {
                for (index, parameter) in self.parameters.iter().enumerate() {
                    usage.extend([if index == 0 { " with " } else { ", " }, parameter.key]);
                }
            }
        }
        usage
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.also.iter().copied())
    }
}

/// All of them, in the order of `HELP`.
const TABLE: &[Command] = &[
    auth::REGISTER,
    auth::LOGIN,
    auth::LOGOUT,
    contacts::ADD,
    contacts::DELETE,
    contacts::GET,
    groups::CREATE,
    groups::GET,
    groups::JOIN,
    groups::EXIT,
    groups::INVITE,
    chat::PRIVATE_SEND,
    chat::GROUP_SEND,
    chat::PRIVATE_GET,
    chat::GROUP_GET,
    files::SEND_PRIVATE,
    files::SEND_GROUP,
    files::GET_PRIVATE,
    files::GET_GROUP,
    notif::GET,
    help::HELP,
    help::QUIT,
];

/// The command of that name, in any case.
pub(crate) fn named(name: &str) -> Option<&'static Command> {
    TABLE.iter().find(|command| command.names().any(|known| known.eq_ignore_ascii_case(name)))
}

/// The keywords, in upper case, that tell this dialect from others: all but `HELP` and `QUIT`, which other
/// dialects know, too.
pub fn command_names() -> Vec<&'static str> {
    let shared = [help::HELP.name, help::QUIT.name];
    TABLE.iter().flat_map(Command::names).filter(|name| !shared.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_is_upper_case_and_means_one_command() {
        let names: Vec<_> = TABLE.iter().flat_map(Command::names).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        for name in names {
            assert_eq!(name, name.to_ascii_uppercase());
            assert!(
                named(&name.to_ascii_lowercase()).is_some_and(|c| c.names().any(|n| n == name))
            );
        }
        assert!(named("").is_none() && named("AUTH").is_none() && named("FILE-GET").is_none());
    }

    #[test]
    fn names_for_telling_dialects_apart_are_this_dialects_own() {
        let names = command_names();
        assert!(names.contains(&"CONTACT-DEL") && names.contains(&"MSG-GROUP-GET"));
        assert!(!names.contains(&"HELP") && !names.contains(&"QUIT"));
    }

    #[test]
    fn only_the_last_parameter_takes_more_than_a_word() {
        for command in TABLE {
            let but_last = command.parameters.iter().rev().skip(1);
            let one_word = |kind| matches!(kind, Kind::Word | Kind::Number);
            assert!(but_last.map(|p| p.kind).all(one_word), "{}", command.name);
            let numbers = command.parameters.iter().filter(|p| p.kind == Kind::Number);
            assert!(numbers.count() <= 1, "{}", command.name);
        }
    }
}
