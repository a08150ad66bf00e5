//! What the writer remembers of the database, so that a post needs no look-up.

use std::collections::{HashMap, HashSet};

use kabar_engine::store::Place;
use kabar_model::{ClientKey, ConversationId, LinkId, RealmName, Seq, UserId};

use crate::changes::links::{Queue, Route};

/// Facts of one kind that are remembered. When there are more, all are forgotten and looked up again.
const FACTS_MAX: usize = 65_536;

/// A pair of people, the lower number first.
pub(crate) type Pair = (UserId, UserId);

/// Facts that are also in the database, as the open transaction sees it. They go stale when a transaction is rolled
/// back, and when another node has written. That something is not so is never remembered but of links: so a message of
/// another node, with all that it makes, makes stale the last numbers alone.
#[derive(Debug, Default)]
pub(crate) struct Known {
    directs: HashMap<Pair, ConversationId>,
    members: HashSet<(ConversationId, UserId)>,
    in_directs: HashSet<(ConversationId, UserId)>,
    rooms: HashSet<ConversationId>,
    last: HashMap<ConversationId, Seq>,
    has_links: Option<bool>,
    routes: HashMap<ConversationId, Route>,
    queues: HashMap<LinkId, Queue>,
    people: HashMap<RealmName, usize>,
    keys: HashMap<(UserId, ClientKey), Key>,
}

/// What a client's key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// No message that has a number here.
    Free,
    Of(Place),
}

impl Known {
    /// Forgets everything: a change has been undone, or another node has written.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Forgets the last numbers: another node has added messages.
    pub(crate) fn forget_last(&mut self) {
        self.last.clear();
    }

    /// Learns the last numbers that are new.
    pub(crate) fn learn_all_last(&mut self, last: Vec<(ConversationId, Seq)>) {
        for (conversation, seq) in last {
            self.learn_last(conversation, seq);
        }
    }

    /// The conversation of two people.
    pub(crate) fn direct(&self, pair: Pair) -> Option<ConversationId> {
        self.directs.get(&pair).copied()
    }

    pub(crate) fn learn_direct(&mut self, pair: Pair, conversation: ConversationId) {
        if self.directs.len() >= FACTS_MAX {
            self.directs.clear();
        }
        self.directs.insert(pair, conversation);
    }

    /// Whether a person is known to be in a group; `false`: look it up.
    pub(crate) fn is_member(&self, group: ConversationId, user: UserId) -> bool {
        self.members.contains(&(group, user))
    }

    pub(crate) fn learn_member(&mut self, group: ConversationId, user: UserId) {
        if self.members.len() >= FACTS_MAX {
            self.members.clear();
        }
        self.members.insert((group, user));
    }

    pub(crate) fn forget_member(&mut self, group: ConversationId, user: UserId) {
        self.members.remove(&(group, user));
    }

    /// Whether a person is known to be in a direct conversation, which nobody leaves; `false`: look it up.
    pub(crate) fn is_in_direct(&self, id: ConversationId, user: UserId) -> bool {
        self.in_directs.contains(&(id, user))
    }

    pub(crate) fn learn_in_direct(&mut self, id: ConversationId, user: UserId) {
        if self.in_directs.len() >= FACTS_MAX {
            self.in_directs.clear();
        }
        self.in_directs.insert((id, user));
    }

    /// Whether that is known to be a room; `false`: look it up.
    pub(crate) fn is_room(&self, id: ConversationId) -> bool {
        self.rooms.contains(&id)
    }

    pub(crate) fn learn_room(&mut self, id: ConversationId) {
        if self.rooms.len() >= FACTS_MAX {
            self.rooms.clear();
        }
        self.rooms.insert(id);
    }

    /// The number of a conversation's last message.
    pub(crate) fn last(&self, conversation: ConversationId) -> Option<Seq> {
        self.last.get(&conversation).copied()
    }

    pub(crate) fn learn_last(&mut self, conversation: ConversationId, seq: Seq) {
        if self.last.len() >= FACTS_MAX {
            self.last.clear();
        }
        self.last.insert(conversation, seq);
    }

    /// What a key stands for; `None`: look it up.
    pub(crate) fn key(&self, author: UserId, key: &ClientKey) -> Option<Key> {
        if self.keys.is_empty() {
            return None;
        }
        self.keys.get(&(author, key.clone())).copied()
    }

    /// Learns a key for the open transaction, which has few.
    pub(crate) fn learn_key(&mut self, author: UserId, key: &ClientKey, known: Key) {
        if self.keys.len() >= FACTS_MAX {
            self.keys.clear();
        }
        self.keys.insert((author, key.clone()), known);
    }

    /// Forgets all keys: another transaction begins, or some changed otherwise.
    pub(crate) fn forget_keys(&mut self) {
        self.keys.clear();
    }

    /// Whether there is, or ever was, a link to another realm; `None`: look it up.
    pub(crate) fn has_links(&self) -> Option<bool> {
        self.has_links
    }

    pub(crate) fn learn_links(&mut self, any: bool) {
        self.has_links = Some(any);
    }

    /// Which other realms take part in a conversation.
    pub(crate) fn route(&self, conversation: ConversationId) -> Option<&Route> {
        self.routes.get(&conversation)
    }

    pub(crate) fn learn_route(&mut self, conversation: ConversationId, route: Route) {
        if self.routes.len() >= FACTS_MAX {
            self.routes.clear();
        }
        self.routes.insert(conversation, route);
    }

    pub(crate) fn forget_route(&mut self, conversation: ConversationId) {
        self.routes.remove(&conversation);
    }

    /// Forgets all that is known of links: one is another than before.
    pub(crate) fn forget_routes(&mut self) {
        self.has_links = None;
        self.routes.clear();
        self.queues.clear();
        self.people.clear();
    }

    /// How many people of another realm are known here.
    pub(crate) fn people(&self, realm: &RealmName) -> Option<usize> {
        self.people.get(realm).copied()
    }

    pub(crate) fn learn_people(&mut self, realm: RealmName, people: usize) {
        if self.people.len() >= FACTS_MAX {
            self.people.clear();
        }
        self.people.insert(realm, people);
    }

    /// What waits for a link. There are few links, so none is ever dropped.
    pub(crate) fn queue(&self, link: LinkId) -> Option<Queue> {
        self.queues.get(&link).copied()
    }

    pub(crate) fn learn_queue(&mut self, link: LinkId, queue: Queue) {
        self.queues.insert(link, queue);
    }

    pub(crate) fn forget_queue(&mut self, link: LinkId) {
        self.queues.remove(&link);
    }
}
