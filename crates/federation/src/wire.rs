//! What realms say to each other: JSON bodies of the requests and answers under `/realm/v1/`.
//!
//! Bodies are read leniently where more may be said one day (unknown fields), and strictly in what is there. An item
//! that cannot be read is refused by itself; so items are kept as raw text until each is read.

mod item;
mod said;

use kabar_engine::store::links::{Received, Uid};
use kabar_model::RealmName;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::base64url;
use crate::keys::{KeyStatement, PublicKey};

pub use item::{Item, MemberSaid, PostBody, Reading, SignedBy, SignedPost};
pub use said::{FileSaid, Person, Said, To};

/// Where the link protocol lives.
pub const ROOT: &str = "/realm/v1/";
/// Who are you? Unsigned.
pub const WHO: &str = "/realm/v1/who";
/// Shall we link?
pub const HELLO: &str = "/realm/v1/hello";
/// Items for you.
pub const ITEMS: &str = "/realm/v1/items";
/// Have you items for me? Answered when there are, or after a while.
pub const PULL: &str = "/realm/v1/pull";
/// Is there such a person or group?
pub const LOOK_UP: &str = "/realm/v1/look-up";
/// What was said after this?
pub const READ_ON: &str = "/realm/v1/read-on";
/// Part of a file's contents.
pub const FILE: &str = "/realm/v1/file";
/// Are you there?
pub const ECHO: &str = "/realm/v1/echo";

/// The media type of all bodies but contents of files.
pub const JSON: &str = "application/json";
/// That of contents.
pub const BYTES: &str = "application/octet-stream";

/// The version of the protocol.
pub const VERSION: u32 = 1;

/// Who a realm is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// The versions of the protocol that it speaks.
    pub versions: Vec<u32>,
    /// What it calls itself.
    #[serde(with = "realm_name")]
    pub realm: RealmName,
    /// Its root key.
    pub root: PublicKey,
    /// The keys that it signs with, the newest last.
    pub keys: Vec<KeyStatement>,
}

impl Identity {
    /// Whether the root key states each of the keys, of that very realm.
    pub fn holds(&self) -> bool {
        let states = |key: &KeyStatement| key.realm == self.realm && key.verify(&self.root);
        !self.keys.is_empty() && self.keys.len() <= KEYS_MAX && self.keys.iter().all(states)
    }
}

/// Keys that a realm may sign with at a time.
pub const KEYS_MAX: usize = 4;

/// Shall we link?
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// Who asks.
    #[serde(flatten)]
    pub who: Identity,
    /// The host by which it is reached; absent: that from which this came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The port at which it is reached; absent: it cannot be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The secret of an invite, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
}

/// The answer to a hello.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// Who answers.
    #[serde(flatten)]
    pub who: Identity,
    /// Whether both agree; else an administrator has to.
    pub linked: bool,
}

/// A batch of items.
#[derive(Debug, Serialize, Deserialize)]
pub struct Batch {
    /// The sender's epoch.
    pub epoch: i64,
    /// The number of its first item.
    pub first: u64,
    /// The uid of the item before.
    #[serde(with = "uid")]
    pub before: Uid,
    /// The uids of the items.
    #[serde(with = "uids")]
    pub uids: Vec<Uid>,
    /// The items, each an [`Item`].
    pub items: Vec<Box<RawValue>>,
    /// Who of the sender's is active, where that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<Vec<String>>,
}

/// How far a realm has received.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ack {
    /// The epoch of what was sent.
    pub epoch: i64,
    /// Up to this number.
    pub received: u64,
    /// Of that it refused these, each with a code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<(u64, String)>,
    /// The two do not agree on what was sent: begin a new epoch.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reset: bool,
    /// How much waits for whom this goes to.
    #[serde(default)]
    pub waiting: u64,
    /// Who says this cannot reach whom this goes to, who should pull.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pull: bool,
    /// Who is active, where that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<Vec<String>>,
}

impl Ack {
    /// What was received, for the store.
    pub fn received(&self) -> Received {
        Received { epoch: self.epoch, number: self.received, refused: self.refused.clone() }
    }
}

/// Have you items for me?
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pull {
    /// How far the asking realm has received.
    #[serde(flatten)]
    pub ack: Ack,
    /// How long to wait for some, in seconds.
    pub wait: u64,
}

/// Is there such a person or group?
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LookUp {
    /// Of this username.
    User(String),
    /// Of this name or code, that anybody may join who gives it.
    Group(String),
}

impl LookUp {
    /// The name or code.
    pub fn asked(&self) -> &str {
        match self {
            Self::User(name) | Self::Group(name) => name,
        }
    }
}

/// The answer to that.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    /// Whether there is.
    pub found: bool,
    /// What it is called: the group's name, or the person's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What was said after this?
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadOn {
    /// Where.
    pub to: To,
    /// After this number.
    pub after: i64,
}

/// Messages in order, each an [`Item`]; and whether those are all.
#[derive(Debug, Serialize, Deserialize)]
pub struct Read {
    /// The messages.
    pub items: Vec<Box<RawValue>>,
    /// Whether there are no more.
    pub whole: bool,
}

/// What is wrong with a request; said with a status of 400 or more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// A code.
    pub error: String,
    /// The time by the clock of who answers, in seconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Uids as base64url.
pub(crate) mod uid {
    use super::{Uid, base64url};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(uid: &Uid, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&base64url::encode(&uid.0))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Uid, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        base64url::decode(&text).map(Uid).ok_or_else(|| D::Error::custom("not a uid"))
    }
}

mod uids {
    use super::{Uid, base64url};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(uids: &[Uid], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(uids.iter().map(|uid| base64url::encode(&uid.0)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Uid>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let uids = texts.iter().map(|text| base64url::decode(text).map(Uid));
        uids.collect::<Option<_>>().ok_or_else(|| D::Error::custom("not a uid"))
    }
}

mod realm_name {
    use kabar_model::RealmName;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(name: &RealmName, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(name.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<RealmName, D::Error> {
        let text = String::deserialize(from)?;
        RealmName::parse(&text).map_err(|_| D::Error::custom("not a realm's name"))
    }
}
