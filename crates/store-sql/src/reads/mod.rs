//! What is read: on a few read-only connections, beside the writer.

pub(crate) mod accounts;
pub(crate) mod carried;
pub(crate) mod contacts;
pub(crate) mod files;
pub(crate) mod groups;
pub(crate) mod history;
pub(crate) mod hooks;
pub(crate) mod invitations;
pub(crate) mod links;
pub(crate) mod links_in;
pub(crate) mod messages;
pub(crate) mod nodes;
pub(crate) mod overviews;
pub(crate) mod people;
pub(crate) mod rooms;
pub(crate) mod shift;
pub(crate) mod unread;
pub(crate) mod words;

/// A limit as SQL takes it.
fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
