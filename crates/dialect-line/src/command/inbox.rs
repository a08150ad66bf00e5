//! `inbox [TOKEN]`: everything unread, by sender. What has been answered whole is read.

use base64::engine::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, InboxItem};
use kabar_wire::json::List;
use kabar_wire::{rfc3339, said};

use super::{Command, Run};
use crate::reply::{Complaint, Outcome, Reply, ok};
use crate::session::LineConversation;
use crate::wording::Text;
use crate::words::Words;

pub(super) const COMMAND: Command = Command {
    name: "inbox",
    usage: "inbox [TOKEN]",
    summary: "read what is new, by sender",
    overlaps: false,
    closes: false,
    run: Run::LoggedIn(run),
};

fn run<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        if words.rest().is_some() {
            return Err(Complaint::Usage);
        }
        let inbox = session.engine.inbox_with_contents(&caller).await?;
        let by_sender = inbox.by_sender();
        let deleted = Text::Deleted.words(session.profile);
        let bytes = ok(|o| {
            o.object("messages", |senders| {
                for (sender, items) in &by_sender {
                    senders.list(sender, |list| {
                        for item in items {
                            write(list, item, deleted);
                        }
                    });
                }
            });
        });
        Ok(Reply::Inbox(bytes, inbox.receipt))
    }
    .boxed()
}

/// Adds a message to a list.
pub(super) fn write(list: &mut List<'_>, item: &InboxItem, deleted: &str) {
    list.object(|o| {
        o.text("msg_from", item.from.name.as_str());
        o.text("msg_to", item.to.as_str());
        o.text("msg", &said(&item.body, item.change, deleted));
        if let Some(group) = &item.group {
            o.text("group", group.name.as_str());
        }
        o.text("sent_at", &rfc3339(item.at));
        if let Some(file) = &item.file {
            o.text("file_name", file.name.as_str());
            o.number("file_size", file.size);
            o.text("file_code", &file.code.to_string());
        }
        if let Some(contents) = &item.contents {
            o.text("file_content", &STANDARD.encode(contents));
        }
    });
}
