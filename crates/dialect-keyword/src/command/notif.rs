//! `NOTIF-GET`: everything unread. What has been answered whole is read.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Caller;

use super::{Command, Run};
use crate::arguments::Arguments;
use crate::reply::{Data, Outcome, Reply};
use crate::session::KeywordConversation;
use crate::wording;

pub(super) const GET: Command = Command {
    name: "NOTIF-GET",
    also: &[],
    parameters: &[],
    summary: "read what is new anywhere",
    overlaps: false,
    run: Run::LoggedIn(get),
};

fn get(
    session: &mut KeywordConversation,
    caller: Caller,
    _args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let inbox = session.engine.inbox(&caller).await?;
        let message = wording::new_messages(inbox.items.len());
        Ok(Reply::Messages(message, Data::Inbox(inbox.items), inbox.receipt))
    }
    .boxed()
}
