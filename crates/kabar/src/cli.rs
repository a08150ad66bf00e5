//! The command line.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};
use kabar_bench::BenchArgs;
use kabar_catalogue::Lang;
use kabar_client::shell::{self, ShellArgs};

use crate::config::{Config, Listen};
use crate::doctor::DoctorArgs;
use crate::migrate::MigrateArgs;
use crate::realms::RealmCommand;
use crate::users::UserCommand;
use crate::{doctor, migrate, realms, serve, text, users};

/// Refused, or failed.
const EXIT_FAILED: u8 = 1;
/// Wrong usage, a wrong setting among it.
pub(crate) const EXIT_USAGE: u8 = 2;

/// A chat server you can talk to from anything.
#[derive(Debug, Parser)]
#[command(name = "kabar", version, propagate_version = true, infer_subcommands = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a server
    Serve(ServeArgs),
    /// Talk to a server with the prompts of a classic client
    Shell(ShellArgs),
    /// Look after accounts, whether the server runs or not
    User(UserArgs),
    /// Look after the links to other realms
    Realm(RealmArgs),
    /// Say what is wrong with this server and its links, and what to do about it
    Doctor(DoctorArgs),
    /// Move the realm to another database, another place for files, or both
    Migrate(MigrateArgs),
    /// Look at the settings
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
        #[command(flatten)]
        place: Place,
    },
    /// Put a running server on this machine under load, and check what it does with it
    Bench(BenchArgs),
}

/// Where the settings and the data are.
#[derive(Args, Clone, Debug)]
pub(crate) struct Place {
    /// The file with the settings (TOML)
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The data directory [default: kabar-data]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

/// What a demo starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoWith {
    /// The accounts, and something that was said already
    Conversations,
    /// The accounts alone, for who tries out a client of their own
    Accounts,
}

/// `kabar serve`.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    place: Place,
    /// The realm's name [default: this host's]
    #[arg(long, value_name = "NAME")]
    realm: Option<String>,
    /// Where to listen; DIALECT is auto (the default), line-en, line-id, realm, form, keyword or http. Can be repeated
    #[arg(long, value_name = "ADDR:PORT[/DIALECT]")]
    listen: Vec<Listen>,
    /// Start with six accounts (izza, maya, nania, messi, henderson, lineker; password surabaya) and some
    /// conversations between them, on this machine only; nothing is kept
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "conversations")]
    pub(crate) demo: Option<DemoWith>,
    /// Read the web app from this directory instead of from the program
    #[arg(long, value_name = "DIR")]
    pub(crate) web_dir: Option<PathBuf>,
    /// Weaken durability on purpose: the power-cut test has to be able to fail
    #[arg(long, hide = true)]
    pub(crate) plant_weak_sync: bool,
}

#[derive(Args, Debug)]
struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct RealmArgs {
    #[command(subcommand)]
    command: RealmCommand,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum ConfigCommand {
    /// Say whether the settings are right
    Check,
    /// Print the settings that are in force, as a file
    Print,
}

impl Place {
    /// The settings in force here.
    pub(crate) fn settings(&self) -> Result<Config> {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let mut config = Config::load(self.config.as_deref(), environment)?;
        if let Some(data) = &self.data {
            config.server.data.clone_from(data);
        }
        Ok(config)
    }
}

impl ServeArgs {
    /// The file with the settings, if one is named.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.place.config.as_deref()
    }

    /// The settings in force for this server.
    pub(crate) fn settings(&self) -> Result<Config> {
        let mut config = self.place.settings()?;
        if let Some(realm) = &self.realm {
            config.server.realm.clone_from(realm);
        }
        if !self.listen.is_empty() {
            config.server.listen.clone_from(&self.listen);
        }
        config.checked()
    }

    /// Whether a data directory was named on the command line.
    pub(crate) fn names_data(&self) -> bool {
        self.place.data.is_some()
    }
}

/// Does what the command line says.
pub(crate) fn run() -> ExitCode {
    let lang = Lang::from_env();
    match Cli::parse().command {
        Command::Serve(args) => serve::run(&args, lang),
        Command::Shell(args) => shell::run(&args.url, lang).into(),
        Command::Realm(args) => realms::run(args.command, &args.place, lang),
        Command::Doctor(args) => doctor::run(&args, lang),
        Command::Migrate(args) => migrate::run(&args, lang),
        Command::User(args) => users::run(args.command, &args.place, lang),
        Command::Config { command, place } => match place.settings() {
            Ok(config) => show(command, &config),
            Err(error) => complain(&error, EXIT_USAGE),
        },
        Command::Bench(args) => kabar_bench::run(&args).into(),
    }
}

fn show(command: ConfigCommand, config: &Config) -> ExitCode {
    match (command, toml::to_string(config)) {
        (ConfigCommand::Check, _) => ExitCode::SUCCESS,
        (ConfigCommand::Print, Ok(text)) => text::print(&text),
        (ConfigCommand::Print, Err(error)) => complain(&error.into(), EXIT_FAILED),
    }
}

/// Does what a command says with the settings in force, and prints what became of it.
pub(crate) fn perform(place: &Place, deed: impl FnOnce(&Config) -> Result<String>) -> ExitCode {
    let config = match place.settings() {
        Ok(config) => config,
        Err(error) => return complain(&error, EXIT_USAGE),
    };
    match deed(&config) {
        Ok(said) => text::print(&said),
        Err(error) => complain(&error, EXIT_FAILED),
    }
}

/// Says what went wrong, with its causes, on standard error.
pub(crate) fn complain(error: &anyhow::Error, code: u8) -> ExitCode {
    eprintln!("kabar: {error:#}");
    ExitCode::from(code)
}
