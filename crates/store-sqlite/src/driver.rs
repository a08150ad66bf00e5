//! SQLite as the rules use it. Texts and bytes are lent, not copied, and rows come one after the other.

use std::any::Any;
use std::str;

use kabar_store_sql::sql::{
    Columns, Connection, Driver, Error, NextRow, Prepared, Result, Since, Value,
};
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Rows, ToSql, params_from_iter};

use crate::error::of_sqlite;

/// A connection to the file.
#[derive(Debug)]
pub(crate) struct SqliteDriver(rusqlite::Connection);

/// A connection for the rules.
pub(crate) fn for_rules(connection: rusqlite::Connection) -> Connection {
    Connection::new(SqliteDriver(connection))
}

/// What SQLite alone knows of a connection that [`for_rules`] made.
pub(crate) fn of_rules(connection: &Connection) -> &rusqlite::Connection {
    let driver = connection.driver::<SqliteDriver>();
    &driver.expect("every connection of this crate is made by `for_rules`").0
}

impl SqliteDriver {
    fn run(&self, sql: &str) -> Result<()> {
        let mut statement = self.0.prepare_cached(sql).map_err(of_sqlite)?;
        statement.execute(()).map(drop).map_err(of_sqlite)
    }
}

impl Driver for SqliteDriver {
    fn prepare<'c>(&'c self, sql: &str) -> Result<Box<dyn Prepared + 'c>> {
        Ok(Box::new(Ready(self.0.prepare_cached(sql).map_err(of_sqlite)?)))
    }

    fn begin(&self) -> Result<Since> {
        self.run("BEGIN IMMEDIATE").map(|()| Since::Own)
    }

    fn commit(&self) -> Result<()> {
        self.run("COMMIT")
    }

    fn roll_back(&self) -> Result<()> {
        // SQLite has undone the transaction already after some errors.
        if self.0.is_autocommit() { Ok(()) } else { self.run("ROLLBACK") }
    }

    fn is_in_transaction(&self) -> bool {
        !self.0.is_autocommit()
    }

    fn rows_changed(&self) -> u64 {
        self.0.total_changes()
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

/// A statement that is kept when it is dropped.
struct Ready<'c>(CachedStatement<'c>);

impl Prepared for Ready<'_> {
    fn execute(&mut self, values: &[Value<'_>]) -> Result<usize> {
        self.0.execute(params_from_iter(values.iter().map(Bound))).map_err(of_sqlite)
    }

    fn insert(&mut self, values: &[Value<'_>]) -> Result<i64> {
        self.0.insert(params_from_iter(values.iter().map(Bound))).map_err(of_sqlite)
    }

    fn query<'s>(&'s mut self, values: &[Value<'_>]) -> Result<Box<dyn NextRow + 's>> {
        let rows = self.0.query(params_from_iter(values.iter().map(Bound)));
        Ok(Box::new(Found(rows.map_err(of_sqlite)?)))
    }
}

struct Bound<'a>(&'a Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Rows, and the columns of the current one.
struct Found<'s>(Rows<'s>);

impl NextRow for Found<'_> {
    fn next(&mut self) -> Result<Option<&dyn Columns>> {
        self.0.advance().map_err(of_sqlite)?;
        Ok(if self.0.get().is_some() { Some(self) } else { None })
    }
}

impl Columns for Found<'_> {
    fn value(&self, column: usize) -> Result<Value<'_>> {
        let wrong = |what: &'static str| Error::Column { column, what: what.into() };
        let row = self.0.get().ok_or(Error::NoRow)?;
        match row.get_ref(column).map_err(of_sqlite)? {
            ValueRef::Null => Ok(Value::Null),
            ValueRef::Integer(number) => Ok(Value::Int(number)),
            ValueRef::Text(text) => {
                str::from_utf8(text).map(Value::Text).map_err(|_| wrong("it is no UTF-8"))
            }
            ValueRef::Blob(bytes) => Ok(Value::Blob(bytes)),
            ValueRef::Real(_) => Err(wrong("it holds a fraction")),
        }
    }
}

