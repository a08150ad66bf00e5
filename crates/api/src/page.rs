//! `/`: how to connect, in English and Indonesian, without scripts.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::response::Html;

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
    let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let page = if prefers_indonesian(wanted) { ID } else { EN };
    let (name, password) = if place.demo { ("messi", "surabaya") } else { ("NAME", "PASSWORD") };
    let page = page
        .replace("{realm}", &escape(&place.realm))
        .replace("{host}", &escape(&place.host))
        .replace("{port}", &place.port.to_string())
        .replace("{name}", name)
        .replace("{password}", password);
    Html(page)
}

/// Whether Indonesian comes before English in an `Accept-Language` header (RFC 9110 §12.5.4); weights
/// are not looked at, since browsers list languages in their order.
fn prefers_indonesian(header: &str) -> bool {
    let mut tags = header.split(',').map(|tag| tag.trim().to_ascii_lowercase());
    tags.find(|tag| tag.starts_with("id") || tag.starts_with("en"))
        .is_some_and(|tag| tag.starts_with("id"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_we_have_wins() {
        assert!(prefers_indonesian("id"));
        assert!(prefers_indonesian("fr, id-ID;q=0.9, en;q=0.8"));
        assert!(!prefers_indonesian("en-GB, id;q=0.5"));
        assert!(!prefers_indonesian("fr, de"));
        assert!(!prefers_indonesian(""));
    }

    #[test]
    fn names_cannot_break_out_of_the_page() {
        assert_eq!(escape("<b>\"&"), "&lt;b&gt;&quot;&amp;");
    }
}
