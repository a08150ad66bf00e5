//! The rules' connection to PostgreSQL.
//!
//! What can wait goes together with what comes next: the beginning of a reader's transaction, savepoints, and messages
//! that were added. So a post costs no way to the server of its own, and most changes cost one a statement.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use kabar_store_sql::sql::{
    Columns, Driver, Error, FoundKeys, FromColumn, KeyRow, Kind, MessageRow, NextRow, Prepared,
    Result, Since, Value,
};

use crate::checks;
use crate::error::lost;
use crate::pending::{INSERT, INSERT_KEYS, PENDING_BYTES_MAX, Pending};
use crate::session::{Outcome, Session, Turn};
use crate::settings::Address;
use crate::text::{array, quoted};
use crate::values::{Found, must_fit};

mod savepoint;
#[cfg(test)]
mod tests;
mod turn;

use self::savepoint::{Control, Name, Savepoint};
pub(crate) use turn::{UnderWay, WriterId};

/// Finds many keys: each is one look into the index, however many there are.
const FIND_KEYS: &str = "SELECT wanted.nth, found.conversation_id, found.seq
     FROM unnest(CAST(CAST(?1 AS TEXT) AS BIGINT[]), CAST(CAST(?2 AS TEXT) AS TEXT[])) WITH ORDINALITY
         AS wanted (author_id, key, nth)
     CROSS JOIN LATERAL (SELECT conversation_id, seq FROM client_key
         WHERE author_id = wanted.author_id AND key = wanted.key COLLATE \"C\" LIMIT 1) AS found";

/// How long a read waits for a database that cannot be reached.
const LOST_PATIENCE: Duration = Duration::from_secs(5);

/// Between two attempts to reach it.
const RECONNECT_PAUSE: Duration = Duration::from_millis(50);

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one who writes, with what it is called in the table `writer`.
    Writer(WriterId),
    /// One who reads.
    Reader,
    /// The one who fills the search index. What a crash takes of it is made again: how far it goes is lost with it.
    Indexer,
    /// One who moves a realm and is alone with the database. Nothing is too slow, and what is lost stays lost.
    Mover,
}

/// A session that writes keeps the durability that was checked as it began, whatever is set and reloaded while it lives.
const KEEPS_DURABILITY: &str =
    "SELECT set_config(name, setting, false) FROM pg_settings WHERE name = 'synchronous_commit'";

impl Role {
    /// Settings of its sessions.
    fn settings(self) -> &'static str {
        match self {
            Self::Writer(_) => KEEPS_DURABILITY,
            Self::Reader => "SET default_transaction_read_only = on",
            Self::Indexer => "SET synchronous_commit = off",
            Self::Mover => "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0",
        }
    }
}

/// A connection.
pub(crate) struct PostgresDriver {
    address: Arc<Address>,
    role: Role,
    /// `None` while there is none.
    session: RefCell<Option<Session>>,
    transaction: RefCell<Transaction>,
    rows_changed: Cell<u64>,
    taken: RefCell<turn::Taken>,
    /// Other connections are to servers that keep what is committed, or the node ends.
    insists_on_durability: Cell<bool>,
}

/// The open transaction, if there is one.
#[derive(Debug, Default)]
struct Transaction {
    stage: Stage,
    pending: Pending,
    /// The last place in the order of arrival.
    arrival: i64,
    /// Each within the one before. Those that the server does not know yet are the last ones.
    savepoints: Vec<Savepoint>,
    /// Savepoints that the server is to let go of.
    releases: Vec<Name>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// There is none.
    #[default]
    None,
    /// There is one as soon as anything is asked.
    Wanted,
    /// The server has begun it.
    Open,
}

impl fmt::Debug for PostgresDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresDriver").field("role", &self.role).finish_non_exhaustive()
    }
}

impl PostgresDriver {
    /// One that connects when it is asked to.
    pub(crate) fn new(address: Arc<Address>, role: Role) -> Self {
        Self {
            address,
            role,
            session: RefCell::new(None),
            transaction: RefCell::default(),
            rows_changed: Cell::new(0),
            taken: RefCell::default(),
            insists_on_durability: Cell::new(false),
        }
    }

