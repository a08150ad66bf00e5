//! Turns: the writers of all nodes write one after the other, by a lock on the one row of `head`.
//!
//! Each writer also has a row of its own in `writer`, which says the last turn that it committed. So when a connection
//! breaks during a commit, that row says afterwards what became of it, even on a server that has taken the place of
//! another. While the transaction may still become committed, it holds the lock; who has the lock can believe the row.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kabar_store_sql::sql::{Columns, Error, Kind, Result, Since, Value};
use tokio_postgres::Row;

use super::{PostgresDriver, Role, Stage, Transaction};
use crate::error::lost;
use crate::session::{Outcome, Session};
use crate::values::Found;

/// How long the database is asked what became of a commit.
const OUTCOME_PATIENCE: Duration = Duration::from_secs(30);

/// Between two attempts to ask it.
const OUTCOME_PAUSE: Duration = Duration::from_millis(100);

const TAKE: &str = "SELECT turn, changes, arrival FROM head WHERE id = 1 FOR UPDATE";

const END: &str = "WITH own AS (
         INSERT INTO writer (id, turn, used_at)
         VALUES (?1, ?2, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT))
         ON CONFLICT (id) DO UPDATE SET turn = excluded.turn, used_at = excluded.used_at)
     UPDATE head SET turn = ?2, changes = ?3, arrival = ?4 WHERE id = 1";

const OWN: &str = "SELECT turn FROM writer WHERE id = ?1";

/// Writes something small.
const TOUCH: &str =
    "UPDATE writer SET used_at = CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)
     WHERE id = ?1";

/// What a writer is called: a random number, another at each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WriterId(i64);

impl WriterId {
    pub(crate) fn random() -> Self {
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        Self((high ^ low).cast_signed())
    }

    /// As it stands in the database.
    pub(crate) fn number(self) -> i64 {
        self.0
    }
}

/// The row `head`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Head {
    /// Counts transactions.
    turn: i64,
    /// Counts those that changed more than messages.
    changes: i64,
    /// The last place in the order of arrival.
    arrival: i64,
}

/// The turns of one writer.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// As the open transaction found it.
    head: Head,
    /// As this writer left it, while it is sure that it knows what came before.
    left: Option<Head>,
    /// The last turn that this writer committed.
    own: Option<i64>,
    rows_before: u64,
    messages_only: bool,
    /// Whether others may have changed anything between this transaction and the one before.
    after_changes: bool,
    /// The places that the last committed transaction gave: after the first, up to the second.
    gave: (i64, i64),
    under_way: UnderWay,
}

/// Whether a transaction of this node is being committed and is not handed over yet to be told; others see it already,
/// perhaps.
#[derive(Clone, Debug)]
pub(crate) struct UnderWay(Arc<AtomicI64>);

/// No place in the order of arrival.
const NONE: i64 = i64::MAX;

impl Default for UnderWay {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(NONE)))
    }
}

impl UnderWay {
    /// What comes after that place is being committed.
    pub(crate) fn begin(&self, after: i64) {
        self.0.store(after, Ordering::SeqCst);
    }

    /// It is handed over, or undone.
    pub(crate) fn end(&self) {
        self.0.store(NONE, Ordering::SeqCst);
    }

    /// The last place before it.
    pub(crate) fn after(&self) -> Option<i64> {
        Some(self.0.load(Ordering::SeqCst)).filter(|after| *after != NONE)
    }
}

impl Taken {
    /// What others did meanwhile is not known.
    pub(super) fn forget(&mut self) {
        self.left = None;
    }
}

impl PostgresDriver {
    /// The open transaction adds messages and changes nothing else that writers remember.
    pub(crate) fn adds_messages_only(&self) {
        self.taken.borrow_mut().messages_only = true;
    }

    /// The places in the order of arrival that the last committed transaction gave: after the first, up to the second.
    pub(crate) fn gave(&self) -> (i64, i64) {
        self.taken.borrow().gave
    }

    /// Whether others may have changed anything right before the last transaction.
    pub(crate) fn came_after_changes(&self) -> bool {
        self.taken.borrow().after_changes
    }

