//! By which names this server may be asked for. A page of a stranger's can have its name point here (DNS
//! rebinding); it cannot choose the name that the browser then sends.

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::Api;
use crate::problem::{Answer, Code, Problem};
use crate::site::Peer;
use crate::text::Text;

/// The host and port that a request asks for, as written.
pub(crate) fn asked_for<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let written = headers.get(HOST).and_then(|host| host.to_str().ok());
    uri.authority().map(axum::http::uri::Authority::as_str).or(written)
}

/// Lets a request through whose host is known.
pub(crate) async fn known(State(api): State<Api>, request: Request, next: Next) -> Response {
    let host = asked_for(request.uri(), request.headers()).unwrap_or_default();
    if is_known(host, &api.site.hosts) {
        return next.run(request).await;
    }
    let problem = Problem::new(Code::HostUnknown, Text::HostUnknown).with("host", host);
    problem.hint(Text::HostUnknownHint).into_response()
}

/// Whether the page that asks is one of ours: only those may use the cookie for more than reading.
pub(crate) fn same_origin(parts: &Parts, peer: Peer) -> Answer<()> {
    let origin = parts.headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    // Of a proxy that is not trusted nothing is known, so either will do; where the connection is encrypted, a page
    // that came unencrypted may be anybody's.
    let origin = origin.and_then(|origin| match origin.split_once("://") {
        Some(("https", host)) => Some(host),
        Some(("http", host)) if !peer.is_https => Some(host),
        _ => None,
    });
    match (origin, asked_for(&parts.uri, &parts.headers)) {
        (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(Problem::new(Code::OriginMismatch, Text::OriginMismatch)),
    }
}

fn is_known(host: &str, names: &[String]) -> bool {
    if let Some(v6) = host.strip_prefix('[') {
        return v6.split_once(']').is_some_and(|(v6, _)| v6.parse::<Ipv6Addr>().is_ok());
    }
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name.parse::<IpAddr>().is_ok()
        || name == "localhost"
        || name.ends_with(".localhost")
        || names.iter().any(|known| known.eq_ignore_ascii_case(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_localhost_and_names_that_were_set_are_known() {
        let names = ["chat.example".to_owned()];
        for known in [
            "127.0.0.1",
            "192.0.2.7:8889",
            "[::1]:80",
            "[2001:db8::1]",
            "localhost:1",
            "LOCALHOST",
            "a.localhost",
            "Chat.Example:443",
            "chat.example.",
        ] {
            assert!(is_known(known, &names), "{known}");
        }
        for unknown in
            ["", "evil.example", "127.0.0.1.evil.example", "xlocalhost", "chat.example.evil", "[x]"]
        {
            assert!(!is_known(unknown, &names), "{unknown}");
        }
    }
}
