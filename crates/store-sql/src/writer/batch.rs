//! One transaction for many requests.

use std::collections::VecDeque;
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{mem, vec};

use kabar_engine::Error;
use kabar_engine::store::{NewMessage, Posted};
use kabar_model::Refusal;
use tokio::sync::mpsc;

use super::news::Heralds;
use super::request::{Answer, Change, Request};
use super::{Stored, Work};
use crate::base::{Finding, Upkeep};
use crate::changes::{keys, posts};
use crate::error::Trouble;
use crate::sql::{self, Since};

/// Requests in one transaction.
const BATCH_REQUESTS_MAX: usize = 512;

/// A transaction takes no further request after this time.
pub const BATCH_TIME_MAX: Duration = Duration::from_millis(2);

/// How long requests wait for a database that cannot be reached.
pub(crate) const LOST_PATIENCE: Duration = Duration::from_secs(5);

/// Between two attempts to reach it.
const RECONNECT_PAUSE: Duration = Duration::from_millis(50);

/// How often messages are run whose transaction was undone.
const RUNS: usize = 3;

/// Those who wait for the transaction's end. Kept between transactions for its memory.
pub(super) struct Batch {
    held: Vec<Held>,
    /// Requests that were taken out of the queue and not run yet.
    ahead: VecDeque<Request>,
    /// Of how many of them the keys were looked up in the open transaction.
    looked_up: usize,
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

/// What a transaction is filled with.
enum Source<'a> {
    /// What is queued, for so long after the first.
    Queue { requests: &'a mut mpsc::Receiver<Request>, time_max: Duration, until: Option<Instant> },
    /// Messages whose transaction was undone.
    Again(vec::IntoIter<Request>),
}

impl Source<'_> {
    /// The next request of a transaction that has so many.
    fn next(&mut self, ahead: &mut VecDeque<Request>, held: usize) -> Option<Request> {
        match self {
            Self::Queue { time_max, until, .. } => {
                let now = Instant::now();
                // Only now, since the turn to write may have been waited for.
                let until = *until.get_or_insert(now + *time_max);
                let has_room = held < BATCH_REQUESTS_MAX && now < until;
                if has_room || held == 0 { ahead.pop_front() } else { None }
            }
            Self::Again(messages) => messages.next(),
        }
    }

    /// Those that cannot be left for later: nothing was begun, or something failed.
    fn rest(
        &mut self,
        ahead: &mut VecDeque<Request>,
        held: usize,
        is_lost: bool,
    ) -> Option<Request> {
        match self {
            // Who is queued has waited as long as the first.
            Self::Queue { requests, .. } if is_lost && held < BATCH_REQUESTS_MAX => {
                ahead.pop_front().or_else(|| requests.try_recv().ok())
            }
            Self::Queue { .. } if held == 0 => ahead.pop_front(),
            Self::Queue { .. } => None,
            Self::Again(messages) => messages.next(),
        }
    }
}

/// How far a transaction came that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Begin,
    Run,
    Commit,
}

impl Stage {
    /// Whether messages of an undone transaction may go when they are run again.
    fn may_go_again(self, error: &sql::Error) -> bool {
        match self {
            Self::Begin => false,
            // One request does not go, unless it was the connection that broke.
            Self::Run => error.is_lost(),
            Self::Commit => true,
        }
    }
}

impl Batch {
    pub(super) fn new(heralds: Heralds) -> Self {
        Self { held: Vec::new(), ahead: VecDeque::new(), looked_up: 0, heralds }
    }

    /// What the last transaction took out of the queue and had no time for.
    pub(super) fn left(&mut self) -> Option<Request> {
        self.ahead.pop_front()
    }

    /// Runs `first` and whatever else is queued, commits, and answers everybody. Says whether anything was
    /// committed. An error is fatal: what the disk holds is uncertain, and nobody has been answered.
    pub(super) fn run(
        &mut self,
        first: Request,
        requests: &mut mpsc::Receiver<Request>,
        work: &mut Work,
        upkeep: &mut dyn Upkeep,
    ) -> sql::Result<bool> {
        let started = Instant::now();
        let (lost_until, time_max) = (started + upkeep.lost_patience(), upkeep.batch_time_max());
        self.ahead.push_front(first);
        let mut source = Source::Queue { requests, time_max, until: None };
        for run in 1.. {
            let Err((stage, error)) = self.transact(&mut source, work, upkeep, lost_until) else {
                break;
            };
            if error.is_fatal() || !is_rolled_back(work) {
                // A dropped sender would answer "failed", but what failed here may well be found
                // after recovery. So nobody hears anything: the process is about to end.
                mem::forget(mem::take(&mut self.held));
                return Err(error);
            }
            let requests = self.held.len();
            tracing::error!(%error, requests, "a transaction was undone");
            let again = run < RUNS && stage.may_go_again(&error);
            let messages = self.answer_undone(&Error::failed(error), again);
            if messages.is_empty() {
                return Ok(false);
            }
            source = Source::Again(messages.into_iter());
        }
        self.answer(upkeep);
        self.heralds.all_queued(&mut work.queued);
        Ok(true)
    }

