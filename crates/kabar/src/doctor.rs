//! `kabar doctor`: what is wrong here and with the links to other realms, and what to do about it.
//!
//! This machine is looked at from here, the server's own state and its links through its control socket.

mod disk;
mod here;
mod links;
mod machine;
mod ports;
mod report;
mod request;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use kabar_catalogue::Lang;
use kabar_model::RealmName;

pub(crate) use request::{Request, Running, carry_out};

use crate::cli::{self, Place};
use crate::config::Config;
use crate::control::client::Server;
use crate::realms::words;
use crate::text::{self, Text};
use report::{Looked, Report};
use request::{Answer, LINKS_AT_ONCE};

/// How long the running server may take for one answer: it may have to wait for other realms.
const ANSWER_SECS_MAX: u64 = 90;

/// `kabar doctor`.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Look at the links to other realms alone, or at one of them
    #[arg(long, value_name = "NAME", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "not given, given, given with a name")]
    federation: Option<Option<String>>,
    /// As one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// Looks, and says what was found; the exit status is 1 if something is wrong.
pub(crate) fn run(args: &DoctorArgs, lang: Lang) -> ExitCode {
    let config = match args.place.settings() {
        Ok(config) => config,
        Err(error) => return cli::complain(&error, cli::EXIT_USAGE),
    };
    let said = look(args, &config, lang).and_then(|report| {
        let said = if args.json { report.json()? } else { report.text(lang) };
        Ok((said, report.is_well()))
    });
    match said {
        Ok((said, is_well)) => match text::print(&said) {
            ExitCode::SUCCESS if !is_well => ExitCode::FAILURE,
            printed => printed,
        },
        Err(error) => cli::complain(&error, 1),
    }
}

fn look(args: &DoctorArgs, config: &Config, lang: Lang) -> Result<Report> {
    let Some(wanted) = &args.federation else { return Ok(here::look(config, lang)) };
    let mut server = Server::needed(config, lang)?;
    let links = look_into(&mut server, wanted.as_deref(), lang)?;
    Ok(Report { checks: Vec::new(), links })
}

/// The links of a running server, or one of them, step by step.
fn look_into(server: &mut Server, wanted: Option<&str>, lang: Lang) -> Result<Vec<Looked>> {
    let patience = Duration::from_secs(ANSWER_SECS_MAX);
    let unknown = |name: &str| {
        let name = name.escape_debug().to_string();
        anyhow!(Text::RealmUnknown.say(lang, &[("name", &name)]))
    };
    let names = match wanted {
        Some(name) => {
            vec![RealmName::parse(name).map_err(|_| unknown(name))?.to_string()]
        }
        None => match server.ask(&Request::Names, patience)? {
            Answer::Names(all) => all,
            other => bail!(other.failure(lang)),
        },
    };
    let mut looked = Vec::new();
    for some in names.chunks(LINKS_AT_ONCE) {
        match server.ask(&Request::Links { names: some.to_vec() }, patience)? {
            Answer::Links(links) => {
                looked.extend(links.into_iter().map(|link| links::looked(link, lang)));
            }
            other => bail!(other.failure(lang)),
        }
    }
    match wanted {
        Some(name) if looked.is_empty() => Err(unknown(name)),
        _ => Ok(looked),
    }
}
