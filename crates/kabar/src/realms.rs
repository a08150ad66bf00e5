//! `kabar realm`: looking after the links to other realms, with the running server.
//!
//! A link is a conversation between two servers, so all but looking at the list needs ours to run.

mod command;
mod deeds;
mod request;
mod table;
pub(crate) mod words;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use kabar_catalogue::Lang;

pub(crate) use command::RealmCommand;
pub(crate) use deeds::{carry_out, linked};
pub(crate) use request::{Linked, Request};

use crate::cli::{self, Place};
use crate::config::Config;
use crate::control::client::{Keeper, Server};
use crate::text::Text;
use request::{Answer, Denial};

/// How long the running server may take to answer: it may have to wait for another one twice.
const ANSWER_SECS_MAX: u64 = 90;

/// Does what the command says, and says what became of it.
pub(crate) fn run(command: RealmCommand, place: &Place, lang: Lang) -> ExitCode {
    cli::perform(place, |config| perform(command, config, lang))
}

fn perform(command: RealmCommand, config: &Config, lang: Lang) -> Result<String> {
    if let RealmCommand::List { json } = command {
        let links = match Keeper::reach(config, lang)? {
            Keeper::Here(here) => here.runtime.block_on(deeds::links_of(&*here.store))?,
            Keeper::Server(mut server) => match ask(&mut server, &Request::List)? {
                Answer::Realms(links) => links,
                Answer::Refused(denial) => bail!(denied(&denial, "", lang)),
                _ => bail!("an answer to another question"),
            },
        };
        return if json { table::json(&links) } else { Ok(table::text(&links, lang)) };
    }
    let request = command.request(lang)?;
    let mut server = Server::needed(config, lang)?;
    match ask(&mut server, &request)? {
        Answer::Refused(denial) => Err(anyhow!(denied(&denial, request.name(), lang))),
        // It was taken up again, and the other side turned out to be another still.
        Answer::Realm { link, .. } if link.state == "changed" => {
            Err(anyhow!(words::state("changed", &link, lang)))
        }
        Answer::Realm { us, link } => Ok(done(&request, &us, &link, lang)),
        Answer::Invite(invite) => {
            // On its own line of standard output a script can take it up; what to do with it is for people.
            eprintln!("{}", Text::RealmInvited.say(lang, &[]));
            Ok(format!("{invite}\n"))
        }
        Answer::Fingerprint(words) => Ok(format!("{words}\n")),
        Answer::Rotated(told) => Ok(rotated(&told, lang)),
        Answer::Realms(_) => bail!("an answer to another question"),
    }
}

fn ask(server: &mut Server, request: &Request) -> Result<Answer> {
    server.ask(request, Duration::from_secs(ANSWER_SECS_MAX))
}

/// What is said once it is done.
fn done(request: &Request, us: &str, link: &Linked, lang: Lang) -> String {
    let values = [("name", link.name.as_str()), ("us", us), ("words", &link.fingerprint)];
    let is_stopped = match request {
        Request::Block { .. } => Some(Text::RealmBlocked),
        Request::Remove { .. } => Some(Text::RealmRemoved),
        _ => None,
    };
    if let Some(text) = is_stopped {
        return text.say(lang, &values) + "\n";
    }
    match link.state.as_str() {
        "linked" => {
            let mut said = Text::RealmLinked.say(lang, &values) + "\n";
            if let Some(error) = words::error(link, lang) {
                said = said + &error + "\n";
            }
            said + &Text::RealmWords.say(lang, &values) + "\n"
        }
        "asked" => {
            Text::RealmAsked.say(lang, &values) + "\n" + &Text::RealmWords.say(lang, &values) + "\n"
        }
        other => words::state(other, link, lang) + "\n",
    }
}

fn rotated(told: &[(String, bool)], lang: Lang) -> String {
    let lines = told.iter().map(|(name, knows)| {
        let text = if *knows { Text::RealmKnowsKey } else { Text::RealmLearnsKey };
        text.say(lang, &[("name", name)])
    });
    let lines = std::iter::once(Text::RealmRotated.say(lang, &[])).chain(lines);
    lines.map(|line| line + "\n").collect()
}

fn denied(denial: &Denial, name: &str, lang: Lang) -> String {
    let text = match denial {
        Denial::RealmUnknown => Text::RealmUnknown,
        Denial::RealmTaken => Text::RealmTaken,
        Denial::Unreachable => Text::RealmUnreachable,
        Denial::OtherKey => Text::RealmOtherKey,
        Denial::NotAgreed => Text::RealmNotAgreed,
        Denial::InviteUnknown => Text::RealmInviteUnknown,
        Denial::BadAddress => Text::RealmAddressBad,
        Denial::NoAddress => Text::RealmNoAddress,
        Denial::TooMany => Text::RealmTooMany,
        Denial::Other { reason } => return Text::Refused.say(lang, &[("reason", reason)]),
    };
    text.say(lang, &[("name", name)])
}
