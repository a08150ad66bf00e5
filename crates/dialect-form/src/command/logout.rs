//! `logout`: ends a session, and its stay in a room with it.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Caller;

use super::{Command, Run};
use crate::form::Form;
use crate::reply::{Outcome, Reply, ok};
use crate::session::FormConversation;
use crate::wording;

pub(super) const COMMAND: Command = Command {
    name: "logout",
    also: &[],
    usage: "logout session=TOKEN",
    summary: "end the session",
    overlaps: false,
    run: Run::LoggedIn(run),
};

fn run<'a>(
    session: &'a mut FormConversation,
    caller: Caller,
    _form: Form<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        session.engine.logout(&caller).await?;
        // The connection that is in the room may be another, which finds out by itself, but later. Who was in
        // no room has left none.
        let _ = session.engine.leave_room(&caller);
        session.forget(&caller);
        Ok(Reply::Ready(ok(|o| o.text("message", wording::LOGGED_OUT))))
    }
    .boxed()
}
