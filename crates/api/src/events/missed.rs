//! What a client missed while it was away. It is told piece by piece, so that the end of the session, the stop
//! of the server and what the client says are heard meanwhile, however slowly it reads.

use std::vec;

use kabar_engine::Shown;
use kabar_engine::store::Place;
use kabar_model::Arrival;
use tokio::time::Instant;

use super::frame::{Frame, position};
use super::stream::{End, Stream};

/// What is still to be told of what was missed.
pub(super) struct Missed {
    /// Up to here. What comes after it waits in the queue of the one who listens.
    last: Arrival,
    /// Read, and not told yet.
    read: vec::IntoIter<Shown>,
}

impl Missed {
    pub(super) fn until(last: Arrival) -> Self {
        Self { last, read: Vec::new().into_iter() }
    }
}

impl Stream {
    /// Tells the next piece of what was missed; after the last one the greeting.
    pub(super) async fn catch_up(&mut self) -> Result<(), End> {
        // Who listens would hear of it, but does not get to it yet.
        self.api.engine.still(&self.caller)?;
        let Some(missed) = &mut self.missed else { return Ok(()) };
        let last = missed.last;
        let mut next = missed.read.next();
        if next.is_none() && self.told < last {
            let Some(read) = self.api.engine.arrivals(&self.caller, self.told).await? else {
                self.resync(last).await?;
                return self.greet().await;
            };
            missed.read = read.into_iter();
            next = missed.read.next();
        }
        let Some(shown) = next.filter(|shown| shown.message.arrival <= last) else {
            self.told = self.told.max(last);
            return self.greet().await;
        };
        self.tell_missed(&shown).await?;
        self.told = shown.message.arrival;
        // It takes what it is told, so it is there; its pongs wait behind what it has not read.
        self.heard_at = Instant::now();
        Ok(())
    }

    pub(super) async fn resync(&mut self, last: Arrival) -> Result<(), End> {
        self.told = last;
        self.send(&Frame::Resync { position: position(last) }).await
    }

    async fn tell_missed(&mut self, shown: &Shown) -> Result<(), End> {
        let Place { conversation, .. } = shown.message.place;
        if let Some(change) = shown.message.change {
            let changed = Place { conversation, seq: change.of() };
            return self.tell_changed(changed, shown.message.arrival).await;
        }
        let message = self.api.message(&self.caller, shown).await;
        self.tell_message(message, shown.message.place, shown.message.arrival).await
    }
}
