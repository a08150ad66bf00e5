//! One's conversations: what each is, how far one has read, and what was said last.

use std::collections::HashMap;
use std::sync::Arc;

use kabar_model::limits::CONVERSATIONS_LISTED_MAX;
use kabar_model::{Address, ConversationId, Seq, User};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::history::Shown;
use crate::sessions::Caller;
use crate::store::{Conversation, Overview, Place};

/// A conversation as a person is shown it.
#[derive(Clone, Debug)]
pub struct ShownConversation {
    /// The conversation. Its `latest` is moved out, to below.
    pub overview: Overview,
    /// The other person of a direct conversation; in a note, oneself.
    pub with: Option<Arc<User>>,
    /// The last message that is no change.
    pub latest: Option<Shown>,
}

impl Engine {
    /// One's own direct conversations and groups, and the room that the session is in; that with the latest
    /// message first.
    pub async fn conversations(&self, caller: &Caller) -> Result<Vec<ShownConversation>> {
        let mut all = self.store.overviews(caller.user(), CONVERSATIONS_LISTED_MAX).await?;
        if let Ok(room) = self.room_id_of(caller) {
            let room = self.store.overview(caller.user(), room).await?;
            let arrival = |overview: &Overview| overview.latest.as_ref().map(|last| last.arrival);
            let place = all.iter().position(|other| arrival(other) < arrival(&room));
            all.insert(place.unwrap_or(all.len()), room);
        }
        self.shown_conversations(caller, all).await
    }

    /// One conversation of one's own, or any room. Refuses `NotMember`.
    pub async fn conversation(
        &self,
        caller: &Caller,
        id: ConversationId,
    ) -> Result<ShownConversation> {
        let overview = self.store.overview(caller.user(), id).await?;
        let shown = self.shown_conversations(caller, vec![overview]).await?.pop();
        shown.ok_or_else(|| Error::failed("one conversation, shown as none"))
    }

    async fn shown_conversations(
        &self,
        caller: &Caller,
        mut all: Vec<Overview>,
    ) -> Result<Vec<ShownConversation>> {
        let latest = all.iter_mut().filter_map(|overview| overview.latest.take()).collect();
        let latest = self.shown(caller, latest).await?.into_iter();
        let mut latest: HashMap<ConversationId, Shown> =
            latest.map(|shown| (shown.message.place.conversation, shown)).collect();
        let mut shown = Vec::with_capacity(all.len());
        for mut overview in all {
            if let Conversation::Room(id, _) = &overview.conversation {
                overview.members = self.rooms.count(*id) as u64;
            }
            let with = match overview.with {
                Some(other) => Some(self.directory.user(other).await?),
                None => None,
            };
            let latest = latest.remove(&overview.conversation.id());
            shown.push(ShownConversation { overview, with, latest });
        }
        Ok(shown)
    }

    /// The direct conversation with a person, or one's note; made if there is none. Refuses
    /// `ReceiverUnknown`, `RealmUnknown`.
    pub async fn open_direct(&self, caller: &Caller, with: &Address) -> Result<ConversationId> {
        caller.may_write()?;
        let other = self.receiver(with).await?;
        self.store.open_direct(caller.user(), other, self.clock.now()).await
    }

    /// Moves one's read position in a conversation forward, and tells one's other clients. Refuses
    /// `NotMember`; in a room there is nothing to move.
    pub async fn read_up_to(&self, caller: &Caller, place: Place) -> Result<Seq> {
        caller.may_write()?;
        self.store.mark_read(caller.user(), &[place]).await?;
        let overview = self.store.overview(caller.user(), place.conversation).await?;
        if !matches!(overview.conversation, Conversation::Room(..)) {
            let read = Place { seq: overview.read, ..place };
            self.signals.read(caller.user(), read);
        }
        Ok(overview.read)
    }

    /// Who is in a conversation: the members of a group or those of a direct conversation. Refuses
    /// `NotMember`.
    pub(crate) async fn people_in(
        &self,
        caller: &Caller,
        id: ConversationId,
    ) -> Result<Arc<[kabar_model::UserId]>> {
        let people = self.directory.members(id).await?;
        if people.contains(&caller.user()) {
            Ok(people)
        } else {
            Err(Error::Refused(kabar_model::Refusal::NotMember))
        }
    }
}
