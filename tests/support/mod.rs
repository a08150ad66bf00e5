//! What the end-to-end tests share: the real binary on free ports, and clients that talk to it.
#![allow(dead_code, unused_imports, reason = "each test uses its part")]

pub(crate) mod api;
pub(crate) mod client;
pub(crate) mod cluster;
pub(crate) mod events;
pub(crate) mod history;
pub(crate) mod line;
pub(crate) mod peer;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod random;
pub(crate) mod realms;
pub(crate) mod server;
pub(crate) mod steady;
pub(crate) mod wild;

pub(crate) use api::Api;
pub(crate) use client::Client;
pub(crate) use cluster::Cluster;
pub(crate) use events::Events;
pub(crate) use program::{Told, kabar, kabar_with};
pub(crate) use server::Server;

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until there is an answer, where no event can be awaited.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("not within {PATIENCE:?}: {what}");
}
