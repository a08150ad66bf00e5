//! The API as its clients meet it. Every answer is held against the `OpenAPI` document on its way.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod admin;
mod alive;
mod events;
mod files;
mod linked;
mod messages;
mod mirrors;
mod realms;
mod refusals;
mod rooms;
mod schema;
mod search;
mod sign_in;
mod slow;
mod uploads;
mod web;
mod world;
