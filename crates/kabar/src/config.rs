//! Settings: command line, environment, file, default, in that order.

mod listen;
mod proxies;
mod storage;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use kabar_federation::address::{Endpoint, parse_host_port};
use kabar_model::RealmName;
use kabar_model::limits::{FILE_BYTES_MAX, FILE_INLINE_BYTES_MAX};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};
use tracing_subscriber::EnvFilter;

pub(crate) use listen::{Dialect, Listen};
pub(crate) use proxies::Network;
pub(crate) use storage::{Nodes, Storage};

/// What an environment variable that is a setting begins with: `KABAR_ACCOUNTS__REGISTRATION`.
const PREFIX: &str = "KABAR_";

/// What an inbox may carry along of one file; more would not fit into one.
const INLINE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Everything an operator can decide.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) storage: Storage,
    pub(crate) nodes: Nodes,
    pub(crate) accounts: Accounts,
    pub(crate) sessions: Sessions,
    pub(crate) files: Files,
    pub(crate) web: Web,
    pub(crate) realms: Realms,
    pub(crate) limits: Limits,
    pub(crate) log: Log,
}

/// Where the server is and what it is called.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    /// The realm's name; empty: the host's.
    pub(crate) realm: String,
    /// The data directory.
    pub(crate) data: PathBuf,
    /// Where to listen: `ADDR:PORT[/DIALECT]`.
    pub(crate) listen: Vec<Listen>,
    /// In seconds: how long a stop takes. For the first half all goes on, but `/readyz` says that it ends; over the second
    /// connections are let go.
    pub(crate) drain_secs: u16,
}

/// Who may have an account.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Accounts {
    /// Whether anyone may make one.
    pub(crate) registration: Registration,
    /// The shortest password, in characters.
    pub(crate) min_password_length: usize,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Registration {
    /// Anyone.
    Open,
    /// Who has an invitation to a group.
    Invite,
    /// Nobody but the operator.
    Closed,
}

/// How long sessions last.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sessions {
    /// A session without use ends after this.
    pub(crate) idle_days: u32,
    /// Somebody stays active this long after the last use.
    pub(crate) active_minutes: u32,
}

/// How large files may be.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Files {
    /// The longest file, in bytes.
    pub(crate) max_size: u64,
    /// The longest file that an inbox carries along, in bytes; 0: none.
    pub(crate) inline_max: u64,
}

/// The page and the API.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Web {
    /// Names by which browsers may ask for this server, beside IP addresses, `localhost` and the host's name.
    pub(crate) hosts: Vec<String>,
    /// Proxies that are believed when they say for whom they ask.
    pub(crate) trusted_proxies: Vec<Network>,
}

/// Links to other realms.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Realms {
    /// Who may link: `open`, `ask` (an administrator decides) or `invite`.
    pub(crate) accept: Accept,
    /// `HOST:PORT` by which other realms reach this one; empty: where they see it come from.
    pub(crate) address: String,
    /// Whether realms on this machine or in a private network are linked without an administrator's word.
    pub(crate) private: bool,
    /// What cannot be delivered for so long has failed.
    pub(crate) expire_days: u32,
    /// Whether linked realms that tell who is active are told it, too.
    pub(crate) presence: bool,
}

/// Who may link.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Accept {
    /// Anyone here and there.
    Open,
    /// Administrators of both realms.
    Ask,
    /// Who has an invite.
    Invite,
}

/// How many connections, and how patient.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Connections in all.
    pub(crate) connections: usize,
    /// Connections without a login, in all.
    pub(crate) strangers: usize,
    /// Connections without a login, from one address that is not loopback (IPv6: one /64).
    pub(crate) strangers_per_address: usize,
}

/// What is logged.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `kabar=debug,info`.
    pub(crate) level: String,
    /// How a line is written.
    pub(crate) format: LogFormat,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Default for Server {
    fn default() -> Self {
        Self { realm: String::new(), data: "kabar-data".into(), listen: Vec::new(), drain_secs: 0 }
    }
}

