//! Files that go out and come in, never whole in memory.

pub(super) mod content;
pub(super) mod incoming;
pub(super) mod name;
pub(super) mod outgoing;
pub(super) mod progress;
pub(super) mod scan;
pub(super) mod transfer;

use std::io;

use super::complaint;
use super::connection::ticking::Stop;
use super::connection::{Lost, Unreachable};
use super::console::Console;
use super::reply::Reply;
use super::shown;
use super::url::Address;
use crate::text::Text;

/// Why a file was not transferred.
#[derive(Debug)]
pub(super) enum Failure {
    /// The local file, by its path as it was typed, cannot be read.
    Unreadable(String, io::Error),
    /// It is a directory or a device.
    Irregular(String),
    /// It became shorter.
    Changed(String),
    /// Nothing can be written.
    Unsaved(io::Error),
    /// The server sent less or more than it said.
    Incomplete,
    /// What the server sent for contents is no base64.
    NotBase64,
    /// The server's answer cannot be read.
    BadReply,
    /// The server said no.
    Refused(Reply),
    /// The connection for the transfer could not be made.
    Unreachable(Unreachable),
    /// The connection for the transfer ended.
    Lost(Lost),
    /// The person interrupted it.
    Cancelled,
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Cancelled => Self::Cancelled,
            Stop::Lost(why) => Self::Lost(why),
        }
    }
}

impl Failure {
    /// The reason in one line; a refusal in the server's words.
    pub(super) fn say(&self, console: &Console, address: &Address) -> String {
        let system = |text: Text, path: &str, error: &io::Error| {
            let reason = shown::plain(&error.to_string());
            console.say(text, &[("path", &shown::plain(path)), ("reason", &reason)])
        };
        let path = |text: Text, path: &str| console.say(text, &[("path", &shown::plain(path))]);
        match self {
            Self::Unreadable(path, error) => system(Text::FileUnreadable, path, error),
            Self::Irregular(name) => path(Text::FileIrregular, name),
            Self::Changed(name) => path(Text::FileChanged, name),
            Self::Unsaved(error) => system(Text::FileUnsaved, "", error),
            Self::Incomplete => console.say(Text::FileIncomplete, &[]),
            Self::NotBase64 => console.say(Text::FileNotBase64, &[]),
            Self::BadReply => console.say(Text::ReplyUnreadable, &[]),
            Self::Refused(reply) => reply.reason(),
            Self::Unreachable(why) => {
                complaint::unreachable_because(console.lang, address, why).replace('\n', " ")
            }
            Self::Lost(why) => {
                complaint::lost_because(console.lang, address, *why).replace('\n', " ")
            }
            Self::Cancelled => console.say(Text::FileCancelled, &[]),
        }
    }
}
