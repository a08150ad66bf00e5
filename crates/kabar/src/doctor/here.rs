//! Everything: this machine, the server, and its links.

use std::time::Duration;

use kabar_catalogue::Lang;
use kabar_federation::link;

use super::report::{Finding, Report, State};
use super::request::{Answer, Request, ServerFound};
use super::{ANSWER_SECS_MAX, disk, look_into, machine, ports};
use crate::config::{Config, Listen};
use crate::control::client::{Here, Server};
use crate::text::Text;

/// Looks at all there is.
pub(super) fn look(config: &Config, lang: Lang) -> Report {
    let directory = &config.server.data;
    let data = disk::directory(directory, lang);
    let is_there = data.code != "none";
    let mut checks = vec![data];
    if is_there {
        checks.push(disk::space(directory, lang));
    }
    checks.push(machine::clock(directory, lang));
    let mut report = Report { checks, links: Vec::new() };
    match Server::reach(directory, lang) {
        Ok(server) => running(&mut report, server, lang),
        Err(refusal) => {
            report.checks.push(machine::enough_files(machine::files_at_most(), lang));
            if is_there {
                resting(&mut report, config, &refusal, lang);
            }
        }
    }
    report
}

/// With a server that runs.
fn running(report: &mut Report, mut server: Server, lang: Lang) {
    let patience = Duration::from_secs(ANSWER_SECS_MAX);
    let found = match server.ask(&Request::Server, patience) {
        Ok(Answer::Server(found)) => found,
        Ok(other) => return wrong(report, "server", "silent", other.failure(lang)),
        Err(error) => return wrong(report, "server", "silent", error.to_string()),
    };
    let ServerFound { version, realm, files, database, listeners } = found;
    report.checks.push(machine::enough_files(files, lang));
    let values = [("version", version.as_str()), ("realm", &realm)];
    well(report, "server", Text::DoctorServer.say(lang, &values));
    match database {
        None => well(report, "database", Text::DoctorDatabase.say(lang, &[])),
        Some(reason) => {
            let words = Text::DoctorDatabaseBad.say(lang, &[("reason", &reason)]);
            wrong(report, "database", "silent", words);
        }
    }
    report.checks.extend(listeners.into_iter().map(|listen| ports::answers(listen, lang)));
    match look_into(&mut server, None, lang) {
        Ok(links) => report.links = links,
        Err(error) => wrong(report, "links", "silent", error.to_string()),
    }
}

/// Without one: what is there, and whether one could be started.
fn resting(report: &mut Report, config: &Config, refusal: &std::io::Error, lang: Lang) {
    match Here::open(config, refusal, lang) {
        // What a server holds, or what no server could open either.
        Err(error) => return wrong(report, "database", "unopened", format!("{error:#}")),
        Ok(here) => {
            well(report, "database", Text::DoctorDatabase.say(lang, &[]));
            let known = here.store.links().map(|kept| here.runtime.block_on(link::known(kept)));
            match known {
                None | Some(Ok(None)) => {}
                Some(Ok(Some(known))) if known.realm == config.realm() => {
                    let realm = known.realm.to_string();
                    well(report, "name", Text::DoctorName.say(lang, &[("realm", &realm)]));
                }
                Some(Ok(Some(known))) => {
                    let (kept, set) = (known.realm.to_string(), config.realm().to_string());
                    let values = [("kept", kept.as_str()), ("set", &set)];
                    wrong(report, "name", "clash", Text::RealmClash.say(lang, &values));
                }
                Some(Err(error)) => {
                    let values = [("reason", &error.to_string()[..])];
                    let words = Text::DoctorDatabaseBad.say(lang, &values);
                    wrong(report, "name", "unreadable", words);
                }
            }
        }
    }
    let path = config.server.data.display().to_string();
    wrong(report, "server", "none", Text::DoctorServerNone.say(lang, &[("path", &path)]));
    let listeners = Listen::or_default(&config.server.listen);
    report.checks.extend(listeners.into_iter().map(|listen| ports::is_free(listen, lang)));
    let words = Text::DoctorLinks.say(lang, &[]);
    report.checks.push(Finding::new("links", State::Skipped, "not_tried", words));
}

fn well(report: &mut Report, step: &str, words: String) {
    report.checks.push(Finding::new(step, State::Well, "well", words));
}

fn wrong(report: &mut Report, step: &str, code: &'static str, words: String) {
    report.checks.push(Finding::new(step, State::Wrong, code, words));
}
