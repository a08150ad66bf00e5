//! Making accounts, logging in, logging out.

use std::sync::Arc;

use kabar_model::{
    Country, DisplayName, InvitationCode, Password, Refusal, Role, SessionId, SessionToken, User,
    Username,
};
use uuid::Uuid;

use crate::bus::Hint;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::hasher;
use crate::sessions::{Caller, Origin, token_hash};
use crate::store::{NewRole, NewSession, NewUser, Purpose};

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationPolicy {
    /// Anyone.
    Open,
    /// Who has an invitation to a group.
    Invite,
    /// Nobody but the operator.
    Closed,
}

/// An account that somebody wishes for.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Its name.
    pub username: Username,
    /// Its password.
    pub password: Password,
    /// What it is to be shown as; absent: its username.
    pub name: Option<DisplayName>,
    /// Where its owner is from.
    pub country: Option<Country>,
    /// An invitation to a group, which it joins at once.
    pub invitation: Option<InvitationCode>,
}

/// A session that has just begun.
#[derive(Clone, Debug)]
pub struct Login {
    /// Proof of it.
    pub caller: Caller,
    /// What the client shows on other connections. It is not kept anywhere else.
    pub token: SessionToken,
}

/// What says that somebody may begin a session.
#[derive(Debug)]
pub(crate) enum Proof {
    /// The account was made for it.
    None,
    /// The password that was checked, hashed (PHC string).
    Password(String),
    /// Another session of theirs.
    Session(SessionId),
}

impl Engine {
    /// Makes an account and logs in. The first account of a realm, made from this very machine, is its
    /// administrator. Refuses `NotAllowed` when registration is closed, or there is no invitation though it
    /// wants one, `InvitationUnknown`, `PasswordTooShort`, `UsernameTaken`, `Busy`.
    pub async fn register(&self, origin: Origin, wish: Registration) -> Result<Login> {
        let user = self.create_account(origin, wish).await?;
        self.begin_session(&user, Proof::None, Purpose::Person).await
    }

    /// As [`Engine::register`], without logging in.
    pub async fn create_account(&self, origin: Origin, wish: Registration) -> Result<User> {
        match (self.settings.registration, &wish.invitation) {
            (RegistrationPolicy::Open, _) | (RegistrationPolicy::Invite, Some(_)) => {}
            (RegistrationPolicy::Invite, None) | (RegistrationPolicy::Closed, _) => {
                return Err(Refusal::NotAllowed.into());
            }
        }
        let role = if origin.is_loopback() {
            NewRole::AdministratorIfFirst
        } else {
            NewRole::Fixed(Role::User)
        };
        self.create_user(wish, role).await
    }

    pub(crate) async fn create_user(&self, wish: Registration, role: NewRole) -> Result<User> {
        self.is_long_enough(&wish.password)?;
        let group = match &wish.invitation {
            Some(code) => Some(self.invitation(code).await?.id),
            None => None,
        };
        // Looked up first because hashing is dear; the store decides.
        if self.directory.user_named(&wish.username).await?.is_some() {
            return Err(Refusal::UsernameTaken.into());
        }
        let password = wish.password;
        let password_hash = self.hasher.run(move || hasher::hash(&password)).await?;
        let name = wish.name.unwrap_or_else(|| DisplayName::of(&wish.username));
        let new = NewUser {
            username: wish.username,
            name,
            country: wish.country,
            password_hash,
            role,
            invitation: wish.invitation,
            at: self.clock.now(),
        };
        let user = self.store.create_user(new).await?;
        if user.role == Role::Administrator {
            self.close_set_up().await;
        }
        if let Some(group) = group {
            self.conversation_changed(group);
        }
        Ok(user)
    }

    /// Refuses `PasswordTooShort`.
    pub(crate) fn is_long_enough(&self, password: &Password) -> Result<()> {
        let chars_min = self.settings.password_chars_min;
        if password.expose().chars().count() < chars_min {
            return Err(Refusal::PasswordTooShort { chars_min }.into());
        }
        Ok(())
    }

    /// Logs in. Refuses `UserUnknown`, `WrongPassword`, `TooManyAttempts`, `NotAllowed` when the account
    /// is disabled, `Busy`.
    ///
    /// An unknown name takes as long as a wrong password, and counts as one.
    pub async fn login(
        &self,
        origin: Origin,
        username: &Username,
        password: Password,
    ) -> Result<Login> {
        let (user, checked) = self.check_password(origin, username, password).await?;
        self.begin_session(&user, Proof::Password(checked), Purpose::Person).await
    }

    /// The account whose password this is, and the hash that says so. Refuses as [`Engine::login`] does.
    pub(crate) async fn check_password(
        &self,
        origin: Origin,
        username: &Username,
        password: Password,
    ) -> Result<(User, String)> {
        self.may_try(username, origin.address).await?;
        let account = self.store.account(username).await?;
        let (user, hash) = match account {
            Some(account) => (Some(account.user), Some(account.password_hash)),
            None => (None, None),
        };
        let (throttle, clock) = (Arc::clone(&self.throttle), Arc::clone(&self.clock));
        let name = username.clone();
        let checked = hash.clone();
        let outcome = self
            .hasher
            .run(move || {
                // Others may have failed while this waited: a crowd of tries gets no more than a queue.
                throttle.check(clock.elapsed(), &name, origin.address)?;
                let right = match &hash {
                    Some(hash) => hasher::verify(&password, hash)?,
                    None => hasher::verify_nothing(&password).map(|()| false)?,
                };
                if right {
                    return Ok(());
                }
                throttle.failed(clock.elapsed(), &name, origin.address);
                Err(match hash {
                    Some(_) => Refusal::WrongPassword.into(),
                    None => Refusal::UserUnknown.into(),
                })
            })
            .await;
        if let Err(Error::Refused(Refusal::WrongPassword | Refusal::UserUnknown)) = &outcome {
            self.failed_to_log_in(username, origin.address).await?;
        }
        outcome?;
        Ok(user.zip(checked).ok_or(Refusal::UserUnknown)?)
    }

    /// The password may have been changed while it was checked, and the session that asks may have ended on another
    /// node: the store looks again.
    pub(crate) async fn begin_session(
        &self,
        user: &User,
        proof: Proof,
        purpose: Purpose,
    ) -> Result<Login> {
        let token = SessionToken::from_uuid(Uuid::new_v4());
        let hash = token_hash(token);
        let at = self.clock.now();
        let (checked, asked_by) = match proof {
            Proof::None => (None, None),
            Proof::Password(checked) => (Some(checked), None),
            Proof::Session(id) => (None, Some(id)),
        };
        let new = NewSession { user: user.id, token: hash, checked, asked_by, at, purpose };
        for ended in self.store.create_session(new).await?.ended {
            self.end_here(ended);
            self.bus.publish(Hint::SessionEnded(ended));
        }
        let session = self.take_up(&hash).await?;
        Ok(Login { caller: Caller(session), token })
    }

    /// Ends a session at once, everywhere. `SessionUnknown` if it has ended already.
    pub async fn logout(&self, caller: &Caller) -> Result<()> {
        let ended = self.store.end_session(caller.session()).await?;
        self.end_here(caller.session());
        self.bus.publish(Hint::SessionEnded(caller.session()));
        if ended { Ok(()) } else { Err(Refusal::SessionUnknown.into()) }
    }

    /// The account of somebody who is logged in.
    pub async fn account(&self, caller: &Caller) -> Result<Arc<User>> {
        self.directory.user(caller.user()).await
    }
}
