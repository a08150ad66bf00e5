//! What other nodes must know of the rooms here, and what they say of theirs.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

use kabar_model::{RoomName, SessionId, User};

use super::Rooms;
use super::open::{Announcement, At, Occupant, Open};
use crate::store::nodes::{Coming, InRoom, NodeId, Stands, Version};

/// A change that other nodes have not been told of yet.
#[derive(Debug, Default)]
pub(super) struct Leavings {
    /// Visits here that ended.
    visits: Vec<(SessionId, u64)>,
    /// Sessions that left a room on another node.
    sessions: Vec<SessionId>,
}

/// Leavings on their way to the store. Those that are not said to be written are taken back: they are for the next time.
pub(crate) struct Leaving<'a> {
    rooms: &'a Rooms,
    leavings: Leavings,
}

impl Leaving<'_> {
    /// Visits of this node.
    pub(crate) fn visits(&self) -> &[(SessionId, u64)] {
        &self.leavings.visits
    }

    pub(crate) fn visits_are_written(&mut self) {
        self.leavings.visits.clear();
    }

    /// Sessions on other nodes.
    pub(crate) fn sessions(&self) -> &[SessionId] {
        &self.leavings.sessions
    }

    pub(crate) fn sessions_are_written(&mut self) {
        self.leavings.sessions.clear();
    }
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let Leavings { visits, mut sessions } = mem::take(&mut self.leavings);
        if !sessions.is_empty() {
            // Who has come in here since then has left the other node by that.
            let open = self.rooms.open.lock();
            let is_here =
                |session| matches!(open.occupant(session).map(|p| p.place), Some(At::Here { .. }));
            sessions.retain(|session| !is_here(*session));
        }
        let waiting = &mut *self.rooms.leavings.lock();
        waiting.visits.extend(visits);
        waiting.sessions.extend(sessions);
    }
}

/// A row of the store with what is needed to show it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) row: InRoom,
    pub(crate) user: Arc<User>,
    pub(crate) name: RoomName,
}

impl Rooms {
    /// The number of a coming that is yet to be told to other nodes.
    pub(crate) fn next_visit(&self) -> u64 {
        self.open.lock().next_visit()
    }

    pub(super) fn note_leaving(&self, left: &Occupant) {
        let leavings = &mut *self.leavings.lock();
        match left.place {
            At::Here { visit, .. } => leavings.visits.push((left.session, visit)),
            At::There => leavings.sessions.push(left.session),
        }
    }

    /// Those who left here and have not been written yet.
    pub(crate) fn take_leavings(&self) -> Leaving<'_> {
        Leaving { rooms: self, leavings: mem::take(&mut *self.leavings.lock()) }
    }

    /// All who are in rooms on this node.
    pub(crate) fn here(&self) -> Vec<Coming> {
        let open = self.open.lock();
        let people = open.rooms.iter().flat_map(|(id, room)| room.people.iter().map(|p| (*id, p)));
        let here = people.filter_map(|(room, person)| match person.place {
            At::Here { visit, .. } => Some(Coming {
                session: person.session,
                user: person.user.id,
                room,
                visit,
                again: true,
            }),
            At::There => None,
        });
        here.collect()
    }

    /// A visit was written again, as this change.
    pub(crate) fn was_written(&self, session: SessionId, visit: u64, version: Version) {
        let open = &mut *self.open.lock();
        let room = open.by_session.get(&session).and_then(|id| open.rooms.get_mut(id));
        for person in room.into_iter().flat_map(|room| room.people.iter_mut()) {
            if person.session == session
                && let At::Here { visit: held, since, .. } = &mut person.place
                && *held == visit
            {
                *since = version;
            }
        }
    }

    /// Takes a session out of its room, if this visit still holds its place: for other nodes it is not there.
    pub(crate) fn take_out(&self, session: SessionId, visit: u64) {
        let _in_order = self.telling.lock();
        let told = {
            let open = &mut *self.open.lock();
            match open.occupant(session).map(|person| person.place) {
                Some(At::Here { visit: held, .. }) if held == visit => open.leave(session),
                _ => Vec::new(),
            }
        };
        self.tell(told);
    }

    /// What the store says of all rooms since the last time, in any order; with `whole` it is all there is.
    pub(crate) fn learn(&self, me: NodeId, known: Vec<Known>, gone: &[InRoom], whole: bool) {
        let _in_order = self.telling.lock();
        let mut told = Vec::new();
        {
            let open = &mut *self.open.lock();
            if whole {
                let named: HashSet<SessionId> =
                    known.iter().map(|known| known.row.session).collect();
                for session in open.there() {
                    if !named.contains(&session) {
                        told.extend(open.leave(session));
                    }
                }
            }
            for row in gone {
                told.extend(open.forget(me, row));
            }
            for known in known {
                told.extend(open.learn(me, known));
            }
        }
        self.tell(told);
    }
}

impl Open {
    /// The sessions that are in rooms on other nodes.
    fn there(&self) -> Vec<SessionId> {
        let people = self.rooms.values().flat_map(|room| room.people.iter());
        let there = people.filter(|person| matches!(person.place, At::There));
        there.map(|person| person.session).collect()
    }

    /// Somebody is no longer in a room, as the store says.
    fn forget(&mut self, me: NodeId, row: &InRoom) -> Vec<Announcement> {
        let is_meant = match self.occupant(row.session).map(|person| person.place) {
            Some(At::There) => true,
            // They were taken out on another node. When this node counted as gone, they stay and are written again.
            Some(At::Here { visit, since, .. }) => {
                let is_this = row.node == me && row.visit == visit && row.changed > since;
                is_this && row.stands == Stands::Left
            }
            None => false,
        };
        if is_meant { self.leave(row.session) } else { Vec::new() }
    }

    /// Somebody is in a room, as the store says.
    fn learn(&mut self, me: NodeId, Known { row, user, name }: Known) -> Vec<Announcement> {
        match self.occupant(row.session).map(|person| person.place) {
            // What happened here is known better, and later.
            Some(At::Here { since, .. }) if row.node == me || since >= row.changed => Vec::new(),
            // They are about to come in here.
            _ if row.node == me => Vec::new(),
            _ => {
                let (place, came) = (At::There, row.came.0);
                self.enter(row.room, &name, Occupant { user, session: row.session, place, came })
            }
        }
    }
}
