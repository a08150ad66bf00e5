//! A realm opened from its data directory: the store, and the rules over it.

use std::path::Path;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use kabar_blobs::DirectoryBlobs;
use kabar_engine::{
    Accept, Engine, LocalBus, RealmSettings, RegistrationPolicy, Settings, SystemClock,
};
use kabar_store_sqlite::{Durability, OpenError, SqliteStore};
use tracing::error;

use crate::config::{self, Config, Registration};

/// The exit status when the disk fails under us (`EX_IOERR` of sysexits.h).
const EXIT_DISK: i32 = 74;

/// Where the contents of files are, in the data directory.
const FILES: &str = "files";

const SECS_A_MINUTE: u64 = 60;
const SECS_A_DAY: u64 = 24 * 60 * SECS_A_MINUTE;

/// Opens the store in that directory. After a failed sync nothing can be promised any more, so the
/// process ends on the spot; what is on the disk decides at the next start.
pub(crate) fn open(directory: &Path, durability: Durability) -> Result<SqliteStore, OpenError> {
    let on_fatal = Arc::new(|reason: &str| {
        error!(reason, "the disk failed; stopping at once, nothing unconfirmed is promised");
        process::exit(EXIT_DISK);
    });
    SqliteStore::open_with(directory, on_fatal, durability)
}

/// The rules over a store and the files beside it, as the settings say.
pub(crate) async fn start(config: &Config, store: Arc<SqliteStore>) -> Result<Arc<Engine>> {
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
    let files = config.server.data.join(FILES);
    let blobs = DirectoryBlobs::open(&files)
        .with_context(|| format!("cannot open the files in {}", files.display()))?;
    let blobs = Arc::new(blobs);
    let bus = Arc::new(LocalBus::default());
    let clock = Arc::new(SystemClock::default());
    Engine::start(settings, store, blobs, bus, clock).await.context("cannot start")
}

/// Who may link, as the settings say.
pub(crate) fn accept(config: &Config) -> Accept {
    match config.realms.accept {
        config::Accept::Open => Accept::Open,
        config::Accept::Ask => Accept::Ask,
        config::Accept::Invite => Accept::Invite,
    }
}
