//! The first administrator of a realm that is reached over a network: who can read what the server says at its
//! start has a secret that is good once.

use kabar_model::{Refusal, Role};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::accounts::{Login, Registration};
use crate::engine::Engine;
use crate::error::Result;
use crate::store::{NewRole, Purpose};

/// Accounts that are looked through at a time for an administrator.
const PAGE: usize = 1_000;

/// The hash of the secret, while it is good.
#[derive(Debug, Default)]
pub(crate) struct SetUp(Mutex<Option<[u8; 32]>>);

impl SetUp {
    fn opens_with(&self, secret: &str) -> bool {
        // A hash is compared, not the secret: how long that takes says nothing about the secret.
        *self.0.lock() == Some(hash(secret))
    }

    /// The realm has an administrator.
    pub(crate) fn close(&self) {
        *self.0.lock() = None;
    }
}

impl Engine {
    /// A secret with which the first administrator can be made, while the realm has none. It is good once, until
    /// the server stops, the realm gets an administrator otherwise, or another secret is made.
    pub async fn setup_secret(&self) -> Result<Option<String>> {
        if self.has_administrator().await? {
            return Ok(None);
        }
        let secret = Uuid::new_v4().simple().to_string();
        *self.set_up.0.lock() = Some(hash(&secret));
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
        self.set_up.0.lock().is_some()
    }

    /// Takes the secret back.
    pub fn withdraw_set_up(&self) {
        self.set_up.close();
    }

    /// Makes the first administrator and logs in, whether registration is open or not. Refuses `NotAllowed` when
    /// the secret is wrong or no longer good, `PasswordTooShort`, `UsernameTaken`, `Busy`.
    pub async fn set_up(&self, secret: &str, wish: Registration) -> Result<Login> {
        if !self.set_up.opens_with(secret) {
            return Err(Refusal::NotAllowed.into());
        }
        let user = self.create_user(wish, NewRole::FirstAdministrator).await?;
        self.begin_session(&user, None, Purpose::Person).await
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
