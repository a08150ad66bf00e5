//! Waiting until a moment that may not be set.

use tokio::time::Instant;

/// Done at `deadline`; never, if there is none.
pub(crate) async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
