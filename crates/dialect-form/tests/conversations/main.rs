//! Conversations of several people at once, polled by hand.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod any_input;
mod files;
mod pushes;
mod rooms;
mod usage;
mod world;
