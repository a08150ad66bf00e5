//! Removing contents that no message refers to: those of files that were refused after all.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use kabar_model::ContentHash;
use tracing::warn;

use crate::engine::Engine;
use crate::error::Result;

/// How long contents are kept that no message refers to.
const UNUSED_KEPT: Duration = Duration::from_hours(24);

/// Contents that are looked at together; uploads wait for so many at most.
const SWEPT_TOGETHER: usize = 100;

impl Engine {
    /// Removes contents that no message has referred to for a day; says how many.
    pub async fn sweep_files(&self) -> Result<usize> {
        let before = self.clock.now().before(UNUSED_KEPT);
        let kept = self.files.blobs.kept().await?;
        let old = kept.try_filter(|(_, since)| std::future::ready(*since < before));
        let mut chunks = old.map_ok(|(hash, _)| hash).try_chunks(SWEPT_TOGETHER);
        let mut swept = 0;
        while let Some(chunk) = chunks.next().await {
            swept += self.sweep(&chunk.map_err(|error| error.1)?).await?;
        }
        Ok(swept)
    }

    /// Removes contents that were refused and that nobody can send again.
    pub async fn sweep_refused(&self) {
        for hashes in self.files.unsent.refused().chunks(SWEPT_TOGETHER) {
            if let Err(error) = self.sweep(hashes).await {
                warn!(%error, "contents that were refused are kept until they are swept");
            }
        }
    }

    async fn sweep(&self, hashes: &[ContentHash]) -> Result<usize> {
        // What no message refers to yet may be what another node is about to refer to.
        if self.store.nodes().is_some() {
            return Ok(0);
        }
        if self.store.used_contents(hashes).await?.len() == hashes.len() {
            return Ok(0);
        }
        // Asked again while nothing is being sent: the same contents may have come once more.
        let _alone = self.files.sweeping.write().await;
        let used = self.store.used_contents(hashes).await?;
        let unused = hashes.iter().filter(|hash| !used.contains(hash));
        let unused: Vec<_> = unused.filter(|hash| !self.files.unsent.is_held(hash)).collect();
        for hash in &unused {
            self.files.blobs.remove(**hash).await?;
        }
        Ok(unused.len())
    }
}
