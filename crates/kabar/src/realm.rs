//! A realm opened from where its settings say that it is kept: the store, the files, and the rules over both.

mod place;

use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use kabar_blobs::{BucketBlobs, BucketSettings, CheckError, Credentials, DirectoryBlobs};
use kabar_bus_nats::{NatsBus, NatsSettings};
use kabar_catalogue::Lang;
use kabar_engine::{
    Accept, Blobs, Bus, Engine, LocalBus, RealmSettings, RegistrationPolicy, Settings, Store,
    SystemClock,
};
use kabar_store_postgres::Buses;
use kabar_store_sqlite::{Durability, OpenError};
use tracing::{error, warn};

use crate::config::{self, Config, Registration};
use crate::text::Text;

pub(crate) use place::PlaceLock;

/// The exit status when the disk fails under us (`EX_IOERR` of sysexits.h).
const EXIT_DISK: i32 = 74;

/// Where the contents of files are, in the data directory.
const FILES: &str = "files";
/// Where contents are that are on their way to an object store.
const INCOMING: &str = "incoming";

const SECS_A_MINUTE: u64 = 60;
const SECS_A_DAY: u64 = 24 * 60 * SECS_A_MINUTE;

/// A realm that is open, and the bus that its nodes hear of each other by.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    /// There where the data directory is not the realm.
    pub(crate) place: Option<PlaceLock>,
}

/// Why a realm cannot be opened.
#[derive(Debug)]
pub(crate) enum CannotOpen {
    /// Another process has the data directory.
    InUse(anyhow::Error),
    /// Something else.
    Other(anyhow::Error),
}

impl From<CannotOpen> for anyhow::Error {
    fn from(error: CannotOpen) -> Self {
        match error {
            CannotOpen::InUse(error) | CannotOpen::Other(error) => error,
        }
    }
}

impl From<OpenError> for CannotOpen {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Locked { .. } => Self::InUse(error.into()),
            error => Self::Other(error.into()),
        }
    }
}

/// Opens the store. After a failed sync nothing can be promised any more, so the process ends on the spot; what is
/// stored decides at the next start.
pub(crate) async fn open(config: &Config, durability: Durability) -> Result<Opened, CannotOpen> {
    let on_fatal = Arc::new(|reason: &str| {
        error!(reason, "the store failed; stopping at once, nothing unconfirmed is promised");
        process::exit(EXIT_DISK);
    });
    let directory = &config.server.data;
    if !config.storage.is_shared() {
        let store = kabar_store_sqlite::open_with(directory, on_fatal, durability)?;
        let bus = Arc::new(LocalBus::default());
        return Ok(Opened { store: Arc::new(store), bus, place: None });
    }
    let place = PlaceLock::take(directory)
        .with_context(|| directory.display().to_string())
        .map_err(CannotOpen::Other)?
        .ok_or_else(|| CannotOpen::InUse(anyhow!("another kabar has it")))?;
    let buses = buses(config).await.map_err(CannotOpen::Other)?;
    let bus = Arc::clone(&buses.all);
    let settings = kabar_store_postgres::Settings {
        url: config.storage.postgres.as_str().to_owned(),
        accept_unsafe: config.storage.postgres_unsafe,
    };
    let store = kabar_store_postgres::open(&settings, buses, on_fatal)
        .map_err(|error| CannotOpen::Other(error.into()))?;
    Ok(Opened { store: Arc::new(store), bus, place: Some(place) })
}

/// Why it cannot be opened, for people.
pub(crate) fn cannot_open(config: &Config, reason: &anyhow::Error, lang: Lang) -> String {
    if let Some(unfinished) = crate::migrate::unfinished(config, reason, lang) {
        return unfinished;
    }
    let reason = format!("{reason:#}");
    if config.storage.is_shared() {
        return Text::CannotOpenDatabase.say(lang, &[("reason", &reason)]);
    }
    let path = config.server.data.display().to_string();
    Text::CannotOpen.say(lang, &[("path", &path), ("reason", &reason)])
}

/// How nodes hear of each other at once; without NATS, from the database alone.
async fn buses(config: &Config) -> Result<Buses> {
    if config.nodes.nats.is_empty() {
        return Ok(Buses::default());
    }
    let ca = &config.nodes.nats_ca;
    let settings = NatsSettings {
        url: config.nodes.nats.as_str().to_owned(),
        prefix: subject(&config.nodes.subject, &config.realm().to_string()),
        authorities: named(ca),
    };
    let bus = Arc::new(NatsBus::start(&settings).await?);
    let here = bus.here();
    Ok(Buses { all: bus, here })
}

/// Under which subject the hints of this realm go: as set, else its name, as far as a subject may hold it.
fn subject(set: &str, realm: &str) -> String {
    if !set.is_empty() {
        return set.to_owned();
    }
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    realm.to_ascii_lowercase().chars().map(fits).collect()
}