    /// One that is connected.
    pub(crate) fn open(address: Arc<Address>, role: Role) -> Result<Self> {
        let driver = Self::new(address, role);
        driver.reconnect()?;
        Ok(driver)
    }

    /// Whether the connection is gone.
    pub(crate) fn is_lost(&self) -> bool {
        self.session.borrow().as_ref().is_none_or(Session::is_lost)
    }

    /// Puts another connection into the place of this one, where it is gone.
    pub(crate) fn reconnect(&self) -> Result<()> {
        if !self.is_lost() {
            return Ok(());
        }
        *self.transaction.borrow_mut() = Transaction::default();
        self.taken.borrow_mut().forget();
        *self.session.borrow_mut() = None;
        let session = self.connect()?;
        self.must_be_the_same_database(&session)?;
        if self.role == Role::Mover {
            session.wait_for_ever();
        }
        *self.session.borrow_mut() = Some(session);
        Ok(())
    }

    /// From here on a server that takes the place of this one must keep what it says is committed, too.
    pub(crate) fn insist_on_durability(&self) {
        self.insists_on_durability.set(true);
    }

    fn connect(&self) -> Result<Session> {
        let session = Session::open(&self.address, self.role.settings())?;
        if self.insists_on_durability.get() {
            checks::check_again(&session)?;
        }
        Ok(session)
    }

    /// From here on one state of the database is read, until [`PostgresDriver::end_reading`].
    pub(crate) fn begin_reading(&self) {
        self.transaction.borrow_mut().stage = Stage::Wanted;
    }

    /// The state may be forgotten. Nobody waits for the server.
    pub(crate) fn end_reading(&self) -> Result<()> {
        let ended = std::mem::take(&mut *self.transaction.borrow_mut());
        match ended.stage {
            Stage::Open => self.with_session(|session| session.batch_unanswered("ROLLBACK")),
            Stage::None | Stage::Wanted => Ok(()),
        }
    }