    /// The places that others have given since this writer's last turn: after the first, up to the second.
    pub(crate) fn of_others(&self) -> Option<(i64, i64)> {
        let taken = self.taken.borrow();
        taken.left.map(|left| (left.arrival, taken.head.arrival))
    }

    /// Whether something that this writer commits is still to be handed over.
    pub(crate) fn under_way(&self) -> UnderWay {
        self.taken.borrow().under_way.clone()
    }

    fn own_id(&self) -> Result<i64> {
        match self.role {
            Role::Writer(id) => Ok(id.0),
            Role::Reader | Role::Indexer | Role::Mover => {
                Err(Error::database(Kind::Failed, "this connection takes no turns"))
            }
        }
    }

    /// Begins a transaction, once those of others have ended.
    pub(super) fn take_turn(&self) -> Result<Since> {
        self.own_id()?;
        let head = self.with_session(|session| {
            let take = session.prepare(TAKE)?;
            let mut turn = session.turn();
            turn.batch("BEGIN");
            turn.run(take, &[]);
            read_head(turn.wait()?)
        });
        let head = match head {
            Ok(head) => head,
            Err(error) => {
                if !self.is_lost() {
                    // The transaction that was begun must not stay.
                    let _ = self.batch("ROLLBACK");
                }
                return Err(error);
            }
        };
        *self.transaction.borrow_mut() =
            Transaction { stage: Stage::Open, arrival: head.arrival, ..Transaction::default() };
        let mut taken = self.taken.borrow_mut();
        let since = match taken.left {
            Some(left) if left.turn == head.turn => Since::Own,
            Some(left) if left.changes == head.changes && left.turn < head.turn => Since::Messages,
            _ => Since::Anything,
        };
        taken.head = head;
        taken.rows_before = self.rows_changed.get();
        taken.messages_only = false;
        taken.after_changes = since == Since::Anything;
        Ok(since)
    }

    /// Commits. Whoever is told "lost" can be sure that nothing of it stands.
    pub(super) fn end_turn(&self) -> Result<()> {
        let under_way = self.under_way();
        under_way.begin(self.taken.borrow().head.arrival);
        let outcome = self.commit_turn();
        if outcome.is_err() {
            under_way.end();
        }
        outcome
    }

    fn commit_turn(&self) -> Result<()> {
        let id = self.own_id()?;
        let mut transaction = std::mem::take(&mut *self.transaction.borrow_mut());
        let (found, messages_only, rows_before) = {
            let taken = self.taken.borrow();
            (taken.head, taken.messages_only, taken.rows_before)
        };
        if self.rows_changed.get() == rows_before {
            self.batch("COMMIT")?;
            let mut taken = self.taken.borrow_mut();
            (taken.left, taken.gave) = (Some(found), (found.arrival, found.arrival));
            return Ok(());
        }
        let head = Head {
            turn: found.turn + 1,
            changes: found.changes + i64::from(!messages_only),
            arrival: transaction.arrival,
        };
        let values = [id, head.turn, head.changes, head.arrival].map(Value::Int);
        let mut failed_at_commit = false;
        let outcome = self.with_session(|session| {
            let end = session.prepare(END)?;
            let mut turn = session.turn();
            transaction.prelude(session, &mut turn, true)?;
            turn.run(end, &values);
            turn.batch("COMMIT");
            let mut outcomes = turn.wait()?;
            let commit = outcomes.pop();
            all(outcomes)?;
            // After an earlier failure it would have been answered without one.
            failed_at_commit = matches!(commit, Some(Err(_)));
            commit.map_or(Ok(()), |outcome| outcome.map(drop))
        });
        match outcome {
            Ok(()) => {}
            Err(error) if error.is_lost() || failed_at_commit && !error.is_fatal() => {
                tracing::warn!(%error, "what became of a commit is not known");
                self.find_out(id, head.turn)?;
            }
            Err(error) => {
                if !self.is_lost() {
                    // Preparing may have failed, and then nobody has ended it.
                    let _ = self.batch("ROLLBACK");
                }
                return Err(error);
            }
        }
        let mut taken = self.taken.borrow_mut();
        (taken.left, taken.own) = (Some(head), Some(head.turn));
        taken.gave = (found.arrival, head.arrival);
        Ok(())
    }

