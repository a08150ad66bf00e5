//! Messages that were added and not sent yet: many rows are one statement.

use std::rc::Rc;

use kabar_store_sql::sql::{KeyRow, MessageRow};
use tokio_postgres::types::ToSql;

use crate::text::kept;

/// Adds as many rows as the arrays have values.
pub(crate) const INSERT: &str =
    "INSERT INTO message (id, conversation_id, seq, author_id, sent_at, body, file_id, about_seq, change, edited_at, \
                          deleted_at)
     SELECT * FROM unnest(CAST(?1 AS BIGINT[]), CAST(?2 AS BIGINT[]), CAST(?3 AS BIGINT[]), CAST(?4 AS BIGINT[]), \
                          CAST(?5 AS BIGINT[]), CAST(?6 AS TEXT[]), CAST(?7 AS BIGINT[]), CAST(?8 AS BIGINT[]), \
                          CAST(?9 AS TEXT[]), CAST(?10 AS BIGINT[]), CAST(?11 AS BIGINT[]))";

/// Adds as many keys.
pub(crate) const INSERT_KEYS: &str = "INSERT INTO client_key (author_id, key, conversation_id, seq, sent_at)
     SELECT * FROM unnest(CAST(?1 AS BIGINT[]), CAST(?2 AS TEXT[]), CAST(?3 AS BIGINT[]), CAST(?4 AS BIGINT[]), \
                          CAST(?5 AS BIGINT[]))";

/// Texts that are kept back; with more they are sent.
pub(crate) const PENDING_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Rows in the order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    rows: Vec<Row>,
    bytes: usize,
}

/// A row that outlives who added it.
#[derive(Debug)]
struct Row {
    numbers: [i64; 5],
    body: String,
    file: Option<i64>,
    about: Option<i64>,
    change: Option<String>,
    edited: Option<i64>,
    deleted: Option<i64>,
    key: Option<String>,
}

impl Pending {
    pub(crate) fn add(&mut self, arrival: i64, row: &MessageRow<'_>) {
        let body = kept(row.body).into_owned();
        self.bytes += body.len();
        self.rows.push(Row {
            numbers: [arrival, row.conversation_id, row.seq, row.author_id, row.sent_at],
            body,
            file: row.file_id,
            about: row.about_seq,
            change: row.change.map(str::to_owned),
            edited: row.edited_at,
            deleted: row.deleted_at,
            key: None,
        });
    }

    /// Adds the key of the message that was added last; `false`: that was sent already.
    pub(crate) fn add_key(&mut self, key: &KeyRow<'_>) -> bool {
        let Some(row) = self.rows.last_mut() else { return false };
        let of = [key.conversation_id, key.seq, key.author_id, key.sent_at];
        let is_its = row.numbers[1..] == of;
        if is_its {
            row.key = Some(key.key.to_owned());
        }
        is_its
    }

    /// The parameters of [`INSERT_KEYS`], if there are any keys.
    pub(crate) fn keys(&self) -> Option<Vec<Rc<dyn ToSql + Sync>>> {
        let rows: Vec<(&Row, &String)> =
            self.rows.iter().filter_map(|row| Some((row, row.key.as_ref()?))).collect();
        let number = |n: usize| -> Rc<dyn ToSql + Sync> {
            Rc::new(rows.iter().map(|(row, _)| row.numbers[n]).collect::<Vec<_>>())
        };
        let keys: Vec<String> = rows.iter().map(|(_, key)| (*key).clone()).collect();
        let params = [number(3), Rc::new(keys), number(1), number(2), number(4)];
        (!rows.is_empty()).then(|| params.to_vec())
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets what came after the first so many.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.rows.truncate(rows);
        self.bytes = self.rows.iter().map(|row| row.body.len()).sum();
    }

    /// Takes out what came after the first so many.
    pub(crate) fn split_off(&mut self, rows: usize) -> Self {
        let rows = self.rows.split_off(rows);
        let bytes = rows.iter().map(|row| row.body.len()).sum();
        self.bytes -= bytes;
        Self { rows, bytes }
    }

    /// The parameters of [`INSERT`]; none is kept back any more.
    pub(crate) fn take(&mut self) -> Vec<Rc<dyn ToSql + Sync>> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        let number = |n: usize| -> Rc<dyn ToSql + Sync> {
            Rc::new(rows.iter().map(|row| row.numbers[n]).collect::<Vec<_>>())
        };
        let optional = |of: fn(&Row) -> Option<i64>| -> Rc<dyn ToSql + Sync> {
            Rc::new(rows.iter().map(of).collect::<Vec<_>>())
        };
        let mut params: Vec<Rc<dyn ToSql + Sync>> = (0..5).map(number).collect();
        let (files, abouts) = (optional(|row| row.file), optional(|row| row.about));
        let (edited, deleted) = (optional(|row| row.edited), optional(|row| row.deleted));
        let (bodies, changes): (Vec<_>, Vec<_>) =
            rows.into_iter().map(|row| (row.body, row.change)).unzip();
        params.extend([Rc::new(bodies) as Rc<dyn ToSql + Sync>, files, abouts]);
        params.extend([Rc::new(changes) as Rc<dyn ToSql + Sync>, edited, deleted]);
        params
    }
}
