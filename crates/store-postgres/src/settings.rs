//! Where the database is, and how it is spoken to.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use crate::error::OpenError;
use crate::tls::Tls;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// After so long without a word the system asks the other side whether it lives, and as often again.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(2);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(1);
const KEEPALIVE_RETRIES: u32 = 3;

/// What was sent is acknowledged within this time, or the connection is gone.
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the database is.
#[derive(Clone, Default)]
pub struct Settings {
    /// `postgres://user:password@host:port/database?sslmode=…&sslrootcert=…`. Without `sslmode` the connection is plain
    /// on this machine, and verified TLS to others.
    pub url: String,
    /// Goes on with a server whose settings may lose what was accepted.
    pub accept_unsafe: bool,
}

/// The address holds a password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("accept_unsafe", &self.accept_unsafe)
            .finish_non_exhaustive()
    }
}

/// A way to the database.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) tls: Tls,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        let wrong = |what: &str| OpenError::Address(what.into());
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(wrong("it does not begin with postgres://"));
        }
        let (rest, said) = without_ssl(url);
        // Its own words name what is wrong, and may name the password.
        let mut config = Config::from_str(&rest)
            .map_err(|_| wrong("it is not postgres://user:password@host:port/database"))?;
        let is_here = is_on_this_machine(&config);
        let wants_tls = match said.mode.as_deref() {
            None => !is_here,
            Some("disable") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some(_) => return Err(wrong("sslmode is disable or verify-full")),
        };
        config.ssl_mode(if wants_tls { SslMode::Require } else { SslMode::Disable });
        let tls = if wants_tls { Tls::new(said.root.as_deref())? } else { Tls::none() };
        if config.get_application_name().is_none() {
            config.application_name("kabar");
        }
        config
            .connect_timeout(CONNECT_TIMEOUT)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES)
            .tcp_user_timeout(UNACKNOWLEDGED_TIMEOUT)
            // After a failover the address may lead to a server that only reads.
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        Ok(Self { config, tls })
    }
}

/// What the address says of TLS.
#[derive(Default)]
struct Said {
    mode: Option<String>,
    root: Option<PathBuf>,
}

/// Takes what is said of TLS out of the address: the client library knows less of it.
fn without_ssl(url: &str) -> (String, Said) {
    let mut said = Said::default();
    let Some((start, pairs)) = url.split_once('?') else { return (url.to_owned(), said) };
    let mut others = Vec::new();
    for pair in pairs.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", mode)) => said.mode = Some(mode.to_owned()),
            Some(("sslrootcert", path)) => said.root = Some(Path::new(path).to_owned()),
            _ => others.push(pair),
        }
    }
    let rest =
        if others.is_empty() { start.to_owned() } else { format!("{start}?{}", others.join("&")) };
    (rest, said)
}

fn is_on_this_machine(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    let names = config.get_hosts().iter();
    addresses.iter().all(std::net::IpAddr::is_loopback)
        && names.into_iter().all(|host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => {
                name == "localhost"
                    || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<SslMode, String> {
        Address::parse(url)
            .map(|address| address.config.get_ssl_mode())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn tls_is_left_out_on_this_machine_alone() {
        for (url, expected) in [
            ("postgres://a@127.0.0.1/b", SslMode::Disable),
            ("postgresql://a@localhost:1/b", SslMode::Disable),
            ("postgres:///b?host=/run/postgresql", SslMode::Disable),
            ("postgres://a@db.example/b", SslMode::Require),
            ("postgres://a@192.0.2.1/b?application_name=x", SslMode::Require),
            ("postgres://a@127.0.0.1/b?sslmode=verify-full", SslMode::Require),
            ("postgres://a@db.example/b?sslmode=disable", SslMode::Disable),
        ] {
            assert_eq!(mode(url), Ok(expected), "{url}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_told_without_its_password() {
        for url in [
            "",
            "mysql://a:geheim@b/c",
            "postgres://a:geheim@b:x/c",
            "postgres://a:geheim@b/c?sslmode=prefer",
        ] {
            let said = mode(url).unwrap_err();
            assert!(said.starts_with("the address of the database: "), "{said}");
            assert!(!said.contains("geheim"), "{said}");
        }
        let settings = Settings { url: "postgres://a:geheim@b/c".into(), accept_unsafe: false };
        assert!(!format!("{settings:?}").contains("geheim"));
    }
}
