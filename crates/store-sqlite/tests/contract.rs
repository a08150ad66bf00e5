//! The store keeps what the engine asks of every store.

mod realm;

use std::sync::Arc;

use kabar_engine::{Store, contract};

#[tokio::test(flavor = "multi_thread")]
async fn a_store_on_sqlite_keeps_the_contract() {
    contract::run_all(async || {
        let dir = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(realm::open(dir.path()).unwrap());
        (store, dir)
    })
    .await;
}
