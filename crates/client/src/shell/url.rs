//! `SCHEME://HOST:PORT`, the address a shell is opened on.

use std::fmt;
use std::net::Ipv6Addr;

/// The port of a URL that names none: that of a server that understands every dialect but the next.
pub const DEFAULT_PORT: u16 = 8889;

/// The same for `keyword`, where the server speaks first, so that it has a port of its own.
pub const KEYWORD_PORT: u16 = 8000;

/// Which shell a person gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Commands and questions, over dialect form.
    Form,
    /// Menus, over dialect keyword.
    Keyword,
    /// Commands, over dialect line.
    Line(Profile),
}

impl Scheme {
    fn default_port(self) -> u16 {
        match self {
            Self::Keyword => KEYWORD_PORT,
            Self::Form | Self::Line(_) => DEFAULT_PORT,
        }
    }
}

/// Which seed's wording the shell prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// `line-en`: dialect line in English.
    LineEn,
    /// `line-id`: dialect line in Indonesian.
    LineId,
    /// `realm`: dialect line with groups, files and realms.
    Realm,
}

/// Where a shell connects, and how it speaks there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The dialect, and its wording.
    pub scheme: Scheme,
    /// A host name or an address; an IPv6 address is held without its brackets.
    pub host: String,
    /// Never 0.
    pub port: u16,
}

impl fmt::Display for Address {
    /// `HOST:PORT`, an IPv6 address in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Why a text is no shell URL; texts inside are the part that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// No `://`.
    NoScheme,
    /// A scheme this shell does not speak.
    UnknownScheme(String),
    /// Nothing after `://`, or nothing before the port.
    NoHost,
    /// The host is neither a name nor an address.
    BadHost(String),
    /// An IPv6 address without brackets, which cannot be told from its port.
    BareIpv6,
    /// The port is not a number from 1 to 65535.
    BadPort(String),
}

/// Reads a shell URL. One `/` at the end is allowed, any other path is not.
///
/// ```text
/// url  = ("form" / "keyword" / "line-en" / "line-id" / "realm") "://" host [":" port] ["/"]
/// host = "[" IPv6 address "]" / 1*(letter / digit / "." / "-" / "_")
/// ```
pub fn parse(url: &str) -> Result<Address, UrlError> {
    let (scheme, rest) = url.split_once("://").ok_or(UrlError::NoScheme)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "form" => Scheme::Form,
        "keyword" => Scheme::Keyword,
        "line-en" => Scheme::Line(Profile::LineEn),
        "line-id" => Scheme::Line(Profile::LineId),
        "realm" => Scheme::Line(Profile::Realm),
        _ => return Err(UrlError::UnknownScheme(scheme.to_owned())),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.strip_prefix('[') {
        Some(bracketed) => bracketed_host(bracketed)?,
        None => plain_host(rest)?,
    };
    let port = port.map_or(Ok(scheme.default_port()), read_port)?;
    Ok(Address { scheme, host: host.to_owned(), port })
}

fn bracketed_host(rest: &str) -> Result<(&str, Option<&str>), UrlError> {
    let bad = || UrlError::BadHost(format!("[{rest}"));
    let (host, after) = rest.split_once(']').ok_or_else(bad)?;
    host.parse::<Ipv6Addr>().map_err(|_| bad())?;
    match after.strip_prefix(':') {
        Some(port) => Ok((host, Some(port))),
        None if after.is_empty() => Ok((host, None)),
        None => Err(bad()),
    }
}

fn plain_host(rest: &str) -> Result<(&str, Option<&str>), UrlError> {
    if rest.matches(':').count() > 1 {
        return Err(UrlError::BareIpv6);
    }
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    if host.is_empty() {
        return Err(UrlError::NoHost);
    }
    if !host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')) {
        return Err(UrlError::BadHost(host.to_owned()));
    }
    Ok((host, port))
}

/// Digits only: `u16::from_str` would also take a sign.
fn read_port(port: &str) -> Result<u16, UrlError> {
    let bad = || UrlError::BadPort(port.to_owned());
    if !port.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    port.parse().ok().filter(|port| *port != 0).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_shell_a_host_and_perhaps_a_port() {
        let line = Scheme::Line;
        for (url, scheme, host, port, shown) in [
            ("line-en://localhost", line(Profile::LineEn), "localhost", 8889, "localhost:8889"),
            ("LINE-ID://192.0.2.7:90", line(Profile::LineId), "192.0.2.7", 90, "192.0.2.7:90"),
            ("realm://[::1]:8891/", line(Profile::Realm), "::1", 8891, "[::1]:8891"),
            ("realm://[fe80::7]", line(Profile::Realm), "fe80::7", 8889, "[fe80::7]:8889"),
            ("line-en://lab_2.example:65535", line(Profile::LineEn), "lab_2.example", 65535, ""),
            ("form://localhost", Scheme::Form, "localhost", 8889, "localhost:8889"),
            ("Keyword://localhost/", Scheme::Keyword, "localhost", 8000, "localhost:8000"),
            ("keyword://[::1]:9", Scheme::Keyword, "::1", 9, "[::1]:9"),
        ] {
            let address = parse(url).unwrap();
            assert_eq!(address, Address { scheme, host: host.to_owned(), port }, "{url}");
            assert!(shown.is_empty() || address.to_string() == shown, "{url}");
        }
    }

    #[test]
    fn anything_else_is_refused_by_its_wrong_part() {
        use UrlError::{BadHost, BadPort, BareIpv6, NoHost, NoScheme, UnknownScheme};
        for (url, error) in [
            ("", NoScheme),
            ("localhost:8889", NoScheme),
            ("http://localhost", UnknownScheme("http".to_owned())),
            ("://localhost", UnknownScheme(String::new())),
            ("line-en://", NoHost),
            ("line-en://:8889", NoHost),
            ("line-en://::1", BareIpv6),
            ("line-en://a b", BadHost("a b".to_owned())),
            ("line-en://ana@host", BadHost("ana@host".to_owned())),
            ("line-en://host/path", BadHost("host/path".to_owned())),
            ("line-en://[::1", BadHost("[::1".to_owned())),
            ("line-en://[host]:1", BadHost("[host]:1".to_owned())),
            ("line-en://[::1]x", BadHost("[::1]x".to_owned())),
            ("line-en://host:", BadPort(String::new())),
            ("line-en://host:0", BadPort("0".to_owned())),
            ("line-en://host:+1", BadPort("+1".to_owned())),
            ("line-en://host:65536", BadPort("65536".to_owned())),
            ("line-en://host:1/path", BadPort("1/path".to_owned())),
        ] {
            assert_eq!(parse(url), Err(error), "{url}");
        }
    }
}
