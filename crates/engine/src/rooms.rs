//! Rooms: who is in which, now. What is said there is stored; who is there is not.
//!
//! A session is in one room at most, and one of its connections hears what happens there: the one that
//! came in. When that connection goes, so does the person.

use std::collections::HashMap;
use std::sync::Arc;

use kabar_model::limits::ROOM_PEOPLE_MAX;
use kabar_model::{Body, ConversationId, Field, Refusal, RoomName, SessionId, User, UserId};
use parking_lot::Mutex;

use crate::engine::Engine;
use crate::error::Result;
use crate::messages::Posting;
use crate::news::{ListenerId, Listeners, Listening, News, RoomNews};
use crate::sessions::Caller;
use crate::store::Target;

/// Who is in which room.
#[derive(Debug)]
pub(crate) struct Rooms {
    open: Mutex<Open>,
    listeners: Arc<Listeners>,
}

#[derive(Debug, Default)]
struct Open {
    rooms: HashMap<ConversationId, Room>,
    by_session: HashMap<SessionId, ConversationId>,
}

#[derive(Debug)]
struct Room {
    name: RoomName,
    /// In the order of coming.
    people: Vec<Occupant>,
}

#[derive(Clone, Debug)]
struct Occupant {
    user: Arc<User>,
    session: SessionId,
    listener: ListenerId,
}

/// Something to tell, and whom.
type Announcement = (Vec<(UserId, ListenerId)>, News);

/// Being in a room, until dropped or until the session goes elsewhere.
#[derive(Debug)]
pub struct Stay {
    rooms: Arc<Rooms>,
    session: SessionId,
    listener: ListenerId,
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.rooms.leave(self.session, Some(self.listener));
    }
}

impl Room {
    /// Those who hear of it when somebody else comes or goes.
    fn others(&self, session: SessionId) -> Vec<(UserId, ListenerId)> {
        let others = self.people.iter().filter(|person| person.session != session);
        others.map(|person| (person.user.id, person.listener)).collect()
    }

    /// Whether this person is here with any session.
    fn holds(&self, user: UserId) -> bool {
        self.people.iter().any(|person| person.user.id == user)
    }
}

impl Open {
    fn leave(&mut self, session: SessionId) -> Option<Announcement> {
        let id = self.by_session.remove(&session)?;
        let room = self.rooms.get_mut(&id)?;
        let at = room.people.iter().position(|person| person.session == session)?;
        let left = room.people.remove(at);
        if room.people.is_empty() {
            self.rooms.remove(&id);
            return None;
        }
        let news = News::Left(Arc::new(RoomNews { room: room.name.clone(), user: left.user }));
        match &news {
            News::Left(left) if room.holds(left.user.id) => None,
            _ => Some((room.others(session), news)),
        }
    }

    fn enter(
        &mut self,
        id: ConversationId,
        name: &RoomName,
        new: Occupant,
    ) -> Option<Announcement> {
        let room =
            self.rooms.entry(id).or_insert_with(|| Room { name: name.clone(), people: vec![] });
        let session = new.session;
        let news = RoomNews { room: room.name.clone(), user: Arc::clone(&new.user) };
        let known = room.holds(new.user.id);
        room.people.push(new);
        self.by_session.insert(session, id);
        let others = room.others(session);
        (!known).then(|| (others, News::Entered(Arc::new(news))))
    }
}

impl Rooms {
    pub(crate) fn new(listeners: Arc<Listeners>) -> Self {
        Self { open: Mutex::default(), listeners }
    }

    pub(crate) fn name(&self, room: ConversationId) -> Option<RoomName> {
        self.open.lock().rooms.get(&room).map(|room| room.name.clone())
    }

    pub(crate) fn listeners_in(&self, room: ConversationId) -> Vec<(UserId, ListenerId)> {
        let open = self.open.lock();
        let people = open.rooms.get(&room).map_or(&[][..], |room| room.people.as_slice());
        people.iter().map(|person| (person.user.id, person.listener)).collect()
    }

    /// The people in a room, each once, in the order of coming.
    pub(crate) fn people(&self, room: ConversationId) -> Vec<Arc<User>> {
        let open = self.open.lock();
        let mut people: Vec<Arc<User>> = Vec::new();
        for person in open.rooms.get(&room).map_or(&[][..], |room| room.people.as_slice()) {
            if people.iter().all(|known| known.id != person.user.id) {
                people.push(Arc::clone(&person.user));
            }
        }
        people
    }

    fn room_of(&self, session: SessionId) -> Option<(ConversationId, RoomName)> {
        let open = self.open.lock();
        let id = *open.by_session.get(&session)?;
        open.rooms.get(&id).map(|room| (id, room.name.clone()))
    }

    /// Coming in where one is already only changes which connection hears.
    fn enter(&self, id: ConversationId, name: &RoomName, new: Occupant) -> Result<()> {
        let announcements = {
            let open = &mut *self.open.lock();
            if open.by_session.get(&new.session) == Some(&id) {
                let people = open.rooms.get_mut(&id).map(|room| room.people.iter_mut());
                for person in people.into_iter().flatten().filter(|p| p.session == new.session) {
                    person.listener = new.listener;
                }
                return Ok(());
            }
            // Asked first: who cannot come in stays where they are.
            if open.rooms.get(&id).is_some_and(|room| room.people.len() >= ROOM_PEOPLE_MAX) {
                return Err(Refusal::TooMany(Field::Room).into());
            }
            [open.leave(new.session), open.enter(id, name, new)]
        };
        for (whom, news) in announcements.into_iter().flatten() {
            self.listeners.tell_each(&whom, &[news]);
        }
        Ok(())
    }

    /// Leaves, if it is still this connection that hears; whichever it is if none is named.
    fn leave(&self, session: SessionId, listener: Option<ListenerId>) {
        let announcement = {
            let open = &mut *self.open.lock();
            let room = open.by_session.get(&session).and_then(|id| open.rooms.get(id));
            let person = room.and_then(|r| r.people.iter().find(|p| p.session == session));
            match (person, listener) {
                (Some(person), Some(listener)) if person.listener != listener => None,
                _ => open.leave(session),
            }
        };
        if let Some((whom, news)) = announcement {
            self.listeners.tell_each(&whom, &[news]);
        }
    }
}

impl Engine {
    /// Goes into a room, which is made by its first guest; `listening` hears what happens there until the
    /// stay is dropped. Says who is there. The others hear of it, once for each person. A session that was
    /// in another room leaves that one.
    pub async fn enter_room(
        &self,
        caller: &Caller,
        listening: &Listening,
        name: &RoomName,
    ) -> Result<(Stay, Vec<Arc<User>>)> {
        caller.may_write()?;
        let room = self.store.room(name, self.clock.now()).await?;
        let user = self.directory.user(caller.user()).await?;
        let (_, listener) = listening.who();
        let session = caller.session();
        self.rooms.enter(room, name, Occupant { user, session, listener })?;
        let stay = Stay { rooms: Arc::clone(&self.rooms), session, listener };
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
