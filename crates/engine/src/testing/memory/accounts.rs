//! Accounts and sessions.

use kabar_model::limits::{SESSIONS_MAX, TOKENS_MAX};
use kabar_model::{Field, Refusal, Role, SessionId, Timestamp, User, UserId, Username};

use super::Realm;
use crate::error::Result;
use crate::store::{
    Account, ListedAccount, MadeSession, NewRole, NewSession, NewUser, SessionRecord, UserChange,
    beginnings, folded,
};

impl Realm {
    pub(super) fn create_user(&mut self, new: NewUser) -> Result<User> {
        if self.account(&new.username).is_some() {
            return Err(Refusal::UsernameTaken.into());
        }
        let role = match new.role {
            NewRole::Fixed(role) => role,
            NewRole::AdministratorIfFirst if self.accounts.is_empty() => Role::Administrator,
            NewRole::AdministratorIfFirst => Role::User,
            NewRole::FirstAdministrator if self.has_administrator() => {
                return Err(Refusal::NotAllowed.into());
            }
            NewRole::FirstAdministrator => Role::Administrator,
        };
        if let Some(code) = &new.invitation {
            self.invitation(code, new.at)?;
        }
        let id = self.accounts.last_key_value().map_or(UserId(1), |(last, _)| UserId(last.0 + 1));
        let user = User {
            id,
            username: new.username,
            name: new.name,
            country: new.country,
            role,
            disabled: false,
        };
        let account = Account { user: user.clone(), password_hash: new.password_hash };
        self.accounts.insert(id, account);
        self.made_at.insert(id, new.at);
        if let Some(code) = &new.invitation {
            self.redeem(code, id, new.at)?;
        }
        Ok(user)
    }

    fn has_administrator(&self) -> bool {
        self.accounts.values().any(|account| account.user.role == Role::Administrator)
    }

    pub(super) fn account(&self, username: &Username) -> Option<Account> {
        self.accounts.values().find(|account| account.user.username == *username).cloned()
    }

    pub(super) fn users(&self, ids: &[UserId]) -> Vec<User> {
        ids.iter().filter_map(|id| self.accounts.get(id)).map(|a| a.user.clone()).collect()
    }

    pub(super) fn list_users(&self, after: Option<&Username>, limit: usize) -> Vec<User> {
        let mut users: Vec<_> =
            self.accounts.values().map(|account| account.user.clone()).collect();
        users.sort_by(|a, b| a.username.cmp(&b.username));
        users.retain(|user| after.is_none_or(|after| user.username > *after));
        users.truncate(limit);
        users
    }

    pub(super) fn find_users(
        &self,
        start: &str,
        after: Option<&Username>,
        limit: usize,
    ) -> Vec<User> {
        let start = folded(start);
        let mut users = self.list_users(after, usize::MAX);
        users.retain(|user| {
            let begins = beginnings(&user.username, &user.name);
            !user.disabled && begins.iter().any(|beginning| beginning.starts_with(&start))
        });
        users.truncate(limit);
        users
    }

    pub(super) fn list_accounts(
        &self,
        start: &str,
        after: Option<&Username>,
        limit: usize,
    ) -> Vec<ListedAccount> {
        let start = folded(start);
        let mut users = self.list_users(after, usize::MAX);
        users.retain(|user| {
            let begins = beginnings(&user.username, &user.name);
            begins.iter().any(|beginning| beginning.starts_with(&start))
        });
        users.truncate(limit);
        let listed = users.into_iter().map(|user| ListedAccount {
            created_at: self.made_at[&user.id],
            sessions: self.sessions(user.id).len() as u64,
            user,
        });
        listed.collect()
    }

    pub(super) fn count_accounts(&self) -> u64 {
        self.accounts.len() as u64
    }

