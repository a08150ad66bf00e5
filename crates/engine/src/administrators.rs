//! What an administrator of the realm does from afar. Who that is, is asked of the store each time: a role that
//! was taken away counts no longer.

use std::time::Duration;

use kabar_model::limits::{PAGE_ITEMS_MAX, PASSWORD_BYTES_MAX};
use kabar_model::{Password, Refusal, Role, UserId, Username};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::operator::Operator;
use crate::sessions::Caller;
use crate::store::{ListedAccount, UserChange};

/// Letters and digits that are not taken for one another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// The letters of a made-up password that stand together.
const INVENTED_GROUP: usize = 5;
/// How many such groups it has, unless the realm wants longer passwords.
const INVENTED_GROUPS: usize = 4;

/// Some accounts, in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounts {
    /// The accounts.
    pub accounts: Vec<ListedAccount>,
    /// Whether there are more after the last of them.
    pub more: bool,
}

/// What an administrator wants of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// Another role.
    pub role: Option<Role>,
    /// Disabled, or no longer.
    pub disabled: Option<bool>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Accounts, those that are disabled among them.
    pub users: u64,
    /// Those who are active now.
    pub active: usize,
    /// Clients that hear events.
    pub streams: usize,
    /// Messages that were ever stored, changes among them.
    pub messages: u64,
    /// How long the server has been running.
    pub uptime: Duration,
}

impl Engine {
    /// Shows that somebody is an administrator of the realm now. Refuses `NotAllowed`, also to every program:
    /// it would do more than its person lent it.
    pub async fn administer(&self, caller: &Caller) -> Result<Operator> {
        caller.must_be_a_person()?;
        let user = self.store.users(&[caller.user()]).await?.pop();
        let may = user.is_some_and(|user| user.role == Role::Administrator && !user.disabled);
        if may { Ok(Operator::administers()) } else { Err(Refusal::NotAllowed.into()) }
    }

    /// Accounts whose username, or whose display name from any of its words on, begins so, those that are
    /// disabled among them; those after `after`, at most `limit`.
    pub async fn list_accounts(
        &self,
        _by: Operator,
        start: &str,
        after: Option<&Username>,
        limit: usize,
    ) -> Result<Accounts> {
        let limit = limit.min(PAGE_ITEMS_MAX);
        let mut accounts = self.store.list_accounts(start, after, limit + 1).await?;
        let more = accounts.len() > limit;
        accounts.truncate(limit);
        Ok(Accounts { accounts, more })
    }

    /// Gives an account another role, disables it or enables it again. Disabling ends its sessions. Refuses
    /// `UserUnknown`, and `NotAllowed` to who is no administrator, who would disable their own account, and when
    /// no administrator would be left who can sign in.
    pub async fn change_account(
        &self,
        caller: &Caller,
        username: &Username,
        AccountChange { role, disabled }: AccountChange,
    ) -> Result<()> {
        self.administer(caller).await?;
        let id = self.account_id(username).await?;
        let change = UserChange::ByAdministrator { by: caller.user(), role, disabled };
        self.change_user(id, change).await.map(drop)
    }

    /// A password that nobody guesses, long enough for this realm, to be read out or typed once. It is kept
    /// nowhere.
    pub fn invented_password(&self) -> Result<Password> {
        let chars_min = self.settings.password_chars_min.min(PASSWORD_BYTES_MAX / 2);
        let groups = (chars_min / INVENTED_GROUP + 1).max(INVENTED_GROUPS);
        let groups: Vec<String> = (0..groups).map(|_| invented_group()).collect();
        Ok(Password::parse(&groups.join("-"))?)
    }

    /// Ends all sessions of an account, those of programs, too. Refuses `UserUnknown`.
    pub async fn end_sessions(&self, _by: Operator, username: &Username) -> Result<()> {
        let id = self.account_id(username).await?;
        for session in self.store.sessions(id).await? {
            self.end(session.id).await?;
        }
        Ok(())
    }

    /// How much there is.
    pub async fn totals(&self, _by: Operator) -> Result<Totals> {
        // Messages are numbered as they arrive, and none is ever removed.
        let messages = self.store.last_arrival().await?.0;
        Ok(Totals {
            users: self.store.count_accounts().await?,
            active: self.active_here().len(),
            streams: self.listeners.close_count(),
            messages: u64::try_from(messages).map_err(Error::failed)?,
            uptime: self.clock.elapsed().saturating_sub(self.started),
        })
    }

    async fn account_id(&self, username: &Username) -> Result<UserId> {
        let user = self.directory.user_named(username).await?;
        Ok(user.ok_or(Refusal::UserUnknown)?.id)
    }
}

/// Some of the letters, 5 random bits each.
fn invented_group() -> String {
    // The first bytes of a version-4 UUID are random, and no bit of them is given (RFC 9562 §5.4).
    let random = Uuid::new_v4();
    let letters = &random.as_bytes()[..INVENTED_GROUP];
    letters.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_letters_can_be_read_out_and_is_another_each_time() {
        let groups: std::collections::HashSet<String> =
            (0..100).map(|_| invented_group()).collect();
        assert!(groups.len() > 95, "{groups:?}");
        for group in groups {
            assert_eq!(group.len(), INVENTED_GROUP);
            assert!(group.bytes().all(|letter| LETTERS.contains(&letter)), "{group}");
        }
        let distinct: std::collections::HashSet<u8> = LETTERS.iter().copied().collect();
        assert_eq!(distinct.len(), 32);
    }
}
