//! A directory keeps what the engine asks of every place for contents.

use std::sync::Arc;

use kabar_blobs::DirectoryBlobs;
use kabar_engine::{Blobs, contract};

#[tokio::test(flavor = "multi_thread")]
async fn contents_in_a_directory_keep_the_contract() {
    contract::blobs::run_all(async || {
        let dir = tempfile::tempdir().unwrap();
        let blobs: Arc<dyn Blobs> = Arc::new(DirectoryBlobs::open(dir.path()).unwrap());
        (blobs, dir)
    })
    .await;
}