    /// What became of a commit whose connection broke: it stands, or it is "lost".
    fn find_out(&self, id: i64, turn: i64) -> Result<()> {
        let started = Instant::now();
        let before = self.taken.borrow().own;
        loop {
            match self.ask(id, turn) {
                Ok(found) if found == Some(turn) => return Ok(()),
                Ok(found) if found == before => return Err(lost("the transaction was undone")),
                Ok(_) => return Err(another_database()),
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) if started.elapsed() > OUTCOME_PATIENCE => {
                    let what =
                        format!("nobody can tell whether a transaction was committed: {error}");
                    return Err(Error::database(Kind::Fatal, what));
                }
                Err(error) => tracing::warn!(%error, "a commit's outcome is not known yet"),
            }
            thread::sleep(OUTCOME_PAUSE);
        }
    }

    /// The turn that the row of this writer says, once no transaction of an earlier connection is under way. When that is
    /// the `wanted` one, it is also on the standby that commits wait for.
    fn ask(&self, id: i64, wanted: i64) -> Result<Option<i64>> {
        *self.session.borrow_mut() = None;
        let session = self.connect()?;
        let found = {
            let (take, own) = (session.prepare(TAKE)?, session.prepare(OWN)?);
            let values = [Value::Int(id)];
            let mut turn = session.turn();
            turn.batch("BEGIN");
            turn.run(take, &[]);
            turn.run(own, &values);
            let mut outcomes = turn.wait()?;
            let own = outcomes.pop();
            all(outcomes)?;
            let own = own.unwrap_or_else(|| Err(lost("the server does not answer")))?;
            let found = own.0.into_iter().next().map(|row| number(row, 0)).transpose()?;
            // A commit whose wait for the standby was cut short stands here, and perhaps not there. The next one waits
            // past it.
            let touch = session.prepare(TOUCH)?;
            let mut turn = session.turn();
            if found == Some(wanted) {
                turn.run(touch, &values);
                turn.batch("COMMIT");
            } else {
                turn.batch("ROLLBACK");
            }
            all(turn.wait()?)?;
            found
        };
        *self.session.borrow_mut() = Some(session);
        Ok(found)
    }

    /// Whether what this writer committed is still there, after another connection was made.
    pub(super) fn must_be_the_same_database(&self, session: &Session) -> Result<()> {
        let (Ok(id), Some(own)) = (self.own_id(), self.taken.borrow().own) else { return Ok(()) };
        let values = [Value::Int(id)];
        let mut turn = session.turn();
        turn.run(session.prepare(OWN)?, &values);
        let found = turn.wait()?.into_iter().next();
        let (rows, _) = found.unwrap_or_else(|| Err(lost("the server does not answer")))?;
        match rows.into_iter().next().map(|row| number(row, 0)).transpose()? {
            Some(found) if found == own => Ok(()),
            _ => Err(another_database()),
        }
    }
}

fn another_database() -> Error {
    let what = "the database is not as this node left it: it is another one, a restored one, or one that has taken \
                another's place and lacks what was committed last";
    Error::database(Kind::Fatal, what)
}

/// The first failure.
fn all(outcomes: Vec<Result<Outcome>>) -> Result<()> {
    outcomes.into_iter().try_for_each(|outcome| outcome.map(drop))
}

fn read_head(outcomes: Vec<Result<Outcome>>) -> Result<Head> {
    let mut rows = Vec::new();
    for outcome in outcomes {
        rows.extend(outcome?.0);
    }
    let Some(row) = rows.pop() else {
        return Err(Error::Damaged("the table `head` is empty".into()));
    };
    let row = Found::new(row)?;
    let number = |column| match row.value(column)? {
        Value::Int(number) => Ok(number),
        _ => Err(Error::Damaged("the table `head` holds no numbers".into())),
    };
    Ok(Head { turn: number(0)?, changes: number(1)?, arrival: number(2)? })
}

fn number(row: Row, column: usize) -> Result<i64> {
    match Found::new(row)?.value(column)? {
        Value::Int(number) => Ok(number),
        _ => Err(Error::Column { column, what: "it holds no number".into() }),
    }
}
