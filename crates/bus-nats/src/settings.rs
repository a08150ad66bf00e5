//! Where NATS is, and who asks.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_nats::{ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The longest prefix, in characters.
const PREFIX_CHARS_MAX: usize = 64;

/// The servers of one cluster that are named.
const SERVERS_MAX: usize = 16;

/// Between two tries to connect.
const RETRY_LONGEST: Duration = Duration::from_secs(1);

/// A connection that says nothing is asked after this, and given up after two more.
const PING_EVERY: Duration = Duration::from_secs(2);

/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// What a node must know to take part.
#[derive(Clone, Debug)]
pub struct NatsSettings {
    /// `nats://[user:password@|token@]host[:port]`, `tls://…` with encryption; several servers of one cluster with
    /// commas between them. What stands before the `@` is percent-encoded, and is that of the first which has any.
    pub url: String,
    /// Tells the hints of this realm from those of others: words of letters, digits, `_` and `-`, dots between them.
    pub prefix: String,
    /// A PEM file with the authorities to trust, instead of the public ones.
    pub authorities: Option<PathBuf>,
}

/// Why settings cannot be used. Never says a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The URL of a server.
    #[error("the URL of NATS: {0}")]
    Url(String),
    /// The prefix.
    #[error(
        "the prefix must be words of letters, digits, _ and - with dots between them, {PREFIX_CHARS_MAX} characters at most"
    )]
    Prefix,
    /// The file with authorities.
    #[error("{}: {reason}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Settings that were understood.
pub(crate) struct Parsed {
    pub(crate) servers: Vec<ServerAddr>,
    pub(crate) options: ConnectOptions,
    pub(crate) subject: String,
}

impl NatsSettings {
    pub(crate) fn parse(&self) -> Result<Parsed, SettingsError> {
        let subject = subject(&self.prefix).ok_or(SettingsError::Prefix)?;
        let urls: Vec<&str> = self.url.split(',').map(str::trim).collect();
        if urls.len() > SERVERS_MAX {
            return Err(SettingsError::Url(format!("names more than {SERVERS_MAX} servers")));
        }
        let mut options = options();
        let mut servers = Vec::new();
        let mut login = None;
        let mut is_encrypted = false;
        for url in urls {
            let (server, its_login) = server(url)?;
            is_encrypted |= server.tls_required();
            servers.push(server);
            login = login.or(its_login);
        }
        if is_encrypted || self.authorities.is_some() {
            // An encrypted cluster is one throughout, so that no password leaves in the clear.
            options = options.tls_client_config(encryption(self.authorities.as_deref())?);
            options = options.require_tls(true);
        }
        options = match login {
            Some(Login::Token(token)) => options.token(token),
            Some(Login::User(user, password)) => options.user_and_password(user, password),
            None => options,
        };
        Ok(Parsed { servers, options, subject })
    }
}

/// What does not depend on the settings. The servers are those that are named: what a cluster tells of its members may
/// be names that only it can reach.
fn options() -> ConnectOptions {
    ConnectOptions::new()
        .name("kabar")
        .retry_on_initial_connect()
        .ignore_discovered_servers()
        .connection_timeout(CONNECT_WITHIN)
        .ping_interval(PING_EVERY)
        .reconnect_delay_callback(delay)
}

/// At once, then after 50 ms, 100 ms, … up to a second.
fn delay(tries: usize) -> Duration {
    match tries {
        0 | 1 => Duration::ZERO,
        more => RETRY_LONGEST.min(Duration::from_millis(25 << more.saturating_sub(1).min(10))),
    }
}

enum Login {
    Token(String),
    User(String, String),
}

fn server(url: &str) -> Result<(ServerAddr, Option<Login>), SettingsError> {
    // The parser's own words would repeat the URL, which holds a password.
    let no = |what: &str| SettingsError::Url(what.to_owned());
    let address: ServerAddr = url.parse().map_err(|_| no("is not nats://HOST:PORT"))?;
    if !["nats", "tls"].contains(&address.scheme()) || address.host().is_empty() {
        return Err(no("is not nats://HOST:PORT or tls://HOST:PORT"));
    }
    let login = match (address.username(), address.password()) {
        (None, None) => None,
        (None, Some(_)) => return Err(no("has a password and no user")),
        (Some(token), None) => Some(Login::Token(decoded(token)?)),
        (Some(user), Some(password)) => Some(Login::User(decoded(user)?, decoded(password)?)),
    };
    let mut bare = address.into_inner();
    if !["", "/"].contains(&bare.path()) || bare.query().is_some() || bare.fragment().is_some() {
        return Err(no("has something after the port"));
    }
    bare.set_username("").and_then(|()| bare.set_password(None)).map_err(|()| no("has no host"))?;
    let bare = ServerAddr::from_url(bare).map_err(|_| no("is not nats://HOST:PORT"))?;
    Ok((bare, login))
}

