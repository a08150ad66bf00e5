//! What changes the realm. Everything here runs on the writer's thread, inside its transaction, and
//! refuses before it writes.

pub(crate) mod accounts;
pub(crate) mod contacts;
mod edits;
mod files;
pub(crate) mod groups;
pub(crate) mod hooks;
pub(crate) mod invitations;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod nodes;
pub(crate) mod positions;
pub(crate) mod posts;
pub(crate) mod rooms;
pub(crate) mod sessions;

/// Rows that are removed in one transaction: while it goes on nobody else writes, on no node.
pub(crate) const REMOVED_TOGETHER: u32 = 10_000;
