//! Who is behind a proxy, and how they came to it. Only proxies that the operator trusts are believed: anybody can
//! write these headers.
//!
//! `Forwarded` (RFC 7239) is not looked at. A proxy sets one of the two and passes the other on as its client
//! wrote it; who believes both believes the client.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::HeaderName;
use kabar_api::Peer;

use crate::config::Network;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What proxies add. Whoever is said to come by one is not who is at the other end of the connection.
const TRACES: [&str; 4] = ["x-forwarded-for", "x-forwarded-proto", "forwarded", "via"];

/// Where nobody is: who comes by a proxy on this machine is not on this machine.
const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Whether an address is that of a proxy that is trusted.
pub(super) fn is_trusted(address: IpAddr, proxies: &[Network]) -> bool {
    proxies.iter().any(|network| network.contains(address))
}

/// Who asks, when a request with these headers came from `address`, which is no trusted proxy. From this machine a
/// proxy that nobody told of must not turn strangers into people who sit at it.
pub(super) fn without(address: IpAddr, headers: &HeaderMap) -> Peer {
    let is_passed_on = TRACES.iter().any(|trace| headers.contains_key(*trace));
    let address =
        if is_passed_on && address.to_canonical().is_loopback() { NOWHERE } else { address };
    Peer { address, is_https: false }
}

/// Who asks, when a request with these headers came from a trusted proxy at `address`.
pub(super) fn behind(address: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> Peer {
    let address = client(address, headers, proxies).to_canonical();
    let address = if address.is_loopback() { NOWHERE } else { address };
    Peer { address, is_https: is_https(headers) }
}

/// The last address that no trusted proxy has, since each proxy adds whom it was asked by at the end. Before what
/// is no address nothing is believed.
fn client(proxy: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let lines = headers.get_all(FORWARDED_FOR).iter().collect::<Vec<_>>();
    let mut last = proxy;
    for line in lines.into_iter().rev() {
        let Ok(line) = line.to_str() else { return last };
        for said in line.rsplit(',') {
            let Some(address) = address(said.trim()) else { return last };
            last = address;
            if !is_trusted(address, proxies) {
                return last;
            }
        }
    }
    last
}

/// `192.0.2.7`, `2001:db8::1`, `192.0.2.7:4711` or `[2001:db8::1]:4711`.
fn address(said: &str) -> Option<IpAddr> {
    let bare = said.strip_prefix('[').and_then(|said| said.strip_suffix(']'));
    let address = bare.unwrap_or(said).parse();
    address.or_else(|_| said.parse().map(|socket: SocketAddr| socket.ip())).ok()
}

/// What the proxy next to us says: the last, if several do.
fn is_https(headers: &HeaderMap) -> bool {
    let last = headers.get_all(FORWARDED_PROTO).iter().next_back();
    let said = last.and_then(|line| line.to_str().ok()).and_then(|line| line.rsplit(',').next());
    said.is_some_and(|said| said.trim().eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    // tidy: address classes
    use super::*;

    fn proxies() -> Vec<Network> {
        ["127.0.0.1", "::1", "10.0.0.0/8"].map(|text| text.parse().unwrap()).to_vec()
    }

    fn headers(name: &HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, hyper::header::HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn the_client_is_the_last_whom_no_trusted_proxy_is() {
        for (lines, expected) in [
            (&["192.0.2.7"][..], "192.0.2.7"),
            (&["192.0.2.7, 10.1.2.3"], "192.0.2.7"),
            (&["192.0.2.7", "10.1.2.3, 127.0.0.1"], "192.0.2.7"),
            // What the client wrote itself stands to the left.
            (&["127.0.0.1, 192.0.2.7"], "192.0.2.7"),
            (&["198.51.100.1, 192.0.2.7, 10.1.2.3"], "192.0.2.7"),
            (&["198.51.100.1", "192.0.2.7"], "192.0.2.7"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["[2001:db8::1]:4711, 10.0.0.1:80"], "2001:db8::1"),
            (&["192.0.2.7:4711"], "192.0.2.7"),
            (&["::ffff:192.0.2.7"], "192.0.2.7"),
            // Nothing, or nothing to be believed: as near as is known, and never this machine.
            (&[], "0.0.0.0"),
            (&[""], "0.0.0.0"),
            (&["unknown"], "0.0.0.0"),
            (&["127.0.0.1"], "0.0.0.0"),
            (&["::1"], "0.0.0.0"),
            (&["127.0.0.2"], "0.0.0.0"),
            (&["::ffff:127.0.0.1"], "0.0.0.0"),
            (&["192.0.2.7, "], "0.0.0.0"),
            (&["192.0.2.7, unknown"], "0.0.0.0"),
            (&["192.0.2.7, unknown, 10.1.2.3"], "10.1.2.3"),
            (&["192.0.2.7", "\u{e9}"], "0.0.0.0"),
            (&["10.1.2.3"], "10.1.2.3"),
            (&["256.0.0.1"], "0.0.0.0"),
        ] {
            let headers = headers(&FORWARDED_FOR, lines);
            let peer = behind(IpAddr::V4(Ipv4Addr::LOCALHOST), &headers, &proxies());
            assert_eq!(peer.address.to_string(), expected, "{lines:?}");
        }
        let far: IpAddr = "10.0.0.1".parse().unwrap();
        assert_eq!(behind(far, &HeaderMap::new(), &proxies()).address, far);
    }

    #[test]
    fn the_nearest_proxy_says_whether_it_is_encrypted() {
        for (lines, expected) in [
            (&["https"][..], true),
            (&["HTTPS "], true),
            (&["http, https"], true),
            (&["http", "https"], true),
            (&["http"], false),
            (&["https, http"], false),
            (&["httpss"], false),
            (&["\u{e9}"], false),
            (&[], false),
        ] {
            let headers = headers(&FORWARDED_PROTO, lines);
            let peer = behind(IpAddr::V4(Ipv4Addr::LOCALHOST), &headers, &proxies());
            assert_eq!(peer.is_https, expected, "{lines:?}");
        }
    }

    #[test]
    fn only_those_that_were_named_are_trusted() {
        let trusted = |address: &str| is_trusted(address.parse().unwrap(), &proxies());
        assert!(trusted("127.0.0.1") && trusted("::ffff:10.9.9.9") && trusted("::1"));
        assert!(!trusted("127.0.0.2") && !trusted("192.0.2.7") && !trusted("::2"));
        assert!(!is_trusted(IpAddr::V4(Ipv4Addr::LOCALHOST), &[]));
    }
}
