//! `kabar user`: looking after accounts, whether the server runs or not.
//!
//! The running server is asked over its control socket; without one, the data directory is opened here.
//! Either way the same engine does the same thing.

mod command;
mod deeds;
mod password;
mod request;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use kabar_catalogue::Lang;

pub(crate) use command::UserCommand;
pub(crate) use deeds::carry_out;
pub(crate) use request::Request;

use crate::cli::{self, Place};
use crate::config::Config;
use crate::control::client::Keeper;
use crate::text::Text;
use request::{Answer, Denial, Person};

/// How long the running server may take to answer.
const ANSWER_SECS_MAX: u64 = 30;
/// Accounts asked for at a time.
const LIST_PAGE: usize = 500;

/// Does what the command says, and says what became of it.
pub(crate) fn run(command: UserCommand, place: &Place, lang: Lang) -> ExitCode {
    cli::perform(place, |config| perform(command, config, lang))
}

fn perform(command: UserCommand, config: &Config, lang: Lang) -> Result<String> {
    if let UserCommand::List { json } = command {
        let mut keeper = Keeper::reach(config, lang)?;
        let people = everyone(&mut keeper)?;
        return if json { table::json(&people) } else { Ok(table::text(&people, lang)) };
    }
    // Asked before anything is opened: a person who types must not hold up others.
    let request = command.request(lang)?;
    let user = request.user().to_owned();
    match ask(&mut Keeper::reach(config, lang)?, &request)? {
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

fn ask(keeper: &mut Keeper, request: &Request) -> Result<Answer> {
    match keeper {
        Keeper::Here(here) => Ok(here.runtime.block_on(carry_out(&here.engine, request.clone()))),
        Keeper::Server(server) => server.ask(request, Duration::from_secs(ANSWER_SECS_MAX)),
    }
}

fn everyone(keeper: &mut Keeper) -> Result<Vec<Person>> {
    let mut everyone: Vec<Person> = Vec::new();
    loop {
        let after = everyone.last().map(|person| person.username.clone());
        match ask(keeper, &Request::List { after, limit: LIST_PAGE })? {
            Answer::People(people) if people.is_empty() => return Ok(everyone),
            Answer::People(people) => everyone.extend(people),
            Answer::Refused(_) | Answer::Done { .. } => bail!("an answer to another question"),
        }
    }
}
