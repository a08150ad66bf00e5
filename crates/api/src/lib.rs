//! HTTP: routes and status codes, over the engine.
//!
//! Knows methods, paths, headers and status codes. It will never know a socket, another interface's
//! wording, or SQL.

mod api;
mod caller;
mod docs;
mod events;
mod extract;
mod health;
mod host;
mod ids;
mod language;
mod objects;
mod page;
mod pictures;
mod problem;
mod routes;
mod site;
mod stop;
mod text;
mod uploads;
mod web;

use std::sync::Arc;

pub use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::get;
use kabar_engine::Engine;

use crate::api::Api;
use crate::problem::{Code, Problem};
use crate::text::Text;

pub use page::{Demo, Listener, Place, Speaks};
pub use site::{Held, Peer, Site};
pub use stop::Stop;

/// What every page may do unless it says otherwise: nothing but what stands in it.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers that every answer bears unless it says otherwise.
const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// All routes.
pub fn router(engine: Arc<Engine>, site: impl Into<Site>) -> Router {
    let site = site.into();
    let front = page::Front { place: site.place.clone(), engine: Arc::clone(&engine) };
    let web = web::routes(site.web_dir.as_deref());
    let stop = site.stop.clone();
    let api = Api::new(Arc::clone(&engine), site);
    let known = from_fn_with_state(api.clone(), host::known);
    Router::new()
        .route("/", get(page::front))
        .route("/front.css", get(page::style))
        .with_state(Arc::new(front))
        .merge(
            Router::new()
                .route("/healthz", get(health::alive))
                .route("/readyz", get(health::ready))
                .with_state((engine, stop)),
        )
        .merge(web.layer(known.clone()))
        .nest("/api/v1", under_api(api).layer(known))
        .layer(from_fn(problem::word))
        .layer(map_response(guard))
}

/// What is under `/api/v1`, with the description of it.
fn under_api(api: Api) -> Router {
    let (routes, about) = routes::all(docs::about()).split_for_parts();
    routes
        .with_state(api)
        .merge(docs::routes(about))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::new(Code::MethodUnknown, Text::Method))
        .layer(map_response(fresh))
}

/// Answers of the API are not kept, unless they say so.
async fn fresh(mut response: Response) -> Response {
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().entry(CACHE_CONTROL).or_insert(value);
    response
}

async fn guard(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