/// The path, if one is set.
fn named(path: &std::path::Path) -> Option<PathBuf> {
    (!path.as_os_str().is_empty()).then(|| path.to_owned())
}

/// The rules over a store and the files beside it, as the settings say.
pub(crate) async fn start(config: &Config, opened: &Opened) -> Result<Arc<Engine>> {
    let settings = Settings {
        registration: match config.accounts.registration {
            Registration::Open => RegistrationPolicy::Open,
            Registration::Invite => RegistrationPolicy::Invite,
            Registration::Closed => RegistrationPolicy::Closed,
        },
        password_chars_min: config.accounts.min_password_length.max(1),
        active: Duration::from_secs(u64::from(config.sessions.active_minutes) * SECS_A_MINUTE),
        session_idle: Duration::from_secs(u64::from(config.sessions.idle_days) * SECS_A_DAY),
        file_bytes_max: config.files.max_size,
        file_inline_bytes_max: config.files.inline_max,
        realms: RealmSettings { accept: accept(config), private: config.realms.private },
        ..Settings::new(config.realm())
    };
    let (store, bus) = (Arc::clone(&opened.store), Arc::clone(&opened.bus));
    let clock = Arc::new(SystemClock::default());
    let blobs = blobs(config, Away::Warned).await?;
    Engine::start(settings, store, blobs, bus, clock).await.context("cannot start")
}

/// What an object store that does not answer is to who needs one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Away {
    /// Worth a warning: messages go on without.
    Warned,
    /// An error.
    Refused,
}

/// Where the contents of files are kept.
pub(crate) async fn blobs(config: &Config, away: Away) -> Result<Arc<dyn Blobs>> {
    let storage = &config.storage;
    if storage.files.is_empty() {
        let files = config.server.data.join(FILES);
        let blobs = DirectoryBlobs::open(&files)
            .with_context(|| format!("cannot open the files in {}", files.display()))?;
        return Ok(Arc::new(blobs));
    }
    let settings = BucketSettings {
        url: storage.files.clone(),
        endpoint: storage.files_endpoint.clone(),
        region: storage.files_region.clone(),
        path_style: storage.files_path_style,
        allow_http: storage.files_allow_http,
        credentials: named(&storage.files_credentials)
            .map_or(Credentials::Environment, Credentials::File),
        authorities: named(&storage.files_ca),
        incoming: config.server.data.join(INCOMING),
    };
    let cannot = || format!("cannot keep files in {}", storage.files);
    let blobs = BucketBlobs::open(&settings).with_context(cannot)?;
    match blobs.check().await {
        Err(CheckError::Away(error)) if away == Away::Warned => {
            warn!(%error, "the object store is away: files are refused until it is back");
        }
        checked => checked.with_context(cannot)?,
    }
    Ok(Arc::new(blobs))
}

/// Who may link, as the settings say.
pub(crate) fn accept(config: &Config) -> Accept {
    match config.realms.accept {
        config::Accept::Open => Accept::Open,
        config::Accept::Ask => Accept::Ask,
        config::Accept::Invite => Accept::Invite,
    }
}

#[cfg(test)]
mod tests {
    use kabar_testbed::Objects;

    use super::*;

    #[tokio::test]
    async fn a_node_starts_without_its_object_store_and_not_with_a_wrong_secret() {
        let (objects, dir) = (Objects::start_new(), tempfile::tempdir().unwrap());
        let config = |secret: &str| {
            let credentials = dir.path().join(format!("credentials-{secret}"));
            let (id, key) = ("aws_access_key_id", "aws_secret_access_key");
            let text = format!("{id} = {}\n{key} = {secret}\n", Objects::KEY);
            std::fs::write(&credentials, text).unwrap();
            let mut config = Config::default();
            config.server.data = dir.path().to_owned();
            config.storage.files = format!("s3://{}", Objects::BUCKET);
            config.storage.files_endpoint = objects.endpoint();
            config.storage.files_credentials = credentials;
            config
        };
        let (good, wrong) = (config(Objects::SECRET), config("wrong"));
        for away in [Away::Warned, Away::Refused] {
            blobs(&good, away).await.unwrap();
            let error = blobs(&wrong, away).await.map(drop).unwrap_err();
            assert!(format!("{error:#}").contains("SignatureDoesNotMatch"), "{error:#}");
        }
        objects.kill();
        blobs(&good, Away::Warned).await.unwrap();
        let error = blobs(&good, Away::Refused).await.map(drop).unwrap_err();
        assert!(error.to_string().contains("cannot keep files in s3://"), "{error:#}");
    }

    #[test]
    fn hints_go_under_the_name_of_the_realm_unless_told_otherwise() {
        assert_eq!(subject("", "Kampus.B-2"), "kampus_b-2");
        assert_eq!(subject("eigen", "kampus"), "eigen");
    }
}
