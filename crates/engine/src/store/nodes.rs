//! What the nodes of one realm know of each other through the truth: who lives, who is active where, and who is in
//! which room. Nothing of it outlives its node.
//!
//! Times are told by the database's clock, so that nodes need not agree on one, and are handed out as ages.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use kabar_model::{ConversationId, LinkId, SessionId, Timestamp, UserId, Username};
use uuid::Uuid;

use crate::error::{Error, Result};

/// A node that has not said for so long that it lives counts as gone.
pub const SILENT: Duration = Duration::from_secs(5);

/// When no node has said for so long that it lives, the store could not be reached: then nobody counts as gone for it.
pub const STALLED: Duration = Duration::from_millis(2_500);

/// How long is remembered, at least, what a node no longer has. Who has not looked for longer reads all.
pub const GONE_KEPT: Duration = Duration::from_mins(1);

/// So many people are said to be active, or no longer, in one change: while it goes on nobody else writes, on no node.
pub const ACTIVE_TOGETHER: usize = 1_000;

/// A node, from the start of its process to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub i64);

impl NodeId {
    /// No node: what the store tells.
    pub const NONE: Self = Self(-1);

    /// A number that no other node has.
    pub fn random() -> Self {
        let (high, _) = Uuid::new_v4().as_u64_pair();
        Self((high >> 1).cast_signed())
    }
}

/// Counts up with each change of who is active and who is in a room. The changes become visible in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(pub i64);

impl Version {
    /// Before all changes.
    pub const NONE: Self = Self(0);
}

/// Counts up each time that a lease is taken: of two who believe they hold it, the higher is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub i64);

/// What the lease of a link is called.
pub fn link_lease(link: LinkId) -> String {
    format!("link:{}", link.0)
}

/// What a node learns when it says that it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// The node was not known, or counted as gone: nothing that it had is there, so all is to be written.
    pub is_new: bool,
    /// What the database's clock says.
    pub at: Timestamp,
    /// All nodes that live, this one, too, in the order of their numbers.
    pub living: Vec<NodeId>,
    /// The latest change.
    pub version: Version,
    /// Whose facts are kept, and what they are called.
    pub facts: Vec<(NodeId, String)>,
}

/// Who is active on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Active {
    /// Who.
    pub user: UserId,
    /// Whether another realm said so, of one of its people.
    pub elsewhere: bool,
}

/// Fails when those are more than [`ACTIVE_TOGETHER`]; for who implements [`NodeStore::active`].
pub fn is_short_enough(came: &[Active], went: &[Active]) -> Result<()> {
    if came.len() + went.len() > ACTIVE_TOGETHER {
        return Err(Error::failed("too many people are said at a time to be active or no longer"));
    }
    Ok(())
}

/// Somebody who goes into a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coming {
    /// With which session. It is in one room at most, on one node.
    pub session: SessionId,
    /// Who.
    pub user: UserId,
    /// Which room.
    pub room: ConversationId,
    /// Counts up on the node: of two comings of one session the higher holds.
    pub visit: u64,
    /// Whether the node only writes again what it had. Then a session that has gone elsewhere stays there.
    pub again: bool,
}

/// What became of a coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// The session is in the room, since this change.
    Here(Version),
    /// It is in a room on another node, or by a later visit.
    Elsewhere,
    /// The node counts as gone: nothing was written.
    NotLiving,
}

/// How it stands with a session that was in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It is there.
    There,
    /// It has left.
    Left,
    /// Its node is gone.
    Gone,
}

/// A session in a room, or no longer in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InRoom {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The room.
    pub room: ConversationId,
    /// On which node.
    pub node: NodeId,
    /// By which coming there.
    pub visit: u64,
    /// When it came into this room, in the order of changes.
    pub came: Version,
    /// The latest change of this.
    pub changed: Version,
    /// Whether it is there.
    pub stands: Stands,
}

