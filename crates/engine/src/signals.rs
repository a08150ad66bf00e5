//! What happens beside messages, told to those who listen here and on other nodes.

use std::sync::Arc;

use kabar_model::{ConversationId, User, UserId};
use tracing::warn;

use crate::bus::{Bus, Hint};
use crate::engine::Engine;
use crate::error::Result;
use crate::news::{Listeners, Signal};
use crate::store::nodes::NodeId;
use crate::store::{Conversation, Place};

/// Tells what one person's other clients are to know.
#[derive(Clone)]
pub(crate) struct Signals {
    listeners: Arc<Listeners>,
    /// How other nodes hear of it, where there may be some.
    others: Option<(Arc<dyn Bus>, NodeId)>,
}

impl Signals {
    pub(crate) fn new(listeners: Arc<Listeners>, others: Option<(Arc<dyn Bus>, NodeId)>) -> Self {
        Self { listeners, others }
    }

    fn tell_others(&self, hint: impl FnOnce(NodeId) -> Hint) {
        if let Some((bus, by)) = &self.others {
            bus.publish(hint(*by));
        }
    }

    /// Somebody has read so far.
    pub(crate) fn read(&self, user: UserId, place: Place) {
        self.listeners.signal_read(user, place);
        self.tell_others(|by| Hint::Read { by, user, place });
    }

    /// It stands otherwise with messages of somebody's that go to another realm.
    pub(crate) fn delivery(&self, user: UserId, conversation: ConversationId) {
        self.listeners.signal(&[user], &Signal::Delivery(conversation));
        self.tell_others(|by| Hint::Delivery { by, conversation, user: Some(user) });
    }

    /// The same with everybody's; those are told here already.
    pub(crate) fn deliveries(&self, conversation: ConversationId) {
        self.tell_others(|by| Hint::Delivery { by, conversation, user: None });
    }

    /// Somebody is writing; those are told here already.
    pub(crate) fn typing(&self, conversation: ConversationId, user: UserId) {
        self.tell_others(|by| Hint::Typing { by, conversation, user });
    }

    /// Somebody is no longer in a group; they are told here already.
    pub(crate) fn left(&self, conversation: ConversationId, user: UserId) {
        self.tell_others(|by| Hint::Left { by, conversation, user });
    }
}

impl Engine {
    /// What another node tells: whoever listens closely here hears it, too.
    pub(crate) async fn hear(&self, hint: Hint) {
        let outcome = match hint {
            Hint::Typing { by, conversation, user } if self.is_of_another(by) => {
                self.hear_typing(conversation, user).await
            }
            Hint::Read { by, user, place } if self.is_of_another(by) => {
                self.hear_read(user, place).await
            }
            Hint::Delivery { by, conversation, user } if self.is_of_another(by) => {
                self.hear_delivery(conversation, user).await
            }
            Hint::Left { by, conversation, user } if self.is_of_another(by) => {
                self.directory.forget_group(conversation);
                self.listeners.signal(&[user], &Signal::Conversation(conversation));
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(error) = outcome {
            warn!(%error, "cannot tell what another node said");
        }
    }

    /// Whether a node is another one, and anybody here would hear what it tells.
    fn is_of_another(&self, node: NodeId) -> bool {
        node != self.nodes.me && self.listeners.close_count() > 0
    }

    async fn hear_typing(&self, conversation: ConversationId, user: UserId) -> Result<()> {
        let found = self.directory.conversations(&[conversation]).await?;
        let Some(conversation) = found.get(&conversation) else { return Ok(()) };
        let Some(user) = self.directory.users(&[user]).await?.remove(&user) else { return Ok(()) };
        self.tell_typing(conversation, &user).await
    }

    /// Tells the others in a conversation, here, that somebody is writing.
    pub(crate) async fn tell_typing(
        &self,
        conversation: &Conversation,
        user: &Arc<User>,
    ) -> Result<()> {
        let id = conversation.id();
        let signal = Signal::Typing { conversation: id, user: Arc::clone(user) };
        if let Conversation::Room(..) = conversation {
            let mut there = self.rooms.listeners_in(id);
            there.retain(|(other, _)| *other != user.id);
            self.listeners.signal_each(&there, &signal);
            return Ok(());
        }
        let people = self.directory.members(id).await?;
        let others: Vec<UserId> =
            people.iter().copied().filter(|other| *other != user.id).collect();
        self.listeners.signal(&others, &signal);
        Ok(())
    }

    /// The position is read: what was said of it may have been overtaken. What comes over the bus is in the store, too,
    /// and is told once.
    async fn hear_read(&self, user: UserId, place: Place) -> Result<()> {
        if self.listeners.lacks_read(user, place) {
            let seq = self.store.read_position(user, place.conversation).await?;
            self.listeners.signal_read(user, Place { seq, ..place });
        }
        Ok(())
    }

    async fn hear_delivery(&self, id: ConversationId, user: Option<UserId>) -> Result<()> {
        if let Some(user) = user {
            self.listeners.signal(&[user], &Signal::Delivery(id));
        } else {
            let members = self.directory.members(id).await?;
            self.listeners.signal(&members, &Signal::Delivery(id));
        }
        Ok(())
    }
}
