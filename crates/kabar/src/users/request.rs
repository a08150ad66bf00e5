//! What `kabar user` asks of the server, and what it answers: a JSON object a line.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// A wish of the operator.
#[derive(Clone, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(crate) enum Request {
    List {
        after: Option<String>,
        limit: usize,
    },
    Add {
        user: String,
        password: String,
        name: Option<String>,
        country: Option<String>,
        admin: bool,
    },
    ResetPassword {
        user: String,
        password: String,
    },
    Disable {
        user: String,
    },
    Enable {
        user: String,
    },
    MakeAdmin {
        user: String,
    },
}

impl Request {
    /// Whom it is about.
    pub(super) fn user(&self) -> &str {
        match self {
            Self::List { .. } => "",
            Self::Add { user, .. }
            | Self::ResetPassword { user, .. }
            | Self::Disable { user }
            | Self::Enable { user }
            | Self::MakeAdmin { user } => user,
        }
    }

    /// What is said once it is done.
    pub(super) fn done(&self) -> Text {
        match self {
            Self::Add { admin: true, .. } => Text::AdministratorAdded,
            Self::List { .. } | Self::Add { .. } => Text::UserAdded,
            Self::ResetPassword { .. } => Text::PasswordReset,
            Self::Disable { .. } => Text::UserDisabled,
            Self::Enable { .. } => Text::UserEnabled,
            Self::MakeAdmin { .. } => Text::MadeAdministrator,
        }
    }
}

/// What became of it.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    People(Vec<Person>),
    Done { sessions_ended: usize },
    Refused(Denial),
}

/// Why not.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Denial {
    UserUnknown,
    UsernameTaken,
    PasswordTooShort { chars_min: usize },
    Other { reason: String },
}

/// An account in the list.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Person {
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) country: Option<String>,
    pub(crate) administrator: bool,
    pub(crate) disabled: bool,
}
