//! Links between realms: what does one server say to another, and when is that word believed?
//!
//! Here is what a link needs and no outside can change: keys and their fingerprints, HTTP messages
//! signed in one fixed profile, invites, addresses that may be connected to, and the wait before
//! the next attempt. All but [`random`] is a function of its arguments. This crate will never know a
//! socket, the time of day, a database, or what a person types.

pub mod address;
mod base64url;
pub mod fingerprint;
pub mod invite;
pub mod keys;
pub mod link;
pub mod random;
pub mod retry;
pub mod signature;
pub mod wire;
