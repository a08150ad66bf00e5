//! `file_list`: the files that somebody was sent.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Caller;
use kabar_wire::json;

use super::{Command, Run};
use crate::form::Form;
use crate::reply::{Outcome, Reply, ok};
use crate::session::FormConversation;
use crate::wording;

pub(super) const COMMAND: Command = Command {
    name: "file_list",
    also: &["list_file", "file list"],
    usage: "file_list session=TOKEN",
    summary: "list the files that were sent to you or your groups",
    overlaps: false,
    run: Run::LoggedIn(run),
};

fn run<'a>(
    session: &'a mut FormConversation,
    caller: Caller,
    _form: Form<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let listed = session.engine.files(&caller).await?;
        let mut names = Vec::new();
        json::list(&mut names, |list| {
            for listed in &listed {
                list.text(listed.file.name.as_str());
            }
        });
        Ok(Reply::Ready(ok(|o| {
            // COMPAT(seed 000): its client reads the list out of a text.
            o.text("file", &String::from_utf8_lossy(&names));
            o.list("files", |list| {
                for listed in &listed {
                    list.object(|o| {
                        o.text("name", listed.file.name.as_str());
                        o.number("size", listed.file.size);
                        o.text("from", listed.from.username.as_str());
                        o.text("code", &listed.file.code.to_string());
                    });
                }
            });
            o.text("message", &wording::files(listed.len()));
        })))
    }
    .boxed()
}
