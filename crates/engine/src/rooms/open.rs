//! Which rooms are open, and who is in them: on this node, and as far as is known on others.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kabar_model::{ConversationId, RoomName, SessionId, User, UserId};

use super::OpenRoom;
use crate::news::{ListenerId, News, RoomNews, Signal};
use crate::store::nodes::Version;

/// Something to tell, and whom.
pub(super) type Announcement = (Vec<(UserId, ListenerId)>, News);

#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) rooms: HashMap<ConversationId, Room>,
    pub(super) by_session: HashMap<SessionId, ConversationId>,
    pub(super) last_visit: u64,
}

#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: RoomName,
    /// [`RoomName::key`] of it.
    pub(super) key: String,
    /// In the order of coming.
    pub(super) people: Vec<Occupant>,
    /// With how many sessions each person is here.
    pub(super) sessions: HashMap<UserId, usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Occupant {
    pub(super) user: Arc<User>,
    pub(super) session: SessionId,
    pub(super) place: At,
    /// Counts up with the comings into a room.
    pub(super) came: i64,
}

/// Where somebody hears what happens in a room.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    /// On this node.
    Here {
        listener: ListenerId,
        /// The coming in that holds the place. A later one of the same session takes it over.
        visit: u64,
        /// The change that it is for other nodes.
        since: Version,
    },
    /// On another.
    There,
}

impl Room {
    fn new(name: &RoomName) -> Self {
        Self { name: name.clone(), key: name.key(), people: vec![], sessions: HashMap::new() }
    }

    pub(super) fn shown(&self, id: ConversationId) -> OpenRoom {
        OpenRoom { id, name: self.name.clone(), people: self.sessions.len() }
    }

    /// Those on this node who hear what happens here.
    pub(super) fn listeners(&self) -> impl Iterator<Item = (SessionId, (UserId, ListenerId))> {
        self.people.iter().filter_map(|person| match person.place {
            At::Here { listener, .. } => Some((person.session, (person.user.id, listener))),
            At::There => None,
        })
    }

    /// Those who hear of it when somebody else comes or goes.
    fn others(&self, session: SessionId) -> Vec<(UserId, ListenerId)> {
        self.listeners().filter(|(other, _)| *other != session).map(|(_, whom)| whom).collect()
    }

    /// Says whether the person was here with another session already.
    fn add(&mut self, new: Occupant) -> bool {
        let sessions = self.sessions.entry(new.user.id).or_default();
        *sessions += 1;
        let known = *sessions > 1;
        // Word of who came on another node may be late.
        let at = self.people.iter().rposition(|person| person.came <= new.came);
        self.people.insert(at.map_or(0, |at| at + 1), new);
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
    pub(super) fn each(&self) -> Vec<Arc<User>> {
        let mut seen = HashSet::with_capacity(self.sessions.len());
        let once = self.people.iter().filter(|person| seen.insert(person.user.id));
        once.map(|person| Arc::clone(&person.user)).collect()
    }
}

impl Open {
    pub(super) fn occupant(&self, session: SessionId) -> Option<&Occupant> {
        let room = self.rooms.get(self.by_session.get(&session)?)?;
        room.people.iter().find(|person| person.session == session)
    }

    pub(super) fn next_visit(&mut self) -> u64 {
        self.last_visit += 1;
        self.last_visit
    }

    /// Tells the others, and the listener that was there, which may not know.
    pub(super) fn leave(&mut self, session: SessionId) -> Vec<Announcement> {
        let Some(id) = self.by_session.remove(&session) else { return Vec::new() };
        let Some(room) = self.rooms.get_mut(&id) else { return Vec::new() };
        let Some((gone, is_here)) = room.remove(session) else { return Vec::new() };
        let mut told: Vec<Announcement> = gone.is_out_of(id).into_iter().collect();
        if !is_here {
            let news = RoomNews { id, room: room.name.clone(), user: gone.user };
            told.push((room.others(session), News::Left(Arc::new(news))));
        }
        if room.people.is_empty() {
            self.rooms.remove(&id);
        }
        told
    }

    /// Goes into a room and out of any other. Coming in where one is already only changes who hears.
    pub(super) fn enter(
        &mut self,
        id: ConversationId,
        name: &RoomName,
        new: Occupant,
    ) -> Vec<Announcement> {
        let session = new.session;
        if self.by_session.get(&session) == Some(&id) {
            return self.move_to(id, session, new.place).into_iter().collect();
        }
        let mut told = self.leave(session);
        let room = self.rooms.entry(id).or_insert_with(|| Room::new(name));
        let news = RoomNews { id, room: room.name.clone(), user: Arc::clone(&new.user) };
        let known = room.add(new);
        self.by_session.insert(session, id);
        if !known {
            told.push((room.others(session), News::Entered(Arc::new(news))));
        }
        told
    }

    /// Tells the one that heard before, unless it is the same.
    fn move_to(
        &mut self,
        id: ConversationId,
        session: SessionId,
        place: At,
    ) -> Option<Announcement> {
        let people = &mut self.rooms.get_mut(&id)?.people;
        let person = people.iter_mut().find(|person| person.session == session)?;
        let before = person.clone();
        person.place = place;
        match (before.place, place) {
            (At::Here { listener: old, .. }, At::Here { listener: new, .. }) if old == new => None,
            _ => before.is_out_of(id),
        }
    }
}

impl Occupant {
    fn is_out_of(&self, room: ConversationId) -> Option<Announcement> {
        let At::Here { listener, .. } = self.place else { return None };
        let signal = News::Signal(Arc::new(Signal::OutOfRoom(room)));
        Some((vec![(self.user.id, listener)], signal))
    }
}
