//! One connection, driven on the thread that uses it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use futures_util::TryStreamExt;
use kabar_store_sql::sql::{Result, Value};
use tokio::runtime::{self, Runtime};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use crate::error::{lost, sorted};
use crate::settings::Address;
use crate::text::dollars;
use crate::values::Param;

/// A statement takes at most this time on the server.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

/// A lock is waited for at most this time: a node that hangs while it holds one is cut off a little earlier.
const LOCK_TIMEOUT: Duration = Duration::from_millis(4_800);

/// A transaction whose node says nothing for so long is ended by the server.
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(4);

/// A server that has not answered after this time counts as gone.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(6);

/// Statements that a connection keeps ready; more than there are. When there are more, all are prepared anew.
const STATEMENTS_KEPT: usize = 1_024;

type Connection =
    Pin<Box<dyn Future<Output = std::result::Result<(), tokio_postgres::Error>> + Send>>;

/// What a statement found and how many rows it changed.
pub(crate) type Outcome = (Vec<Row>, u64);

/// A connection.
pub(crate) struct Session {
    /// There until this is dropped.
    runtime: Option<Runtime>,
    client: Client,
    /// Speaks with the server while something is waited for; `None` once it has ended.
    connection: RefCell<Option<Connection>>,
    statements: RefCell<HashMap<String, Statement>>,
    is_lost: Cell<bool>,
    /// How long a statement is waited for; `None`: for ever.
    patience: Cell<Option<Duration>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("is_lost", &self.is_lost).finish_non_exhaustive()
    }
}

impl Session {
    /// Connects. `more` are settings of the session.
    pub(crate) fn open(address: &Address, more: &str) -> Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| lost(&error.to_string()))?;
        let connecting = address.config.connect(address.tls.clone());
        let (client, connection) = runtime
            .block_on(async { timeout(ANSWER_TIMEOUT, connecting).await })
            .map_err(|_| lost("the server does not answer"))?
            .map_err(|error| sorted(&error))?;
        let connection: Connection = Box::pin(connection);
        let session = Self {
            runtime: Some(runtime),
            client,
            connection: RefCell::new(Some(connection)),
            statements: RefCell::default(),
            is_lost: Cell::new(false),
            patience: Cell::new(Some(ANSWER_TIMEOUT)),
        };
        session.batch(&settings(more))?;
        Ok(session)
    }

    /// Whether the connection is gone.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.get() || self.client.is_closed()
    }

    /// From here on statements take as long as they take.
    pub(crate) fn wait_for_ever(&self) {
        self.patience.set(None);
    }

    /// Runs statements without parameters.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        self.wait(self.patience.get(), self.client.batch_execute(sql))
    }

    /// As [`Session::batch`], however long it takes.
    pub(crate) fn batch_in_its_time(&self, sql: &str) -> Result<()> {
        self.wait(None, self.client.batch_execute(sql))
    }

    /// Begins to run statements without parameters, and does not wait for the end. Their failing would be found by what
    /// is run next.
    pub(crate) fn batch_unanswered(&self, sql: &str) -> Result<()> {
        let mut sent = false;
        let mut sending = pin!(self.client.batch_execute(sql));
        // Taken up by the connection at its first turn, and sent at the connection's.
        self.wait(
            Some(ANSWER_TIMEOUT),
            poll_fn(|cx| {
                if let Poll::Ready(outcome) = sending.as_mut().poll(cx) {
                    return Poll::Ready(outcome);
                }
                if sent {
                    return Poll::Ready(Ok(()));
                }
                sent = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }),
        )
    }

    /// Prepares a statement, or finds it prepared. Parameters are `?1`, `?2`.
    pub(crate) fn prepare(&self, sql: &str) -> Result<Statement> {
        if let Some(ready) = self.statements.borrow().get(sql) {
            return Ok(ready.clone());
        }
        let ready = self.wait(self.patience.get(), self.client.prepare(&dollars(sql)))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENTS_KEPT {
            statements.clear();
        }
        statements.insert(sql.to_owned(), ready.clone());
        Ok(ready)
    }

    /// What is sent before anything else of the same turn is waited for, so that all of it costs one way to the server
    /// and back.
    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn { session: self, parts: Vec::new() }
    }

    /// Waits for something that the server does, for `patience` or for ever.
    fn wait<T>(
        &self,
        patience: Option<Duration>,
        doing: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        let runtime = self.runtime.as_ref().ok_or_else(|| lost("the connection is closed"))?;
        let mut connection = self.connection.borrow_mut();
        let mut doing = pin!(doing);
        let driven = poll_fn(|cx| {
            if let Poll::Ready(done) = doing.as_mut().poll(cx) {
                return Poll::Ready(done);
            }
            if let Some(driven) = &mut *connection
                && let Poll::Ready(ended) = driven.as_mut().poll(cx)
            {
                *connection = None;
                // What the server said at the end says more than that it is gone.
                if let Err(error) = ended {
                    return Poll::Ready(Err(error));
                }
            }
            doing.as_mut().poll(cx)
        });
        let outcome = runtime.block_on(async {
            match patience {
                Some(patience) => timeout(patience, driven).await.ok(),
                None => Some(driven.await),
            }
        });
        let outcome = match outcome {
            Some(outcome) => outcome.map_err(|error| sorted(&error)),
            None => Err(lost("the server does not answer")),
        };
        if let Err(error) = &outcome
            && error.is_lost()
        {
            self.is_lost.set(true);
        }
        outcome
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Dropped where others wait for tasks, it must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

type Part<'a> =
    Pin<Box<dyn Future<Output = std::result::Result<Outcome, tokio_postgres::Error>> + 'a>>;

/// Statements that are sent together. What follows one that fails is refused by the server, inside a transaction.
pub(crate) struct Turn<'a> {
    session: &'a Session,
    parts: Vec<Part<'a>>,
}

