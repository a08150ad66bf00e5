//! A database, as far as the rules need one: prepared statements, values, rows, one transaction at a time.
//!
//! The rules are written once, in the SQL that SQLite and PostgreSQL share, with parameters `?1`, `?2`. A database is
//! a [`Driver`]. Everything here runs on the thread that calls it.

mod message;
mod values;

use std::any::Any;
use std::borrow::Cow;
use std::fmt;

pub use self::message::{KeyRow, MessageRow};
pub use self::values::{FromColumn, Params, ToValue};

/// What a database says.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a statement did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A row was asked for and there is none.
    #[error("the query found no row")]
    NoRow,
    /// What is stored is not as the writer leaves it.
    #[error("{0}")]
    Damaged(String),
    /// A column does not hold what was asked for.
    #[error("column {column}: {what}")]
    Column {
        /// Which, from 0.
        column: usize,
        /// What is wrong with it.
        what: Cow<'static, str>,
    },
    /// The database refused.
    #[error("{source}")]
    Database {
        /// What that means.
        kind: Kind,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What an error of a database means for what was under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The statement failed; the transaction can be undone.
    Failed,
    /// As [`Kind::Failed`], because the schema does not take such a row.
    Constraint,
    /// The connection is gone. What was not committed did not happen.
    Lost,
    /// What is stored is uncertain; only a new start can tell.
    Fatal,
}

impl Error {
    /// An error of the database.
    pub fn database(
        kind: Kind,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Database { kind, source: source.into() }
    }

    /// Whether only a new start can tell what is stored.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::Database { kind: Kind::Fatal, .. })
    }

    /// Whether the connection is gone.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Database { kind: Kind::Lost, .. })
    }

    /// Whether the schema does not take such a row.
    pub fn is_constraint(&self) -> bool {
        matches!(self, Self::Database { kind: Kind::Constraint, .. })
    }
}

/// A value in a parameter or a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A number; 0 and 1 stand for false and true.
    Int(i64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

/// Who wrote last, as a transaction finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Nobody but this connection has written since its last transaction.
    Own,
    /// Others have added messages, and nothing else.
    Messages,
    /// Others may have changed anything.
    Anything,
}

/// For each key that was asked for the conversation and the number of its message, where there is one.
pub type FoundKeys = Vec<Option<(i64, i64)>>;

/// A connection to a database.
pub trait Driver: fmt::Debug + Send {
    /// Prepares a statement, or finds it prepared.
    fn prepare<'c>(&'c self, sql: &str) -> Result<Box<dyn Prepared + 'c>>;

    /// Begins the transaction of one who writes; there is one writer at a time.
    fn begin(&self) -> Result<Since>;

    /// Makes what was written durable. On [`Kind::Fatal`] nobody knows whether it is.
    fn commit(&self) -> Result<()>;

    /// Undoes what was written since [`Driver::begin`]; nothing when there is no transaction.
    fn roll_back(&self) -> Result<()>;

    /// Whether there is a transaction that can go on.
    fn is_in_transaction(&self) -> bool;

    /// Rows inserted, updated and deleted so far, those of [`Driver::add_message`] among them.
    fn rows_changed(&self) -> u64;

    /// Adds a message; says its number in the order of arrival. A driver may keep the row back until another statement
    /// runs or the transaction ends.
    fn add_message(&self, row: &MessageRow<'_>) -> Result<i64> {
        row.insert(|sql, values| self.prepare(sql)?.insert(values))
    }

    /// Adds what a client calls the message that was added last. A driver may keep it back as it does the message.
    fn add_key(&self, row: &KeyRow<'_>) -> Result<()> {
        row.insert(|sql, values| self.prepare(sql)?.execute(values))
    }

    /// Looks up many keys of messages at once, each with its author: conversation and number of the message, where there
    /// is one. `None`: this driver has no better way than one after the other.
    fn find_keys(&self, keys: &[(i64, &str)]) -> Result<Option<FoundKeys>> {
        let _ = keys;
        Ok(None)
    }

    /// The driver itself, for those who know which one it is.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }
}

