//! One's own account: name, country, settings, password, and the sessions one has.

use kabar_model::limits::SETTINGS_BYTES_MAX;
use kabar_model::{Country, DisplayName, Field, Password, Refusal, SessionId, Timestamp};

use crate::accounts::{Login, Proof};
use crate::bus::Hint;
use crate::engine::Engine;
use crate::error::Result;
use crate::hasher;
use crate::sessions::{Caller, Origin};
use crate::store::{Purpose, SessionRecord, UserChange};

/// One of a person's own sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSession {
    /// Its number.
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Timestamp,
}

impl Engine {
    /// Changes what one is shown as.
    pub async fn change_name(&self, caller: &Caller, name: DisplayName) -> Result<()> {
        caller.may_write()?;
        self.change_user(caller.user(), UserChange::Name(name)).await.map(drop)
    }

    /// Changes where one is from.
    pub async fn change_country(&self, caller: &Caller, country: Option<Country>) -> Result<()> {
        caller.may_write()?;
        self.change_user(caller.user(), UserChange::Country(country)).await.map(drop)
    }

    /// What a person's clients keep for them; `{}` at first.
    pub async fn own_settings(&self, caller: &Caller) -> Result<String> {
        self.store.settings(caller.user()).await
    }

    /// Keeps something else for a person's clients, which alone know what it means. Refuses `TooLong` settings.
    pub async fn change_own_settings(&self, caller: &Caller, settings: String) -> Result<()> {
        caller.may_write()?;
        if settings.len() > SETTINGS_BYTES_MAX {
            return Err(Refusal::TooLong(Field::Settings).into());
        }
        self.change_user(caller.user(), UserChange::Settings(settings)).await.map(drop)
    }

    /// Changes one's own password and ends all sessions but this one, those of programs, too. Refuses
    /// `WrongPassword`, `TooManyAttempts`, `PasswordTooShort`, `Busy`, `SessionUnknown` when this one has ended, if on
    /// another node, and a program `NotAllowed`.
    pub async fn change_password(
        &self,
        caller: &Caller,
        origin: Origin,
        old: Password,
        new: Password,
    ) -> Result<()> {
        caller.must_be_a_person()?;
        self.is_long_enough(&new)?;
        let (_, checked) = self.check_password(origin, caller.username(), old).await?;
        let hash = self.hasher.run(move || hasher::hash(&new)).await?;
        let change = UserChange::OwnPassword { hash, checked, keeps: caller.session() };
        self.change_user(caller.user(), change).await.map(drop)
    }

    /// One's own sessions but those of programs, the most recently used first.
    pub async fn own_sessions(&self, caller: &Caller) -> Result<Vec<OwnSession>> {
        caller.must_be_a_person()?;
        let mut own = self.sessions_of(caller).await?;
        own.retain(|session| session.purpose == Purpose::Person);
        let own = own.into_iter().map(|session| OwnSession {
            id: session.id,
            current: session.id == caller.session(),
            created_at: session.created_at,
            used_at: session.used_at,
        });
        Ok(own.collect())
    }

    /// Ends one of one's own sessions. Refuses `SessionUnknown`.
    pub async fn end_own_session(&self, caller: &Caller, id: SessionId) -> Result<()> {
        caller.must_be_a_person()?;
        let own = self.sessions_of(caller).await?;
        if !own.iter().any(|session| session.id == id && session.purpose == Purpose::Person) {
            return Err(Refusal::SessionUnknown.into());
        }
        self.end(id).await
    }

    /// Ends all of one's own sessions, this one last, but not those of programs.
    pub async fn end_own_sessions(&self, caller: &Caller) -> Result<()> {
        for session in self.own_sessions(caller).await? {
            if !session.current {
                self.end(session.id).await?;
            }
        }
        self.end(caller.session()).await
    }

    /// Begins one more session, for use elsewhere. Refuses `SessionUnknown` when this one has ended, if on another node.
    pub async fn further_session(&self, caller: &Caller) -> Result<Login> {
        caller.must_be_a_person()?;
        let user = self.directory.user(caller.user()).await?;
        self.begin_session(&user, Proof::Session(caller.session()), Purpose::Person).await
    }

    /// All sessions of a person, the most recently used first, with what this node knows of their last use. Refuses
    /// `SessionUnknown` when the caller's is not among them: it has ended on another node.
    pub(crate) async fn sessions_of(&self, caller: &Caller) -> Result<Vec<SessionRecord>> {
        let mut own = self.store.sessions(caller.user()).await?;
        if !own.iter().any(|session| session.id == caller.session()) {
            return Err(Refusal::SessionUnknown.into());
        }
        for session in &mut own {
            let used = self.sessions.with_token(&session.token).map(|known| known.used_at());
            session.used_at = used.map_or(session.used_at, |used| used.max(session.used_at));
        }
        own.sort_by_key(|session| std::cmp::Reverse(session.used_at));
        Ok(own)
    }

    /// Ends a session, everywhere. It may have ended meanwhile.
    pub(crate) async fn end(&self, id: SessionId) -> Result<()> {
        self.store.end_session(id).await?;
        self.end_here(id);
        self.bus.publish(Hint::SessionEnded(id));
        Ok(())
    }
}
