//! What the writer is asked to do, and whom it answers.

use std::fmt;

use kabar_engine::Error;
use kabar_engine::store::{NewMessage, Posted};
use tokio::sync::oneshot;

use super::Work;
use crate::error::{Outcome, Trouble, is_fatal};

/// Where an answer goes.
pub(crate) type Answer<T> = oneshot::Sender<kabar_engine::Result<T>>;

/// Something to be done in the next transaction.
pub(crate) enum Request {
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
pub(crate) trait Change: Send {
    /// Makes the change and remembers its outcome. An error here is the transaction's, not the change's.
    fn run(&mut self, work: &mut Work) -> rusqlite::Result<()>;

    /// Tells the one who asked: the outcome, or the failure that undid it.
    fn answer(self: Box<Self>, undone: Option<&Error>);
}

/// A change that this closure makes.
pub(crate) fn change<T, F>(deed: F, answer: Answer<T>) -> Request
where
    T: Send + 'static,
    F: FnOnce(&mut Work) -> Outcome<T> + Send + 'static,
{
    Request::Change(Box::new(Deed { run: Some(deed), outcome: None, answer }))
}

struct Deed<T, F> {
    run: Option<F>,
    outcome: Option<kabar_engine::Result<T>>,
    answer: Answer<T>,
}

impl<T, F> Change for Deed<T, F>
where
    T: Send,
    F: FnOnce(&mut Work) -> Outcome<T> + Send,
{
    fn run(&mut self, work: &mut Work) -> rusqlite::Result<()> {
        if let Some(deed) = self.run.take() {
            self.outcome = Some(apart(work, deed)?.map_err(Error::from));
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
) -> rusqlite::Result<Outcome<T>> {
    execute(work, "SAVEPOINT change")?;
    let rows_changed = work.connection.total_changes();
    match deed(work) {
        Ok(done) => {
            execute(work, "RELEASE change")?;
            Ok(Ok(done))
        }
        Err(Trouble::Sqlite(error)) if is_fatal(&error) || work.connection.is_autocommit() => {
            Err(error)
        }
        Err(trouble) => {
            let is_clean = matches!(trouble, Trouble::Refused(_));
            if !is_clean || work.connection.total_changes() != rows_changed {
                execute(work, "ROLLBACK TO change")?;
                work.known.forget();
                work.stored.clear();
            }
            execute(work, "RELEASE change")?;
            Ok(Err(trouble))
        }
    }
}

pub(super) fn execute(work: &Work, sql: &str) -> rusqlite::Result<()> {
    work.connection.prepare_cached(sql)?.execute(()).map(drop)
}
