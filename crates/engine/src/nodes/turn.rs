//! What is written and what is read in one turn.

use std::collections::HashSet;
use std::mem;
use std::sync::atomic::Ordering;

use kabar_model::limits::ROOM_PEOPLE_MAX;
use kabar_model::{ConversationId, Refusal, UserId};

use super::Progress;
use crate::bus::Hint;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::rooms::Known;
use crate::store::NodeStore;
use crate::store::nodes::{ACTIVE_TOGETHER, Active, Entered, InRoom, Seen, Stands, Version};

/// In so many changes one turn says who is active: the next beat must not wait for long.
const PARTS_IN_A_TURN: usize = 10;

impl Engine {
    pub(super) async fn beat(&self, store: &dyn NodeStore, progress: &mut Progress) -> Result<()> {
        // The store says once that this node counted as gone, and what it says may not come.
        let must_write_again = mem::replace(&mut progress.must_write_again, true);
        let asked_at = self.clock.now();
        let beat = store.beat(self.nodes.me).await?;
        self.nodes.clocks.compare(beat.at, asked_at, self.clock.now());
        progress.must_write_again = must_write_again || beat.is_new;
        if beat.is_new {
            progress.visits.clear();
            progress.strays.clear();
        }
        if progress.must_write_again {
            progress.active.clear();
            self.write_visits_again(store).await?;
        }
        self.set_up_elsewhere(store, &beat, progress.must_write_again).await?;
        progress.must_write_again = false;
        self.nodes.part_with_gone(&progress.living, &beat.living);
        progress.living = beat.living;
        Ok(())
    }

    /// After others have counted this node as gone.
    async fn write_visits_again(&self, store: &dyn NodeStore) -> Result<()> {
        for coming in self.rooms.here() {
            match store.enter(self.nodes.me, coming, ROOM_PEOPLE_MAX).await {
                Ok(Entered::Here(version)) => {
                    self.rooms.was_written(coming.session, coming.visit, version);
                }
                Ok(Entered::Elsewhere) | Err(Error::Refused(Refusal::TooMany(_))) => {
                    self.rooms.take_out(coming.session, coming.visit);
                }
                Ok(Entered::NotLiving) => return Err(Error::failed("this node counts as gone")),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes what is another on this node since the last time.
    pub(super) async fn write_own(
        &self,
        store: &dyn NodeStore,
        progress: &mut Progress,
    ) -> Result<()> {
        let me = self.nodes.me;
        let mut latest = None;
        let mut leaving = self.rooms.take_leavings();
        if !leaving.visits().is_empty() {
            latest = latest.max(store.leave(me, leaving.visits()).await?);
            leaving.visits_are_written();
        }
        if !leaving.sessions().is_empty() {
            latest = latest.max(store.take_out(leaving.sessions()).await?);
            leaving.sessions_are_written();
        }
        latest = latest.max(self.write_active(store, progress).await?);
        if let Some(version) = latest {
            self.hint(Hint::Nodes(version));
        }
        Ok(())
    }

    /// Writes who is active here now and was not the last time, and the other way round. Says which change that is, if it
    /// is one.
    async fn write_active(
        &self,
        store: &dyn NodeStore,
        progress: &mut Progress,
    ) -> Result<Option<Version>> {
        let active = self.active_of_this_node();
        let came = active.difference(&progress.active).map(|who| (*who, true));
        let went = progress.active.difference(&active).map(|who| (*who, false));
        let changed: Vec<(Active, bool)> = came.chain(went).collect();
        let mut parts = changed.chunks(ACTIVE_TOGETHER);
        let mut latest = None;
        for part in parts.by_ref().take(PARTS_IN_A_TURN) {
            let of = |is_active| part.iter().filter(move |who| who.1 == is_active).map(|who| who.0);
            let (came, went): (Vec<Active>, Vec<Active>) =
                (of(true).collect(), of(false).collect());
            let version = store.active(self.nodes.me, &came, &went).await?;
            // Of a node that counts as gone nothing is written: the next beat finds out.
            let Some(version) = version else { return Ok(latest) };
            progress.active.extend(came);
            for who in &went {
                progress.active.remove(who);
            }
            latest = Some(version);
        }
        if parts.next().is_some() {
            // Beats have their turn before.
            self.nodes.changed.notify_one();
        }
        Ok(latest)
    }

    /// Visits that the store has and this node has not, twice in a row: whoever came in went before they were in.
    pub(super) async fn leave_strays(
        &self,
        store: &dyn NodeStore,
        progress: &mut Progress,
    ) -> Result<()> {
        let here: HashSet<_> =
            self.rooms.here().iter().map(|coming| (coming.session, coming.visit)).collect();
        let visits = progress.visits.iter().map(|(session, visit)| (*session, *visit));
        let missing: HashSet<_> = visits.filter(|visit| !here.contains(visit)).collect();
        let strays: Vec<_> = missing.intersection(&progress.strays).copied().collect();
        progress.strays = missing;
        if !strays.is_empty() {
            store.leave(self.nodes.me, &strays).await?;
        }
        Ok(())
    }

    /// Reads what is another on all nodes since the last time, and tells of it.
    pub(super) async fn read_others(
        &self,
        store: &dyn NodeStore,
        progress: &mut Progress,
    ) -> Result<()> {
        let seen = store.seen(progress.seen).await?;
        if seen.version == progress.seen {
            return Ok(());
        }
        let (version, whole) = (seen.version, seen.whole);
        self.learn_rooms(&seen, progress).await?;
        self.learn_active(seen);
        progress.seen = version;
        self.nodes.seen.store(version.0, Ordering::Relaxed);
        tracing::trace!(version = version.0, whole, "in step with other nodes");
        Ok(())
    }

    fn learn_active(&self, seen: Seen) {
        let others = &mut *self.nodes.others.lock();
        if seen.whole {
            others.clear();
        }
        for (node, who, is_active) in seen.active {
            if node == self.nodes.me {
                continue;
            }
            let there = others.entry(node).or_default();
            let _ = if is_active { there.insert(who) } else { there.remove(&who) };
        }
        others.retain(|_, there| !there.is_empty());
    }

    async fn learn_rooms(&self, seen: &Seen, progress: &mut Progress) -> Result<()> {
        let is_there = |row: &&InRoom| row.stands == Stands::There;
        let (there, gone): (Vec<&InRoom>, Vec<&InRoom>) = seen.rooms.iter().partition(is_there);
        let users: Vec<UserId> = there.iter().map(|row| row.user).collect();
        let rooms: Vec<ConversationId> = there.iter().map(|row| row.room).collect();
        let users = self.people_numbered(&users).await?;
        let names = self.names(&rooms).await?;
        // Asked for before anything is remembered of it: a reading that fails is made again.
        if seen.whole {
            progress.visits.clear();
        }
        for row in &seen.rooms {
            if row.node == self.nodes.me && row.stands == Stands::There {
                progress.visits.insert(row.session, row.visit);
            } else {
                progress.visits.remove(&row.session);
            }
        }
        let known = there.into_iter().filter_map(|row| {
            let (user, name) = (users.get(&row.user)?, names.get(&row.room)?);
            Some(Known { row: *row, user: user.clone(), name: name.clone() })
        });
        let gone: Vec<InRoom> = gone.into_iter().copied().collect();
        self.rooms.learn(self.nodes.me, known.collect(), &gone, seen.whole);
        Ok(())
    }
}