impl Default for Accounts {
    fn default() -> Self {
        Self { registration: Registration::Open, min_password_length: 1 }
    }
}

impl Default for Files {
    fn default() -> Self {
        Self { max_size: FILE_BYTES_MAX, inline_max: FILE_INLINE_BYTES_MAX }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self { idle_days: 30, active_minutes: 15 }
    }
}

impl Default for Realms {
    fn default() -> Self {
        Self {
            accept: Accept::Ask,
            address: String::new(),
            private: false,
            expire_days: 7,
            presence: true,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 20_000, strangers: 10_000, strangers_per_address: 100 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Text }
    }
}

impl Realms {
    /// The address by which other realms reach this one, if one is set.
    pub(crate) fn endpoint(&self) -> Result<Option<Endpoint>> {
        if self.address.is_empty() {
            return Ok(None);
        }
        let (host, port) = self.address.rsplit_once(':').unwrap_or((&self.address, ""));
        parse_host_port(host, port)
            .map(Some)
            .map_err(|_| anyhow!("realms.address: HOST:PORT, such as chat.example.org:443"))
    }
}

impl Config {
    /// Reads the file, if one is named, and the environment.
    pub(crate) fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self> {
        let mut table = Table::new();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            // Read alone first: its errors name the line.
            toml::from_str::<Self>(&text)
                .map_err(|error| anyhow!("{}: {error}", path.display()))?;
            table = toml::from_str(&text)?;
        }
        for (name, value) in environment {
            overlay(&mut table, &name, &value)?;
        }
        let config: Self = table.try_into().context("in the environment")?;
        config.checked()
    }

    /// These settings, if they make sense together.
    pub(crate) fn checked(self) -> Result<Self> {
        if !self.server.realm.is_empty() {
            RealmName::parse(&self.server.realm)
                .map_err(|_| anyhow!("server.realm: 1-64 letters, digits, . _ -"))?;
        }
        EnvFilter::try_new(&self.log.level).map_err(|error| anyhow!("log.level: {error}"))?;
        if self.files.inline_max > INLINE_BYTES_MAX {
            bail!("files.inline_max: at most {INLINE_BYTES_MAX}");
        }
        if self.sessions.idle_days == 0 {
            bail!("sessions.idle_days: at least 1");
        }
        if self.realms.expire_days == 0 {
            bail!("realms.expire_days: at least 1");
        }
        self.realms.endpoint()?;
        self.storage.check(&self.nodes)?;
        Ok(self)
    }

    /// The realm's name: as set, else the host's.
    pub(crate) fn realm(&self) -> RealmName {
        let host = gethostname::gethostname();
        let candidates = [self.server.realm.as_str(), host.to_str().unwrap_or(""), "localhost"];
        let mut names = candidates.iter().filter_map(|name| RealmName::parse(name).ok());
        names.next().expect("the last of them is a realm's name")
    }
}

