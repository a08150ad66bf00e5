//! `send`: sends a text to somebody.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Caller;
use kabar_model::{Address, Body, Refusal};

use super::{Command, Run};
use crate::form::Form;
use crate::reply::{Outcome, Reply, ok};
use crate::session::FormConversation;
use crate::wording;

pub(super) const COMMAND: Command = Command {
    name: "send",
    also: &["chat"],
    usage: "send session=TOKEN&destination=USER&message=TEXT",
    summary: "send a text to somebody; username does for destination",
    overlaps: true,
    run: Run::LoggedIn(run),
};

fn run<'a>(
    session: &'a mut FormConversation,
    caller: Caller,
    form: Form<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let destination = form.need_either("destination", "username")?;
        let body = Body::parse(&form.need("message")?)?;
        // A name that no account can have is the name of no account.
        let to = Address::parse(&destination)
            .map_err(|_| Refusal::ReceiverUnknown(vec![destination.clone()]))?;
        let posting = session.engine.send(&caller, &[to], body).await?;
        let sent = ok(|o| {
            o.text("message", wording::SENT);
            o.text("user", &destination);
        });
        Ok(Reply::Posting(posting, sent))
    }
    .boxed()
}
