//! One conversation at a time: what is unread in it, and what was said last.

use std::sync::Arc;

use kabar_model::limits::RECENT_MESSAGES_MAX;
use kabar_model::{Address, ConversationId, Refusal, UserId, escaped_bytes};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::groups::stranger;
use crate::messages::Inbox;
use crate::sessions::Caller;
use crate::store::Place;

impl Engine {
    /// What somebody has not read from or to a person, oldest first. Refuses `ReceiverUnknown`,
    /// `RealmUnknown`.
    pub async fn unread_with(&self, caller: &Caller, other: &Address) -> Result<Inbox> {
        match self.direct_with(caller, other).await? {
            Some(conversation) => self.unread_in(caller, conversation).await,
            None => Ok(Inbox { items: Vec::new(), receipt: None }),
        }
    }

    /// What somebody has not read in a group, oldest first. Refuses `GroupUnknown`, `NotMember`.
    pub async fn unread_in_group(&self, caller: &Caller, name_or_code: &str) -> Result<Inbox> {
        let group = self.group(name_or_code).await?;
        let unread = self.unread_in(caller, group.id).await;
        unread.map_err(|error| or_stranger(error, stranger(&group, name_or_code)))
    }

    /// The last messages between two people, oldest first; all of them count as read once confirmed.
    /// Refuses `ReceiverUnknown`, `RealmUnknown`.
    pub async fn recent_with(&self, caller: &Caller, other: &Address) -> Result<Inbox> {
        match self.direct_with(caller, other).await? {
            Some(conversation) => self.recent_in(caller, conversation).await,
            None => Ok(Inbox { items: Vec::new(), receipt: None }),
        }
    }

    /// The last messages in a group, oldest first; all of them count as read once confirmed. Refuses
    /// `GroupUnknown`, `NotMember`.
    pub async fn recent_in_group(&self, caller: &Caller, name_or_code: &str) -> Result<Inbox> {
        let group = self.group(name_or_code).await?;
        let recent = self.recent_in(caller, group.id).await;
        recent.map_err(|error| or_stranger(error, stranger(&group, name_or_code)))
    }

    pub(crate) async fn direct_with(
        &self,
        caller: &Caller,
        other: &Address,
    ) -> Result<Option<ConversationId>> {
        let other = self.receiver(other).await?;
        self.store.direct(caller.user(), other).await
    }

    /// The account that an address means.
    pub(crate) async fn receiver(&self, address: &Address) -> Result<UserId> {
        let user = self.somebody(address).await?;
        let user = user.ok_or_else(|| Refusal::ReceiverUnknown(vec![address.to_string()]))?;
        Ok(Arc::unwrap_or_clone(user).id)
    }

    async fn unread_in(&self, caller: &Caller, conversation: ConversationId) -> Result<Inbox> {
        let portion = self.portions.take();
        let part = portion.part(0);
        let unread = self.store.unread_in(caller.user(), conversation, part).await?;
        self.inbox_of(caller, unread.messages, unread.positions, portion, 0).await
    }

    /// Of the last messages, as many of the latest as one part may carry.
    async fn recent_in(&self, caller: &Caller, conversation: ConversationId) -> Result<Inbox> {
        let portion = self.portions.take();
        let mut recent =
            self.store.recent(caller.user(), conversation, RECENT_MESSAGES_MAX).await?;
        let mut bytes = 0;
        let fits = recent.iter().rev().take_while(|message| {
            bytes += escaped_bytes(&message.body);
            bytes <= portion.bytes()
        });
        let shown = fits.count().max(1);
        recent.drain(..recent.len().saturating_sub(shown));
        let read: Vec<Place> = recent.last().map(|last| last.place).into_iter().collect();
        self.inbox_of(caller, recent, read, portion, 0).await
    }
}

fn or_stranger(error: Error, stranger: Refusal) -> Error {
    match error {
        Error::Refused(Refusal::NotMember) => stranger.into(),
        other => other,
    }
}
