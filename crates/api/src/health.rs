//! `/healthz`: the process answers. `/readyz`: it could accept a message now, and will be there for the next.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use kabar_engine::Engine;
use tracing::warn;

use crate::stop::Stop;

pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

pub(crate) async fn ready(
    State((engine, stop)): State<(Arc<Engine>, Stop)>,
) -> (StatusCode, &'static str) {
    if stop.is_announced() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match engine.check().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}
