//! One transaction for many requests.

use std::mem;
use std::time::{Duration, Instant};

use kabar_engine::Error;
use kabar_engine::store::{NewMessage, Posted};
use kabar_model::Refusal;
use tokio::sync::mpsc;

use super::news::Heralds;
use super::request::{Answer, Change, Request, execute};
use super::{Stored, Work};
use crate::changes::posts;
use crate::error::{Trouble, is_fatal};

/// Requests in one transaction.
const BATCH_REQUESTS_MAX: usize = 512;

/// A transaction takes no further request after this time.
const BATCH_TIME_MAX: Duration = Duration::from_millis(2);

/// Those who wait for the transaction's end. Kept between transactions for its memory.
pub(super) struct Batch {
    held: Vec<Held>,
    heralds: Heralds,
}

/// An outcome that must not be told before it is durable.
enum Held {
    Post(NewMessage, Result<Vec<Posted>, Refusal>, Answer<Vec<Posted>>),
    Change(Box<dyn Change>, Vec<Stored>),
}

/// A request that was not run.
impl From<Request> for Held {
    fn from(request: Request) -> Self {
        match request {
            Request::Post(message, answer) => Self::Post(message, Ok(Vec::new()), answer),
            Request::Change(change) => Self::Change(change, Vec::new()),
        }
    }
}

impl Batch {
    pub(super) fn new(heralds: Heralds) -> Self {
        Self { held: Vec::new(), heralds }
    }

    /// Runs `first` and whatever else is queued, commits, and answers everybody. Says whether it was
    /// committed. An error is fatal: what the disk holds is uncertain, and nobody has been answered.
    pub(super) fn run(
        &mut self,
        first: Request,
        requests: &mut mpsc::Receiver<Request>,
        work: &mut Work,
    ) -> rusqlite::Result<bool> {
        let outcome = self.fill(first, requests, work).and_then(|()| execute(work, "COMMIT"));
        match outcome {
            Ok(()) => {
                self.answer();
                self.heralds.queued(&mut work.queued);
                Ok(true)
            }
            Err(error) if !is_fatal(&error) && roll_back(work).is_ok() => {
                let requests = self.held.len();
                tracing::error!(%error, requests, "a transaction was undone");
                self.answer_undone(&Error::failed(error));
                Ok(false)
            }
            Err(error) => {
                // A dropped sender would answer "failed", but what failed here may well be found
                // after recovery. So nobody hears anything: the process is about to end.
                mem::forget(mem::take(&mut self.held));
                Err(error)
            }
        }
    }

    fn fill(
        &mut self,
        first: Request,
        requests: &mut mpsc::Receiver<Request>,
        work: &mut Work,
    ) -> rusqlite::Result<()> {
        let started = Instant::now();
        if let Err(error) = execute(work, "BEGIN IMMEDIATE") {
            self.held.push(Held::from(first));
            return Err(error);
        }
        let mut next = Some(first);
        while let Some(request) = next {
            self.take(request, work)?;
            let has_room = self.held.len() < BATCH_REQUESTS_MAX && started.elapsed() < time_max();
            next = if has_room { requests.try_recv().ok() } else { None };
        }
        Ok(())
    }

    /// Runs a request. Whether that worked or not, the one who asked is held from here on.
    fn take(&mut self, request: Request, work: &mut Work) -> rusqlite::Result<()> {
        match request {
            Request::Post(message, answer) => {
                let (outcome, error) = match posts::post(work, &message) {
                    Ok(places) => (Ok(places), Ok(())),
                    Err(Trouble::Refused(refusal)) => (Err(refusal), Ok(())),
                    Err(Trouble::Sqlite(error)) => (Ok(Vec::new()), Err(error)),
                };
                self.held.push(Held::Post(message, outcome, answer));
                error
            }
            Request::Change(mut change) => {
                let error = change.run(work);
                self.held.push(Held::Change(change, mem::take(&mut work.stored)));
                error
            }
        }
    }

    /// The transaction is durable: answers, then tells.
    fn answer(&mut self) {
        let mut news = self.heralds.news();
        for held in self.held.drain(..) {
            match held {
                Held::Post(message, outcome, answer) => {
                    if let Ok(places) = &outcome {
                        news.add(message, places);
                    }
                    // Whoever asked may have gone; the message stands.
                    let _ = answer.send(outcome.map_err(Error::from));
                }
                Held::Change(change, stored) => {
                    for (message, places) in stored {
                        news.add(message, &places);
                    }
                    change.answer(None);
                }
            }
        }
        news.tell();
    }

    fn answer_undone(&mut self, error: &Error) {
        for held in self.held.drain(..) {
            match held {
                Held::Post(_, _, answer) => drop(answer.send(Err(error.clone()))),
                Held::Change(change, _) => change.answer(Some(error)),
            }
        }
    }
}

/// In unit tests what is queued together goes together, however busy the machine is.
fn time_max() -> Duration {
    if cfg!(test) { Duration::from_secs(1) } else { BATCH_TIME_MAX }
}

fn roll_back(work: &mut Work) -> rusqlite::Result<()> {
    work.known.forget();
    work.stored.clear();
    work.queued.clear();
    // SQLite has undone the transaction already after some errors.
    if work.connection.is_autocommit() { Ok(()) } else { execute(work, "ROLLBACK") }
}
