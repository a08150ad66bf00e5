//! One node among several: it says that it lives and what it has, and learns what others have.
//!
//! Who is active and who is in which room is written to the store as it changes, and read from there as it changes
//! elsewhere; what is remembered of others can be forgotten at any moment and read again. A realm of one process has
//! none of this.

mod clocks;
mod left;
mod turn;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use kabar_model::limits::ROOM_PEOPLE_MAX;
use kabar_model::{ConversationId, Refusal, RoomName, SessionId, User, UserId};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tracing::{info, warn};

use self::clocks::Clocks;
use self::left::Left;
use crate::bus::Hint;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::sessions::Caller;
use crate::store::Conversation;
use crate::store::nodes::{Active, Coming, Entered, NodeId, Version};

/// How often a node says that it lives, and looks what others have.
const BEAT_EVERY: Duration = Duration::from_secs(1);

/// What comes within this time after a change is written and read together.
const TOGETHER: Duration = Duration::from_millis(20);

/// How many names are read at a time.
const READ_TOGETHER: usize = 500;

/// What this node is, and what is known of the others.
#[derive(Debug)]
pub(crate) struct Nodes {
    /// This one.
    pub(crate) me: NodeId,
    /// Who is active on others.
    others: Mutex<HashMap<NodeId, HashSet<Active>>>,
    /// Who was, and is still to be taken up here.
    left: Left,
    /// Up to which change this node has read; for who hears of one.
    seen: AtomicI64,
    /// There is something to read.
    changed: Notify,
    /// Who reads or writes has this; who comes meanwhile waits.
    progress: tokio::sync::Mutex<Progress>,
    /// What is known of this node's clock.
    clocks: Clocks,
    /// Whether the last turn failed, so that an outage is logged once.
    is_failing: AtomicBool,
}

/// How far this node has come.
#[derive(Debug, Default)]
struct Progress {
    seen: Version,
    living: Vec<NodeId>,
    /// Others may have counted this node as gone, and not all it has was written again since.
    must_write_again: bool,
    /// Who is active here, as it was written.
    active: HashSet<Active>,
    /// Who is in a room here, as it was read.
    visits: HashMap<SessionId, u64>,
    /// Those of them that were not found here: they may be on their way in. Found missing again, they go.
    strays: HashSet<(SessionId, u64)>,
}

/// What became of a coming into a room.
pub(crate) enum Everywhere {
    /// There are no other nodes.
    OneNode,
    /// This visit, since that change.
    Known(u64, Version),
    /// A later visit of the same session holds.
    Late(u64),
}

impl Nodes {
    pub(crate) fn new() -> Self {
        Self {
            me: NodeId::random(),
            others: Mutex::default(),
            left: Left::default(),
            seen: AtomicI64::new(Version::NONE.0),
            changed: Notify::new(),
            progress: tokio::sync::Mutex::default(),
            clocks: Clocks::default(),
            is_failing: AtomicBool::new(false),
        }
    }

    /// Who is active on other nodes.
    pub(crate) fn active(&self) -> HashSet<Active> {
        let mut active: HashSet<Active> = self.others.lock().values().flatten().copied().collect();
        // Looked at last: from the others they come to these.
        active.extend(self.left.active());
        active
    }

    /// Of nodes that are gone only is remembered who was active there, until they are taken up here.
    fn part_with_gone(&self, before: &[NodeId], living: &[NodeId]) {
        let mut others = self.others.lock();
        let known = others.keys().chain(before).copied();
        let gone: HashSet<NodeId> = known.filter(|node| !living.contains(node)).collect();
        if !gone.is_empty() {
            let parted =
                gone.into_iter().map(|node| (node, others.remove(&node).unwrap_or_default()));
            self.left.add(parted);
        }
    }

    /// Other nodes have changed something, up to this.
    pub(crate) fn hear(&self, version: Version) {
        if version.0 > self.seen.load(Ordering::Relaxed) {
            self.changed.notify_one();
        }
    }
}

impl Engine {
    /// This node, for who tells others about it.
    pub fn node(&self) -> NodeId {
        self.nodes.me
    }

    /// Tells other nodes, where there may be some.
    pub(crate) fn hint(&self, hint: Hint) {
        if self.store.nodes().is_some() {
            self.bus.publish(hint);
        }
    }

    /// Says that this node lives and what it has, and reads what others have. What [`Engine::follow`] does every second
    /// where a realm may have several nodes; elsewhere nothing.
    pub async fn tell_nodes(&self) -> Result<()> {
        let Some(store) = self.store.nodes() else { return Ok(()) };
        let mut progress = self.nodes.progress.lock().await;
        self.beat(store, &mut progress).await?;
        self.leave_strays(store, &mut progress).await?;
        self.write_own(store, &mut progress).await?;
        self.read_others(store, &mut progress).await
    }

    /// Takes away at once what other nodes know of this one. The last thing to do before stopping.
    pub async fn retire(&self) -> Result<()> {
        match self.store.nodes() {
            Some(store) => store.retire(self.nodes.me).await,
            None => Ok(()),
        }
    }

