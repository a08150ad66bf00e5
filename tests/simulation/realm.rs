//! A realm of the simulation: a store on disk, and what is lost when it crashes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kabar_engine::store::links::Link;
use kabar_engine::testing::{ManualClock, MemoryBlobs};
use kabar_engine::{
    Accept, Caller, Clock, Engine, LocalBus, Operator, Origin, RealmSettings, Registration,
    Settings, Store,
};
use kabar_federation::link::{LinkSettings, Links};
use kabar_model::{LinkId, Password, RealmName, Role, SessionToken, Username};
use kabar_store_sqlite::{Durability, SqliteStore};

use crate::net::{End, Net};

/// The people of each realm.
pub(crate) const PEOPLE: [&str; 3] = ["ana", "budi", "citra"];

/// What outlives a crash.
pub(crate) struct Ground {
    pub(crate) name: RealmName,
    pub(crate) directory: PathBuf,
    pub(crate) blobs: Arc<MemoryBlobs>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) net: Arc<Net>,
    /// Of the people, in their order.
    pub(crate) tokens: Vec<SessionToken>,
}

/// What does not.
pub(crate) struct Realm {
    pub(crate) engine: Arc<Engine>,
    pub(crate) links: Arc<Links>,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) callers: Vec<Caller>,
}

impl Ground {
    /// Starts the realm on what is there.
    pub(crate) async fn start(&self) -> Realm {
        let panics = Arc::new(|reason: &str| panic!("the disk: {reason}"));
        let store = Arc::new(
            kabar_store_sqlite::open_with(&self.directory, panics, Durability::PlantedNormal)
                .unwrap(),
        );
        let realms = RealmSettings { accept: Accept::Open, private: true };
        let settings = Settings { realms, ..Settings::new(self.name.clone()) };
        let blobs: Arc<MemoryBlobs> = Arc::clone(&self.blobs);
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let kept: Arc<dyn Store> = Arc::clone(&store) as _;
        let bus = Arc::new(LocalBus::default());
        let engine = Engine::start(settings, Arc::clone(&kept), blobs, bus, Arc::clone(&clock))
            .await
            .unwrap();
        let settings = LinkSettings {
            realm: self.name.clone(),
            accept: Accept::Open,
            private: true,
            host: Some(self.name.to_string()),
            port: Some(1),
            invite_host: None,
            expires: Duration::from_hours(24 * 365),
            presence: true,
        };
        let end = End { net: Arc::clone(&self.net), name: self.name.to_string() };
        let links =
            Links::open(Arc::clone(&engine), kept, Arc::new(end), clock, settings).await.unwrap();
        engine.link_by(&(Arc::clone(&links) as Arc<dyn kabar_engine::Realms>));
        self.net.enter(self.name.as_str(), &links);
        let mut callers = Vec::new();
        for token in &self.tokens {
            callers.push(engine.resume(*token).await.unwrap());
        }
        Realm { engine, links, store, callers }
    }

    pub(crate) fn new(name: &str, directory: &Path, net: &Arc<Net>) -> Self {
        Self {
            name: RealmName::parse(name).unwrap(),
            directory: directory.to_owned(),
            blobs: Arc::default(),
            clock: Arc::new(ManualClock::new(kabar_model::Timestamp(1_760_000_000_000_000))),
            net: Arc::clone(net),
            tokens: Vec::new(),
        }
    }
}

impl Realm {
    /// Makes the people, and gives back the tokens of their sessions.
    pub(crate) async fn populate(&self) -> Vec<SessionToken> {
        let mut tokens = Vec::new();
        for name in PEOPLE {
            let username = Username::parse(name).unwrap();
            let password = Password::parse("surabaya").unwrap();
            let wish = Registration {
                username: username.clone(),
                password: password.clone(),
                name: None,
                country: None,
                invitation: None,
            };
            self.engine.add_user(Operator::vouched(), wish, Role::User).await.unwrap();
            let origin = Origin { address: [127, 0, 0, 1].into() };
            tokens.push(self.engine.login(origin, &username, password).await.unwrap().token);
        }
        tokens
    }

    pub(crate) async fn all_links(&self) -> Vec<Link> {
        self.engine.links().await.unwrap()
    }

    pub(crate) async fn link_ids(&self) -> Vec<LinkId> {
        self.all_links().await.into_iter().map(|link| link.id).collect()
    }
}
