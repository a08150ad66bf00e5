//! The contract of a store, on PostgreSQL.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod realm;

use std::sync::Arc;

use kabar_engine::{Store, contract};

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    contract::run_all(async || {
        let (store, _) = realm::fresh();
        let store: Arc<dyn Store> = Arc::new(store);
        (store, ())
    })
    .await;
}