    /// Keeps a secret of this node where others find it, and `then` does what goes with it before the next beat.
    pub(crate) async fn keep_fact(
        &self,
        name: &str,
        fact: &[u8],
        then: impl FnOnce(),
    ) -> Result<()> {
        if let Some(store) = self.store.nodes() {
            let mut progress = self.nodes.progress.lock().await;
            if !store.keep_fact(self.nodes.me, name, Some(fact)).await? {
                self.beat(store, &mut progress).await?;
                if !store.keep_fact(self.nodes.me, name, Some(fact)).await? {
                    return Err(Error::failed("this node counts as gone"));
                }
            }
            then();
            return Ok(());
        }
        then();
        Ok(())
    }

    /// Keeps in step with other nodes; without any, waits for ever.
    pub(crate) async fn follow_nodes(&self) {
        if self.store.nodes().is_none() {
            return std::future::pending().await;
        }
        let mut beats = tokio::time::interval(BEAT_EVERY);
        beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let outcome = tokio::select! {
                _ = beats.tick() => self.tell_nodes().await,
                () = self.nodes.changed.notified() => self.tell_changes().await,
                () = self.rooms.left.notified() => self.tell_changes().await,
            };
            let failed = outcome.is_err();
            if self.nodes.is_failing.swap(failed, Ordering::Relaxed) != failed {
                if let Err(error) = outcome {
                    warn!(%error, "cannot keep in step with other nodes");
                } else {
                    info!("in step with other nodes again");
                }
            }
        }
    }

    /// As [`Engine::tell_nodes`], between two beats.
    async fn tell_changes(&self) -> Result<()> {
        tokio::time::sleep(TOGETHER).await;
        let Some(store) = self.store.nodes() else { return Ok(()) };
        let mut progress = self.nodes.progress.lock().await;
        self.write_own(store, &mut progress).await?;
        self.read_others(store, &mut progress).await
    }

    /// Reads at once what others have.
    async fn read_now(&self) -> Result<()> {
        let Some(store) = self.store.nodes() else { return Ok(()) };
        let mut progress = self.nodes.progress.lock().await;
        self.read_others(store, &mut progress).await
    }

    /// The room that a session is in, on whatever node; refuses `NotInRoom`. Who has just gone into one on another node
    /// may ask here before this node has heard of it.
    pub(crate) async fn room_id_anywhere(&self, caller: &Caller) -> Result<ConversationId> {
        match self.room_id_of(caller) {
            Err(Error::Refused(Refusal::NotInRoom)) if self.store.nodes().is_some() => {
                self.read_now().await?;
                self.room_id_of(caller)
            }
            room => room,
        }
    }

    /// Whether a session is in that room, on whatever node.
    pub(crate) async fn is_in_room(&self, caller: &Caller, room: ConversationId) -> Result<bool> {
        if self.room_id_of(caller).ok() == Some(room) {
            return Ok(true);
        }
        if self.store.nodes().is_none() {
            return Ok(false);
        }
        self.read_now().await?;
        Ok(self.room_id_of(caller).ok() == Some(room))
    }

    /// Writes that a session goes into a room on this node. Refuses `TooMany(Room)`.
    pub(crate) async fn enter_everywhere(
        &self,
        caller: &Caller,
        room: ConversationId,
    ) -> Result<Everywhere> {
        let Some(store) = self.store.nodes() else { return Ok(Everywhere::OneNode) };
        let (session, user) = (caller.session(), caller.user());
        let visit = self.rooms.next_visit();
        let coming = Coming { session, user, room, visit, again: false };
        for _ in 0..2 {
            match store.enter(self.nodes.me, coming, ROOM_PEOPLE_MAX).await? {
                Entered::Here(version) => {
                    self.hint(Hint::Nodes(version));
                    return Ok(Everywhere::Known(visit, version));
                }
                Entered::Elsewhere => return Ok(Everywhere::Late(visit)),
                Entered::NotLiving => self.tell_nodes().await?,
            }
        }
        Err(Error::failed("this node counts as gone"))
    }

    async fn people_numbered(&self, ids: &[UserId]) -> Result<HashMap<UserId, Arc<User>>> {
        let mut people = HashMap::new();
        for ids in ids.chunks(READ_TOGETHER) {
            people.extend(self.directory.users(ids).await?);
        }
        Ok(people)
    }

    /// What rooms are called.
    async fn names(&self, ids: &[ConversationId]) -> Result<HashMap<ConversationId, RoomName>> {
        let mut names = HashMap::new();
        for ids in ids.chunks(READ_TOGETHER) {
            let found = self.directory.conversations(ids).await?.into_values();
            names.extend(found.filter_map(|conversation| match &*conversation {
                Conversation::Room(id, name) => Some((*id, name.clone())),
                _ => None,
            }));
        }
        Ok(names)
    }

    /// Who is active here and is to be told to others. They know by themselves who was only taken up.
    fn active_of_this_node(&self) -> HashSet<Active> {
        let active = |elsewhere| move |user: UserId| Active { user, elsewhere };
        let here = self.sessions.users_active_here(self.clock.now(), self.settings.active);
        let told = self.active_elsewhere.lock().clone();
        here.into_iter().map(active(false)).chain(told.into_iter().map(active(true))).collect()
    }
}
