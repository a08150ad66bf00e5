//! Reaching who carries an operator's wishes out: the running server over its socket, or, without one, the data
//! directory itself.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use kabar_catalogue::Lang;
use kabar_engine::{Engine, Store};
use kabar_store_sqlite::Durability;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::socket;
use crate::config::Config;
use crate::realm::{self, CannotOpen, Opened, PlaceLock};
use crate::text::Text;

/// Who carries wishes out.
pub(crate) enum Keeper {
    /// The server that runs on this data directory.
    Server(Server),
    /// This process: no server runs.
    Here(Here),
}

/// The server that runs on a data directory.
pub(crate) struct Server {
    stream: BufReader<UnixStream>,
    directory: PathBuf,
    lang: Lang,
}

/// A data directory that no server uses.
pub(crate) struct Here {
    /// Where the engine runs.
    pub(crate) runtime: tokio::runtime::Runtime,
    /// The rules.
    pub(crate) engine: Arc<Engine>,
    /// What they are over.
    pub(crate) store: Arc<dyn Store>,
    _place: Option<PlaceLock>,
}

impl Keeper {
    /// The running server, or the data directory.
    pub(crate) fn reach(config: &Config, lang: Lang) -> Result<Self> {
        let directory = &config.server.data;
        match Server::reach(directory, lang) {
            Ok(server) => Ok(Self::Server(server)),
            Err(refusal) => Here::open(config, &refusal, lang).map(Self::Here),
        }
    }
}

impl Server {
    /// The server that runs on that directory.
    pub(crate) fn reach(directory: &Path, lang: Lang) -> io::Result<Self> {
        let stream = BufReader::new(UnixStream::connect(socket(directory))?);
        Ok(Self { stream, directory: directory.to_owned(), lang })
    }

    /// The same; an error for people that it has to run when it does not.
    pub(crate) fn needed(config: &Config, lang: Lang) -> Result<Self> {
        let directory = &config.server.data;
        Self::reach(directory, lang).or_else(|_| {
            ours(config, lang)?;
            let path = directory.display().to_string();
            bail!(Text::ServerNeeded.say(lang, &[("path", &path)]))
        })
    }

    /// Asks, and waits so long for the answer.
    pub(crate) fn ask<A: DeserializeOwned>(
        &mut self,
        request: &impl Serialize,
        patience: Duration,
    ) -> Result<A> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        let mut answer = String::new();
        let stream = self.stream.get_mut();
        let asked = stream.set_read_timeout(Some(patience)).and_then(|()| stream.write_all(&line));
        let heard = asked.and_then(|()| self.stream.read_line(&mut answer)).and_then(|bytes| {
            if bytes == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
        });
        match heard {
            Ok(()) => Ok(serde_json::from_str(&answer)?),
            Err(error) => Err(silent(&self.directory, &error, self.lang)),
        }
    }
}

impl Here {
    /// Opens the directory; `refusal` is what the server's socket said.
    pub(crate) fn open(config: &Config, refusal: &io::Error, lang: Lang) -> Result<Self> {
        ours(config, lang)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let opened = match runtime.block_on(realm::open(config, Durability::Full)) {
            Ok(opened) => opened,
            // A server runs, but its socket did not answer.
            Err(CannotOpen::InUse(_)) => return Err(silent(&config.server.data, refusal, lang)),
            Err(CannotOpen::Other(error)) => bail!(realm::cannot_open(config, &error, lang)),
        };
        let engine = runtime.block_on(realm::start(config, &opened))?;
        let Opened { store, place, .. } = opened;
        Ok(Self { runtime, engine, store, _place: place })
    }
}

/// Whether it is a data directory at all; opening it would make it one.
fn ours(config: &Config, lang: Lang) -> Result<()> {
    if config.storage.is_shared() {
        return Ok(());
    }
    let directory = &config.server.data;
    match directory.join(kabar_store_sqlite::FILE).try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => {
            let path = directory.display().to_string();
            bail!(Text::NoData.say(lang, &[("path", &path)]))
        }
        Err(error) => bail!(realm::cannot_open(config, &error.into(), lang)),
    }
}

fn silent(directory: &Path, reason: &io::Error, lang: Lang) -> anyhow::Error {
    let path = directory.display().to_string();
    anyhow!(Text::ServerSilent.say(lang, &[("path", &path), ("reason", &reason.to_string())]))
}
