//! One step of a link: a batch is sent and acknowledged.

use std::sync::atomic::Ordering;
use std::time::Duration;

use kabar_engine::Result;
use kabar_engine::store::links::{Link, LinkChange, SenderChange, Standing};
use kabar_model::limits::BATCH_ITEMS_MAX;
use kabar_model::{LinkId, Timestamp};
use tracing::{debug, info, warn};

use super::Links;
use super::ask::{NoAnswer, What};
use super::lease::{Hold, LOOK_EVERY};
use super::take::ReadOn;
use crate::retry::Retry;
use crate::wire::{self, Ack};

/// How long a realm is left alone that has heard enough.
const AFTER_BUSY: Duration = Duration::from_secs(1);
/// New epochs in a row, before something is wrong.
const RESETS_MAX: u32 = 3;

/// Looks for something missing, a second apart, before something is wrong.
const LATES_MAX: u32 = 5;

/// What is said of a realm that answers, and with which nothing comes about.
fn no_progress() -> NoAnswer {
    NoAnswer::Refused("no_progress".to_owned())
}

/// What is to be done after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The next one, at once.
    More,
    /// Nothing until something waits, or for a while.
    Idle,
    /// Nothing for so long, unless the peer is heard of.
    Wait(Duration),
    /// Nothing until the link is another.
    Off,
}

/// What became of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// It is noted how far the peer has it.
    Well,
    /// All that waits is to be sent anew.
    Anew,
    /// Another node keeps the link going by now.
    ByAnother,
}

impl Links {
    /// One step of a link.
    pub async fn turn(&self, id: LinkId) -> Result<Turn> {
        // Taken first, so that the link is read as it stands once nobody else keeps it going.
        let Some(hold) = self.hold(id).await? else { return Ok(Turn::Wait(LOOK_EVERY)) };
        let Some(link) = self.link(id).await? else { return Ok(Turn::Off) };
        if link.reach.is_none() {
            return Ok(Turn::Off);
        }
        match link.standing {
            Standing::Linked => self.send(&link, hold).await,
            Standing::Asked => self.ask_again(&link).await,
            Standing::Waiting | Standing::Blocked | Standing::Removed | Standing::Changed => {
                Ok(Turn::Off)
            }
        }
    }

    async fn send(&self, link: &Link, hold: Hold) -> Result<Turn> {
        let queued = self.kept()?.outbox(link.id, BATCH_ITEMS_MAX).await?;
        let mut batch = self.batch(link, &queued).await?;
        batch.active = self.active_for(link).await?;
        let sent = batch.items.len();
        let ack: Ack = match self.ask_for(link, What::post(wire::ITEMS, &batch)?).await? {
            Ok(ack) => ack,
            Err(NoAnswer::NotBelieved(fault)) => {
                // It may not know our key yet, or have another: both introduce themselves anew.
                debug!(realm = %link.own_name, %fault, "an answer that is not believed");
                return match self.introduce(link).await? {
                    Ok(_) => self.failed(link, &NoAnswer::NotBelieved(fault)).await,
                    Err(no) => self.failed(link, &no).await,
                };
            }
            // It is well, and has heard enough for a moment.
            Err(NoAnswer::Refused(code)) if code == "busy" => return Ok(Turn::Wait(AFTER_BUSY)),
            Err(no) => return self.failed(link, &no).await,
        };
        self.calls(link.id).set_pulls(ack.pull || ack.waiting > 0);
        self.heard_active(link, ack.active.clone()).await?;
        let calls = self.calls(link.id);
        let settled = self.settled(link, &ack, hold).await?;
        if settled == Settled::ByAnother {
            return Ok(Turn::Wait(LOOK_EVERY));
        }
        if settled == Settled::Anew {
            // It happens after a restore, and then it is over.
            let too_often = calls.resets.fetch_add(1, Ordering::Relaxed) >= RESETS_MAX;
            return if too_often {
                self.failed(link, &no_progress()).await
            } else {
                Ok(Turn::More)
            };
        }
        calls.resets.store(0, Ordering::Relaxed);
        if sent > 0 && (ack.epoch != link.epoch || ack.received <= link.acknowledged) {
            return self.failed(link, &no_progress()).await;
        }
        let has_read = match self.read_on(link).await? {
            ReadOn::Stuck => return self.failed(link, &no_progress()).await,
            ReadOn::Failed(no) => return self.failed(link, &no).await,
            ReadOn::Later if calls.lates.fetch_add(1, Ordering::Relaxed) >= LATES_MAX => {
                return self.failed(link, &no_progress()).await;
            }
            ReadOn::Later => return Ok(Turn::Wait(AFTER_BUSY)),
            ReadOn::Done => {
                calls.lates.store(0, Ordering::Relaxed);
                true
            }
            ReadOn::More => false,
        };
        // Not before something has come about: it ends the wait, also that for a realm with which nothing does.
        self.heard_of(link).await?;
        let has_more = !has_read || sent < queued.len() || queued.len() == BATCH_ITEMS_MAX;
        Ok(if has_more { Turn::More } else { Turn::Idle })
    }