    /// Runs statements without parameters, outside of what the rules do.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        self.with_session(|session| session.batch(sql))
    }

    /// As [`PostgresDriver::batch`], however long it takes.
    pub(crate) fn batch_in_its_time(&self, sql: &str) -> Result<()> {
        self.with_session(|session| session.batch_in_its_time(sql))
    }

    fn with_session<T>(&self, deed: impl FnOnce(&Session) -> Result<T>) -> Result<T> {
        match &*self.session.borrow() {
            Some(session) => deed(session),
            None => Err(lost("there is no connection")),
        }
    }

    /// Runs a statement, after what goes before it. While nothing has been read in a reader's transaction, another
    /// connection is as good.
    fn run(&self, sql: &str, values: &[Value<'_>]) -> Result<Outcome> {
        let started = Instant::now();
        loop {
            let outcome = self.run_once(sql, values);
            let is_first = self.transaction.borrow().stage == Stage::Wanted;
            match outcome {
                Err(error) if is_first && error.is_lost() => {
                    let again = self.reconnect();
                    self.begin_reading();
                    if started.elapsed() > LOST_PATIENCE {
                        return again.and(Err(error));
                    }
                    if again.is_err() {
                        thread::sleep(RECONNECT_PAUSE);
                    }
                }
                outcome => return outcome,
            }
        }
    }

    fn run_once(&self, sql: &str, values: &[Value<'_>]) -> Result<Outcome> {
        let outcome = self.with_session(|session| {
            let mut transaction = self.transaction.borrow_mut();
            let statement = session.prepare(sql)?;
            must_fit(values, statement.params())?;
            let mut turn = session.turn();
            let before = transaction.prelude(session, &mut turn, looks_at_messages(sql))?;
            turn.run(statement, values);
            let mut outcomes = turn.wait()?;
            let last = outcomes.pop();
            // The first that failed is the reason of those after it.
            outcomes.into_iter().take(before).try_for_each(|outcome| outcome.map(drop))?;
            if transaction.stage == Stage::Wanted {
                transaction.stage = Stage::Open;
            }
            last.unwrap_or_else(|| Err(lost("the server does not answer")))
        });
        let (rows, changed) = outcome?;
        if !sql.trim_start().starts_with("SELECT") {
            self.rows_changed.set(self.rows_changed.get() + changed);
        }
        Ok((rows, changed))
    }

    fn control(&self, control: Control) -> Result<()> {
        let mut transaction = self.transaction.borrow_mut();
        match control {
            Control::Savepoint(name) => {
                let (pending, arrival) = (transaction.pending.len(), transaction.arrival);
                transaction.savepoints.push(Savepoint { name, pending, arrival, sent: false });
                Ok(())
            }
            Control::Release(name) => {
                let nth = transaction.nth(name)?;
                // The server lets go of those within with it.
                let is_sent = transaction.savepoints.drain(nth..).next().is_some_and(|it| it.sent);
                if is_sent {
                    transaction.releases.push(name);
                }
                Ok(())
            }
            Control::RollBackTo(name) => {
                let nth = transaction.nth(name)?;
                transaction.savepoints.truncate(nth + 1);
                let point = &transaction.savepoints[nth];
                let (rows, arrival, sent) = (point.pending, point.arrival, point.sent);
                transaction.pending.truncate(rows);
                transaction.arrival = arrival;
                if !sent {
                    return Ok(());
                }
                // They were made within it, and go with what it undoes.
                transaction.releases.clear();
                drop(transaction);
                self.batch(name.roll_back_to())
            }
        }
    }
}

impl Transaction {
    /// Where the innermost savepoint of that name stands.
    fn nth(&self, name: Name) -> Result<usize> {
        let nth = self.savepoints.iter().rposition(|point| point.name == name);
        nth.ok_or_else(|| Error::database(Kind::Failed, "there is no savepoint"))
    }

    /// Adds what goes before a statement: the beginning, messages that the statement may look at, a savepoint. Says how
    /// many parts that is.
    fn prelude(
        &mut self,
        session: &Session,
        turn: &mut Turn<'_>,
        looks_at_messages: bool,
    ) -> Result<usize> {
        let mut parts = 0;
        if self.stage == Stage::Wanted {
            turn.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            parts += 1;
        }
        for name in self.releases.drain(..) {
            turn.batch(name.release());
            parts += 1;
        }
        let has_new_savepoint = self.savepoints.last().is_some_and(|point| !point.sent);
        // What was added before a savepoint must not be undone with what comes after it.
        if looks_at_messages || has_new_savepoint {
            parts += self.send_pending(session, turn)?;
        }
        Ok(parts)
    }

    /// Adds the messages that were kept back, and the savepoints where they belong.
    fn send_pending(&mut self, session: &Session, turn: &mut Turn<'_>) -> Result<usize> {
        let (mut parts, mut sent) = (0, 0);
        for point in self.savepoints.iter_mut().filter(|point| !point.sent) {
            point.sent = true;
            let before = std::mem::take(&mut point.pending);
            let after = self.pending.split_off(before - sent);
            parts += send(&mut self.pending, session, turn)?;
            (self.pending, sent) = (after, before);
            turn.batch(point.name.set());
            parts += 1;
        }
        parts += send(&mut self.pending, session, turn)?;
        Ok(parts)
    }
}

/// Whether a statement may look at messages or their keys.
fn looks_at_messages(sql: &str) -> bool {
    sql.contains("message") || sql.contains("client_key")
}

/// Adds these messages to what is sent; says how many parts that is.
fn send(pending: &mut Pending, session: &Session, turn: &mut Turn<'_>) -> Result<usize> {
    if pending.len() == 0 {
        return Ok(0);
    }
    let keys = pending.keys();
    turn.run_typed(session.prepare(INSERT)?, pending.take());
    let Some(keys) = keys else { return Ok(1) };
    turn.run_typed(session.prepare(INSERT_KEYS)?, keys);
    Ok(2)
}

impl Driver for PostgresDriver {
    fn prepare<'c>(&'c self, sql: &str) -> Result<Box<dyn Prepared + 'c>> {
        Ok(Box::new(Ready { driver: self, sql: sql.to_owned() }))
    }

    fn begin(&self) -> Result<Since> {
        self.take_turn()
    }

    fn commit(&self) -> Result<()> {
        self.end_turn()
    }

    fn roll_back(&self) -> Result<()> {
        let undone = std::mem::take(&mut *self.transaction.borrow_mut());
        if undone.stage == Stage::None || self.is_lost() {
            return Ok(());
        }
        self.batch("ROLLBACK")
    }

    fn is_in_transaction(&self) -> bool {
        self.transaction.borrow().stage != Stage::None && !self.is_lost()
    }

    fn rows_changed(&self) -> u64 {
        self.rows_changed.get()
    }

    fn add_message(&self, row: &MessageRow<'_>) -> Result<i64> {
        let is_full = {
            let mut transaction = self.transaction.borrow_mut();
            transaction.arrival += 1;
            let arrival = transaction.arrival;
            transaction.pending.add(arrival, row);
            transaction.pending.bytes() > PENDING_BYTES_MAX
        };
        self.rows_changed.set(self.rows_changed.get() + 1);
        let arrival = self.transaction.borrow().arrival;
        if is_full {
            self.flush()?;
        }
        Ok(arrival)
    }

    fn add_key(&self, row: &KeyRow<'_>) -> Result<()> {
        if self.transaction.borrow_mut().pending.add_key(row) {
            self.rows_changed.set(self.rows_changed.get() + 1);
            return Ok(());
        }
        row.insert(|sql, values| self.prepare(sql)?.execute(values))
    }

    fn find_keys(&self, keys: &[(i64, &str)]) -> Result<Option<FoundKeys>> {
        let authors = array(keys.iter().map(|(author, _)| author.to_string()));
        let names = array(keys.iter().map(|(_, key)| quoted(key)));
        let (rows, _) = self.run(FIND_KEYS, &[Value::Text(&authors), Value::Text(&names)])?;
        let mut found = vec![None; keys.len()];
        for row in rows {
            let row = Found::new(row)?;
            let number = |column| row.value(column).map(i64::from_column)?.ok_or(Error::NoRow);
            let nth = usize::try_from(number(0)?).unwrap_or(usize::MAX);
            if let Some(found) = found.get_mut(nth.wrapping_sub(1)) {
                *found = Some((number(1)?, number(2)?));
            }
        }
        Ok(Some(found))
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl PostgresDriver {
    /// Sends the messages that were kept back.
    fn flush(&self) -> Result<()> {
        self.with_session(|session| {
            let mut turn = session.turn();
            self.transaction.borrow_mut().prelude(session, &mut turn, true)?;
            turn.wait()?.into_iter().try_for_each(|outcome| outcome.map(drop))
        })
    }
}

/// A statement that is prepared when it runs: how it is inserted with decides what it is.
struct Ready<'c> {
    driver: &'c PostgresDriver,
    sql: String,
}