fn decoded(text: &str) -> Result<String, SettingsError> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(String::from).map_err(|_| SettingsError::Url("has a login that is not UTF-8".into()))
}

fn subject(prefix: &str) -> Option<String> {
    let is_plain = |word: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        !word.is_empty() && word.bytes().all(plain)
    };
    let is_fit = prefix.len() <= PREFIX_CHARS_MAX && prefix.split('.').all(is_plain);
    is_fit.then(|| format!("kabar.{prefix}.hint"))
}

fn encryption(authorities: Option<&Path>) -> Result<ClientConfig, SettingsError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let no = |reason: String| SettingsError::Authorities { path: path.to_owned(), reason };
            let pem = fs::read(path).map_err(|error| no(error.to_string()))?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|error| no(error.to_string()))?;
                roots.add(certificate).map_err(|error| no(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(no("holds no certificate".to_owned()));
            }
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| SettingsError::Url(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str, prefix: &str) -> Result<Parsed, SettingsError> {
        NatsSettings { url: url.into(), prefix: prefix.into(), authorities: None }.parse()
    }

    #[test]
    fn servers_are_named_by_url_without_their_login() {
        let parsed = parse("nats://ana:p%40ss@one.test:4333, two.test", "kelas-c").unwrap();
        let named = parsed.servers.iter().map(|server| (server.host(), server.port()));
        assert_eq!(named.collect::<Vec<_>>(), [("one.test", 4333), ("two.test", 4222)]);
        assert!(parsed.servers.iter().all(|server| !server.as_url_str().contains('@')));
        assert_eq!(parsed.subject, "kabar.kelas-c.hint");
    }

    #[test]
    fn a_url_that_is_wrong_is_told_without_its_password() {
        for url in [
            "",
            "http://geheim@one.test",
            "ws://u:geheim@one.test",
            "nats://:geheim@one.test",
            "nats://u:geheim@one.test/x",
            "nats://u:geheim@one.test?x=y",
            "nats://u:geheim@one.test:99999",
            "nats://u:geheim%ff@one.test",
            "nats://u:geheim@",
        ] {
            let Err(error) = parse(url, "a") else { panic!("{url} is taken") };
            assert!(matches!(error, SettingsError::Url(_)), "{url}: {error}");
            assert!(!error.to_string().contains("geheim"), "{error}");
        }
        assert!(parse(&["one.test"; SERVERS_MAX].join(","), "a").is_ok());
        assert!(parse(&["one.test"; SERVERS_MAX + 1].join(","), "a").is_err());
    }

    #[test]
    fn a_prefix_cannot_reach_into_other_subjects() {
        for prefix in ["a", "kelas-c", "sekolah.kelas_7", &"a".repeat(PREFIX_CHARS_MAX)] {
            assert!(parse("one.test", prefix).is_ok(), "{prefix}");
        }
        for prefix in ["", ".", "a..b", "a.", ">", "*", "a b", "a\r\nPUB x", "é"] {
            assert_eq!(parse("one.test", prefix).err(), Some(SettingsError::Prefix), "{prefix:?}");
        }
        let long = "a".repeat(PREFIX_CHARS_MAX + 1);
        assert_eq!(parse("one.test", &long).err(), Some(SettingsError::Prefix));
    }

    #[test]
    fn authorities_that_cannot_be_read_are_named() {
        for (name, contents) in
            [("none", None), ("empty", Some("")), ("half", Some("-----BEGIN CERTIFICATE-----\n"))]
        {
            let path =
                std::env::temp_dir().join(format!("kabar-bus-{name}-{}", std::process::id()));
            if let Some(contents) = contents {
                fs::write(&path, contents).unwrap();
            }
            let authorities = Some(path.clone());
            let settings =
                NatsSettings { url: "tls://one.test".into(), prefix: "a".into(), authorities };
            let error = settings.parse().err().expect("no authorities");
            assert!(error.to_string().starts_with(path.to_str().unwrap()), "{error}");
            let _ = fs::remove_file(path);
        }
    }

    #[test]
    fn tries_to_connect_come_soon_and_not_too_often() {
        assert_eq!(delay(1), Duration::ZERO);
        assert_eq!(delay(2), Duration::from_millis(50));
        assert!(
            (3..100)
                .map(delay)
                .all(|wait| wait > Duration::from_millis(50) && wait <= RETRY_LONGEST)
        );
    }
}
