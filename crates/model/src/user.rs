//! An account as others see it.

use crate::id::UserId;
use crate::name::{Country, DisplayName, Username};

/// What an account may do in the realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Writes and reads.
    User,
    /// Looks after the realm, too.
    Administrator,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub id: UserId,
    /// Its name, unique in the realm.
    pub username: Username,
    /// What it is shown as.
    pub name: DisplayName,
    /// Where its owner says they are from.
    pub country: Option<Country>,
    /// What it may do.
    pub role: Role,
    /// An account that is disabled cannot log in; what it wrote stays.
    pub disabled: bool,
}
