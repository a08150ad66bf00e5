//! Which language a visitor wants.

use axum::http::HeaderValue;
use kabar_catalogue::Lang;

/// The language of an `Accept-Language` header (RFC 9110 §12.5.4); weights are not looked at, since browsers
/// list languages in their order.
pub(crate) fn of(header: Option<&HeaderValue>) -> Lang {
    let header = header.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut tags = header.split(',').map(|tag| tag.trim().to_ascii_lowercase());
    match tags.find(|tag| is(tag, "id") || is(tag, "en")) {
        Some(tag) if is(&tag, "id") => Lang::Id,
        _ => Lang::En,
    }
}

/// Whether a tag such as `id-ID;q=0.9` is of that language.
fn is(tag: &str, language: &str) -> bool {
    tag.split(['-', ';']).next() == Some(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_we_have_wins() {
        for (header, lang) in [
            ("id", Lang::Id),
            ("fr, id-ID;q=0.9, en;q=0.8", Lang::Id),
            ("en-GB, id;q=0.5", Lang::En),
            ("ido, fr, de", Lang::En),
            ("", Lang::En),
        ] {
            let header = HeaderValue::from_static(header);
            assert_eq!(of(Some(&header)), lang, "{header:?}");
        }
        assert_eq!(of(None), Lang::En);
    }
}