    /// What an acknowledgement means for what was sent.
    pub(super) async fn settled(&self, link: &Link, ack: &Ack, hold: Hold) -> Result<Settled> {
        let is_current = ack.epoch == link.epoch;
        let agrees = (link.acknowledged..=link.last).contains(&ack.received);
        if is_current && (ack.reset || !agrees) {
            info!(realm = %link.own_name, "one of us went back in time: beginning a new epoch");
            let epoch = self.clock.now().0.max(link.epoch + 1);
            let begun = self.as_holder(link.id, hold, SenderChange::BeginEpoch(epoch)).await?;
            return Ok(begun.map_or(Settled::ByAnother, |_| Settled::Anew));
        }
        if is_current {
            let acknowledged = SenderChange::Acknowledge(ack.received());
            let changed = self.as_holder(link.id, hold, acknowledged).await?;
            let Some(changed) = changed else { return Ok(Settled::ByAnother) };
            self.engine.conversations_changed(&changed).await;
        }
        Ok(Settled::Well)
    }

    /// Notes that it did not work, and when to try again.
    pub(super) async fn failed(&self, link: &Link, no: &NoAnswer) -> Result<Turn> {
        let now = self.clock.now();
        let mut contact =
            self.link(link.id).await?.map_or_else(|| link.contact.clone(), |link| link.contact);
        let mut retry = Retry { failures: contact.failures, since: contact.failing_since };
        retry.failed(now);
        let random = crate::random::bytes().map_or(0, u64::from_le_bytes);
        let wait = retry.wait(now, random);
        self.nobody_active(link.id);
        if contact.failures == 0 {
            warn!(realm = %link.own_name, error = no.code(), "a realm does not answer as it should");
        }
        (contact.failures, contact.failing_since) = (retry.failures, retry.since);
        contact.next_at = Some(now.after(wait));
        contact.error = Some(no.code());
        self.kept()?.change_link(link.id, LinkChange::Contact(contact)).await?;
        Ok(Turn::Wait(wait))
    }

    /// When a link may be tried next.
    pub(super) fn due(link: &Link, now: Timestamp) -> Duration {
        link.contact.next_at.map_or(Duration::ZERO, |at| at.since(now))
    }

    /// Fails what has waited too long; says how many conversations that touches. None while this node's clock is wrong.
    pub async fn expire(&self) -> Result<usize> {
        if !self.engine.trusts_clock() {
            return Ok(0);
        }
        let before = self.clock.now().before(self.settings.expires);
        let mut touched = 0;
        for link in self.kept()?.links().await? {
            let Some(hold) = self.hold(link.id).await? else { continue };
            let change = SenderChange::Expire(before);
            let changed = self.as_holder(link.id, hold, change).await?.unwrap_or_default();
            self.engine.conversations_changed(&changed).await;
            touched += changed.len();
        }
        Ok(touched)
    }
}
