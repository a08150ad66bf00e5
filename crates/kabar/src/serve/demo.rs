//! `--demo`: the accounts of the seeds' examples with something to talk about, on this machine only, in a
//! directory of its own.

mod talk;

use std::collections::HashMap;
use std::net::Ipv4Addr;

use anyhow::{Context, Result, bail};
use futures_util::future::try_join_all;
use kabar_catalogue::Lang;
use kabar_dialect_line::Profile;
use kabar_engine::{Caller, Engine, Operator, Origin, Registration};
use kabar_model::{Address, Country, DisplayName, Password, Role, Username};
use serde::Deserialize;
use tempfile::TempDir;

use super::temporary_directory;
use crate::cli::{DemoWith, ServeArgs};
use crate::config::{Accept, Config, Dialect, Listen};
use crate::text::Text;
use talk::Talk;

/// Who is there, and what was said.
const OPENING: &str = include_str!("demo.toml");

const LISTENERS: [(u16, Dialect); 5] = [
    (8889, Dialect::Auto),
    (8000, Dialect::Keyword),
    (8890, Dialect::Line(Profile::LineEn)),
    (8891, Dialect::Line(Profile::LineId)),
    (8892, Dialect::Form),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    /// The password of them all.
    password: String,
    people: Vec<Person>,
    talks: Vec<Talk>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    username: String,
    name: String,
    country: String,
    /// Who sees the pages for administrators.
    #[serde(default)]
    administrator: bool,
    #[serde(default)]
    contacts: Vec<String>,
}

/// Those who take part in the opening, by their usernames.
struct Cast(HashMap<String, Caller>);

impl Cast {
    fn of(&self, name: &str) -> Result<&Caller> {
        self.0.get(name).with_context(|| format!("the demo has no {name}"))
    }
}

/// Makes the settings those of a demo.
pub(super) fn prepare(args: &ServeArgs, config: &mut Config, lang: Lang) -> Result<TempDir> {
    if args.names_data() {
        bail!(Text::DemoNoData.say(lang, &[]));
    }
    if config.storage.is_shared() || !config.storage.files.is_empty() {
        bail!(Text::DemoNoStorage.say(lang, &[]));
    }
    if config.server.listen.is_empty() {
        let listener = |(port, dialect)| Listen { address: ([127, 0, 0, 1], port).into(), dialect };
        config.server.listen = LISTENERS.map(listener).to_vec();
    }
    if let Some(listen) = config.server.listen.iter().find(|l| !l.address.ip().is_loopback()) {
        let address = listen.address.to_string();
        bail!(Text::DemoOnlyHere.say(lang, &[("address", &address)]));
    }
    // Two demos on one machine link and chat with nothing configured.
    (config.realms.accept, config.realms.private) = (Accept::Open, true);
    let (directory, path) = temporary_directory()?;
    config.server.data = path;
    config.accounts.min_password_length = 1;
    Ok(directory)
}

/// Makes the accounts and, if wanted, has them talk; says who they are.
pub(super) async fn populate(engine: &Engine, with: DemoWith) -> Result<kabar_api::Demo> {
    let mut opening: Opening = toml::from_str(OPENING)?;
    if with == DemoWith::Accounts {
        opening.talks.clear();
        for person in &mut opening.people {
            person.contacts.clear();
            person.administrator = false;
        }
    }
    let Opening { password, people, talks } = opening;
    let come = people.iter().map(|person| come(engine, person, &password));
    let cast = Cast(try_join_all(come).await?.into_iter().collect());
    for Person { username, contacts, .. } in &people {
        let address = |name: &String| anyhow::Ok(Address::parse(name)?);
        let wished = contacts.iter().map(address).collect::<Result<Vec<_>>>()?;
        engine.add_contacts(cast.of(username)?, &wished).await?;
    }
    for talk in &talks {
        talk.hold(engine, &cast).await?;
    }
    // Nobody is there until somebody signs in.
    for caller in cast.0.values() {
        engine.logout(caller).await?;
    }
    Ok(kabar_api::Demo {
        people: people.into_iter().map(|person| person.username).collect(),
        password,
    })
}

/// Makes an account and signs it in, whether registration is open or not.
async fn come(engine: &Engine, person: &Person, password: &str) -> Result<(String, Caller)> {
    let username = Username::parse(&person.username)?;
    let wish = Registration {
        username: username.clone(),
        password: Password::parse(password)?,
        name: Some(DisplayName::parse(&person.name)?),
        country: Some(Country::parse(&person.country)?),
        invitation: None,
    };
    let role = if person.administrator { Role::Administrator } else { Role::User };
    engine.add_user(Operator::vouched(), wish, role).await?;
    let here = Origin { address: Ipv4Addr::LOCALHOST.into() };
    let login = engine.login(here, &username, Password::parse(password)?).await?;
    Ok((person.username.clone(), login.caller))
}