    /// One transaction. Whatever becomes of it, those who asked are held.
    fn transact(
        &mut self,
        source: &mut Source<'_>,
        work: &mut Work,
        upkeep: &mut dyn Upkeep,
        lost_until: Instant,
    ) -> Result<(), (Stage, sql::Error)> {
        work.begin_anew();
        let outcome = begin(work, upkeep, lost_until)
            .map_err(|error| (Stage::Begin, error))
            .and_then(|()| self.fill(source, work, upkeep).map_err(|error| (Stage::Run, error)));
        if let Err((stage, error)) = &outcome {
            let is_lost = *stage == Stage::Begin && error.is_lost();
            while let Some(request) = source.rest(&mut self.ahead, self.held.len(), is_lost) {
                self.held.push(Held::from(request));
            }
        }
        outcome?;
        work.connection.commit().map_err(|error| (Stage::Commit, error))
    }

    fn fill(
        &mut self,
        source: &mut Source<'_>,
        work: &mut Work,
        upkeep: &mut dyn Upkeep,
    ) -> sql::Result<()> {
        self.looked_up = 0;
        if let Source::Again(messages) = source {
            keys::look_up(work, posts_in(messages.as_slice()))?;
        }
        loop {
            self.look_ahead(source, work)?;
            let Some(request) = source.next(&mut self.ahead, self.held.len()) else { break };
            self.looked_up = self.looked_up.saturating_sub(1);
            self.take(request, work)?;
        }
        let messages_only = !work.changes_known && work.queued.is_empty();
        let finding = Finding { hints: &work.hints, messages_only };
        upkeep.before_commit(&work.connection, &finding)
    }

    /// Takes out of the queue what is there, so that the keys of all its messages are looked up together.
    fn look_ahead(&mut self, source: &mut Source<'_>, work: &mut Work) -> sql::Result<()> {
        let Source::Queue { requests, .. } = source else { return Ok(()) };
        if self.looked_up > 0 {
            return Ok(());
        }
        while self.held.len() + self.ahead.len() < BATCH_REQUESTS_MAX
            && let Ok(request) = requests.try_recv()
        {
            self.ahead.push_back(request);
        }
        self.looked_up = self.ahead.len();
        keys::look_up(work, posts_in(&self.ahead))
    }

    /// Runs a request. Whether that worked or not, the one who asked is held from here on.
    fn take(&mut self, request: Request, work: &mut Work) -> sql::Result<()> {
        match request {
            Request::Post(message, answer) => {
                let (outcome, error) = match posts::post(work, &message) {
                    Ok(places) => (Ok(places), Ok(())),
                    Err(Trouble::Refused(refusal)) => (Err(refusal), Ok(())),
                    Err(Trouble::Sql(error)) => (Ok(Vec::new()), Err(error)),
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
    fn answer(&mut self, upkeep: &mut dyn Upkeep) {
        let mut news = self.heralds.news(upkeep);
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
        news.tell(&self.heralds, upkeep);
    }

    /// Nothing of the transaction is left. Answers, but to those whose messages are to be run `again`.
    fn answer_undone(&mut self, error: &Error, again: bool) -> Vec<Request> {
        let mut messages = Vec::new();
        for held in self.held.drain(..) {
            match held {
                Held::Post(message, _, answer) if again => {
                    messages.push(Request::Post(message, answer));
                }
                Held::Post(_, _, answer) => drop(answer.send(Err(error.clone()))),
                Held::Change(change, _) => change.answer(Some(error)),
            }
        }
        messages
    }
}

/// The messages among these.
fn posts_in<'a>(
    requests: impl IntoIterator<Item = &'a Request>,
) -> impl Iterator<Item = &'a NewMessage> {
    requests.into_iter().filter_map(|request| match request {
        Request::Post(message, _) => Some(message),
        Request::Change(_) => None,
    })
}

/// Begins a transaction. Where the database cannot be reached it is tried again until then.
fn begin(work: &mut Work, upkeep: &mut dyn Upkeep, until: Instant) -> sql::Result<()> {
    let mut pause = Duration::ZERO;
    loop {
        match begin_once(work, upkeep) {
            Ok(()) => return Ok(()),
            Err(error) if error.is_lost() && Instant::now() < until => sleep(pause),
            Err(error) => return Err(error),
        }
        pause = RECONNECT_PAUSE;
        // What another connection finds it says at its first transaction.
        match upkeep.reconnect(&mut work.connection) {
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => tracing::warn!(%error, "the database cannot be reached"),
            Ok(()) => {}
        }
    }
}

/// Begins a transaction, and learns what others have done since the last one.
fn begin_once(work: &mut Work, upkeep: &mut dyn Upkeep) -> sql::Result<()> {
    match work.connection.begin()? {
        Since::Own => {}
        Since::Messages => match upkeep.new_last(&work.connection)? {
            Some(last) => work.known.learn_all_last(last),
            None => work.known.forget_last(),
        },
        Since::Anything => work.known.forget(),
    }
    Ok(())
}

/// Undoes the transaction; `false` when nobody knows what is left of it.
fn is_rolled_back(work: &mut Work) -> bool {
    work.known.forget();
    work.begin_anew();
    match work.connection.roll_back() {
        Ok(()) => true,
        Err(error) => error.is_lost(),
    }
}
