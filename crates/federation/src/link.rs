//! The links of a realm at work: what is sent when, what comes is taken in, and everything asked of other realms.
//!
//! Network, time and store come in from outside. One step of a link is one call ([`Links::turn`]); whoever runs the links
//! decides when ([`Links::run`] for a server, a simulation for tests).

mod answer;
mod ask;
mod build;
mod checks;
mod contents;
mod hello;
mod keep;
mod lease;
mod me;
mod pace;
mod presence;
mod pull;
mod run;
mod service;
mod take;
mod turn;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use kabar_engine::store::LinkStore;
use kabar_engine::store::links::{Link, Reach, Uid};
use kabar_engine::{Accept, Clock, Engine, Error, Result, Store};
use kabar_model::{DisplayName, LinkId, RealmName, Username};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::signature::ReplayGuard;

pub use answer::{Answer, REQUEST_BYTES_MAX, Request};
pub use checks::FOUND;
pub use me::{Known, known};
pub use turn::Turn;

use lease::KeysLease;
use me::Me;

/// How long an item waits for its realm before it fails.
pub const ITEM_EXPIRES: Duration = Duration::from_hours(7 * 24);

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct LinkSettings {
    /// What this realm calls itself.
    pub realm: RealmName,
    /// Who may make a link.
    pub accept: Accept,
    /// Whether realms may be on this machine or in a private network without an administrator's word.
    pub private: bool,
    /// The host that others reach it by; absent: that from which it comes.
    pub host: Option<String>,
    /// The port that others reach it at; absent: it cannot be reached.
    pub port: Option<u16>,
    /// The host that invites name: as `host`, or where this realm listens.
    pub invite_host: Option<String>,
    /// How long an item waits before it fails.
    pub expires: Duration,
    /// Whether other realms are told who is active, and theirs are shown here.
    pub presence: bool,
}

/// What is sent to another realm over the network.
#[derive(Clone, Debug)]
pub struct Sent {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// What follows the `?`; empty when there is nothing.
    pub query: String,
    /// All headers but those that the connection needs.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
    /// How long the answer may take.
    pub patience: Duration,
}

/// What came back. A header that came twice is one text with a comma.
#[derive(Clone, Debug, Default)]
pub struct CameBack {
    /// The status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: Bytes,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// There is no such host.
    #[error("no such host: {0}")]
    Host(String),
    /// The address is one that this link must not lead to.
    #[error("{0} is on this machine, private or special")]
    Forbidden(IpAddr),
    /// Nobody takes the connection.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// No secure connection.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// It took too long.
    #[error("no answer in time")]
    Late,
    /// The answer is larger than any that was asked for.
    #[error("the answer is too large")]
    TooLarge,
    /// What came is no HTTP.
    #[error("the answer is broken: {0}")]
    Broken(String),
}

impl Unreached {
    /// What it is called where it is kept.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Host(_) => "no_host",
            Self::Forbidden(_) => "forbidden_address",
            Self::Connect(_) => "no_connection",
            Self::Tls(_) => "no_tls",
            Self::Late => "no_answer",
            Self::TooLarge => "too_large",
            Self::Broken(_) => "broken",
        }
    }
}

/// Carries requests to other realms.
#[async_trait]
pub trait Wire: Send + Sync + 'static {
    /// Sends it there and waits for the answer. Follows no redirect and no proxy.
    async fn send(&self, to: &Reach, sent: Sent) -> std::result::Result<CameBack, Unreached>;
}

/// The links of this realm.
pub struct Links {
    engine: Arc<Engine>,
    store: Arc<dyn Store>,
    wire: Arc<dyn Wire>,
    clock: Arc<dyn Clock>,
    settings: LinkSettings,
    me: Mutex<Me>,
    /// By the realm that sends.
    replays: Mutex<HashMap<LinkId, ReplayGuard>>,
    /// Who runs a link is told here.
    calls: Mutex<HashMap<LinkId, Arc<Calls>>>,
    /// A link was made, or is another.
    changed: Notify,
    /// People that other realms said they have, and until when that is believed.
    known: Mutex<HashMap<Username, (DisplayName, Duration)>>,
    /// The bytes of posts of ours, by their marks: what comes back from their home need not be verified again.
    signed_lately: Mutex<HashMap<Uid, [u8; 32]>>,
    /// How fast each comes.
    paces: Mutex<pace::Paces>,
    presence: Mutex<presence::Presence>,
    /// The links that this node keeps going, where others could.
    leases: lease::Leases,
    /// Files that are coming, as far as they have come.
    coming: contents::Coming,
}

/// What wakes a link.
#[derive(Debug, Default)]
struct Calls {
    /// Something waits.
    queued: Notify,
    /// The peer was heard of.
    heard: Notify,
    /// Something waits: who pulls need not wait any longer.
    pulled: Notify,
    /// Contents are wanted.
    files: Notify,
    /// Whether the peer cannot reach us, so that what waits there is to be pulled.
    pulls: AtomicBool,
    /// New epochs in a row.
    resets: AtomicU32,
    /// Looks in a row for what a mirror lacks.
    lates: AtomicU32,
}

impl Calls {
    fn set_pulls(&self, pulls: bool) {
        self.pulls.store(pulls, Ordering::Relaxed);
    }

    fn pulls(&self) -> bool {
        self.pulls.load(Ordering::Relaxed)
    }
}

impl Links {
    /// The links of a realm, from its store. Makes the realm's keys when there are none.
    pub async fn open(
        engine: Arc<Engine>,
        store: Arc<dyn Store>,
        wire: Arc<dyn Wire>,
        clock: Arc<dyn Clock>,
        settings: LinkSettings,
    ) -> Result<Arc<Self>> {
        let kept = store.links().ok_or_else(|| Error::failed("this store keeps no links"))?;
        // Of nodes that start at once one makes the keys.
        let lease = KeysLease::take(&*store, engine.node()).await?;
        let me = Me::open(kept, &settings.realm, clock.now()).await;
        lease.end().await;
        let me = me?;
        let links = Arc::new(Self {
            engine,
            wire,
            clock,
            settings,
            me: Mutex::new(me),
            replays: Mutex::default(),
            calls: Mutex::default(),
            changed: Notify::new(),
            known: Mutex::default(),
            signed_lately: Mutex::default(),
            paces: Mutex::default(),
            presence: Mutex::default(),
            leases: Mutex::default(),
            coming: contents::Coming::default(),
            store: Arc::clone(&store),
        });
        let told = Arc::downgrade(&links);
        if let Some(kept) = store.links() {
            kept.on_queued(Arc::new(move |link| {
                if let Some(links) = told.upgrade() {
                    links.call(link);
                    links.engine.link_queued(link);
                }
            }));
        }
        Ok(links)
    }

    /// It was there when this was made.
    fn kept(&self) -> Result<&dyn LinkStore> {
        self.store.links().ok_or_else(|| Error::failed("this store keeps no links"))
    }

    fn us(&self) -> &RealmName {
        &self.settings.realm
    }

    fn calls(&self, link: LinkId) -> Arc<Calls> {
        Arc::clone(self.calls.lock().entry(link).or_default())
    }

    /// Something waits for this link.
    fn call(&self, link: LinkId) {
        let calls = self.calls(link);
        calls.queued.notify_one();
        calls.pulled.notify_waiters();
    }

    /// The link as it stands now.
    async fn link(&self, id: LinkId) -> Result<Option<Link>> {
        Ok(self.kept()?.links().await?.into_iter().find(|link| link.id == id))
    }

    fn now_secs(&self) -> i64 {
        self.clock.now().0.div_euclid(1_000_000)
    }
}
