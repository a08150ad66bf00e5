//! Plays every transcript in `tests/transcripts` against the dialect over an in-memory store.
//! `UPDATE=1` records the answers; read the difference before you commit it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::path::Path;

use kabar_wire::transcript::replay;
use stage::TestStage;

#[tokio::test]
async fn every_transcript_plays_as_written() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut failures = Vec::new();
    let mut played = 0;
    for entry in std::fs::read_dir(path).unwrap() {
        let mut stage = TestStage::new();
        failures.extend(replay(&entry.unwrap().path(), &mut stage).await.err());
        played += 1;
    }
    assert!(played >= 12, "the transcripts are there");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
