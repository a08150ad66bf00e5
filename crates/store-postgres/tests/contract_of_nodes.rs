//! What nodes know of each other, on PostgreSQL.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod realm;

use std::sync::Arc;

use kabar_engine::{Store, contract};
use kabar_testbed::Postgres;

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_of_nodes() {
    contract::nodes::run_all(async || {
        let (store, url) = realm::fresh();
        let database = url.rsplit('/').next().unwrap().to_owned();
        // Nobody sets the server's clock: what was before moves into the past instead.
        let pass: contract::nodes::Pass = Arc::new(move |time| {
            let time = time.as_micros();
            let moves = format!(
                "UPDATE node SET seen_at = seen_at - {time};
                 UPDATE node_version SET marked_at = marked_at - {time};
                 UPDATE login_failure SET at = at - {time};
                 UPDATE lease SET held_until = held_until - {time};"
            );
            Postgres::shared().sql(&database, &moves);
        });
        (Arc::new(store) as Arc<dyn Store>, pass, ())
    })
    .await;
}
