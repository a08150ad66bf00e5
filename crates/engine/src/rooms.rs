//! Rooms: who is in which, now. What is said there is stored; who is there is not.
//!
//! A session is in one room at most, and one of its connections hears what happens there: the one that
//! came in last. When that connection goes, so does the person.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kabar_model::limits::ROOM_PEOPLE_MAX;
use kabar_model::{Body, ConversationId, Field, Refusal, RoomName, SessionId, User, UserId};
use parking_lot::Mutex;

use crate::engine::Engine;
use crate::error::Result;
use crate::messages::Posting;
use crate::news::{ListenerId, Listeners, Listening, News, RoomNews, Signal};
use crate::sessions::Caller;
use crate::store::Target;

/// Rooms in one list.
const ROOMS_LISTED_MAX: usize = 1_000;

/// Who is in which room.
#[derive(Debug)]
pub(crate) struct Rooms {
    open: Mutex<Open>,
    /// Held from a change until it has been told, so that comings and goings are told in their order. Taken
    /// before `open`, which messages need and which is let go of meanwhile.
    telling: Mutex<()>,
    listeners: Arc<Listeners>,
}

#[derive(Debug, Default)]
struct Open {
    rooms: HashMap<ConversationId, Room>,
    by_session: HashMap<SessionId, ConversationId>,
    last_visit: u64,
}

#[derive(Debug)]
struct Room {
    name: RoomName,
    /// [`RoomName::key`] of it.
    key: String,
    /// In the order of coming.
    people: Vec<Occupant>,
    /// With how many sessions each person is here.
    sessions: HashMap<UserId, usize>,
}

#[derive(Clone, Debug)]
struct Occupant {
    user: Arc<User>,
    session: SessionId,
    listener: ListenerId,
    /// The coming in that holds the place. A later one of the same session takes it over.
    visit: u64,
}

/// Something to tell, and whom.
type Announcement = (Vec<(UserId, ListenerId)>, News);

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
        open.occupant(self.session).is_some_and(|person| person.visit == self.visit)
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

impl Room {
    fn new(name: &RoomName) -> Self {
        Self { name: name.clone(), key: name.key(), people: vec![], sessions: HashMap::new() }
    }

    fn shown(&self, id: ConversationId) -> OpenRoom {
        OpenRoom { id, name: self.name.clone(), people: self.sessions.len() }
    }

    /// Those who hear of it when somebody else comes or goes.
    fn others(&self, session: SessionId) -> Vec<(UserId, ListenerId)> {
        let others = self.people.iter().filter(|person| person.session != session);
        others.map(|person| (person.user.id, person.listener)).collect()
    }

    /// Says whether the person was here with another session already.
    fn add(&mut self, new: Occupant) -> bool {
        let sessions = self.sessions.entry(new.user.id).or_default();
        *sessions += 1;
        let known = *sessions > 1;
        self.people.push(new);
        known
    }

    /// Takes a session out; says whether the person is still here with another one.
    fn remove(&mut self, session: SessionId) -> Option<(Occupant, bool)> {
        let at = self.people.iter().position(|person| person.session == session)?;
        let gone = self.people.remove(at);
        let left = self.sessions.get_mut(&gone.user.id)?;
        *left -= 1;
        let is_here = *left > 0;
        if !is_here {
            self.sessions.remove(&gone.user.id);
        }
        Some((gone, is_here))
    }

    /// Each person once, in the order of coming.
    fn each(&self) -> Vec<Arc<User>> {
        let mut seen = HashSet::with_capacity(self.sessions.len());
        let once = self.people.iter().filter(|person| seen.insert(person.user.id));
        once.map(|person| Arc::clone(&person.user)).collect()
    }
}

impl Open {
    fn occupant(&self, session: SessionId) -> Option<&Occupant> {
        let room = self.rooms.get(self.by_session.get(&session)?)?;
        room.people.iter().find(|person| person.session == session)
    }

    fn next_visit(&mut self) -> u64 {
        self.last_visit += 1;
        self.last_visit
    }

