//! How a run ended, and the words for one that could not be carried out.

use std::fmt;
use std::process::ExitCode;

/// How a run ended; the numbers are the exit status and do not change meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// The load was carried out and every check held.
    Passed = 0,
    /// The load was carried out, and something was lost, doubled, refused or cut off.
    CheckFailed = 1,
    /// The arguments, or what they name on this machine, cannot be used.
    Usage = 2,
    /// No server answers there, or it does not speak the dialect.
    Unreachable = 3,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome as u8)
    }
}

/// Why there is no report: what happened, why, and what to do next.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) outcome: Outcome,
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) next: String,
}

impl Trouble {
    pub(crate) fn usage(what: impl Into<String>, why: impl fmt::Display, next: &str) -> Self {
        Self::new(Outcome::Usage, what, why, next)
    }

    pub(crate) fn unreachable(what: impl Into<String>, why: impl fmt::Display, next: &str) -> Self {
        Self::new(Outcome::Unreachable, what, why, next)
    }

    fn new(outcome: Outcome, what: impl Into<String>, why: impl fmt::Display, next: &str) -> Self {
        Self { outcome, what: what.into(), why: why.to_string(), next: next.to_owned() }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kabar bench: {}\n  why:  {}\n  next: {}", self.what, self.why, self.next)
    }
}