/// Puts `KABAR_SECTION__KEY=value` into the table. Variables without `__` are not settings.
fn overlay(table: &mut Table, name: &str, value: &str) -> Result<()> {
    let Some((section, key)) = name.strip_prefix(PREFIX).and_then(|name| name.split_once("__"))
    else {
        return Ok(());
    };
    let (section, key) = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
    let mut known: Table = Table::try_from(Config::default())?;
    let known = known.get_mut(&section).and_then(Value::as_table_mut).and_then(|s| s.get(&key));
    let value = match known {
        None => bail!("{name}: there is no setting {section}.{key}"),
        Some(Value::String(_)) => Value::String(value.to_owned()),
        Some(Value::Array(_)) => value
            .split_whitespace()
            .map(|item| Value::String(item.to_owned()))
            .collect::<Vec<_>>()
            .into(),
        Some(Value::Boolean(_)) => value
            .parse::<bool>()
            .map(Value::Boolean)
            .map_err(|_| anyhow!("{name}: true or false is wanted"))?,
        Some(_) => value
            .parse::<i64>()
            .map(Value::Integer)
            .map_err(|_| anyhow!("{name}: a whole number is wanted"))?,
    };
    let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    section.as_table_mut().ok_or_else(|| anyhow!("{name}: not a section"))?.insert(key, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), text)?;
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::load(Some(file.path()), environment)
    }

    #[test]
    fn the_environment_goes_before_the_file_and_the_file_before_the_default() {
        let text = "[accounts]\nregistration = \"closed\"\nmin_password_length = 8\n";
        let config = load(text, &[("KABAR_ACCOUNTS__MIN_PASSWORD_LENGTH", "12")]).unwrap();
        assert_eq!(config.accounts.registration, Registration::Closed);
        assert_eq!(config.accounts.min_password_length, 12);
        assert_eq!(config.sessions.idle_days, 30);
        let config = load("[realms]\npresence = false\n", &[("KABAR_REALMS__PRIVATE", "true")]);
        let realms = config.unwrap().realms;
        assert!(realms.private && !realms.presence);
        assert!(load("", &[("KABAR_REALMS__PRIVATE", "yes")]).is_err());
        let config = load("[accounts]\nregistration = \"invite\"\n", &[]).unwrap();
        assert_eq!(config.accounts.registration, Registration::Invite);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let error = load("[accounts]\n\nregistation = \"open\"\n", &[]).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("registation"), "{error}");
    }

    #[test]
    fn proxies_are_addresses_and_networks_and_a_bad_one_is_named_with_its_line() {
        let text = "[web]\nhosts = []\ntrusted_proxies = [\"127.0.0.1\", \"192.0.2.0/24\"]\n";
        let config = load(text, &[]).unwrap();
        let said: Vec<String> = config.web.trusted_proxies.iter().map(Network::to_string).collect();
        assert_eq!(said, ["127.0.0.1", "192.0.2.0/24"]);
        let error = load("[web]\n\ntrusted_proxies = [\"192.0.2.0/33\"]\n", &[]).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("line 3") && error.contains("192.0.2.0/33"), "{error}");
        let config = load(text, &[("KABAR_WEB__TRUSTED_PROXIES", "::1 192.0.2.0/24")]).unwrap();
        assert_eq!(config.web.trusted_proxies[0].to_string(), "::1");
        assert!(load("", &[("KABAR_WEB__TRUSTED_PROXIES", "nginx")]).is_err());
        assert!(load("[limits]\ntrusted_proxies = []", &[]).is_err(), "it is not set there");
    }

    #[test]
    fn an_unknown_variable_is_an_error_and_others_are_not_settings() {
        let error = load("", &[("KABAR_ACCOUNTS__X", "1")]).unwrap_err().to_string();
        assert!(error.contains("accounts.x"), "{error}");
        assert!(load("", &[("KABAR_LANG", "id"), ("PATH", "x__y")]).is_ok());
    }

    #[test]
    fn bad_values_are_refused() {
        for text in [
            "[accounts]\nregistration = \"maybe\"",
            "[server]\nrealm = \"a b\"",
            "[server]\nlisten = [\"127.0.0.1\"]",
            "[server]\nlisten = [\"127.0.0.1:1/morse\"]",
            "[sessions]\nidle_days = 0",
            "[limits]\nconnections = -1",
            "[files]\ninline_max = 4194305",
            "[log]\nlevel = \"kabar=loud\"",
        ] {
            assert!(load(text, &[]).is_err(), "{text}");
        }
        assert!(load("", &[("KABAR_LIMITS__CONNECTIONS", "many")]).is_err());
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        let config = load("", &[("KABAR_SERVER__LISTEN", "127.0.0.1:0 [::1]:7/line-id")]).unwrap();
        let printed = toml::to_string(&config).unwrap();
        let again = load(&printed, &[]).unwrap();
        assert_eq!(again.server.listen, config.server.listen);
        assert_eq!(toml::to_string(&again).unwrap(), printed);
    }
}