/// What nodes have, or what of it is another since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Up to which change.
    pub version: Version,
    /// Whether this is all there is, and what is not named is not there.
    pub whole: bool,
    /// Who is active on which node now, or is no longer (`false`).
    pub active: Vec<(NodeId, Active, bool)>,
    /// Who is in a room, or is no longer.
    pub rooms: Vec<InRoom>,
}

/// How long ago wrong passwords were tried, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// For the account.
    pub account: Vec<Duration>,
    /// From the network.
    pub network: Vec<Duration>,
}

/// Keeps what the nodes of one realm know of each other. Everything that [`Store`](super::Store) says of atomic changes
/// holds here, too; but what stands here need not survive a power cut, which ends all nodes anyhow.
#[async_trait]
pub trait NodeStore: Send + Sync + 'static {
    // --- Living

    /// This node lives. Nodes that have been silent for [`SILENT`] are gone from now on, and what they had; but when all
    /// were silent for [`STALLED`], their time begins anew.
    async fn beat(&self, node: NodeId) -> Result<Beat>;

    /// This node stops: what it had goes at once.
    async fn retire(&self, node: NodeId) -> Result<()>;

    // --- Who is where

    /// Who became active on this node and who no longer is, together at most [`ACTIVE_TOGETHER`], and the change that
    /// this is. `None`: the node counts as gone, and nothing was written.
    async fn active(
        &self,
        node: NodeId,
        came: &[Active],
        went: &[Active],
    ) -> Result<Option<Version>>;

    /// A session goes into a room on this node, and out of any other, whatever node that was on. Refuses `TooMany(Room)`
    /// when there are `max` sessions in the room without it.
    async fn enter(&self, node: NodeId, coming: Coming, max: usize) -> Result<Entered>;

    /// These sessions leave the rooms they are in on this node, if they are still there by these visits. Says which change
    /// that is, if it is one.
    async fn leave(&self, node: NodeId, visits: &[(SessionId, u64)]) -> Result<Option<Version>>;

    /// These sessions leave the rooms they are in, on whatever node. Says which change that is, if it is one.
    async fn take_out(&self, sessions: &[SessionId]) -> Result<Option<Version>>;

    /// What has changed since, on all nodes, this one too. With [`Version::NONE`], and when `since` is too long ago, all
    /// that there is.
    async fn seen(&self, since: Version) -> Result<Seen>;

    // --- Wrong passwords

    /// Notes a wrong password.
    async fn note_failure(&self, account: &Username, network: IpAddr) -> Result<()>;

    /// The wrong passwords of this account and those from this network that are younger than `within`; of each the
    /// latest `limit`.
    async fn failures(
        &self,
        account: &Username,
        network: IpAddr,
        within: Duration,
        limit: usize,
    ) -> Result<Failures>;

    /// Forgets those that are as old as that or older.
    async fn forget_failures(&self, age: Duration) -> Result<()>;

    // --- Facts

    /// Keeps a short secret or fact for as long as the node lives, in place of what it kept by that name; `None` takes
    /// it away. `false`: the node counts as gone, and nothing was written.
    async fn keep_fact(&self, node: NodeId, name: &str, fact: Option<&[u8]>) -> Result<bool>;

    /// Whether any node keeps exactly that by that name.
    async fn has_fact(&self, name: &str, fact: &[u8]) -> Result<bool>;

    /// Takes away what any node keeps by that name.
    async fn forget_facts(&self, name: &str) -> Result<()>;

    // --- Leases

    /// Takes a lease for that time, or holds it on, which does not change its token. `None`: another node holds it, for
    /// no longer than that time, though the clock be set back: all who want a lease of that name want it for as long.
    /// A node that is gone holds none.
    async fn lease(&self, name: &str, node: NodeId, time: Duration) -> Result<Option<Token>>;

    /// Gives a lease back, if this token is still the latest.
    async fn release(&self, name: &str, token: Token) -> Result<()>;
}
