//! A realm that cannot be reached asks for what waits for it.

use std::time::Duration;

use kabar_engine::Result;
use kabar_engine::store::links::{Link, Standing};
use kabar_model::LinkId;
use kabar_model::limits::BATCH_ITEMS_MAX;

use super::ask::{PATIENCE, What};
use super::lease::{Hold, LOOK_EVERY};
use super::{Links, Turn};
use crate::wire::{self, Ack, Batch, Pull};

/// How long a pull is held open, in seconds.
pub(super) const PULL_SECS_MAX: u64 = 25;

impl Links {
    /// Asks once for what waits there; `wait`: until there is something.
    pub async fn pull(&self, id: LinkId, wait: Duration) -> Result<Turn> {
        let Some(link) = self.link(id).await? else { return Ok(Turn::Off) };
        if link.standing != Standing::Linked || link.reach.is_none() {
            return Ok(Turn::Off);
        }
        if self.hold(id).await?.is_none() {
            return Ok(Turn::Wait(LOOK_EVERY));
        }
        let ack = Ack { epoch: link.peer_epoch, received: link.received, ..Ack::default() };
        // What was refused is said again until the sender shows that it knows.
        let refused = self.kept()?.refusals(link.id).await?;
        let wish = Pull { ack: Ack { refused, ..ack }, wait: wait.as_secs().min(PULL_SECS_MAX) };
        let what = What { patience: PATIENCE + wait, ..What::post(wire::PULL, &wish)? };
        let batch: Batch = match self.ask_for(&link, what).await? {
            Ok(batch) => batch,
            Err(no) => return self.failed(&link, &no).await,
        };
        self.heard_of(&link).await?;
        let Ok(ack) = self.take(&link, batch).await? else { return Ok(Turn::Idle) };
        if ack.reset {
            // The next pull must say so: it is sent at once, with the reset.
            let wish = Pull { ack, wait: 0 };
            let _: std::result::Result<Batch, _> =
                self.ask_for(&link, What::post(wire::PULL, &wish)?).await?;
            return Ok(Turn::Idle);
        }
        let has_come_on = ack.epoch != link.peer_epoch || ack.received > link.received;
        Ok(if has_come_on { Turn::More } else { Turn::Idle })
    }

    /// The answer to a pull: what waits for the one who asks, once something does.
    pub(super) async fn pulled(&self, link: &Link, pull: &Pull) -> Result<Batch> {
        // What it has it has, whoever is told. A pull that comes late, or again at a node that has not seen it, says
        // less than was acknowledged: no reason to begin anew. Who did go back in time sees that by what is answered,
        // and says so.
        if pull.ack.reset || pull.ack.received >= link.acknowledged {
            self.settled(link, &pull.ack, Hold::NONE).await?;
        }
        let wait = Duration::from_secs(pull.wait.min(PULL_SECS_MAX));
        let until = tokio::time::Instant::now() + wait;
        loop {
            let calls = self.calls(link.id);
            let called = calls.pulled.notified();
            tokio::pin!(called);
            called.as_mut().enable();
            let queued = self.kept()?.outbox(link.id, BATCH_ITEMS_MAX).await?;
            let is_over = tokio::time::Instant::now() >= until;
            if !queued.is_empty() || is_over {
                let link = self.link(link.id).await?.unwrap_or_else(|| link.clone());
                return self.batch(&link, &queued).await;
            }
            tokio::select! {
                () = called => {}
                () = self.queued_elsewhere(link.id) => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }
}
