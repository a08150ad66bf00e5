use std::sync::Arc;

use super::*;
use crate::bus::{Bus, LocalBus};
use crate::contract;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_memory_keeps_the_contract() {
    contract::run_all(async || (Arc::new(MemoryStore::default()) as Arc<dyn Store>, ())).await;
}

#[tokio::test]
async fn a_bus_within_one_process_keeps_the_contract() {
    contract::bus::run_all(async || Arc::new(LocalBus::default()) as Arc<dyn Bus>).await;
}
