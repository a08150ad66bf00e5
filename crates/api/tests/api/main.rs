//! The API as its clients meet it. Every answer is held against the `OpenAPI` document on its way.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod events;
mod files;
mod messages;
mod schema;
mod sign_in;
mod web;
mod world;
