//! Rows that outlive the query, and reading a table page by page in the order of its key.

use std::cmp::Ordering;
use std::fmt::Write;

use super::tables::Table;
use crate::sql::{Connection, Result, ToValue, Value};

/// Rows of a page at first, and the most and the fewest.
const ROWS_FIRST: i64 = 256;
const ROWS_MOST: i64 = 2_048;
const ROWS_FEWEST: i64 = 16;

/// A page that turns out longer makes the next one shorter.
const PAGE_BYTES_GOAL: usize = 4 * 1024 * 1024;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// A row, its columns as in [`Table::columns`].
pub(crate) type Cells = Vec<Cell>;

impl Cell {
    fn new(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(number) => Self::Int(number),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }

    /// The kind and the bytes: equal for equal values alone.
    pub(crate) fn bytes(&self) -> (u8, [u8; 8], &[u8]) {
        let long = |bytes: &[u8]| (bytes.len() as u64).to_le_bytes();
        match self {
            Self::Null => (0, [0; 8], &[]),
            Self::Int(number) => (1, number.to_le_bytes(), &[]),
            Self::Text(text) => (2, long(text.as_bytes()), text.as_bytes()),
            Self::Blob(bytes) => (3, long(bytes), bytes),
        }
    }

    fn len(&self) -> usize {
        self.bytes().2.len() + size_of::<Self>()
    }

    fn write(&self, out: &mut String) {
        let _ = match self {
            Self::Null => write!(out, "-"),
            Self::Int(number) => write!(out, "{number}"),
            Self::Text(text) => write!(out, "{text:?}"),
            Self::Blob(bytes) => bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}")),
        };
    }
}

impl ToValue for Cell {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(*number),
            Self::Text(text) => Value::Text(text),
            Self::Blob(bytes) => Value::Blob(bytes),
        }
    }
}

/// The key, for people: on one line, and nothing in it can do harm there.
pub(crate) fn shown(table: &Table, row: &[Cell]) -> String {
    let mut out = String::new();
    for cell in &row[..table.key] {
        if !out.is_empty() {
            out.push_str(", ");
        }
        cell.write(&mut out);
    }
    out
}

/// Which of the two comes first.
pub(crate) fn in_order(table: &Table, one: &[Cell], other: &[Cell]) -> Ordering {
    one[..table.key].cmp(&other[..table.key])
}

/// Reads a table from its beginning, or from after a key, to its end.
#[derive(Debug)]
pub(crate) struct Reading {
    table: &'static Table,
    after: Option<Cells>,
    rows: i64,
    is_over: bool,
}

impl Reading {
    pub(crate) fn of(table: &'static Table, after: Option<Cells>) -> Self {
        Self { table, after, rows: ROWS_FIRST, is_over: false }
    }

    /// The next rows; none: that was all.
    pub(crate) fn next(&mut self, connection: &Connection) -> Result<Vec<Cells>> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let (sql, key) = (self.sql(), self.after.as_deref().unwrap_or_default());
        let mut values: Vec<&dyn ToValue> = key.iter().map(|cell| cell as &dyn ToValue).collect();
        values.push(&self.rows);
        let page = read(connection, &sql, &values, self.table.columns.len())?;
        let bytes: usize = page.iter().flatten().map(Cell::len).sum();
        self.is_over = i64::try_from(page.len()).is_ok_and(|rows| rows < self.rows);
        drop(values);
        self.rows = if bytes > PAGE_BYTES_GOAL {
            (self.rows / 2).max(ROWS_FEWEST)
        } else if bytes < PAGE_BYTES_GOAL / 4 {
            (self.rows * 2).min(ROWS_MOST)
        } else {
            self.rows
        };
        if let Some(last) = page.last() {
            self.after = Some(last[..self.table.key].to_vec());
        }
        Ok(page)
    }

    fn sql(&self) -> String {
        let Table { name, columns, key, .. } = self.table;
        let (columns, order) = (columns.join(", "), self.table.key().join(", "));
        let (past, limit) = match &self.after {
            None => (String::new(), 1),
            Some(_) => (format!("WHERE ({order}) > ({})", places(1, *key)), key + 1),
        };
        format!("SELECT {columns} FROM {name} {past} ORDER BY {order} LIMIT ?{limit}")
    }
}

/// The last key of a table; `None`: it is empty.
pub(crate) fn last_key(connection: &Connection, table: &Table) -> Result<Option<Cells>> {
    let columns = table.key().join(", ");
    let order = table.key().join(" DESC, ");
    let sql = format!("SELECT {columns} FROM {} ORDER BY {order} DESC LIMIT 1", table.name);
    Ok(read(connection, &sql, &[], table.key)?.pop())
}

/// Parameters from that number on: `?1, ?2`.
pub(crate) fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|place| format!("?{place}")).collect::<Vec<_>>().join(", ")
}

fn read(
    connection: &Connection,
    sql: &str,
    values: &[&dyn ToValue],
    columns: usize,
) -> Result<Vec<Cells>> {
    let mut found = Vec::new();
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    while let Some(row) = rows.next()? {
        found.push((0..columns).map(|n| row.value(n).map(Cell::new)).collect::<Result<_>>()?);
    }
    Ok(found)
}
