//! A link is kept going by one node: the one that holds its lease. What it writes goes with the lease's token, so one
//! that was paused and wakes up late changes nothing. A realm of one process needs none of this.

use std::collections::HashMap;
use std::time::Duration;

use kabar_engine::store::links::{Link, SenderChange};
use kabar_engine::store::nodes::{Token, link_lease};
use kabar_engine::{Error, NodeId, Result, Store};
use kabar_model::{ConversationId, LinkId};
use parking_lot::Mutex;

use super::Links;

/// How long a lease is held when its node says nothing more.
const LEASE: Duration = Duration::from_secs(5);
/// How often a node says that it holds it, or tries to.
const RENEW_EVERY: Duration = Duration::from_secs(1);
/// How long a node works on a lease that it could not renew. The rest is for clocks that do not go alike.
const TRUSTED: Duration = Duration::from_secs(4);
/// How often is looked for what another node changed, should its hint be lost.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long is waited for the lease under which the realm's keys are changed.
const KEYS_PATIENCE: Duration = Duration::from_secs(8);

/// The lease under which the realm's keys are made and changed.
const KEYS: &str = "realm_keys";

/// Proof that a link was this node's to keep going, a moment ago.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold(Option<Token>);

impl Hold {
    /// Of what is true whoever writes it.
    pub(super) const NONE: Self = Self(None);
}

/// The leases that this node holds, and when it last asked for them.
pub(super) type Leases = Mutex<HashMap<LinkId, (Token, Duration)>>;

impl Links {
    /// Whether other nodes may keep links of this realm going.
    pub(super) fn has_nodes(&self) -> bool {
        self.store.nodes().is_some()
    }

    /// Takes the lease of a link, or holds it on; `None`: another node keeps the link going.
    pub(super) async fn hold(&self, link: LinkId) -> Result<Option<Hold>> {
        let Some(nodes) = self.store.nodes() else { return Ok(Some(Hold(None))) };
        let now = self.clock.elapsed();
        let held = self.leases.lock().get(&link).copied();
        if let Some((token, asked_at)) = held
            && now.saturating_sub(asked_at) < RENEW_EVERY
        {
            return Ok(Some(Hold(Some(token))));
        }
        let token = nodes.lease(&link_lease(link), self.engine.node(), LEASE).await?;
        let leases = &mut *self.leases.lock();
        match token {
            Some(token) => drop(leases.insert(link, (token, now))),
            None => drop(leases.remove(&link)),
        }
        Ok(token.map(|token| Hold(Some(token))))
    }

    /// Waits until this node may keep a link going.
    pub(super) async fn wait_for(&self, link: LinkId) {
        while !matches!(self.hold(link).await, Ok(Some(_))) {
            tokio::time::sleep(RENEW_EVERY).await;
        }
    }

    /// Holds the lease of a link on, until another node has it or may have it.
    pub(super) async fn keep_holding(&self, link: LinkId) {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            match self.hold(link).await {
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(_) => {
                    let asked_at = self.leases.lock().get(&link).map(|(_, at)| *at);
                    let now = self.clock.elapsed();
                    if asked_at.is_none_or(|at| now.saturating_sub(at) >= TRUSTED) {
                        return;
                    }
                }
            }
        }
    }

    /// Lets another node keep a link going at once.
    pub(super) async fn let_go(&self, link: LinkId) {
        let held = self.leases.lock().remove(&link);
        if let (Some((token, _)), Some(nodes)) = (held, self.store.nodes()) {
            let name = link_lease(link);
            // What is not given back ends by itself.
            let _ = tokio::time::timeout(RENEW_EVERY, nodes.release(&name, token)).await;
        }
    }

    /// Changes what waits for a link as the one that keeps it going. `None`: another does by now, and nothing changed.
    pub(super) async fn as_holder(
        &self,
        link: LinkId,
        Hold(token): Hold,
        change: SenderChange,
    ) -> Result<Option<Vec<ConversationId>>> {
        let changed = self.kept()?.change_as_sender(link, token, change).await?;
        if changed.is_none() {
            // What was believed of the lease is out of date.
            self.leases.lock().remove(&link);
        }
        Ok(changed)
    }

    /// Waits until something waits for a link that another node queued.
    pub(super) async fn queued_elsewhere(&self, link: LinkId) {
        self.look_for(link, |link| link.queued() > 0).await;
    }

    /// Waits until another node has heard of a realm that did not answer.
    pub(super) async fn heard_elsewhere(&self, link: LinkId) {
        self.look_for(link, |link| link.contact.failures == 0).await;
    }

    async fn look_for(&self, id: LinkId, is_it: impl Fn(&Link) -> bool) {
        if !self.has_nodes() {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            // One that is no more is for the turn to find out.
            if let Ok(link) = self.link(id).await
                && link.as_ref().is_none_or(&is_it)
            {
                return;
            }
        }
    }
}

/// Has the realm's keys to itself: nobody else changes them until [`KeysLease::end`].
pub(super) struct KeysLease<'a> {
    store: &'a dyn Store,
    token: Option<Token>,
}

impl<'a> KeysLease<'a> {
    pub(super) async fn take(store: &'a dyn Store, node: NodeId) -> Result<Self> {
        let Some(nodes) = store.nodes() else { return Ok(Self { store, token: None }) };
        let until = tokio::time::Instant::now() + KEYS_PATIENCE;
        while tokio::time::Instant::now() < until {
            if let Some(token) = nodes.lease(KEYS, node, LEASE).await? {
                return Ok(Self { store, token: Some(token) });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Error::failed("another node is changing the realm's keys"))
    }

    pub(super) async fn end(self) {
        if let (Some(nodes), Some(token)) = (self.store.nodes(), self.token) {
            // What is not given back ends by itself.
            let _ = nodes.release(KEYS, token).await;
        }
    }
}
