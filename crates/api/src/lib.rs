//! HTTP: routes and status codes, over the engine.
//!
//! Knows methods, paths, headers and status codes. It will never know a socket, another interface's
//! wording, or SQL.

mod health;
mod page;

use std::sync::Arc;

pub use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use kabar_engine::Engine;

pub use page::Place;

/// What every page may do: nothing but what stands in it.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// All routes.
pub fn router(engine: Arc<Engine>, place: Place) -> Router {
    Router::new()
        .route("/", get(page::front))
        .with_state(Arc::new(place))
        .merge(
            Router::new()
                .route("/healthz", get(health::alive))
                .route("/readyz", get(health::ready))
                .with_state(engine),
        )
        .layer(map_response(guard))
}

/// Headers that every answer bears.
async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