impl<'a> Turn<'a> {
    /// Adds statements without parameters.
    pub(crate) fn batch(&mut self, sql: &'a str) {
        let client = &self.session.client;
        self.parts.push(Box::pin(async move {
            client.batch_execute(sql).await.map(|()| (Vec::new(), 0))
        }));
    }

    /// Adds a statement whose parameters fit.
    pub(crate) fn run(&mut self, statement: Statement, values: &'a [Value<'a>]) {
        let client = &self.session.client;
        self.parts.push(Box::pin(async move {
            let params = values.iter().map(|value| Param(*value));
            let mut stream = pin!(client.query_raw(&statement, params).await?);
            let mut rows = Vec::new();
            while let Some(row) = stream.as_mut().try_next().await? {
                rows.push(row);
            }
            Ok((rows, stream.rows_affected().unwrap_or(0)))
        }));
    }

    /// Adds a statement with parameters of any types.
    pub(crate) fn run_typed(
        &mut self,
        statement: Statement,
        params: Vec<Rc<dyn ToSql + Sync + 'a>>,
    ) {
        let client = &self.session.client;
        self.parts.push(Box::pin(async move {
            let params = params.iter().map(|param| &**param as &(dyn ToSql + Sync));
            let changed = client.execute_raw(&statement, params).await?;
            Ok((Vec::new(), changed))
        }));
    }

    /// Sends all, and waits for all: one outcome each, in order.
    pub(crate) fn wait(self) -> Result<Vec<Result<Outcome>>> {
        let Self { session, mut parts } = self;
        let mut outcomes: Vec<Option<std::result::Result<Outcome, tokio_postgres::Error>>> =
            parts.iter().map(|_| None).collect();
        let all = poll_fn(|cx| {
            let mut waits = false;
            for (part, outcome) in parts.iter_mut().zip(&mut outcomes) {
                if outcome.is_none() {
                    match part.as_mut().poll(cx) {
                        Poll::Ready(done) => *outcome = Some(done),
                        Poll::Pending => waits = true,
                    }
                }
            }
            if waits { Poll::Pending } else { Poll::Ready(Ok(())) }
        });
        session.wait(session.patience.get(), all)?;
        let sort = |outcome: Option<std::result::Result<Outcome, _>>| match outcome {
            Some(outcome) => outcome.map_err(|error| sorted(&error)),
            None => Err(lost("the server does not answer")),
        };
        let outcomes: Vec<_> = outcomes.into_iter().map(sort).collect();
        if outcomes.iter().any(|outcome| matches!(outcome, Err(error) if error.is_lost())) {
            session.is_lost.set(true);
        }
        Ok(outcomes)
    }
}

/// What every session asks for. The last ones are for a server that cannot reach this node any more.
fn settings(more: &str) -> String {
    let ms = |time: Duration| time.as_millis();
    format!(
        "SET statement_timeout = {}; SET lock_timeout = {};
         SET idle_in_transaction_session_timeout = {};
         SET client_encoding = 'UTF8'; SET bytea_output = 'hex'; SET default_transaction_isolation = 'read committed';
         SET client_min_messages = 'warning'; SET search_path = public;
         SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3;
         SET tcp_user_timeout = 5000; {more}",
        ms(STATEMENT_TIMEOUT),
        ms(LOCK_TIMEOUT),
        ms(IDLE_IN_TRANSACTION_TIMEOUT),
    )
}
