//! A host and a port, as people type them.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The longest name of a host (RFC 1123 §2.1).
pub const HOST_BYTES_MAX: usize = 253;

/// The longest part of such a name between two dots (RFC 1034 §3.1).
const LABEL_BYTES_MAX: usize = 63;

/// What was typed is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither the name of a host nor an IP address.
    #[error("not the name of a host or an IP address")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("not a port from 1 to 65535")]
    Port,
}

/// The host and the port at which a realm answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    host: String,
    port: u16,
}

/// Reads a host and a port: a name of letters, digits, `-` and `.` (RFC 1123), or an IP address,
/// IPv6 with or without brackets.
///
/// A name whose last part looks like a number is none: resolvers take `1` and `0x7f.1` for
/// addresses, and each in its own way.
pub fn parse_host_port(host: &str, port: &str) -> Result<Endpoint, AddressError> {
    let digits = port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
    let port = port.parse().ok().filter(|_| digits).ok_or(AddressError::Port)?;
    Endpoint::new(host, port)
}

impl Endpoint {
    /// The same with a port that is a number already.
    pub fn new(host: &str, port: u16) -> Result<Self, AddressError> {
        if port == 0 {
            return Err(AddressError::Port);
        }
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = if let Some(bare) = bare {
            bare.parse::<Ipv6Addr>().map_err(|_| AddressError::Host)?.to_string()
        } else if let Ok(address) = host.parse::<IpAddr>() {
            address.to_string()
        } else if is_name(host) {
            host.to_ascii_lowercase()
        } else {
            return Err(AddressError::Host);
        };
        Ok(Self { host, port })
    }

    /// The name in lower case, or the IP address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The address, if the host is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The port, not 0.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// As it stands in a URL: `host:port`, with brackets around IPv6.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

fn is_name(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    // Digits, or hexadecimal digits after `0x`.
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let is_number = last.bytes().all(|b| b.is_ascii_digit())
        || hex.is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    host.len() <= HOST_BYTES_MAX && !is_number && host.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let fits = (1..=LABEL_BYTES_MAX).contains(&label.len());
    fits && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_addresses() {
        let label = "x".repeat(LABEL_BYTES_MAX);
        let longest = format!("{label}.{label}.{label}.{}", "x".repeat(HOST_BYTES_MAX - 192));
        for (typed, read) in [
            ("localhost", "localhost:8889"),
            ("Kampus-B.Example", "kampus-b.example:8889"),
            ("3com.example", "3com.example:8889"),
            ("127.0.0.1", "127.0.0.1:8889"),
            ("::1", "[::1]:8889"),
            ("[2001:DB8::1]", "[2001:db8::1]:8889"),
            (&longest, &format!("{longest}:8889")),
        ] {
            assert_eq!(parse_host_port(typed, "8889").unwrap().to_string(), read);
        }
        let label_too_long = "x".repeat(LABEL_BYTES_MAX + 1);
        for bad in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "-a",
            "a-",
            "a_b",
            "a b",
            " a",
            "a\n",
            "é",
            "http://a",
            "a/b",
            "a@b",
            "a:1",
            "1",
            "127.1",
            "a.0x7f",
            "0x7f000001",
            "a.0x",
            "127.0.0.01",
            "127.0.0.1.",
            "[127.0.0.1]",
            "[::1",
            "::1]",
            "[]",
            "fe80::1%eth0",
            &label_too_long,
            &format!("{longest}x"),
        ] {
            assert_eq!(parse_host_port(bad, "8889"), Err(AddressError::Host), "{bad:?}");
        }
    }

    #[test]
    fn ports_are_numbers_that_a_server_can_have() {
        for (typed, port) in [("1", 1), ("8889", 8889), ("08889", 8889), ("65535", 65_535)] {
            assert_eq!(parse_host_port("a", typed).unwrap().port(), port);
        }
        for bad in ["", "0", "65536", "-1", "+1", " 1", "1 ", "0x1", "http", "000001", "99999"] {
            assert_eq!(parse_host_port("a", bad), Err(AddressError::Port), "{bad:?}");
        }
        assert_eq!(Endpoint::new("a", 0), Err(AddressError::Port));
    }

    #[test]
    fn an_address_is_known_as_such() {
        assert_eq!(
            Endpoint::new("[::1]", 1).unwrap().ip(),
            Some(IpAddr::from(Ipv6Addr::LOCALHOST))
        );
        assert_eq!(Endpoint::new("localhost", 1).unwrap().ip(), None);
    }
}
