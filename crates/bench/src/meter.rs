//! What the connections of a run share: the phase it is in, and the counts of the part that counts.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use crate::args::BenchArgs;
use crate::bytes::printable;
use crate::process::{self, Sample};

/// Longest latency that can be told apart, in microseconds: an hour.
const LATENCY_MICROS_MAX: u64 = 3_600_000_000;
/// Refusals after which the load stops: more of them measure nothing.
const REFUSALS_MAX: u64 = 1000;
/// Reasons told of broken connections; the rest are only counted.
const BROKEN_DESCRIBED_MAX: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    WarmingUp,
    Counting,
    /// Nothing new is sent; what is under way is awaited.
    Stopping,
    /// All answers are in; receivers take what was accepted.
    Draining,
}

/// Shared by all tasks of a run, which live on one thread.
#[derive(Debug)]
pub(crate) struct Meter {
    phase: Cell<Phase>,
    counted: Cell<u64>,
    refused: Cell<u64>,
    unanswered: Cell<u64>,
    first_refusal: RefCell<Option<String>>,
    broken: RefCell<Vec<String>>,
    broken_count: Cell<u64>,
    latency: RefCell<Histogram<u64>>,
}

impl Meter {
    pub(crate) fn new() -> Rc<Self> {
        let latency = Histogram::new_with_bounds(1, LATENCY_MICROS_MAX, 3)
            .expect("the bounds are constants of the permitted form");
        Rc::new(Self {
            phase: Cell::new(Phase::WarmingUp),
            counted: Cell::new(0),
            refused: Cell::new(0),
            unanswered: Cell::new(0),
            first_refusal: RefCell::default(),
            broken: RefCell::default(),
            broken_count: Cell::new(0),
            latency: RefCell::new(latency),
        })
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.get()
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.set(phase);
    }

    /// A success came back after `waited`.
    pub(crate) fn accepted(&self, waited: Duration) {
        if self.phase.get() == Phase::Counting {
            self.counted.set(self.counted.get() + 1);
            let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
            self.latency.borrow_mut().saturating_record(micros.max(1));
        }
    }

    pub(crate) fn refused(&self, reply: &[u8]) {
        self.refused.set(self.refused.get() + 1);
        self.first_refusal.borrow_mut().get_or_insert_with(|| printable(reply));
    }

    pub(crate) fn has_too_many_refusals(&self) -> bool {
        self.refused.get() > REFUSALS_MAX
    }

    /// Requests a connection sent and has no reply to, at its end.
    pub(crate) fn unanswered(&self, requests: u64) {
        self.unanswered.set(self.unanswered.get() + requests);
    }

    pub(crate) fn broke(&self, why: String) {
        self.broken_count.set(self.broken_count.get() + 1);
        let mut broken = self.broken.borrow_mut();
        if broken.len() < BROKEN_DESCRIBED_MAX && !broken.contains(&why) {
            broken.push(why);
        }
    }

    /// Successes in the part that counts.
    pub(crate) fn counted(&self) -> u64 {
        self.counted.get()
    }

    pub(crate) fn refusals(&self) -> u64 {
        self.refused.get()
    }

    pub(crate) fn without_answer(&self) -> u64 {
        self.unanswered.get()
    }

    /// Latency below which this share of the counted requests lies, in microseconds.
    pub(crate) fn latency_micros(&self, quantile: f64) -> u64 {
        self.latency.borrow().value_at_quantile(quantile)
    }

    /// What speaks against the run, in words.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(words) = &*self.first_refusal.borrow() {
            problems.push(format!("requests refused: {}, first: {words}", self.refused.get()));
        }
        if self.unanswered.get() > 0 {
            problems.push(format!("requests never answered: {}", self.unanswered.get()));
        }
        if self.broken_count.get() > 0 {
            let reasons = self.broken.borrow().join("; ");
            problems.push(format!("connections broken: {}: {reasons}", self.broken_count.get()));
        }
        problems
    }
}

/// The part of a run that counts: how long it was, and the readings at both its ends.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) secs: f64,
    pub(crate) server: Option<(Sample, Sample)>,
    pub(crate) generator: Option<(Sample, Sample)>,
}

