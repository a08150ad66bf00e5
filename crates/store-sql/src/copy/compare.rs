//! Comparing two databases row by row.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::rows::{Cells, Reading, in_order, shown};
use super::tables::Table;
use crate::sql::{Connection, Result};

/// Differences of a table that are named; the others are counted.
const NAMED: usize = 10;

/// What a table turned out to be.
#[derive(Debug)]
pub struct Compared {
    /// On either side: rows, and the SHA-256 over all that they hold, in hexadecimal.
    pub sums: [(u64, String); 2],
    /// The first differences.
    pub named: Vec<Difference>,
    /// All of them, counted.
    pub differences: u64,
}

/// A row that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its key.
    pub key: String,
    /// What is different.
    pub what: What,
}

/// What is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The row is on the first side alone.
    Lacking,
    /// The row is on the second side alone.
    Added,
    /// A column holds something else.
    Column(&'static str),
}

/// Compares a table in two databases; says of each row that it has seen one.
pub fn compare(
    table: &'static Table,
    from: &Connection,
    to: &Connection,
    seen: &mut dyn FnMut(u64),
) -> Result<Compared> {
    let mut sides = [Rows::of(table, from), Rows::of(table, to)];
    let (mut named, mut differences) = (Vec::new(), 0);
    loop {
        let [one, other] = &mut sides;
        let order = match (one.peek()?, other.peek()?) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => in_order(table, one, other),
        };
        let one = if order.is_le() { one.take() } else { None };
        let other = if order.is_ge() { other.take() } else { None };
        let found = match (&one, &other) {
            (Some(one), None) => Some((one, What::Lacking)),
            (None, Some(other)) => Some((other, What::Added)),
            (Some(one), Some(other)) => {
                let column = one.iter().zip(other).position(|(one, other)| one != other);
                column.map(|column| (one, What::Column(table.columns[column])))
            }
            (None, None) => None,
        };
        if let Some((row, what)) = found {
            differences += 1;
            if named.len() < NAMED {
                named.push(Difference { key: shown(table, row), what });
            }
        }
        seen(1);
    }
    Ok(Compared { sums: sides.map(Rows::sum), named, differences })
}

/// The rows of one side, with the sum over those that were taken.
struct Rows<'c> {
    connection: &'c Connection,
    reading: Reading,
    page: VecDeque<Cells>,
    count: u64,
    hash: Sha256,
}

impl<'c> Rows<'c> {
    fn of(table: &'static Table, connection: &'c Connection) -> Self {
        let (reading, page) = (Reading::of(table, None), VecDeque::new());
        Self { connection, reading, page, count: 0, hash: Sha256::new() }
    }

    fn peek(&mut self) -> Result<Option<&Cells>> {
        if self.page.is_empty() {
            self.page = self.reading.next(self.connection)?.into();
        }
        Ok(self.page.front())
    }

    fn take(&mut self) -> Option<Cells> {
        let row = self.page.pop_front()?;
        self.count += 1;
        for cell in &row {
            let (kind, head, bytes) = cell.bytes();
            self.hash.update([kind]);
            self.hash.update(head);
            self.hash.update(bytes);
        }
        Some(row)
    }

    fn sum(self) -> (u64, String) {
        let mut hex = String::new();
        for byte in self.hash.finalize() {
            let _ = write!(hex, "{byte:02x}");
        }
        (self.count, hex)
    }
}
