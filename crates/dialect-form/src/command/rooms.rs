//! `room_join`, `room_chat`, `room_leave`.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Caller;
use kabar_model::{Body, RoomName};

use super::{Command, Run};
use crate::form::Form;
use crate::reply::{Outcome, Reply, ok};
use crate::room::InRoom;
use crate::session::FormConversation;
use crate::wording;

pub(super) const JOIN: Command = Command {
    name: "room_join",
    also: &[],
    usage: "room_join session=TOKEN&roomname=ROOM",
    summary: "go into a room and hear what is said there; leaves any other",
    overlaps: false,
    run: Run::LoggedIn(join),
};

pub(super) const CHAT: Command = Command {
    name: "room_chat",
    also: &[],
    usage: "room_chat session=TOKEN&message=TEXT",
    summary: "send a text to the room",
    overlaps: true,
    run: Run::LoggedIn(chat),
};

pub(super) const LEAVE: Command = Command {
    name: "room_leave",
    also: &[],
    usage: "room_leave session=TOKEN",
    summary: "leave the room",
    overlaps: false,
    run: Run::LoggedIn(leave),
};

fn join<'a>(
    session: &'a mut FormConversation,
    caller: Caller,
    form: Form<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let name = RoomName::parse(&form.need("roomname")?)?;
        let joined = wording::room_joined(name.as_str());
        let people = InRoom::enter(&session.engine, caller, name, &mut session.room).await?;
        Ok(Reply::Ready(ok(|o| {
            o.text("messages", &joined);
            o.list("users", |list| people.iter().for_each(|user| list.text(user.name.as_str())));
        })))
    }
    .boxed()
}

fn chat<'a>(
    session: &'a mut FormConversation,
    caller: Caller,
    form: Form<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let body = Body::parse(&form.need("message")?)?;
        let posting = session.engine.send_to_room(&caller, body).await?;
        Ok(Reply::Posting(posting, ok(|o| o.text("messages", wording::SENT_TO_ROOM))))
    }
    .boxed()
}

fn leave<'a>(
    session: &'a mut FormConversation,
    caller: Caller,
    _form: Form<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let room = session.engine.leave_room(&caller)?;
        session.forget_room(&caller);
        Ok(Reply::Ready(ok(|o| o.text("messages", &wording::room_left(room.as_str())))))
    }
    .boxed()
}