/// A statement that is ready.
pub trait Prepared {
    /// Runs it; says how many rows it changed.
    fn execute(&mut self, values: &[Value<'_>]) -> Result<usize>;

    /// Runs an INSERT of one row; says the `id` of the row.
    fn insert(&mut self, values: &[Value<'_>]) -> Result<i64>;

    /// Runs a query.
    fn query<'s>(&'s mut self, values: &[Value<'_>]) -> Result<Box<dyn NextRow + 's>>;
}

/// Rows that come one after the other.
pub trait NextRow {
    /// The next one.
    fn next(&mut self) -> Result<Option<&dyn Columns>>;
}

/// The columns of a row.
pub trait Columns {
    /// What a column holds, from 0.
    fn value(&self, column: usize) -> Result<Value<'_>>;
}

/// A connection, as the rules use it.
#[derive(Debug)]
pub struct Connection(Box<dyn Driver>);

impl Connection {
    /// A connection to that database.
    pub fn new(driver: impl Driver + 'static) -> Self {
        Self(Box::new(driver))
    }

    /// Prepares a statement, or finds it prepared.
    pub fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>> {
        self.0.prepare(sql).map(Statement)
    }

    /// Runs a statement; says how many rows it changed.
    pub fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.prepare_cached(sql)?.execute(params)
    }

    /// The one row of a query.
    pub fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.prepare_cached(sql)?.query_row(params, read)
    }

    /// Begins the transaction of one who writes.
    pub fn begin(&self) -> Result<Since> {
        self.0.begin()
    }

    /// Makes what was written durable.
    pub fn commit(&self) -> Result<()> {
        self.0.commit()
    }

    /// Undoes what was written.
    pub fn roll_back(&self) -> Result<()> {
        self.0.roll_back()
    }

    /// Whether there is a transaction that can go on.
    pub fn is_in_transaction(&self) -> bool {
        self.0.is_in_transaction()
    }

    /// Rows inserted, updated and deleted so far.
    pub fn rows_changed(&self) -> u64 {
        self.0.rows_changed()
    }

    /// Adds a message; says its number in the order of arrival.
    pub fn add_message(&self, row: &MessageRow<'_>) -> Result<i64> {
        self.0.add_message(row)
    }

    /// Adds what a client calls the message that was added last.
    pub fn add_key(&self, row: &KeyRow<'_>) -> Result<()> {
        self.0.add_key(row)
    }

    /// Looks up many keys of messages at once; `None`: they are to be looked up one after the other.
    pub fn find_keys(&self, keys: &[(i64, &str)]) -> Result<Option<FoundKeys>> {
        self.0.find_keys(keys)
    }

    /// The driver, if it is one of these.
    pub fn driver<D: Driver + 'static>(&self) -> Option<&D> {
        self.0.as_any()?.downcast_ref()
    }
}

/// A statement, as the rules use it.
pub struct Statement<'c>(Box<dyn Prepared + 'c>);

impl Statement<'_> {
    /// Runs it; says how many rows it changed.
    pub fn execute(&mut self, params: impl Params) -> Result<usize> {
        params.bind(|values| self.0.execute(values))
    }

    /// Runs an INSERT of one row; says the `id` of the row.
    pub fn insert(&mut self, params: impl Params) -> Result<i64> {
        params.bind(|values| self.0.insert(values))
    }

    /// Whether a query finds a row.
    pub fn exists(&mut self, params: impl Params) -> Result<bool> {
        Ok(self.query(params)?.next()?.is_some())
    }

    /// The first row of a query, or [`Error::NoRow`].
    pub fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        match self.query(params)?.next()? {
            Some(row) => read(&row),
            None => Err(Error::NoRow),
        }
    }

    /// The rows of a query.
    pub fn query(&mut self, params: impl Params) -> Result<Rows<'_>> {
        params.bind(|values| self.0.query(values)).map(Rows)
    }

    /// The rows of a query, each read as it comes.
    pub fn query_map<T, F>(&mut self, params: impl Params, read: F) -> Result<Mapped<'_, F>>
    where
        F: FnMut(&Row<'_>) -> Result<T>,
    {
        Ok(Mapped { rows: self.query(params)?, read })
    }
}

/// Rows that come one after the other.
pub struct Rows<'s>(Box<dyn NextRow + 's>);

impl Rows<'_> {
    /// The next one.
    #[allow(clippy::should_implement_trait, reason = "a row lives until the next one is asked for")]
    pub fn next(&mut self) -> Result<Option<Row<'_>>> {
        Ok(self.0.next()?.map(Row))
    }
}

/// Rows that are read as they come.
pub struct Mapped<'s, F> {
    rows: Rows<'s>,
    read: F,
}

impl<T, F: FnMut(&Row<'_>) -> Result<T>> Iterator for Mapped<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        match self.rows.next() {
            Ok(Some(row)) => Some((self.read)(&row)),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// One row.
pub struct Row<'r>(&'r dyn Columns);

impl<'r> Row<'r> {
    /// What a column holds.
    pub fn get<T: FromColumn>(&self, column: usize) -> Result<T> {
        T::from_column(self.0.value(column)?)
            .ok_or(Error::Column { column, what: Cow::Borrowed("it holds something else") })
    }

    /// The text in a column.
    pub fn text(&self, column: usize) -> Result<&'r str> {
        match self.0.value(column)? {
            Value::Text(text) => Ok(text),
            _ => Err(Error::Column { column, what: Cow::Borrowed("it holds no text") }),
        }
    }

    /// The text in a column, if there is any.
    pub fn text_or_null(&self, column: usize) -> Result<Option<&'r str>> {
        match self.0.value(column)? {
            Value::Null => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    /// The bytes in a column.
    pub fn blob(&self, column: usize) -> Result<&'r [u8]> {
        match self.0.value(column)? {
            Value::Blob(bytes) => Ok(bytes),
            _ => Err(Error::Column { column, what: Cow::Borrowed("it holds no bytes") }),
        }
    }

    /// What a column holds, whatever it is.
    pub fn value(&self, column: usize) -> Result<Value<'r>> {
        self.0.value(column)
    }
}

/// What no row is to who asked for one.
pub trait OptionalExtension<T> {
    /// `None` where there is no row.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(Error::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
