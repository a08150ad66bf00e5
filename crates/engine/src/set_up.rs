//! The first administrator of a realm that is reached over a network: who can read what the server says at its
//! start has a secret that is good once.

use std::sync::atomic::{AtomicBool, Ordering};

use kabar_model::{Refusal, Role};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tracing::warn;
use uuid::Uuid;

use crate::accounts::{Login, Proof, Registration};
use crate::engine::Engine;
use crate::error::Result;
use crate::store::nodes::Beat;
use crate::store::{NewRole, NodeStore, Purpose};

/// Accounts that are looked through at a time for an administrator.
const PAGE: usize = 1_000;

/// What nodes keep the hash as.
const FACT: &str = "set_up";

/// The hash of this node's secret, while it is good.
#[derive(Debug, Default)]
pub(crate) struct SetUp {
    own: Mutex<Option<[u8; 32]>>,
    /// Whether another node has shown a secret that is good.
    elsewhere: AtomicBool,
}

impl SetUp {
    fn opens_with(&self, hash: &[u8; 32]) -> bool {
        // A hash is compared, not the secret: how long that takes says nothing about the secret.
        self.own.lock().as_ref() == Some(hash)
    }

    fn close(&self) {
        *self.own.lock() = None;
        self.elsewhere.store(false, Ordering::Relaxed);
    }
}

impl Engine {
    /// A secret with which the first administrator can be made, while the realm has none. It is good once, until
    /// the server stops, the realm gets an administrator otherwise, or another secret is made here. Each of several
    /// nodes may have one, which is good on all of them.
    pub async fn setup_secret(&self) -> Result<Option<String>> {
        if self.has_administrator().await? {
            return Ok(None);
        }
        let secret = Uuid::new_v4().simple().to_string();
        let hash = hash(&secret);
        self.keep_fact(FACT, &hash, || *self.set_up.own.lock() = Some(hash)).await?;
        Ok(Some(secret))
    }

    /// Whether the realm has an administrator.
    pub async fn has_administrator(&self) -> Result<bool> {
        let mut after = None;
        loop {
            let page = self.store.list_users(after.as_ref(), PAGE).await?;
            if page.iter().any(|user| user.role == Role::Administrator) {
                return Ok(true);
            }
            match page.into_iter().next_back() {
                Some(last) => after = Some(last.username),
                None => return Ok(false),
            }
        }
    }

    /// Whether [`Engine::set_up`] would take a secret.
    pub fn awaits_set_up(&self) -> bool {
        self.set_up.own.lock().is_some() || self.set_up.elsewhere.load(Ordering::Relaxed)
    }

    /// Takes this node's secret back.
    pub fn withdraw_set_up(&self) {
        *self.set_up.own.lock() = None;
    }

    /// The realm has an administrator.
    pub(crate) async fn close_set_up(&self) {
        self.set_up.close();
        if let Some(nodes) = self.store.nodes()
            && let Err(error) = nodes.forget_facts(FACT).await
        {
            // The store makes no second one with it.
            warn!(%error, "cannot take back the secret for the first administrator");
        }
    }

    /// What other nodes have of it now, as a beat says. This node's own stands as this node has it, unless it is used up:
    /// that is what it means when it is missing, but for a node that `may_have_been_gone`.
    pub(crate) async fn set_up_elsewhere(
        &self,
        nodes: &dyn NodeStore,
        beat: &Beat,
        may_have_been_gone: bool,
    ) -> Result<()> {
        let facts = beat.facts.iter().filter(|(_, name)| name == FACT);
        let (own, others): (Vec<_>, Vec<_>) = facts.partition(|(node, _)| *node == self.nodes.me);
        self.set_up.elsewhere.store(!others.is_empty(), Ordering::Relaxed);
        let held = *self.set_up.own.lock();
        match held {
            None if !own.is_empty() => {
                nodes.keep_fact(self.nodes.me, FACT, None).await?;
            }
            Some(hash) if own.is_empty() => {
                if may_have_been_gone && !self.has_administrator().await? {
                    nodes.keep_fact(self.nodes.me, FACT, Some(&hash)).await?;
                } else {
                    *self.set_up.own.lock() = None;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Makes the first administrator and logs in, whether registration is open or not. Refuses `NotAllowed` when
    /// the secret is wrong or no longer good, `PasswordTooShort`, `UsernameTaken`, `Busy`.
    pub async fn set_up(&self, secret: &str, wish: Registration) -> Result<Login> {
        let hash = hash(secret);
        let opens = match self.store.nodes() {
            Some(nodes) => nodes.has_fact(FACT, &hash).await?,
            None => self.set_up.opens_with(&hash),
        };
        if !opens {
            return Err(Refusal::NotAllowed.into());
        }
        let user = self.create_user(wish, NewRole::FirstAdministrator).await?;
        self.begin_session(&user, Proof::None, Purpose::Person).await
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
