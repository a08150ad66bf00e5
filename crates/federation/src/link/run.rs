//! Running the links of a server: each on its own, so that a dead one slows nobody.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use kabar_engine::Result;
use kabar_engine::store::links::{Link, Standing};
use kabar_model::LinkId;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::lease::LOOK_EVERY;
use super::{Links, Turn};

/// How long after a batch that was not full the next is sent: messages one by one would be many requests.
const TOGETHER: Duration = Duration::from_millis(10);
/// How long a link is silent before it shows that it lives.
const SILENCE_MAX: Duration = Duration::from_mins(1);
/// How often an unanswered wish to link is repeated.
const ASK_EVERY: Duration = Duration::from_secs(20);
/// How long after a pull with which nothing came the next is made at the soonest.
const PULL_EVERY: Duration = Duration::from_secs(1);
/// How long after a failure of our own.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How often is looked for items that have waited too long.
const EXPIRE_EVERY: Duration = Duration::from_mins(1);

impl Links {
    /// Runs the links until told to stop.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let running: Arc<Mutex<HashSet<LinkId>>> = Arc::default();
        let tasks = TaskTracker::new();
        let mut expires = tokio::time::interval(EXPIRE_EVERY);
        expires.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Other nodes change links, too.
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            match self.links_to_run().await {
                Ok(links) => {
                    for id in links {
                        if running.lock().insert(id) {
                            let (links, running, stop) =
                                (Arc::clone(&self), Arc::clone(&running), stop.clone());
                            tasks.spawn(async move {
                                tokio::select! {
                                    () = links.keep_going(id) => {}
                                    () = stop.cancelled() => {}
                                }
                                links.let_go(id).await;
                                running.lock().remove(&id);
                            });
                        }
                    }
                }
                Err(error) => warn!(%error, "cannot read the links"),
            }
            tokio::select! {
                () = self.changed.notified() => {}
                _ = looks.tick(), if self.has_nodes() => {
                    if let Err(error) = self.refresh_me().await {
                        warn!(%error, "cannot read the realm's keys");
                    }
                }
                _ = expires.tick() => {
                    self.forget_active();
                    if let Err(error) = self.expire().await {
                        warn!(%error, "cannot look for items that have waited too long");
                    }
                }
                () = stop.cancelled() => break,
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    async fn links_to_run(&self) -> Result<Vec<LinkId>> {
        let links = self.kept()?.links().await?.into_iter();
        let runs = |link: &Link| {
            link.reach.is_some() && matches!(link.standing, Standing::Linked | Standing::Asked)
        };
        Ok(links.filter(runs).map(|link| link.id).collect())
    }

    /// Until the link is none that is run, or another node keeps it going.
    async fn keep_going(&self, id: LinkId) {
        self.wait_for(id).await;
        tokio::select! {
            () = self.keep_holding(id), if self.has_nodes() => {}
            () = self.keep_sending(id) => {}
            () = self.keep_pulling(id) => {}
            () = self.keep_fetching(id) => {}
        }
    }

    async fn keep_sending(&self, id: LinkId) {
        let calls = self.calls(id);
        // What was decided before a restart still counts.
        if let Ok(Some(link)) = self.link(id).await {
            let due = Self::due(&link, self.clock.now());
            tokio::select! {
                () = tokio::time::sleep(due) => {}
                () = calls.heard.notified() => {}
            }
        }
        loop {
            let began = tokio::time::Instant::now();
            let turn = self.turn(id).await.unwrap_or_else(|error| {
                warn!(%error, "a link's turn failed");
                Turn::Wait(AFTER_FAILURE)
            });
            match turn {
                Turn::More => {}
                Turn::Off => return,
                Turn::Idle => {
                    // What comes in a moment goes together.
                    tokio::time::sleep_until(began + TOGETHER).await;
                    let silence = match self.link(id).await {
                        Ok(Some(link)) if link.standing == Standing::Asked => ASK_EVERY,
                        _ => SILENCE_MAX,
                    };
                    tokio::select! {
                        () = calls.queued.notified() => {}
                        () = self.queued_elsewhere(id) => {}
                        () = calls.heard.notified() => {}
                        () = tokio::time::sleep(silence) => {}
                    }
                }
                Turn::Wait(wait) => tokio::select! {
                    () = calls.heard.notified() => {}
                    () = self.heard_elsewhere(id) => {}
                    () = tokio::time::sleep(wait) => {}
                },
            }
        }
    }

    async fn keep_pulling(&self, id: LinkId) {
        loop {
            if !self.calls(id).pulls() {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            let began = tokio::time::Instant::now();
            match self.pull(id, Duration::from_secs(super::pull::PULL_SECS_MAX)).await {
                Ok(Turn::More) => {}
                // It should have held the question open.
                Ok(Turn::Idle) => tokio::time::sleep_until(began + PULL_EVERY).await,
                Ok(Turn::Wait(wait)) => tokio::time::sleep(wait).await,
                // Whether there is a link at all is for the sending side to say.
                Ok(Turn::Off) => tokio::time::sleep(AFTER_FAILURE).await,
                Err(error) => {
                    warn!(%error, "a pull failed");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    async fn keep_fetching(&self, id: LinkId) {
        let calls = self.calls(id);
        loop {
            match self.fetch(id).await {
                Ok(Turn::More) => {}
                Ok(Turn::Off) => tokio::time::sleep(AFTER_FAILURE).await,
                Ok(Turn::Wait(wait)) => tokio::time::sleep(wait).await,
                Ok(Turn::Idle) => tokio::select! {
                    () = calls.files.notified() => {}
                    () = tokio::time::sleep(if self.has_nodes() { LOOK_EVERY } else { SILENCE_MAX }) => {}
                },
                Err(error) => {
                    warn!(%error, "fetching contents failed");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }
}
