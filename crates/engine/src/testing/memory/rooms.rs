//! Rooms.

use kabar_model::{ConversationId, RoomName};

use super::{Realm, Talk};

impl Realm {
    pub(super) fn room(&mut self, name: &RoomName) -> ConversationId {
        let key = name.key();
        let found = self
            .conversations
            .iter()
            .find(|(_, talk)| talk.room.as_ref().is_some_and(|room| room.key() == key));
        match found {
            Some((id, _)) => *id,
            None => self.add(Talk { room: Some(name.clone()), ..Talk::default() }),
        }
    }

    pub(super) fn is_room(&self, id: ConversationId) -> bool {
        self.conversations.get(&id).is_some_and(|talk| talk.room.is_some())
    }
}
