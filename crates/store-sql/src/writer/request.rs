//! What the writer is asked to do, and whom it answers.

use std::fmt;

use kabar_engine::Error;
use kabar_engine::store::{NewMessage, Posted};
use tokio::sync::oneshot;

use super::Work;
use crate::error::{Outcome, Trouble};
use crate::sql;

/// Where an answer goes.
pub type Answer<T> = oneshot::Sender<kabar_engine::Result<T>>;

/// Something to be done in the next transaction.
pub enum Request {
    /// A message: by far the most frequent, so it goes without a box.
    Post(NewMessage, Answer<Vec<Posted>>),
    /// Anything else.
    Change(Box<dyn Change>),
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Post(..) => "Post",
            Self::Change(_) => "Change",
        })
    }
}

/// A change: run once, then answered once.
pub trait Change: Send {
    /// Makes the change and remembers its outcome. An error here is the transaction's, not the change's.
    fn run(&mut self, work: &mut Work) -> sql::Result<()>;

    /// Tells the one who asked: the outcome, or the failure that undid it.
    fn answer(self: Box<Self>, undone: Option<&Error>);
}

/// A change that this closure makes.
pub fn change<T, F>(deed: F, answer: Answer<T>) -> Request
where
    T: Send + 'static,
    F: FnOnce(&mut Work) -> Outcome<T> + Send + 'static,
{
    Request::Change(Box::new(Deed { run: Some(deed), outcome: None, answer, changes_known: true }))
}

/// As [`change`], of what no writer remembers, unless it says so itself.
pub(crate) fn aside<T, F>(deed: F, answer: Answer<T>) -> Request
where
    T: Send + 'static,
    F: FnOnce(&mut Work) -> Outcome<T> + Send + 'static,
{
    Request::Change(Box::new(Deed { run: Some(deed), outcome: None, answer, changes_known: false }))
}

struct Deed<T, F> {
    run: Option<F>,
    outcome: Option<kabar_engine::Result<T>>,
    answer: Answer<T>,
    changes_known: bool,
}

impl<T, F> Change for Deed<T, F>
where
    T: Send,
    F: FnOnce(&mut Work) -> Outcome<T> + Send,
{
    fn run(&mut self, work: &mut Work) -> sql::Result<()> {
        if let Some(deed) = self.run.take() {
            let outcome = apart(work, deed)?;
            work.changes_known |= self.changes_known && outcome.is_ok();
            self.outcome = Some(outcome.map_err(Error::from));
        }
        Ok(())
    }

    fn answer(self: Box<Self>, undone: Option<&Error>) {
        let outcome = match (undone, self.outcome) {
            (None, Some(outcome)) => outcome,
            (Some(error), _) => Err(error.clone()),
            (None, None) => return,
        };
        // Whoever asked may have gone; the change stands.
        let _ = self.answer.send(outcome);
    }
}

/// Runs a change so that its refusal or error harms only itself.
fn apart<T>(
    work: &mut Work,
    deed: impl FnOnce(&mut Work) -> Outcome<T>,
) -> sql::Result<Outcome<T>> {
    execute(work, "SAVEPOINT change")?;
    let (rows_changed, hints) = (work.connection.rows_changed(), work.hints.len());
    match deed(work) {
        Ok(done) => {
            execute(work, "RELEASE change")?;
            Ok(Ok(done))
        }
        Err(Trouble::Sql(error)) if ends_all(work, &error) => Err(error),
        Err(trouble) => {
            let is_clean = matches!(trouble, Trouble::Refused(_));
            if !is_clean || work.connection.rows_changed() != rows_changed {
                execute(work, "ROLLBACK TO change")?;
                work.known.forget();
                work.stored.clear();
            }
            work.hints.truncate(hints);
            execute(work, "RELEASE change")?;
            Ok(Err(trouble))
        }
    }
}

/// Whether the transaction cannot go on after this error.
fn ends_all(work: &Work, error: &sql::Error) -> bool {
    error.is_fatal() || error.is_lost() || !work.connection.is_in_transaction()
}

fn execute(work: &Work, sql: &str) -> sql::Result<()> {
    work.connection.prepare_cached(sql)?.execute(()).map(drop)
}
