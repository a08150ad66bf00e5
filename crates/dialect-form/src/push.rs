//! What is said unasked to those in a room.

use kabar_engine::{MessageNews, RoomNews};
use kabar_model::User;
use kabar_wire::said;

use crate::reply::ok;
use crate::wording;

/// A message in the room. Its author hears it, too: clients leave out their own by the username.
pub(crate) fn message(news: &MessageNews) -> Vec<u8> {
    let User { name, username, .. } = &*news.from;
    let text = match &news.file {
        Some(file) => wording::file_in_room(file.name.as_str(), &news.body),
        None => said(&news.body, news.change, wording::DELETED).into_owned(),
    };
    broadcast(name.as_str(), &text, username.as_str())
}

/// Somebody came.
pub(crate) fn joined(news: &RoomNews) -> Vec<u8> {
    system(&wording::somebody_joined(news.user.name.as_str()))
}

/// Somebody went.
pub(crate) fn left(news: &RoomNews) -> Vec<u8> {
    system(&wording::somebody_left(news.user.name.as_str()))
}

fn system(text: &str) -> Vec<u8> {
    broadcast(wording::SYSTEM, text, wording::SYSTEM)
}

fn broadcast(display: &str, text: &str, username: &str) -> Vec<u8> {
    ok(|o| {
        o.text("type", "broadcast");
        o.text("display", display);
        o.text("messages", text);
        o.text("username", username);
    })
}
