//! `file_get`, `room_get_file`: fetch a file.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Caller;

use super::{Command, Run};
use crate::form::Form;
use crate::reply::{Outcome, Reply};
use crate::session::FormConversation;

pub(super) const COMMAND: Command = Command {
    name: "file_get",
    also: &["get_file", "get file"],
    usage: "file_get session=TOKEN&filename=NAME",
    summary: "fetch a file by its name, the newest, or by its code",
    overlaps: false,
    run: Run::LoggedIn(anywhere),
};

pub(super) const IN_ROOM: Command = Command {
    name: "room_get_file",
    also: &[],
    usage: "room_get_file session=TOKEN&filename=NAME",
    summary: "fetch a file that was sent to the room",
    overlaps: false,
    run: Run::LoggedIn(in_room),
};

fn anywhere<'a>(
    session: &'a mut FormConversation,
    caller: Caller,
    form: Form<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let file = session.engine.file_received(&caller, &form.need("filename")?).await?;
        let contents = session.engine.contents(&file).await?;
        Ok(Reply::File(file.name, contents))
    }
    .boxed()
}

fn in_room<'a>(
    session: &'a mut FormConversation,
    caller: Caller,
    form: Form<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let file = session.engine.file_in_room(&caller, &form.need("filename")?).await?;
        let contents = session.engine.contents(&file).await?;
        Ok(Reply::File(file.name, contents))
    }
    .boxed()
}
