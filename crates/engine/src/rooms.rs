//! Rooms: who is in which, now. What is said there is stored; who is there is not.
//!
//! A session is in one room at most, and one of its connections hears what happens there: the one that
//! came in last. When that connection goes, so does the person.

mod elsewhere;
mod open;

use std::cmp::Reverse;
use std::sync::Arc;

use kabar_model::limits::ROOM_PEOPLE_MAX;
use kabar_model::{Body, ConversationId, Field, Refusal, RoomName, SessionId, User, UserId};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::engine::Engine;
use crate::error::Result;
use crate::messages::Posting;
use crate::news::{ListenerId, Listeners, Listening};
use crate::nodes::Everywhere;
use crate::sessions::Caller;
use crate::store::Target;
use crate::store::nodes::Version;

pub(crate) use elsewhere::Known;
use elsewhere::Leavings;
use open::{Announcement, At, Occupant, Open, Room};

/// Rooms in one list.
const ROOMS_LISTED_MAX: usize = 1_000;

/// Who is in which room.
#[derive(Debug)]
pub(crate) struct Rooms {
    open: Mutex<Open>,
    /// Held from a change until it has been told, so that comings and goings are told in their order. Taken
    /// before `open`, which messages need and which is let go of meanwhile.
    telling: Mutex<()>,
    has_nodes: bool,
    /// What other nodes are to be told.
    leavings: Mutex<Leavings>,
    /// Something is to be told to them.
    pub(crate) left: Notify,
    listeners: Arc<Listeners>,
}

/// Being in a room, until dropped or until the session goes elsewhere.
#[derive(Debug)]
pub struct Stay {
    rooms: Arc<Rooms>,
    room: ConversationId,
    session: SessionId,
    visit: u64,
}

impl Stay {
    /// The conversation of the room.
    pub fn room(&self) -> ConversationId {
        self.room
    }

    /// Whether the place is still held by this one: the session may have left, or come in elsewhere.
    pub fn lasts(&self) -> bool {
        let open = self.rooms.open.lock();
        let place = open.occupant(self.session).map(|person| person.place);
        matches!(place, Some(At::Here { visit, .. }) if visit == self.visit)
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.rooms.leave(self.session, Some(self.visit));
    }
}

/// A room with somebody in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRoom {
    /// Its conversation.
    pub id: ConversationId,
    /// Its name.
    pub name: RoomName,
    /// How many people are in it, each counted once.
    pub people: usize,
}

impl Rooms {
    /// No rooms yet; with `has_nodes`, what other nodes must know is noted.
    pub(crate) fn new(listeners: Arc<Listeners>, has_nodes: bool) -> Self {
        Self {
            open: Mutex::default(),
            telling: Mutex::default(),
            has_nodes,
            leavings: Mutex::default(),
            left: Notify::new(),
            listeners,
        }
    }

    pub(crate) fn name(&self, room: ConversationId) -> Option<RoomName> {
        self.open.lock().rooms.get(&room).map(|room| room.name.clone())
    }

    /// Those on this node who hear what happens in a room.
    pub(crate) fn listeners_in(&self, room: ConversationId) -> Vec<(UserId, ListenerId)> {
        let open = self.open.lock();
        let room = open.rooms.get(&room);
        room.map(|room| room.listeners().map(|(_, whom)| whom).collect()).unwrap_or_default()
    }

    /// How many people are in a room.
    pub(crate) fn count(&self, room: ConversationId) -> usize {
        self.open.lock().rooms.get(&room).map_or(0, |room| room.sessions.len())
    }

    /// The people in a room, each once, in the order of coming.
    fn people(&self, room: ConversationId) -> Vec<Arc<User>> {
        self.open.lock().rooms.get(&room).map(Room::each).unwrap_or_default()
    }

    fn room_of(&self, session: SessionId) -> Option<(ConversationId, RoomName)> {
        let open = self.open.lock();
        let id = *open.by_session.get(&session)?;
        open.rooms.get(&id).map(|room| (id, room.name.clone()))
    }

    /// Coming in where one is already only changes which connection hears. Says which visit it is. With `since` other
    /// nodes know of that visit, and there was room.
    fn enter(
        &self,
        id: ConversationId,
        name: &RoomName,
        (user, session, listener): (Arc<User>, SessionId, ListenerId),
        known: Option<(u64, Version)>,
    ) -> Result<u64> {
        let _in_order = self.telling.lock();
        let (visit, told) = {
            let open = &mut *self.open.lock();
            let (visit, since) = match known {
                Some(known) => known,
                None => (open.next_visit(), Version::NONE),
            };
            // Asked first: who cannot come in stays where they are.
            let is_there = open.by_session.get(&session) == Some(&id);
            let is_full =
                open.rooms.get(&id).is_some_and(|room| room.people.len() >= ROOM_PEOPLE_MAX);
            if is_full && !is_there && known.is_none() {
                return Err(Refusal::TooMany(Field::Room).into());
            }
            let held = open.occupant(session).map(|person| person.place);
            if matches!(held, Some(At::Here { visit: later, .. }) if later > visit) {
                return Ok(visit);
            }
            let place = At::Here { listener, visit, since };
            let came = if known.is_some() { since.0 } else { visit.cast_signed() };
            (visit, open.enter(id, name, Occupant { user, session, place, came }))
        };
        self.tell(told);
        Ok(visit)
    }

