//! `--demo`: the accounts of the seeds' examples, on this machine only, in a directory of its own.

use anyhow::{Result, bail};
use kabar_catalogue::Lang;
use kabar_dialect_line::Profile;
use kabar_engine::{Engine, Operator, Registration};
use kabar_model::{Country, DisplayName, Password, Role, Username};
use tempfile::TempDir;

use super::temporary_directory;
use crate::cli::ServeArgs;
use crate::config::{Config, Dialect, Listen};
use crate::text::Text;

/// The password of them all.
const PASSWORD: &str = "surabaya";

/// Username, name, country.
const PEOPLE: [(&str, &str, &str); 6] = [
    ("izza", "Rahmadani Izzatul", "Indonesia"),
    ("maya", "Kholishotul Amaliah", "Indonesia"),
    ("nania", "Azizatul Hikmaniyah", "Indonesia"),
    ("messi", "Lionel Messi", "Argentina"),
    ("henderson", "Jordan Henderson", "Inggris"),
    ("lineker", "Gary Lineker", "Inggris"),
];

const LISTENERS: [(u16, Dialect); 5] = [
    (8889, Dialect::Auto),
    (8000, Dialect::Keyword),
    (8890, Dialect::Line(Profile::LineEn)),
    (8891, Dialect::Line(Profile::LineId)),
    (8892, Dialect::Form),
];

/// Makes the settings those of a demo.
pub(super) fn prepare(args: &ServeArgs, config: &mut Config, lang: Lang) -> Result<TempDir> {
    if args.names_data() {
        bail!(Text::DemoNoData.say(lang, &[]));
    }
    if config.server.listen.is_empty() {
        let listener = |(port, dialect)| Listen { address: ([127, 0, 0, 1], port).into(), dialect };
        config.server.listen = LISTENERS.map(listener).to_vec();
    }
    if let Some(listen) = config.server.listen.iter().find(|l| !l.address.ip().is_loopback()) {
        let address = listen.address.to_string();
        bail!(Text::DemoOnlyHere.say(lang, &[("address", &address)]));
    }
    let (directory, path) = temporary_directory()?;
    config.server.data = path;
    config.accounts.min_password_length = 1;
    Ok(directory)
}

/// Makes the accounts.
pub(super) async fn populate(engine: &Engine) -> Result<()> {
    let accounts = PEOPLE.map(|(username, name, country)| async move {
        let wish = Registration {
            username: Username::parse(username)?,
            password: Password::parse(PASSWORD)?,
            name: Some(DisplayName::parse(name)?),
            country: Some(Country::parse(country)?),
            invitation: None,
        };
        engine.add_user(Operator::vouched(), wish, Role::User).await?;
        anyhow::Ok(())
    });
    futures_util::future::try_join_all(accounts).await.map(drop)
}
