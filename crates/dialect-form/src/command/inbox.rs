//! `inbox`: everything unread, by sender. What has been answered whole is read.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, InboxItem};
use kabar_wire::json::List;
use kabar_wire::{rfc3339, said};

use super::{Command, Run};
use crate::form::Form;
use crate::reply::{Outcome, Reply, ok};
use crate::session::FormConversation;
use crate::wording;

pub(super) const COMMAND: Command = Command {
    name: "inbox",
    also: &[],
    usage: "inbox session=TOKEN",
    summary: "read what is new, by sender",
    overlaps: false,
    run: Run::LoggedIn(run),
};

fn run<'a>(
    session: &'a mut FormConversation,
    caller: Caller,
    _form: Form<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let inbox = session.engine.inbox(&caller).await?;
        let by_sender = inbox.by_sender();
        let object = ok(|o| {
            o.object("messages", |senders| {
                for (sender, items) in &by_sender {
                    senders.list(sender, |list| items.iter().for_each(|item| write(list, item)));
                }
            });
        });
        Ok(Reply::Inbox(object, inbox.receipt))
    }
    .boxed()
}

fn write(list: &mut List<'_>, item: &InboxItem) {
    list.object(|o| {
        o.text("msg_from", item.from.name.as_str());
        o.text("msg_to", item.to.as_str());
        let text = match &item.file {
            Some(file) if item.body.is_empty() => wording::file_sent(file.name.as_str()),
            Some(_) | None => said(&item.body, item.change, wording::DELETED).into_owned(),
        };
        o.text("msg", &text);
        if let Some(group) = &item.group {
            o.text("group", group.name.as_str());
        }
        if let Some(file) = &item.file {
            o.text("file_name", file.name.as_str());
            o.number("file_size", file.size);
            o.text("file_code", &file.code.to_string());
        }
        o.text("sent_at", &rfc3339(item.at));
    });
}
