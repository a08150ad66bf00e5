//! `kabar user`: looking after accounts, whether the server runs or not.
//!
//! The running server is asked over its control socket; without one, the data directory is opened here.
//! Either way the same engine does the same thing.

mod command;
pub(crate) mod control;
mod password;
mod request;
mod table;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use kabar_catalogue::Lang;
use kabar_store_sqlite::{Durability, OpenError};

pub(crate) use command::UserCommand;

use crate::cli::{self, Place};
use crate::config::Config;
use crate::realm;
use crate::text::{self, Text};
use control::SOCKET;
use request::{Answer, Denial, Person, Request};

/// How long the running server may take to answer.
const ANSWER_SECS_MAX: u64 = 30;
/// Accounts asked for at a time.
const LIST_PAGE: usize = 500;

/// Does what the command says, and says what became of it.
pub(crate) fn run(command: UserCommand, place: &Place, lang: Lang) -> ExitCode {
    let config = match place.settings() {
        Ok(config) => config,
        Err(error) => return cli::complain(&error, cli::EXIT_USAGE),
    };
    match carry_out(command, &config, lang) {
        Ok(said) => text::print(&said),
        Err(error) => cli::complain(&error, 1),
    }
}

fn carry_out(command: UserCommand, config: &Config, lang: Lang) -> Result<String> {
    if let UserCommand::List { json } = command {
        let mut keeper = Keeper::reach(config, lang)?;
        let people = keeper.everyone()?;
        return if json { table::json(&people) } else { Ok(table::text(&people, lang)) };
    }
    // Asked before anything is opened: a person who types must not hold up others.
    let request = command.request(lang)?;
    let user = request.user().to_owned();
    match Keeper::reach(config, lang)?.ask(&request)? {
        Answer::People(_) => bail!("an answer to another question"),
        Answer::Refused(denial) => Err(anyhow!(words(&denial, &user, lang))),
        Answer::Done { sessions_ended } => {
            let sessions = sessions_ended.to_string();
            let values = [("user", user.as_str()), ("sessions", &sessions)];
            Ok(format!("{}\n", request.done().say(lang, &values)))
        }
    }
}

fn words(denial: &Denial, user: &str, lang: Lang) -> String {
    match denial {
        Denial::UserUnknown => Text::UserUnknown.say(lang, &[("user", user)]),
        Denial::UsernameTaken => Text::UsernameTaken.say(lang, &[("user", user)]),
        Denial::PasswordTooShort { chars_min } => {
            Text::PasswordTooShort.say(lang, &[("chars", &chars_min.to_string())])
        }
        Denial::Other { reason } => Text::Refused.say(lang, &[("reason", reason)]),
    }
}

/// Who carries requests out.
enum Keeper {
    /// The server that runs on this data directory.
    Server(BufReader<UnixStream>, PathBuf, Lang),
    /// This process: no server runs.
    Here(tokio::runtime::Runtime, Arc<kabar_engine::Engine>),
}

impl Keeper {
    fn reach(config: &Config, lang: Lang) -> Result<Self> {
        let directory = &config.server.data;
        let refusal = match UnixStream::connect(directory.join(SOCKET)) {
            Ok(stream) => {
                stream.set_read_timeout(Some(Duration::from_secs(ANSWER_SECS_MAX)))?;
                return Ok(Self::Server(BufReader::new(stream), directory.clone(), lang));
            }
            Err(error) => error,
        };
        let path = directory.display().to_string();
        match directory.join(kabar_store_sqlite::FILE).try_exists() {
            Ok(true) => {}
            Ok(false) => bail!(Text::NoData.say(lang, &[("path", &path)])),
            Err(error) => {
                let values = [("path", path.as_str()), ("reason", &error.to_string())];
                bail!(Text::CannotOpen.say(lang, &values));
            }
        }
        let store = match realm::open(directory, Durability::Full) {
            Ok(store) => Arc::new(store),
            // A server runs, but its socket did not answer.
            Err(OpenError::Locked { .. }) => {
                return Err(silent(directory, &refusal.to_string(), lang));
            }
            Err(error) => {
                let values = [("path", path.as_str()), ("reason", &error.to_string())];
                bail!(Text::CannotOpen.say(lang, &values));
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let engine = runtime.block_on(realm::start(config, store))?;
        Ok(Self::Here(runtime, engine))
    }

    fn ask(&mut self, request: &Request) -> Result<Answer> {
        match self {
            Self::Here(runtime, engine) => {
                Ok(runtime.block_on(control::carry_out(engine, request.clone())))
            }
            Self::Server(stream, directory, lang) => {
                let mut line = serde_json::to_vec(request)?;
                line.push(b'\n');
                let mut answer = String::new();
                let asked = stream.get_mut().write_all(&line);
                let heard = asked.and_then(|()| stream.read_line(&mut answer));
                if let Err(error) = heard {
                    return Err(silent(directory, &error.to_string(), *lang));
                }
                Ok(serde_json::from_str(&answer)?)
            }
        }
    }

    fn everyone(&mut self) -> Result<Vec<Person>> {
        let mut everyone: Vec<Person> = Vec::new();
        loop {
            let after = everyone.last().map(|person| person.username.clone());
            match self.ask(&Request::List { after, limit: LIST_PAGE })? {
                Answer::People(people) if people.is_empty() => return Ok(everyone),
                Answer::People(people) => everyone.extend(people),
                Answer::Refused(_) | Answer::Done { .. } => bail!("an answer to another question"),
            }
        }
    }
}

fn silent(directory: &Path, reason: &str, lang: Lang) -> anyhow::Error {
    let path = directory.display().to_string();
    anyhow!(Text::ServerSilent.say(lang, &[("path", &path), ("reason", reason)]))
}

/// Where the socket of a data directory is.
pub(crate) fn socket(directory: &Path) -> std::path::PathBuf {
    directory.join(SOCKET)
}