    /// Refuses `NotAllowed` as [`UserChange::ByAdministrator`] says.
    fn may_administer(
        &self,
        (by, id): (UserId, UserId),
        role: Option<Role>,
        disabled: Option<bool>,
    ) -> Result<()> {
        let is_able = |user: &User| user.role == Role::Administrator && !user.disabled;
        let asks = self.accounts.get(&by).is_some_and(|account| is_able(&account.user));
        let left = self.accounts.values().any(|account| {
            let mut user = account.user.clone();
            if user.id == id {
                user.role = role.unwrap_or(user.role);
                user.disabled = disabled.unwrap_or(user.disabled);
            }
            is_able(&user)
        });
        let locks_out = by == id && disabled == Some(true);
        if asks && left && !locks_out { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
    }

    pub(super) fn settings(&self, user: UserId) -> Result<String> {
        if !self.accounts.contains_key(&user) {
            return Err(Refusal::UserUnknown.into());
        }
        Ok(self.settings.get(&user).map_or_else(|| "{}".to_owned(), Clone::clone))
    }

    pub(super) fn change_user(&mut self, id: UserId, change: UserChange) -> Result<Vec<SessionId>> {
        if let UserChange::ByAdministrator { by, role, disabled } = &change
            && self.accounts.contains_key(&id)
        {
            self.may_administer((*by, id), *role, *disabled)?;
        }
        let (ends_sessions, kept) = (change.ends_sessions(), change.keeps());
        let has_kept = kept.is_none_or(|kept| self.has_session(id, kept));
        let account = self.accounts.get_mut(&id).ok_or(Refusal::UserUnknown)?;
        match change {
            UserChange::OwnPassword { checked, .. } if checked != account.password_hash => {
                return Err(Refusal::WrongPassword.into());
            }
            UserChange::OwnPassword { .. } if !has_kept => {
                return Err(Refusal::SessionUnknown.into());
            }
            UserChange::Name(name) => account.user.name = name,
            UserChange::Country(country) => account.user.country = country,
            UserChange::Settings(settings) => drop(self.settings.insert(id, settings)),
            UserChange::PasswordHash(hash) | UserChange::OwnPassword { hash, .. } => {
                account.password_hash = hash;
            }
            UserChange::Disabled(disabled) => account.user.disabled = disabled,
            UserChange::Role(role) => account.user.role = role,
            UserChange::ByAdministrator { role, disabled, .. } => {
                account.user.role = role.unwrap_or(account.user.role);
                account.user.disabled = disabled.unwrap_or(account.user.disabled);
            }
        }
        if !ends_sessions {
            return Ok(Vec::new());
        }
        Ok(self
            .sessions
            .extract_if(.., |_, session| session.user == id && Some(session.id) != kept)
            .map(|(id, _)| id)
            .collect())
    }

    pub(super) fn create_session(&mut self, new: NewSession) -> Result<MadeSession> {
        let account = self.accounts.get(&new.user).ok_or(Refusal::UserUnknown)?;
        if account.user.disabled {
            return Err(Refusal::NotAllowed.into());
        }
        if new.checked.is_some_and(|checked| checked != account.password_hash) {
            return Err(Refusal::WrongPassword.into());
        }
        if new.asked_by.is_some_and(|id| !self.has_session(new.user, id)) {
            return Err(Refusal::SessionUnknown.into());
        }
        let mut ended = Vec::new();
        let mut own = self.sessions(new.user);
        own.retain(|session| session.purpose.is_program() == new.purpose.is_program());
        if new.purpose.is_program() {
            if own.len() >= TOKENS_MAX {
                return Err(Refusal::TooMany(Field::Programs).into());
            }
        } else {
            let surplus = (own.len() + 1).saturating_sub(SESSIONS_MAX);
            own.retain(|session| Some(session.id) != new.asked_by);
            ended.extend(own.iter().rev().take(surplus).map(|session| session.id));
            self.sessions.retain(|id, _| !ended.contains(id));
        }
        self.last_session += 1;
        let id = SessionId(self.last_session);
        let NewSession { user, token, at, purpose, .. } = new;
        let session = SessionRecord { id, user, token, created_at: at, used_at: at, purpose };
        self.sessions.insert(id, session.clone());
        Ok(MadeSession { session, ended })
    }

    pub(super) fn has_session(&self, user: UserId, id: SessionId) -> bool {
        self.sessions.get(&id).is_some_and(|session| session.user == user)
    }

    pub(super) fn sessions(&self, user: UserId) -> Vec<SessionRecord> {
        let own = self.sessions.values().filter(|session| session.user == user);
        let mut own: Vec<_> = own.cloned().collect();
        own.sort_by_key(|session| std::cmp::Reverse((session.used_at, session.id)));
        own
    }

    pub(super) fn touch_sessions(&mut self, used: &[(SessionId, Timestamp)]) {
        for (id, at) in used {
            if let Some(session) = self.sessions.get_mut(id) {
                session.used_at = session.used_at.max(*at);
            }
        }
    }

    pub(super) fn sessions_used_since(&self, since: Timestamp, limit: usize) -> Vec<SessionRecord> {
        let mut found: Vec<_> =
            self.sessions.values().filter(|session| session.used_at >= since).cloned().collect();
        found.sort_by_key(|session| std::cmp::Reverse(session.used_at));
        found.truncate(limit);
        found
    }

    pub(super) fn expire_sessions(&mut self, unused_since: Timestamp) -> u64 {
        let before = self.sessions.len();
        self.sessions
            .retain(|_, session| session.purpose.is_program() || session.used_at >= unused_since);
        (before - self.sessions.len()) as u64
    }
}
