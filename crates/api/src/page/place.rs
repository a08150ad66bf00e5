//! Where a realm is found, as the program that serves it knows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where the realm is found, and what it is.
#[derive(Clone, Debug)]
pub struct Place {
    /// The realm's name.
    pub realm: String,
    /// Where the server listens, all of it.
    pub listeners: Vec<Listener>,
    /// The accounts that everybody may use, in a demo.
    pub demo: Option<Demo>,
}

/// The accounts of a demo. Their password is no secret.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Their usernames. In examples the last one writes to the first.
    pub people: Vec<String>,
    /// The password of them all.
    pub password: String,
}

/// An address at which the server listens.
#[derive(Clone, Copy, Debug)]
pub struct Listener {
    /// The address, with the real port.
    pub address: SocketAddr,
    /// What is spoken there.
    pub speaks: Speaks,
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// Everything; the first bytes tell.
    Auto,
    /// Dialect line in English.
    LineEn,
    /// Dialect line in Indonesian.
    LineId,
    /// Dialect line in the words of profile `realm`.
    Realm,
    /// Dialect form.
    Form,
    /// Dialect keyword.
    Keyword,
    /// HTTP alone.
    Http,
}

impl Listener {
    /// The host by which a visitor reaches it who asked for `asked`.
    pub(super) fn host(&self, asked: Option<&str>) -> String {
        match (self.address.ip(), asked) {
            (ip, Some(asked)) if ip.is_unspecified() => asked.to_owned(),
            (IpAddr::V4(ip), None) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.to_string(),
            (IpAddr::V6(ip), None) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.to_string(),
            (ip, _) => ip.to_string(),
        }
    }

    /// Whether it is of no use to a visitor who asked for `asked`, another machine's name.
    pub(super) fn is_out_of_reach(&self, asked: Option<&str>) -> bool {
        let is_here = |host: &str| {
            let host = host.to_ascii_lowercase();
            host == "localhost"
                || host.ends_with(".localhost")
                || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        };
        self.address.ip().is_loopback() && asked.is_some_and(|asked| !is_here(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Listener {
        Listener { address: address.parse().unwrap(), speaks: Speaks::Auto }
    }

    #[test]
    fn a_visitor_is_told_an_address_that_works_for_them() {
        let asked = Some("lab-pc.local");
        assert_eq!(at("0.0.0.0:1").host(asked), "lab-pc.local");
        assert_eq!(at("[::]:1").host(asked), "lab-pc.local");
        assert_eq!(at("0.0.0.0:1").host(None), "127.0.0.1");
        assert_eq!(at("[::]:1").host(None), "::1");
        assert_eq!(at("192.0.2.7:1").host(asked), "192.0.2.7");
        assert_eq!(at("127.0.0.1:1").host(Some("localhost")), "127.0.0.1");
        for (address, asked, is_out) in [
            ("127.0.0.1:1", Some("lab-pc.local"), true),
            ("127.0.0.1:1", Some("LOCALHOST"), false),
            ("127.0.0.1:1", Some("127.0.0.1"), false),
            ("127.0.0.1:1", None, false),
            ("0.0.0.0:1", Some("lab-pc.local"), false),
        ] {
            assert_eq!(at(address).is_out_of_reach(asked), is_out, "{address} {asked:?}");
        }
    }
}
