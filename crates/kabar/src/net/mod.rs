//! Connections: accepting them, telling what they speak, and speaking it.

mod deadline;
mod gate;
mod http;
mod listener;
mod prefixed;
mod proxied;
mod sniffing;
mod text;

pub(crate) use gate::Gate;
pub(crate) use listener::{Bound, accept};

use std::net::SocketAddr;
use std::sync::Arc;

use kabar_api::Stop;
use kabar_engine::Engine;
use tokio_util::task::TaskTracker;

/// What every connection needs.
pub(crate) struct Shared {
    /// The rules.
    pub(crate) engine: Arc<Engine>,
    /// How many may come.
    pub(crate) gate: Gate,
    /// What HTTP answers.
    pub(crate) routes: kabar_api::Router,
    /// When the server stops.
    pub(crate) stop: Stop,
    /// Where every connection's task is found again.
    pub(crate) tasks: TaskTracker,
}

/// A connection's other end, for logs.
pub(crate) type Peer = SocketAddr;
