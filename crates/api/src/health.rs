//! `/healthz`: the process answers. `/readyz`: it could accept a message now.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use kabar_engine::Engine;
use tracing::warn;

pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

pub(crate) async fn ready(State(engine): State<Arc<Engine>>) -> (StatusCode, &'static str) {
    match engine.check().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}
