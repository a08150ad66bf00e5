//! What a command answers, before it is bytes, and how it becomes bytes in each form.

use std::borrow::Cow;

use kabar_engine::{Group, InboxItem, Posting, Receipt};
use kabar_model::{Address, File};
use kabar_wire::json::{self, Object};
use kabar_wire::{rfc3339, said};

use crate::blocks::with_braces_off_block_ends;
use crate::complaint::Complaint;
use crate::line::Lines;
use crate::transfer::{Announced, Found};
use crate::wording;

/// The form of a request, and so of its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Lines.
    Text,
    /// An object, with the command as it was sent.
    Object(Option<String>),
}

impl Form {
    /// The same form, where no command is answered.
    pub(crate) fn of_no_command(&self) -> Self {
        match self {
            Self::Text => Self::Text,
            Self::Object(_) => Self::Object(None),
        }
    }
}

/// A success.
pub(crate) enum Reply {
    /// It is ready.
    Ready(String, Data),
    /// Messages; they are read once the client has been sent them whole.
    Messages(String, Data, Option<Receipt>),
    /// "Message sent", once it is durable.
    Posting(Posting),
    /// "Ready": the contents of this file come next.
    Take(Announced),
    /// This file; its contents go next, or once the client is ready.
    Give(Found),
    /// The last answer of this connection.
    Last(String),
}

impl Reply {
    /// A reply whose only news is a sentence.
    pub(crate) fn sentence(message: &str) -> Self {
        Self::Ready(message.to_owned(), Data::Nothing)
    }
}

/// What a success tells beside its message.
pub(crate) enum Data {
    Nothing,
    /// The token of a session. The text form has no use for it.
    Token(String),
    Contacts(Vec<Address>),
    Group(Group),
    Groups(Vec<Group>),
    /// Who was invited, and whether they joined.
    Invited(Vec<(String, bool)>),
    /// Messages of one conversation.
    Chat(Vec<InboxItem>),
    /// Messages of any.
    Inbox(Vec<InboxItem>),
    /// A file that was sent.
    Sent(File),
    /// A file whose contents follow.
    Contents(File),
    /// Usages, in the form of the request, and what they are for.
    Commands(Vec<(String, &'static str)>),
}

/// The outcome of a command.
pub(crate) type Outcome = Result<Reply, Complaint>;

/// A success as it is sent.
pub(crate) fn success(form: &Form, message: &str, data: &Data) -> Vec<u8> {
    match form {
        Form::Text => {
            let mut lines = Lines::new("success", message);
            data.add_lines(&mut lines);
            lines.end()
        }
        Form::Object(command) => {
            answer(command.as_deref(), "success", message, |o| data.add_members(o))
        }
    }
}

/// That so many bytes may come, as it is sent.
pub(crate) fn ready(form: &Form, size: u64) -> Vec<u8> {
    match form {
        Form::Text => Lines::new("ready", &wording::send_bytes(size)).end(),
        Form::Object(command) => object(|o| {
            add_command(o, command.as_deref());
            o.text("status", "ready");
        }),
    }
}

/// A failure as it is sent.
pub(crate) fn failure(form: &Form, message: &str) -> Vec<u8> {
    match form {
        Form::Text => {
            let mut lines = Lines::new("failed", message);
            if message == wording::UNAUTHORIZED {
                lines.add(&[wording::REGISTER_HINT]);
            }
            lines.end()
        }
        Form::Object(command) => answer(command.as_deref(), "failed", message, |_| {}),
    }
}

fn answer(
    command: Option<&str>,
    status: &str,
    message: &str,
    fill: impl FnOnce(&mut Object<'_>),
) -> Vec<u8> {
    object(|o| {
        add_command(o, command);
        o.text("status", status);
        o.text("message", message);
        fill(o);
    })
}

fn add_command(o: &mut Object<'_>, command: Option<&str>) {
    match command {
        Some(command) => o.text("FOR", command),
        None => o.null("FOR"),
    }
}

/// An object as it is sent.
pub(crate) fn object(fill: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(96);
    json::object(&mut out, fill);
    with_braces_off_block_ends(out)
}

impl Data {
    fn add_lines(&self, lines: &mut Lines) {
        match self {
            Self::Nothing | Self::Token(_) => {}
            Self::Contacts(contacts) => {
                for contact in contacts {
                    lines.add(&[&contact.to_string()]);
                }
            }
            Self::Group(group) => add_group(lines, group),
            Self::Groups(groups) => groups.iter().for_each(|group| add_group(lines, group)),
            Self::Invited(people) => {
                for (name, joined) in people {
                    lines.add(&[name, wording::invited(*joined)]);
                }
            }
            Self::Chat(items) => {
                for item in items {
                    let from = item.from.username.as_str();
                    lines.add(&[&rfc3339(item.at), from, &text(item)]);
                }
            }
            Self::Inbox(items) => {
                for item in items {
                    let group = item.group.as_ref().map(|group| group.code.to_string());
                    let group = group.as_deref().unwrap_or("-");
                    let from = item.from.username.as_str();
                    lines.add(&[&rfc3339(item.at), from, group, &text(item)]);
                }
            }
            Self::Sent(file) => lines.add(&[&file.code.to_string(), file.name.as_str()]),
            Self::Contents(file) => lines.add(&[&file.size.to_string(), &file.media_type]),
            Self::Commands(commands) => {
                for (usage, summary) in commands {
                    lines.add(&[usage, summary]);
                }
            }
        }
    }

    fn add_members(&self, o: &mut Object<'_>) {
        match self {
            // Who joined is seen in the group; the object form has no place for it here.
            Self::Nothing | Self::Invited(_) => {}
            Self::Token(token) => o.text("token", token),
            Self::Contacts(contacts) => o.list("contact_list", |list| {
                for contact in contacts {
                    list.text(&contact.to_string());
                }
            }),
            Self::Group(group) => o.text("code", &group.code.to_string()),
            Self::Groups(groups) => o.list("group_list", |list| {
                for group in groups {
                    list.object(|o| {
                        o.text("code", &group.code.to_string());
                        o.text("group_name", group.name.as_str());
                    });
                }
            }),
            Self::Chat(items) => add_messages(o, items, false),
            Self::Inbox(items) => add_messages(o, items, true),
            Self::Sent(file) => o.text("file_code", &file.code.to_string()),
            Self::Contents(file) => {
                o.text("file_name", file.name.as_str());
                o.number("file_size", file.size);
            }
            Self::Commands(commands) => o.list("commands", |list| {
                for (usage, _) in commands {
                    list.text(usage);
                }
            }),
        }
    }
}

/// What a message says, also when it is a file or changes an earlier message.
fn text(item: &InboxItem) -> Cow<'_, str> {
    match &item.file {
        Some(file) => wording::said(&item.body, Some(file)),
        None => said(&item.body, item.change, wording::DELETED),
    }
}

fn add_group(lines: &mut Lines, group: &Group) {
    lines.add(&[&group.code.to_string(), group.name.as_str()]);
}

fn add_messages(o: &mut Object<'_>, items: &[InboxItem], names_groups: bool) {
    o.list("messages", |list| {
        for item in items {
            list.object(|o| {
                o.text("from_user", item.from.username.as_str());
                o.text("text", &text(item));
                o.text("sent_at", &rfc3339(item.at));
                if let Some(group) = item.group.as_ref().filter(|_| names_groups) {
                    o.text("from_group", group.name.as_str());
                }
            });
        }
    });
}
