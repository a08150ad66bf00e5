//! The web app: its page at `/app` and below, and its files.
//!
//! The files are named by a hash of all of them, so a browser may keep them for good: another version has
//! another address.

mod encoding;
mod files;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path as Parts, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
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
use files::Files;

/// What a page of the app may do: load its own modules, styles and pictures, talk to its own server, and nothing
/// by strings of code but what has a trusted type of this name.
macro_rules! policy {
    ($trusted:literal) => {
        concat!(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ",
            "img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; manifest-src 'self'; ",
            "worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; ",
            "require-trusted-types-for 'script'; trusted-types ",
            $trusted
        )
    };
}

/// A page of the app trusts no string.
const APP_POLICY: &str = policy!("'none'");
/// The same for the page that starts the worker: its address must be made a trusted one, under this name.
const OFFLINE_POLICY: &str = policy!("kabar-worker");

/// Lets the worker, which stands at the root, look after `/app`.
const WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");

/// The routes of the app, from the program or from a directory.
pub(crate) fn routes(directory: Option<&Path>) -> Router {
    Router::new()
        .route("/app", get(page))
        .route("/app/offline", get(offline))
        .route("/app/{*path}", get(page))
        .route("/sw.js", get(worker))
        .route("/manifest.webmanifest", get(manifest))
        .route("/_app/{version}/{*path}", get(file))
        .with_state(Arc::new(Files::new(directory)))
}

async fn page(State(files): State<Arc<Files>>, headers: HeaderMap) -> Answer<Response> {
    filled(&files, "index.html", APP_POLICY, &headers).await
}

async fn offline(State(files): State<Arc<Files>>, headers: HeaderMap) -> Answer<Response> {
    match filled(&files, "offline.html", OFFLINE_POLICY, &headers).await {
        Ok(response) => Ok(response),
        Err(_) => filled(&files, "index.html", APP_POLICY, &headers).await,
    }
}

async fn worker(State(files): State<Arc<Files>>, headers: HeaderMap) -> Answer<Response> {
    let mut response = filled(&files, "sw.js", APP_POLICY, &headers).await?;
    response.headers_mut().insert(WORKER_ALLOWED, HeaderValue::from_static("/app"));
    Ok(response)
}

async fn manifest(State(files): State<Arc<Files>>, headers: HeaderMap) -> Answer<Response> {
    filled(&files, "manifest.webmanifest", APP_POLICY, &headers).await
}

/// A file with its placeholders filled in for this visitor. It is asked for anew each time.
async fn filled(
    files: &Files,
    name: &str,
    policy: &'static str,
    headers: &HeaderMap,
) -> Answer<Response> {
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
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
    ];
    if is_known(headers, &tag) {
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
    let contents = files.read(&name).await.ok_or_else(Problem::not_found)?;
    let lasting = if contents.lasts { "public, max-age=31536000, immutable" } else { "no-cache" };
    let own = [
        (CONTENT_TYPE, files::media_type(&name)),
        (CACHE_CONTROL, lasting),
        (CONTENT_SECURITY_POLICY, APP_POLICY),
        (VARY, "Accept-Encoding"),
    ];
    let mut packed = encoding::taken(&headers)
        .filter_map(|encoding| Some((encoding, contents.packed(encoding)?)));
    match packed.next() {
        Some((encoding, bytes)) => {
            Ok((own, [(CONTENT_ENCODING, encoding.name())], bytes).into_response())
        }
        None => Ok((own, contents.bytes).into_response()),
    }
}

/// Whether a browser has this version already. A proxy that packs a page says so with `W/` (RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut known = lines.flat_map(|line| line.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
