//! Accounts and sessions as a store knows them.

use kabar_model::{
    Country, DisplayName, InvitationCode, Label, Role, SessionId, Timestamp, User, UserId, Username,
};

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its name.
    pub username: Username,
    /// What it is shown as.
    pub name: DisplayName,
    /// Where its owner is from.
    pub country: Option<Country>,
    /// The password, hashed (PHC string).
    pub password_hash: String,
    /// What it may do.
    pub role: NewRole,
    /// The invitation to a group that it joins at once.
    pub invitation: Option<InvitationCode>,
    /// When it is made.
    pub at: Timestamp,
}

/// The role of an account to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewRole {
    /// This one.
    Fixed(Role),
    /// Administrator if the realm has no account yet, else user; decided in the transaction.
    AdministratorIfFirst,
    /// Administrator; refuses `NotAllowed` when the realm has one already, decided in the transaction.
    FirstAdministrator,
}

/// An account with what proves its owner.
#[derive(Clone, Debug)]
pub struct Account {
    /// The account.
    pub user: User,
    /// Its password, hashed (PHC string).
    pub password_hash: String,
}

/// An account as an administrator is shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAccount {
    /// The account.
    pub user: User,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many sessions it has, those of programs among them.
    pub sessions: u64,
}

/// One change to an account.
#[derive(Clone, Debug)]
pub enum UserChange {
    /// Another password (PHC string); ends all sessions.
    PasswordHash(String),
    /// Another password that its owner chose; ends all sessions but one. Refuses `WrongPassword` when the
    /// password is no longer the one that was checked, and `SessionUnknown` when that one session has ended.
    OwnPassword {
        /// The new one (PHC string).
        hash: String,
        /// The one that was checked (PHC string).
        checked: String,
        /// The session that goes on.
        keeps: SessionId,
    },
    /// Another display name.
    Name(DisplayName),
    /// Another country, or none.
    Country(Option<Country>),
    /// What the person's clients keep for them.
    Settings(String),
    /// Disabled or not; disabling ends all sessions.
    Disabled(bool),
    /// Another role.
    Role(Role),
    /// Another role, disabled or not, or both, as an administrator of the realm wishes; disabling ends all
    /// sessions. Refuses `NotAllowed`, decided in the transaction, when `by` is no administrator that can sign
    /// in, when it would disable itself, and when no administrator that can sign in would be left.
    ByAdministrator {
        /// Whose wish it is.
        by: UserId,
        /// The new role, if it is another.
        role: Option<Role>,
        /// Whether it is to be disabled, if that changes.
        disabled: Option<bool>,
    },
}

impl UserChange {
    /// Whether the account's sessions end with this change.
    pub fn ends_sessions(&self) -> bool {
        matches!(
            self,
            Self::PasswordHash(_)
                | Self::OwnPassword { .. }
                | Self::Disabled(true)
                | Self::ByAdministrator { disabled: Some(true), .. }
        )
    }

    /// The session that does not end with it.
    pub fn keeps(&self) -> Option<SessionId> {
        match self {
            Self::OwnPassword { keeps, .. } => Some(*keeps),
            _ => None,
        }
    }
}

/// A hash of a session's token (SHA-256). The token itself is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// A session to be made.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Whose it is.
    pub user: UserId,
    /// The hash of its token.
    pub token: TokenHash,
    /// The password that was checked, hashed (PHC string); absent if none was.
    pub checked: Option<String>,
    /// The session that asks for it, which must not have ended; absent if none does.
    pub asked_by: Option<SessionId>,
    /// When it is made.
    pub at: Timestamp,
    /// What it is for.
    pub purpose: Purpose,
}

/// A session that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeSession {
    /// The session.
    pub session: SessionRecord,
    /// The sessions that ended for it, since the person had too many.
    pub ended: Vec<SessionId>,
}

/// What a session is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// A person on a client.
    #[default]
    Person,
    /// A program that acts for a person. Its session does not end for want of use and makes nobody active.
    Program {
        /// What it is called.
        name: Label,
        /// Whether it may change anything.
        writes: bool,
    },
}

impl Purpose {
    /// Whether it is a program's.
    pub fn is_program(&self) -> bool {
        matches!(self, Self::Program { .. })
    }
}

/// A session as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its number.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The hash of its token.
    pub token: TokenHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, as far as noted.
    pub used_at: Timestamp,
    /// What it is for.
    pub purpose: Purpose,
}
