use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::bus::{Bus, LocalBus};
use crate::clock::Clock;
use crate::contract;
use crate::store::nodes::{Active, NodeId};
use crate::testing::ManualClock;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_memory_keeps_the_contract() {
    contract::run_all(async || (Arc::new(MemoryStore::default()) as Arc<dyn Store>, ())).await;
}

#[tokio::test]
async fn a_bus_within_one_process_keeps_the_contract() {
    contract::bus::run_all(async || Arc::new(LocalBus::default()) as Arc<dyn Bus>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_memory_keeps_the_contract_of_nodes() {
    contract::nodes::run_all(async || {
        let clock = Arc::new(ManualClock::new(Timestamp(0)));
        let store = MemoryStore::of_nodes(Arc::clone(&clock) as Arc<dyn Clock>);
        let pass: contract::nodes::Pass = Arc::new(move |by| clock.advance(by));
        (Arc::new(store) as Arc<dyn Store>, pass, ())
    })
    .await;
}

#[tokio::test]
async fn who_has_not_looked_for_long_is_told_all() {
    let clock = Arc::new(ManualClock::new(Timestamp(0)));
    let store = MemoryStore::of_nodes(Arc::clone(&clock) as Arc<dyn Clock>);
    let nodes = store.nodes().unwrap();
    let node = NodeId(1);
    nodes.beat(node).await.unwrap();
    let ana = Active { user: UserId(1), elsewhere: false };
    let since = nodes.active(node, &[ana], &[]).await.unwrap().unwrap();
    nodes.active(node, &[], &[ana]).await.unwrap().unwrap();
    for _ in 0..40 {
        clock.advance(Duration::from_secs(4));
        nodes.beat(node).await.unwrap();
    }
    let seen = nodes.seen(since).await.unwrap();
    assert!(seen.whole && seen.active.is_empty(), "{seen:?}");
}