    /// Tells the others, and the listener that was there, which may not know.
    fn leave(&mut self, session: SessionId) -> Vec<Announcement> {
        let Some(id) = self.by_session.remove(&session) else { return Vec::new() };
        let Some(room) = self.rooms.get_mut(&id) else { return Vec::new() };
        let Some((gone, is_here)) = room.remove(session) else { return Vec::new() };
        let mut told = vec![gone.is_out_of(id)];
        if !is_here {
            let news = RoomNews { id, room: room.name.clone(), user: gone.user };
            told.push((room.others(session), News::Left(Arc::new(news))));
        }
        if room.people.is_empty() {
            self.rooms.remove(&id);
        }
        told
    }

    fn enter(
        &mut self,
        id: ConversationId,
        name: &RoomName,
        new: Occupant,
    ) -> Option<Announcement> {
        let room = self.rooms.entry(id).or_insert_with(|| Room::new(name));
        let session = new.session;
        let news = RoomNews { id, room: room.name.clone(), user: Arc::clone(&new.user) };
        let known = room.add(new);
        self.by_session.insert(session, id);
        let others = room.others(session);
        (!known).then(|| (others, News::Entered(Arc::new(news))))
    }
}

impl Occupant {
    fn is_out_of(&self, room: ConversationId) -> Announcement {
        let signal = News::Signal(Arc::new(Signal::OutOfRoom(room)));
        (vec![(self.user.id, self.listener)], signal)
    }
}

impl Rooms {
    pub(crate) fn new(listeners: Arc<Listeners>) -> Self {
        Self { open: Mutex::default(), telling: Mutex::default(), listeners }
    }

    pub(crate) fn name(&self, room: ConversationId) -> Option<RoomName> {
        self.open.lock().rooms.get(&room).map(|room| room.name.clone())
    }

    pub(crate) fn listeners_in(&self, room: ConversationId) -> Vec<(UserId, ListenerId)> {
        let open = self.open.lock();
        let people = open.rooms.get(&room).map_or(&[][..], |room| room.people.as_slice());
        people.iter().map(|person| (person.user.id, person.listener)).collect()
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

    /// Coming in where one is already only changes which connection hears. Says which visit it is.
    fn enter(
        &self,
        id: ConversationId,
        name: &RoomName,
        (user, session, listener): (Arc<User>, SessionId, ListenerId),
    ) -> Result<u64> {
        let _in_order = self.telling.lock();
        let (visit, told) = {
            let open = &mut *self.open.lock();
            // Asked first: who cannot come in stays where they are.
            let is_there = open.by_session.get(&session) == Some(&id);
            let is_full =
                open.rooms.get(&id).is_some_and(|room| room.people.len() >= ROOM_PEOPLE_MAX);
            if is_full && !is_there {
                return Err(Refusal::TooMany(Field::Room).into());
            }
            let visit = open.next_visit();
            let mut told = Vec::new();
            if is_there {
                let people = open.rooms.get_mut(&id).map(|room| room.people.iter_mut());
                for person in people.into_iter().flatten().filter(|p| p.session == session) {
                    if person.listener != listener {
                        told.push(person.is_out_of(id));
                    }
                    (person.listener, person.visit) = (listener, visit);
                }
            } else {
                told = open.leave(session);
                told.extend(open.enter(id, name, Occupant { user, session, listener, visit }));
            }
            (visit, told)
        };
        self.tell(told);
        Ok(visit)
    }

    /// Leaves, if it is still this visit that holds the place; whichever it is if none is named.
    fn leave(&self, session: SessionId, visit: Option<u64>) {
        let _in_order = self.telling.lock();
        let told = {
            let open = &mut *self.open.lock();
            match (open.occupant(session), visit) {
                (Some(person), Some(visit)) if person.visit != visit => Vec::new(),
                _ => open.leave(session),
            }
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
        let visit = self.rooms.enter(room, name, (user, session, listener))?;
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
        let room = self.room_id_of(caller)?;
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
