//! Who is active, told to realms that tell it, too: for a while, and kept nowhere.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use kabar_engine::Result;
use kabar_engine::store::links::Link;
use kabar_model::{LinkId, UserId, Username};

use super::Links;

/// People of whom one realm is told.
const TOLD_MAX: usize = 200;
/// People with whom somebody shares conversations, who are looked at.
const PEERS_MAX: usize = 200;
/// How often a realm is told.
const TOLD_EVERY: Duration = Duration::from_secs(30);
/// How long what was told is believed.
const BELIEVED_FOR: Duration = Duration::from_secs(150);

/// What was told, and what was heard.
#[derive(Debug, Default)]
pub(super) struct Presence {
    told: HashMap<LinkId, Duration>,
    heard: HashMap<LinkId, (HashSet<UserId>, Duration)>,
}

impl Links {
    /// Who of ours is active, for a link whose people share conversations with them; `None`: nothing is told now.
    pub(super) async fn active_for(&self, link: &Link) -> Result<Option<Vec<String>>> {
        let now = self.clock.elapsed();
        {
            let told = &mut self.presence.lock().told;
            let is_due = told.get(&link.id).is_none_or(|at| now.saturating_sub(*at) >= TOLD_EVERY);
            if !self.settings.presence || !is_due {
                return Ok(None);
            }
            told.insert(link.id, now);
        }
        let mut active = Vec::new();
        for user in self.engine.active_here().into_iter().take(TOLD_MAX) {
            let peers = self.store.peers(user, PEERS_MAX).await?;
            let peers = self.store.users(&peers).await?;
            let shares = |peer: &Username| peer.realm().as_ref() == Some(&link.own_name);
            if peers.iter().any(|peer| shares(&peer.username)) {
                let user = self.store.users(&[user]).await?;
                active.extend(user.into_iter().map(|user| user.username.to_string()));
            }
        }
        Ok(Some(active))
    }

    /// Who of theirs is active. Only of people who are known here.
    pub(super) async fn heard_active(&self, link: &Link, told: Option<Vec<String>>) -> Result<()> {
        let Some(told) = told.filter(|_| self.settings.presence) else { return Ok(()) };
        let mut active = HashSet::new();
        for name in told.iter().take(TOLD_MAX) {
            let Ok(name) = Username::parse(name) else { continue };
            let account = self.store.account(&name.at(&link.own_name)).await?;
            active.extend(account.map(|account| account.user.id));
        }
        let now = self.clock.elapsed();
        let everybody = {
            let heard = &mut self.presence.lock().heard;
            heard.insert(link.id, (active, now));
            heard.retain(|_, (_, at)| now.saturating_sub(*at) < BELIEVED_FOR);
            heard.values().flat_map(|(active, _)| active.iter().copied()).collect()
        };
        self.engine.active_elsewhere(everybody);
        Ok(())
    }

    /// Of a realm that does not answer nobody is known to be active.
    pub(super) fn nobody_active(&self, link: LinkId) {
        let was_told = self.presence.lock().heard.remove(&link).is_some();
        if was_told {
            self.forget_active();
        }
    }

    /// Forgets what was told too long ago.
    pub(super) fn forget_active(&self) {
        let now = self.clock.elapsed();
        let everybody = {
            let heard = &mut self.presence.lock().heard;
            heard.retain(|_, (_, at)| now.saturating_sub(*at) < BELIEVED_FOR);
            heard.values().flat_map(|(active, _)| active.iter().copied()).collect()
        };
        self.engine.active_elsewhere(everybody);
    }
}