impl Prepared for Ready<'_> {
    fn execute(&mut self, values: &[Value<'_>]) -> Result<usize> {
        if let Some(control) = Control::of(&self.sql) {
            return self.driver.control(control).map(|()| 0);
        }
        let (_, changed) = self.driver.run(&self.sql, values)?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    fn insert(&mut self, values: &[Value<'_>]) -> Result<i64> {
        let (rows, _) = self.driver.run(&format!("{} RETURNING id", self.sql), values)?;
        let row = rows.into_iter().next().ok_or(Error::NoRow)?;
        match Found::new(row)?.value(0)? {
            Value::Int(id) => Ok(id),
            _ => Err(Error::Column { column: 0, what: "it holds no number".into() }),
        }
    }

    fn query<'s>(&'s mut self, values: &[Value<'_>]) -> Result<Box<dyn NextRow + 's>> {
        let (rows, _) = self.driver.run(&self.sql, values)?;
        Ok(Box::new(FoundRows { rows: rows.into_iter(), row: None }))
    }
}

/// Rows that have come.
struct FoundRows {
    rows: std::vec::IntoIter<tokio_postgres::Row>,
    row: Option<Found>,
}

impl NextRow for FoundRows {
    fn next(&mut self) -> Result<Option<&dyn Columns>> {
        self.row = self.rows.next().map(Found::new).transpose()?;
        Ok(self.row.as_ref().map(|row| row as &dyn Columns))
    }
}
