//! The web app: its page at `/app` and below, and its files.
//!
//! The files are named by a hash of all of them, so a browser may keep them for good: another version has
//! another address.

mod files;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path as Parts, State};
use axum::http::header::{
    ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kabar_catalogue::Lang;
use kabar_model::ContentHash;
use sha2::{Digest, Sha256};

use crate::caller::cookie;
use crate::language;
use crate::problem::{Answer, Problem};
use files::{Contents, Files};

/// What the app's page may do: load its own modules, styles and pictures, talk to its own server, and nothing
/// by strings of code.
const APP_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; manifest-src 'self'; worker-src 'self'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types kabar-worker";

/// Lets the worker, which stands at the root, look after `/app`.
const WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");

/// The routes of the app, from the program or from a directory.
pub(crate) fn routes(directory: Option<&Path>) -> Router {
    Router::new()
        .route("/app", get(page))
        .route("/app/{*path}", get(page))
        .route("/sw.js", get(worker))
        .route("/manifest.webmanifest", get(manifest))
        .route("/_app/{version}/{*path}", get(file))
        .with_state(Arc::new(Files::new(directory)))
}

async fn page(State(files): State<Arc<Files>>, headers: HeaderMap) -> Answer<Response> {
    filled(&files, "index.html", &headers).await
}

async fn worker(State(files): State<Arc<Files>>, headers: HeaderMap) -> Answer<Response> {
    let mut response = filled(&files, "sw.js", &headers).await?;
    response.headers_mut().insert(WORKER_ALLOWED, HeaderValue::from_static("/app"));
    Ok(response)
}

async fn manifest(State(files): State<Arc<Files>>, headers: HeaderMap) -> Answer<Response> {
    filled(&files, "manifest.webmanifest", &headers).await
}

/// A file with its placeholders filled in for this visitor. It is asked for anew each time.
async fn filled(files: &Files, name: &str, headers: &HeaderMap) -> Answer<Response> {
    let contents = files.read(name).await.ok_or_else(Problem::not_found)?;
    let lang = match cookie(headers, "lang") {
        Some("id") => "id",
        Some("en") => "en",
        _ => match language::of(headers.get(ACCEPT_LANGUAGE)) {
            Lang::Id => "id",
            Lang::En => "en",
        },
    };
    let theme = cookie(headers, "theme").filter(|theme| matches!(*theme, "light" | "dark"));
    let text = String::from_utf8_lossy(&contents.bytes)
        .replace("{{assets}}", &format!("/_app/{}", files.version()))
        .replace("{{lang}}", lang)
        .replace("{{theme}}", theme.unwrap_or("system"));
    let hash = ContentHash(Sha256::digest(&text).into());
    let tag = HeaderValue::from_str(&format!("\"{hash}\"")).expect("hexadecimal digits");
    let own = [
        (ETAG, tag.clone()),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (VARY, HeaderValue::from_static("Cookie, Accept-Language")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(APP_POLICY)),
    ];
    if headers.get(IF_NONE_MATCH) == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, own).into_response());
    }
    Ok((own, [(CONTENT_TYPE, files::media_type(name))], text).into_response())
}

/// A file of this version of the app. Another version's is not here, and its page asks for a reload.
async fn file(
    State(files): State<Arc<Files>>,
    Parts((version, name)): Parts<(String, String)>,
    headers: HeaderMap,
) -> Answer<Response> {
    if version != files.version() {
        return Err(Problem::not_found());
    }
    let Contents { bytes, gzip, lasts } = files.read(&name).await.ok_or_else(Problem::not_found)?;
    let lasting = if lasts { "public, max-age=31536000, immutable" } else { "no-cache" };
    let own = [
        (CONTENT_TYPE, files::media_type(&name)),
        (CACHE_CONTROL, lasting),
        (CONTENT_SECURITY_POLICY, APP_POLICY),
        (VARY, "Accept-Encoding"),
    ];
    match gzip.filter(|_| takes_gzip(&headers)) {
        Some(gzip) => Ok((own, [(CONTENT_ENCODING, "gzip")], gzip).into_response()),
        None => Ok((own, bytes).into_response()),
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| {
        accepted.split(',').any(|coding| {
            let (coding, weight) = coding.split_once(';').unwrap_or((coding, ""));
            coding.trim().eq_ignore_ascii_case("gzip") && !matches!(weight.trim(), "q=0" | "q=0.0")
        })
    })
}
