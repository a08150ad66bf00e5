//! Who was active on nodes that are gone. Their sessions are taken up here, beside the beats: that may take longer than
//! other nodes wait for one.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use kabar_model::{SessionId, UserId};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tracing::warn;

use crate::engine::Engine;
use crate::error::Result;
use crate::sessions::Session;
use crate::store::SessionRecord;
use crate::store::nodes::{Active, NodeId};

/// The sessions that are taken up, so that who was active still is.
const SESSIONS_TAKEN_UP_MAX: usize = 100_000;
/// How many of them at a time.
const SESSIONS_AT_A_TIME: usize = 500;

/// When sessions that could not be taken up are taken up again.
const AGAIN: Duration = Duration::from_secs(1);

/// Nodes that are gone, until their people are taken up here.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Who was active there: they still are.
    active: Mutex<HashMap<NodeId, HashSet<Active>>>,
    /// There is somebody to take up.
    added: Notify,
}

impl Left {
    /// These nodes are gone, with who was active there as far as it is known.
    pub(super) fn add(&self, gone: impl IntoIterator<Item = (NodeId, HashSet<Active>)>) {
        let active = &mut *self.active.lock();
        gone.into_iter().for_each(|(node, people)| active.entry(node).or_default().extend(people));
        self.added.notify_one();
    }

    pub(super) fn active(&self) -> HashSet<Active> {
        self.active.lock().values().flatten().copied().collect()
    }
}

impl Engine {
    /// Takes up the sessions of nodes that are gone, so that who was active there still is. What [`Engine::follow`] does
    /// when one is.
    pub async fn take_up_left(&self) -> Result<()> {
        // One that goes meanwhile is for the next time.
        let gone: Vec<NodeId> = self.nodes.left.active.lock().keys().copied().collect();
        self.take_up_lately().await?;
        self.nodes.left.active.lock().retain(|node, _| !gone.contains(node));
        Ok(())
    }

    pub(crate) async fn follow_left(&self) {
        loop {
            self.nodes.left.added.notified().await;
            while let Err(error) = self.take_up_left().await {
                warn!(%error, "cannot take up the sessions of a node that is gone");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    /// Takes up the sessions that were active lately. Each node does, so none needs to tell the others of them.
    pub(crate) async fn take_up_lately(&self) -> Result<()> {
        let since = self.clock.now().before(self.settings.active);
        let endings = self.sessions.endings();
        let records = self.store.sessions_used_since(since, SESSIONS_TAKEN_UP_MAX).await?;
        for records in records.chunks(SESSIONS_AT_A_TIME) {
            self.take_up_together(records, endings).await?;
            // Beats have their turn.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Takes up sessions that were read when there had been `endings` endings.
    async fn take_up_together(&self, records: &[SessionRecord], mut endings: u64) -> Result<()> {
        let users: Vec<UserId> = records.iter().map(|record| record.user).collect();
        let users = self.directory.users(&users).await?;
        let mut records: Vec<&SessionRecord> = records.iter().collect();
        loop {
            let mut sessions = records.iter().filter_map(|record| {
                let user = users.get(&record.user)?;
                Some(self.session(record, user.username.clone()))
            });
            let taken_up = |session: Session| self.sessions.take_up(session, endings).is_some();
            if sessions.all(taken_up) {
                return Ok(());
            }
            // Some have ended meanwhile, perhaps among these.
            endings = self.sessions.endings();
            let ids: Vec<SessionId> = records.iter().map(|record| record.id).collect();
            let living: HashSet<SessionId> =
                self.store.living_sessions(&ids).await?.into_iter().collect();
            records.retain(|record| living.contains(&record.id));
        }
    }
}
