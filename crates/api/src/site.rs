//! What the program that serves the routes decides, and what it knows of a connection.

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::task::TaskTracker;

use crate::page::Place;
use crate::stop::Stop;

/// The other end of the connection that a request came by. The server puts it into the request's extensions;
/// without it a request comes from nowhere in particular, and not from this machine.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The address, where trusted proxies are told apart from who is behind them.
    pub address: IpAddr,
    /// Whether the connection is encrypted up to there.
    pub is_https: bool,
}

impl Default for Peer {
    fn default() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), is_https: false }
    }
}

/// What is held for as long as a connection lives, such as its place among those that may come. The server may
/// put it into a request's extensions: a WebSocket lives on when the server has let go of the connection.
#[derive(Clone)]
pub struct Held(pub Arc<dyn Any + Send + Sync>);

/// What the operator decides about the pages and the API.
#[derive(Clone, Debug)]
pub struct Site {
    /// Where the realm is found.
    pub place: Place,
    /// Names by which browsers may ask for this server, beside IP addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Where the web app is read from instead of from the program.
    pub web_dir: Option<PathBuf>,
    /// When the server stops.
    pub stop: Stop,
    /// Where tasks that outlive a request are found again.
    pub tasks: TaskTracker,
}

impl From<Place> for Site {
    fn from(place: Place) -> Self {
        Self {
            place,
            hosts: Vec::new(),
            web_dir: None,
            stop: Stop::default(),
            tasks: TaskTracker::new(),
        }
    }
}
