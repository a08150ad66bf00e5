//! The first administrator of a new realm: a link that is good once, for who started the server.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use kabar_engine::Engine;
use tempfile::NamedTempFile;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How long the link is good.
pub(super) const LINK_MINUTES: u64 = 30;
const LINK_FOR: Duration = Duration::from_mins(LINK_MINUTES);
/// How often is looked whether it has been used.
const LOOK: Duration = Duration::from_millis(500);

/// Where the link stands, in the data directory, when nobody would see it on a terminal.
const FILE: &str = "setup-link";

/// How the realm gets its first administrator.
pub(super) enum First {
    /// It has one.
    Known,
    /// By the operator's command; no browser can be pointed here.
    Command,
    /// With this link, which is shown.
    Link(String),
    /// With the link in this file.
    File(PathBuf),
}

/// Makes the link, if it is needed. What an earlier server left of its own is void, and is removed.
pub(super) async fn offer(engine: &Engine, data: &Path, page: Option<SocketAddr>) -> Result<First> {
    let file = data.join(FILE);
    remove(&file);
    if engine.has_administrator().await? {
        return Ok(First::Known);
    }
    let Some(page) = page else { return Ok(First::Command) };
    let Some(secret) = engine.setup_secret().await? else { return Ok(First::Known) };
    // What follows the # is not sent: it reaches no log, no proxy and no Referer.
    let link = format!("http://{page}/app/setup#k={secret}");
    if io::stderr().is_terminal() {
        return Ok(First::Link(link));
    }
    keep(&file, data, &link).with_context(|| format!("cannot write {}", file.display()))?;
    info!(file = %file.display(), "the link for the first administrator is in this file");
    Ok(First::File(file))
}

/// Writes the link where the server's own account alone can read it, whole or not at all.
fn keep(file: &Path, directory: &Path, link: &str) -> Result<()> {
    let mut kept = NamedTempFile::new_in(directory)?;
    writeln!(kept, "{link}")?;
    kept.persist(file)?;
    Ok(())
}

fn remove(file: &Path) {
    if let Err(error) = fs::remove_file(file)
        && error.kind() != io::ErrorKind::NotFound
    {
        warn!(%error, file = %file.display(), "cannot remove the link for the first administrator");
    }
}

impl First {
    /// Waits until the link has been used, is over, or the server stops; then it is of no use any more.
    pub(super) async fn withdraw(self, engine: Arc<Engine>, stop: CancellationToken) {
        self.withdraw_after(LINK_FOR, &engine, &stop).await;
    }

    async fn withdraw_after(self, time: Duration, engine: &Engine, stop: &CancellationToken) {
        if matches!(self, Self::Known | Self::Command) {
            return;
        }
        let used = async {
            while engine.awaits_set_up() {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            () = used => {}
            () = stop.cancelled() => {}
            () = tokio::time::sleep(time) => {
                engine.withdraw_set_up();
                info!("the link for the first administrator is no longer good");
            }
        }
        if let Self::File(file) = &self {
            remove(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use kabar_engine::Registration;
    use kabar_model::{Password, Refusal, Username};
    use kabar_store_sqlite::Durability;

    use super::*;
    use crate::config::Config;
    use crate::realm;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_link_in_a_file_is_for_its_owner_and_both_are_void_when_its_time_is_over() {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        directory.path().clone_into(&mut config.server.data);
        let opened = realm::open(&config, Durability::Full).await.unwrap();
        let engine = realm::start(&config, &opened).await.unwrap();
        let secret = engine.setup_secret().await.unwrap().unwrap();
        let file = directory.path().join(FILE);
        keep(&file, directory.path(), &secret).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

        let stop = CancellationToken::new();
        First::File(file.clone()).withdraw_after(Duration::ZERO, &engine, &stop).await;
        assert!(!file.exists());
        let wish = Registration {
            username: Username::parse("ana").unwrap(),
            password: Password::parse("rahasia").unwrap(),
            name: None,
            country: None,
            invitation: None,
        };
        let refused = engine.set_up(&secret, wish).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(&Refusal::NotAllowed));
    }
}
