//! `/`: how to connect, in English and Indonesian, without scripts.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, HOST};
use axum::response::Html;
use kabar_catalogue::Lang;

use crate::language;

/// Where the realm is found.
#[derive(Clone, Debug)]
pub struct Place {
    /// The realm's name.
    pub realm: String,
    /// The host part of the address to connect to.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the seeds' accounts are there and nothing is kept.
    pub demo: bool,
}

const EN: &str = include_str!("../text/front.en.html");
const ID: &str = include_str!("../text/front.id.html");

pub(crate) async fn front(State(place): State<Arc<Place>>, headers: HeaderMap) -> Html<String> {
    let page = match language::of(headers.get(ACCEPT_LANGUAGE)) {
        Lang::En => EN,
        Lang::Id => ID,
    };
    let (name, password) = if place.demo { ("messi", "surabaya") } else { ("NAME", "PASSWORD") };
    let host = host_asked_for(&headers).unwrap_or(&place.host);
    let page = page
        .replace("{realm}", &escape(&place.realm))
        .replace("{host}", &escape(host))
        .replace("{port}", &place.port.to_string())
        .replace("{name}", name)
        .replace("{password}", password);
    Html(page)
}

/// The host by which the visitor found us, without its port: that one works for them. A name with anything
/// unusual in it is not repeated.
fn host_asked_for(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let host = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (!host.is_empty() && host.len() <= 253 && host.bytes().all(plain)).then_some(host)
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_the_host_that_was_asked_for() {
        let asked = |host: &str| {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            host_asked_for(&headers).map(str::to_owned)
        };
        assert_eq!(asked("lab-pc.local:8889").as_deref(), Some("lab-pc.local"));
        assert_eq!(asked("127.0.0.1").as_deref(), Some("127.0.0.1"));
        for odd in ["", ":80", "<b>", "a b", "a/b", "[::1]:80", "a:b"] {
            assert_eq!(asked(odd), None, "{odd}");
        }
    }

    #[test]
    fn names_cannot_break_out_of_the_page() {
        assert_eq!(escape("<b>\"&"), "&lt;b&gt;&quot;&amp;");
    }
}
