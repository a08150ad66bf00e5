//! Rooms: which there are, and who is in them now. One goes into a room over a stream of events.

use axum::extract::State;
use kabar_model::RoomName;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Json, Path};
use crate::ids;
use crate::objects::User;
use crate::problem::Answer;

/// Rooms with somebody in them.
#[derive(Serialize, ToSchema)]
pub(crate) struct Rooms {
    /// Those with the most people first, then by name; at most 1,000.
    rooms: Vec<Room>,
}

/// A room in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Room {
    /// Its conversation, which anybody may read.
    id: String,
    /// Its name.
    name: String,
    /// How many people are in it.
    people: usize,
}

/// A room, and who is in it now.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoomPeople {
    /// Its conversation; `null`: nobody is there.
    #[schema(required)]
    id: Option<String>,
    /// Its name.
    name: String,
    /// In the order of coming.
    people: Vec<User>,
}

/// The rooms with somebody in them
#[utoipa::path(get, path = "/rooms", tag = "rooms", responses((status = 200, body = Rooms)))]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
) -> Answer<Json<Rooms>> {
    let rooms = api.engine.open_rooms(&caller).into_iter().map(|room| Room {
        id: ids::of_conversation(room.id),
        name: room.name.as_str().to_owned(),
        people: room.people,
    });
    Ok(Json(Rooms { rooms: rooms.collect() }))
}

/// Who is in a room now; in one that nobody has gone into yet, nobody is
#[utoipa::path(get, path = "/rooms/{name}", tag = "rooms", responses((status = 200, body = RoomPeople)))]
pub(crate) async fn people(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(name): Path<String>,
) -> Answer<Json<RoomPeople>> {
    let name = RoomName::parse(&name)?;
    let (id, name, people) = match api.engine.open_room(&caller, &name) {
        Some((room, people)) => (Some(ids::of_conversation(room.id)), room.name, people),
        None => (None, name, Vec::new()),
    };
    let people = people.iter().map(|user| api.user(user)).collect();
    Ok(Json(RoomPeople { id, name: name.as_str().to_owned(), people }))
}
