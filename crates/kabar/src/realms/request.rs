//! What `kabar realm` asks of the server, and what it answers.

use serde::{Deserialize, Serialize};

/// A wish of the operator.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "realm", rename_all = "kebab-case")]
pub(crate) enum Request {
    List,
    Add { name: String, host: String, port: u16 },
    Join { invite: String },
    Accept { name: String },
    Invite,
    Block { name: String },
    Remove { name: String },
    Rotate,
    Fingerprint,
}

impl Request {
    /// Which link it is about.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Add { name, .. }
            | Self::Accept { name }
            | Self::Block { name }
            | Self::Remove { name } => name,
            Self::List | Self::Join { .. } | Self::Invite | Self::Rotate | Self::Fingerprint => "",
        }
    }
}

/// What became of it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    Realms(Vec<Linked>),
    Realm {
        /// What this realm calls itself.
        us: String,
        link: Linked,
    },
    Invite(String),
    Fingerprint(String),
    /// Which realms know the new key already.
    Rotated(Vec<(String, bool)>),
    Refused(Denial),
}

/// Why not.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Denial {
    RealmUnknown,
    RealmTaken,
    Unreachable,
    OtherKey,
    NotAgreed,
    InviteUnknown,
    BadAddress,
    NoAddress,
    TooMany,
    Other { reason: String },
}

/// A link in the list.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Linked {
    /// What the realm is called here.
    pub(crate) name: String,
    /// What it calls itself.
    pub(crate) own_name: String,
    /// Its `HOST:PORT`; absent: it comes by itself.
    pub(crate) address: Option<String>,
    /// `asked`, `waiting`, `linked`, `blocked`, `changed` or `removed`.
    pub(crate) state: String,
    pub(crate) queued: u64,
    /// RFC 3339, as is the next.
    pub(crate) last_contact_at: Option<String>,
    pub(crate) next_try_at: Option<String>,
    /// What went wrong last, unless all went well since: a code.
    pub(crate) error: Option<String>,
    pub(crate) fingerprint: String,
}
