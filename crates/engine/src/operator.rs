//! What only those may do who have the machine, with `kabar user` and the like, or are administrators.

use kabar_model::{Password, Refusal, Role, User, UserId, Username};

use crate::accounts::Registration;
use crate::bus::Hint;
use crate::engine::Engine;
use crate::error::Result;
use crate::hasher;
use crate::store::{NewRole, UserChange};

/// Proof that the wish comes from who has the machine: over its control socket, or with its data
/// directory in hand; or from an administrator of the realm ([`Engine::administer`]).
#[derive(Clone, Copy, Debug)]
pub struct Operator(());

impl Operator {
    /// An administrator's, for the one wish that was looked into.
    pub(crate) fn administers() -> Self {
        Self(())
    }

    /// Vouches for it. Call this only where the right to the data directory has been shown.
    pub fn vouched() -> Self {
        Self(())
    }
}

impl Engine {
    /// Accounts in the order of their names, at most `limit`, those after `after`.
    pub async fn list_users(
        &self,
        _by: Operator,
        after: Option<&Username>,
        limit: usize,
    ) -> Result<Vec<User>> {
        self.store.list_users(after, limit).await
    }

    /// Makes an account, whether registration is open or not. Refuses `UsernameTaken`, `PasswordTooShort`.
    pub async fn add_user(&self, _by: Operator, wish: Registration, role: Role) -> Result<User> {
        self.create_user(wish, NewRole::Fixed(role)).await
    }

    /// Gives an account another password and ends its sessions. Refuses `UserUnknown`,
    /// `PasswordTooShort`. Says how many sessions ended.
    pub async fn reset_password(
        &self,
        _by: Operator,
        username: &Username,
        password: Password,
    ) -> Result<usize> {
        self.is_long_enough(&password)?;
        let id = self.user_id(username).await?;
        let hash = self.hasher.run(move || hasher::hash(&password)).await?;
        self.change_user(id, UserChange::PasswordHash(hash)).await
    }

    /// Disables an account, or enables it again. Disabling ends its sessions; says how many.
    pub async fn set_disabled(
        &self,
        _by: Operator,
        username: &Username,
        disabled: bool,
    ) -> Result<usize> {
        let id = self.user_id(username).await?;
        self.change_user(id, UserChange::Disabled(disabled)).await
    }

    /// Gives an account another role.
    pub async fn set_role(&self, _by: Operator, username: &Username, role: Role) -> Result<()> {
        let id = self.user_id(username).await?;
        self.change_user(id, UserChange::Role(role)).await?;
        if role == Role::Administrator {
            self.close_set_up().await;
        }
        Ok(())
    }

    async fn user_id(&self, username: &Username) -> Result<UserId> {
        let user = self.directory.user_named(username).await?;
        Ok(user.ok_or(Refusal::UserUnknown)?.id)
    }

    pub(crate) async fn change_user(&self, id: UserId, change: UserChange) -> Result<usize> {
        let ended = self.store.change_user(id, change).await?;
        self.directory.forget_user(id);
        self.bus.publish(Hint::UserChanged(id));
        for &session in &ended {
            self.end_here(session);
            self.bus.publish(Hint::SessionEnded(session));
        }
        Ok(ended.len())
    }
}