#[cfg(test)]
mod tests {
    use kabar_model::{ConversationId, Seq};
    use kabar_store_sql::sql::OptionalExtension;
    use kabar_store_sql::{here, home_seq, params};

    use super::*;

    fn in_memory(schema: &str) -> Connection {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch(schema).unwrap();
        for_rules(connection)
    }

    #[test]
    fn values_go_in_and_come_out_as_they_are() {
        let db = in_memory("CREATE TABLE one (id INTEGER PRIMARY KEY, t TEXT, b BLOB) STRICT");
        let sql = "INSERT INTO one (t, b) VALUES (?1, ?2)";
        let mut insert = db.prepare_cached(sql).unwrap();
        assert_eq!(insert.insert(params!["kabar\0é", [1_u8, 0, 2]]).unwrap(), 1);
        assert_eq!(insert.insert(params![None::<&str>, None::<Vec<u8>>]).unwrap(), 2);
        let sql = "SELECT t, b, id FROM one WHERE id = ?1";
        let read = |id: i64| {
            db.query_row(sql, [id], |row| {
                assert!(row.get::<i64>(0).is_err(), "a text is no number");
                Ok((row.get::<Option<String>>(0)?, row.get::<Option<[u8; 3]>>(1)?))
            })
        };
        assert_eq!(read(1).unwrap(), (Some("kabar\0é".into()), Some([1, 0, 2])));
        assert_eq!(read(2).unwrap(), (None, None));
        assert_eq!(read(3).optional().unwrap(), None);
        assert!(read(3).unwrap_err().to_string().contains("no row"));
    }

    #[test]
    fn errors_say_what_they_mean() {
        let db = in_memory("CREATE TABLE one (id INTEGER PRIMARY KEY) STRICT");
        db.execute("INSERT INTO one (id) VALUES (?1)", [1]).unwrap();
        let again = db.execute("INSERT INTO one (id) VALUES (?1)", [1]).unwrap_err();
        assert!(again.is_constraint() && !again.is_fatal());
        let few = db.execute("INSERT INTO one (id) VALUES (?1)", ()).unwrap_err();
        assert!(!few.is_constraint() && !few.is_fatal(), "{few}");
        for (code, is_fatal) in [
            (rusqlite::ffi::SQLITE_IOERR_FSYNC, true),
            (rusqlite::ffi::SQLITE_CORRUPT, true),
            (rusqlite::ffi::SQLITE_FULL, false),
            (rusqlite::ffi::SQLITE_BUSY, false),
        ] {
            let code = rusqlite::ffi::Error::new(code);
            let error = of_sqlite(rusqlite::Error::SqliteFailure(code, None));
            assert_eq!(error.is_fatal(), is_fatal, "{error}");
            assert!(!error.is_lost());
        }
    }

    #[test]
    fn what_the_home_of_a_mirror_lost_has_no_number_there() {
        let db = in_memory(
            "CREATE TABLE mirror_shift (conversation_id, home_from, shift);
             INSERT INTO mirror_shift VALUES (1, 8, 3), (1, 10, 6), (1, 40, -20), (2, 1, 100);",
        );
        // Here stand the home's 1–7, 8–10 lost, 8–9, 13–15 lost, 10–13; what was not shown of 14–39 is not here.
        let numbers = [(7, 7), (8, 11), (9, 12), (10, 16), (13, 19), (40, 20), (41, 21)];
        for (home, expected) in numbers {
            assert_eq!(here(&db, ConversationId(1), Seq(home)).unwrap(), Seq(expected));
            let back = home_seq(&db, ConversationId(1), Seq(expected)).unwrap();
            assert_eq!(back, Some(Seq(home)));
        }
        for lost in [8, 10, 13, 15] {
            assert_eq!(home_seq(&db, ConversationId(1), Seq(lost)).unwrap(), None, "{lost}");
        }
        assert_eq!(home_seq(&db, ConversationId(3), Seq(5)).unwrap(), Some(Seq(5)));
    }
}
