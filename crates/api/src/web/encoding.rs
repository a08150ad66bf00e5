//! How a browser takes a file: packed, if it says so (RFC 9110 §12.5.3).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    /// What it is called in headers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// How a file may be packed, what is best first. Weights only say what is not taken: shorter is better for all.
pub(super) fn taken(headers: &HeaderMap) -> impl Iterator<Item = Encoding> {
    let lines = headers.get_all(ACCEPT_ENCODING).iter();
    let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    let all = [Encoding::Brotli, Encoding::Gzip];
    all.into_iter().filter(move |encoding| takes(&lines, encoding.name()))
}

/// Whether a coding is taken: what is said of it goes before what is said of `*`.
fn takes(lines: &[&str], name: &str) -> bool {
    let said = |wanted: &str| {
        let mut codings = lines.iter().flat_map(|line| line.split(','));
        codings.find_map(|coding| {
            let (coding, parameters) = coding.split_once(';').unwrap_or((coding, ""));
            let is_meant = coding.trim().eq_ignore_ascii_case(wanted);
            is_meant.then(|| weighs(parameters))
        })
    };
    said(name).or_else(|| said("*")).unwrap_or(false)
}

/// Whether a weight is more than nothing. What is no weight is not taken.
fn weighs(parameters: &str) -> bool {
    let parameters = parameters.trim();
    if parameters.is_empty() {
        return true;
    }
    let weight = parameters.strip_prefix("q=").or_else(|| parameters.strip_prefix("Q="));
    weight.and_then(|weight| weight.trim().parse::<f32>().ok()).is_some_and(|weight| weight > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_takes_is_understood() {
        for (lines, expected) in [
            (&["gzip, deflate, br, zstd"][..], "br gzip"),
            (&["gzip;q=1.0, br;q=0.1"], "br gzip"),
            (&["GZIP", "BR ; q=0.001"], "br gzip"),
            (&["br;q=0, gzip"], "gzip"),
            (&["br;q=0.0, gzip;q=0.000"], ""),
            (&["br; Q=0 , gzip; Q=1"], "gzip"),
            (&["*"], "br gzip"),
            (&["*;q=0, gzip"], "gzip"),
            (&["br;q=0, *"], "gzip"),
            (&["*;q=0"], ""),
            (&["identity"], ""),
            (&["xbr, brx, gzipped"], ""),
            (&["br;q=x, gzip;level=9"], ""),
            (&[""], ""),
            (&[","], ""),
            (&[], ""),
            (&["\u{e9}", "gzip"], "gzip"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(ACCEPT_ENCODING, line.as_bytes().try_into().unwrap());
            }
            let names: Vec<&str> = taken(&headers).map(Encoding::name).collect();
            assert_eq!(names.join(" "), expected, "{lines:?}");
        }
    }
}
