//! What the end-to-end tests share: the real binary on free ports, and clients that talk to it.
#![allow(dead_code, reason = "each test uses its part")]

pub mod client;
pub mod server;

pub use client::Client;
pub use server::Server;