impl Counted {
    /// The server's processor time for each of so many, in microseconds.
    pub(crate) fn server_cpu_us_each(&self, count: u64) -> Option<f64> {
        cpu_us_each(self.server, count)
    }

    /// The same of this process.
    pub(crate) fn generator_cpu_us_each(&self, count: u64) -> Option<f64> {
        cpu_us_each(self.generator, count)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of an hour are far below 2^52")]
fn cpu_us_each(samples: Option<(Sample, Sample)>, count: u64) -> Option<f64> {
    let (before, after) = samples?;
    let micros = after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e6;
    (count > 0).then(|| micros / count as f64)
}

/// The readings where a part that counts begins.
pub(crate) struct Readings {
    server: Option<Sample>,
    generator: Option<Sample>,
    began: Instant,
}

impl Readings {
    pub(crate) fn take(args: &BenchArgs) -> Self {
        Self {
            server: process::sample_all(&args.server_pids),
            generator: process::own_sample().ok(),
            began: Instant::now(),
        }
    }

    /// The part from these readings on.
    pub(crate) fn until_now(self, args: &BenchArgs) -> Counted {
        let secs = self.began.elapsed().as_secs_f64();
        let now = Self::take(args);
        Counted {
            secs,
            server: self.server.zip(now.server),
            generator: self.generator.zip(now.generator),
        }
    }
}

/// Lets `tasks` work through warm-up and the part that counts, then has them stop.
pub(crate) async fn count(args: &BenchArgs, meter: &Meter, tasks: &mut JoinSet<()>) -> Counted {
    until_done(tasks, args.warmup()).await;
    let readings = Readings::take(args);
    meter.enter(Phase::Counting);
    until_done(tasks, args.duration()).await;
    meter.enter(Phase::Stopping);
    readings.until_now(args)
}

/// Waits until all of `tasks` have ended, at most `limit`, and ends those that have not; whether
/// all had ended by themselves.
pub(crate) async fn finish(tasks: &mut JoinSet<()>, limit: Duration) -> bool {
    let in_time = timeout(limit, all_done(tasks)).await.is_ok();
    tasks.shutdown().await;
    in_time
}

/// Lets time pass, less of it if no task is left that could do anything.
async fn until_done(tasks: &mut JoinSet<()>, limit: Duration) {
    tokio::select! {
        () = sleep(limit) => (),
        () = all_done(tasks) => (),
    }
}

/// Waits until all of `tasks` have ended; a panic in one goes on here.
pub(crate) async fn all_done(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(Ok(panic)) = ended.map_err(JoinError::try_into_panic) {
            std::panic::resume_unwind(panic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_part_that_counts_is_counted() {
        let meter = Meter::new();
        for (phase, expected) in [
            (Phase::WarmingUp, 0),
            (Phase::Counting, 1),
            (Phase::Stopping, 1),
            (Phase::Draining, 1),
        ] {
            meter.enter(phase);
            meter.accepted(Duration::from_micros(100));
            assert_eq!(meter.counted(), expected);
        }
        assert_eq!(meter.latency_micros(0.5), 100);
        assert!(meter.problems().is_empty());
    }

    #[test]
    fn refusals_and_breaks_are_told_with_the_first_reasons() {
        let meter = Meter::new();
        meter.refused(b"{\"status\":\"ERROR\",\"message\":\"first\"}\r\n\r\n");
        meter.refused(b"{\"status\":\"ERROR\",\"message\":\"second\"}\r\n\r\n");
        for reason in [0, 1, 1, 2, 3, 4, 5] {
            meter.broke(format!("reason {reason}"));
        }
        meter.unanswered(3);
        let problems = meter.problems().join("\n");
        assert!(problems.contains("requests refused: 2") && problems.contains("first\"}"));
        assert!(!problems.contains("second") && !problems.contains("reason 5"));
        assert!(problems.contains("connections broken: 7: reason 0; reason 1; reason 2; reason 3"));
        assert!(problems.contains("requests never answered: 3"));
    }

    #[test]
    fn the_load_stops_after_a_thousand_refusals() {
        let meter = Meter::new();
        (0..REFUSALS_MAX).for_each(|_| meter.refused(b"no"));
        assert!(!meter.has_too_many_refusals());
        meter.refused(b"no");
        assert!(meter.has_too_many_refusals());
    }
}