    /// Leaves, if it is still this visit that holds the place; whichever it is if none is named.
    fn leave(&self, session: SessionId, visit: Option<u64>) {
        let _in_order = self.telling.lock();
        let told = {
            let open = &mut *self.open.lock();
            let person = open.occupant(session).filter(|person| match (person.place, visit) {
                (_, None) => true,
                (At::Here { visit: held, .. }, Some(visit)) => held == visit,
                (At::There, Some(_)) => false,
            });
            if let Some(person) = person.filter(|_| self.has_nodes) {
                self.note_leaving(person);
                self.left.notify_one();
            }
            if person.is_some() { open.leave(session) } else { Vec::new() }
        };
        self.tell(told);
    }

    /// To be called with `telling` held.
    fn tell(&self, told: Vec<Announcement>) {
        for (whom, news) in told {
            self.listeners.tell_each(&whom, &[news]);
        }
    }
}

impl Engine {
    /// Goes into a room, which is made by its first guest; `listening` hears what happens there until the
    /// stay is dropped. Says who is there. The others hear of it, once for each person. A session that was
    /// in another room leaves that one. Refuses `Busy` to a session that does it too often.
    pub async fn enter_room(
        &self,
        caller: &Caller,
        listening: &Listening,
        name: &RoomName,
    ) -> Result<(Stay, Vec<Arc<User>>)> {
        caller.may_write()?;
        caller.0.pace.enters(self.clock.elapsed())?;
        let room = self.store.room(name, self.clock.now()).await?;
        let user = self.directory.user(caller.user()).await?;
        let (_, listener) = listening.who();
        let session = caller.session();
        let who = (user, session, listener);
        let visit = match self.enter_everywhere(caller, room).await? {
            Everywhere::OneNode => self.rooms.enter(room, name, who, None)?,
            Everywhere::Known(visit, since) => {
                self.rooms.enter(room, name, who, Some((visit, since)))?
            }
            // A later one of the same session was quicker, so this one does not last.
            Everywhere::Late(visit) => visit,
        };
        let stay = Stay { rooms: Arc::clone(&self.rooms), room, session, visit };
        Ok((stay, self.rooms.people(room)))
    }

    /// The room that the session is in; refuses `NotInRoom`.
    pub fn room_of(&self, caller: &Caller) -> Result<RoomName> {
        let room = self.rooms.room_of(caller.session());
        room.map(|(_, name)| name).ok_or_else(|| Refusal::NotInRoom.into())
    }

    pub(crate) fn room_id_of(&self, caller: &Caller) -> Result<ConversationId> {
        let room = self.rooms.room_of(caller.session());
        room.map(|(id, _)| id).ok_or_else(|| Refusal::NotInRoom.into())
    }

    /// The rooms with somebody in them: those with the most people first, then by name. Of very many, some are
    /// left out.
    pub fn open_rooms(&self, _caller: &Caller) -> Vec<OpenRoom> {
        let mut rooms: Vec<OpenRoom> = {
            let open = self.rooms.open.lock();
            open.rooms.iter().map(|(id, room)| room.shown(*id)).collect()
        };
        rooms.sort_by_cached_key(|room| (Reverse(room.people), room.name.key()));
        rooms.truncate(ROOMS_LISTED_MAX);
        rooms
    }

    /// The room of that name with those in it, each once, in the order of coming; `None` when nobody is.
    pub fn open_room(
        &self,
        _caller: &Caller,
        name: &RoomName,
    ) -> Option<(OpenRoom, Vec<Arc<User>>)> {
        let key = name.key();
        let open = self.rooms.open.lock();
        let (id, room) = open.rooms.iter().find(|(_, room)| room.key == key)?;
        Some((room.shown(*id), room.each()))
    }

    /// Those in that room now, each once, in the order of coming.
    pub fn people_in_room(&self, _caller: &Caller, room: ConversationId) -> Vec<Arc<User>> {
        self.rooms.people(room)
    }

    /// Sends a text to the room that the session is in; refuses `NotInRoom`.
    pub async fn send_to_room(&self, caller: &Caller, body: Body) -> Result<Posting> {
        let room = self.room_id_anywhere(caller).await?;
        self.post(caller, vec![Target::Room(room)], body, Refusal::NotInRoom).await
    }

    /// Leaves the room that the session is in, and says which it was; refuses `NotInRoom`.
    pub fn leave_room(&self, caller: &Caller) -> Result<RoomName> {
        let name = self.room_of(caller)?;
        self.rooms.leave(caller.session(), None);
        Ok(name)
    }
}

#[cfg(test)]
mod tests;
