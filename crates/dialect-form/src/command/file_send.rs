//! `file_send`, `room_send_file`: send a file to somebody, or to the room.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Engine};
use kabar_model::{Address, FileName, Refusal};

use super::{Command, Delivery, Run};
use crate::form::Form;
use crate::reply::{Complaint, ok};
use crate::wording;

pub(super) const TO_PERSON: Command = Command {
    name: "file_send",
    also: &["send_file", "send file"],
    usage: "file_send session=TOKEN&username=USER&filename=NAME&payload=BASE64",
    summary: "send a file to somebody, who has none of that name",
    overlaps: false,
    run: Run::Uploading(to_person),
};

pub(super) const TO_ROOM: Command = Command {
    name: "room_send_file",
    also: &[],
    usage: "room_send_file session=TOKEN&filename=NAME&payload=BASE64",
    summary: "send a file to the room",
    overlaps: false,
    run: Run::Uploading(to_room),
};

fn to_person<'a>(
    engine: &'a Engine,
    _caller: &'a Caller,
    form: Form<'a>,
) -> BoxFuture<'a, Result<Delivery, Complaint>> {
    async move {
        let (username, name) = (form.need("username")?, form.need("filename")?);
        // A name that no account can have is the name of no account.
        let to = Address::parse(&username)
            .map_err(|_| Refusal::ReceiverUnknown(vec![username.clone()]))?;
        let to = engine.to_person(&to).await?;
        let name = FileName::clean(&name)?;
        let success = ok(|o| {
            o.text("message", name.as_str());
            o.text("filename", name.as_str());
            o.text("username", &username);
        });
        Ok(Delivery { to, name, sole: true, success })
    }
    .boxed()
}

fn to_room<'a>(
    engine: &'a Engine,
    caller: &'a Caller,
    form: Form<'a>,
) -> BoxFuture<'a, Result<Delivery, Complaint>> {
    async move {
        let name = FileName::clean(&form.need("filename")?)?;
        let to = engine.to_room(caller)?;
        let success = ok(|o| o.text("messages", wording::FILE_SENT_TO_ROOM));
        Ok(Delivery { to, name, sole: false, success })
    }
    .boxed()
}
