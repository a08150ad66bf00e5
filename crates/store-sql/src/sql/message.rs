//! The row of a message.

use super::{Result, ToValue, Value};

/// What a client calls a message of its own, as it is kept.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "they are the columns of `client_key`")]
pub struct KeyRow<'a> {
    pub author_id: i64,
    pub key: &'a str,
    pub conversation_id: i64,
    pub seq: i64,
    pub sent_at: i64,
}

impl KeyRow<'_> {
    /// Adds it by one statement.
    ///
    /// # Errors
    /// Those of the statement.
    pub fn insert(&self, run: impl Fn(&str, &[Value<'_>]) -> Result<usize>) -> Result<()> {
        let values = [
            self.author_id.value(),
            self.key.value(),
            self.conversation_id.value(),
            self.seq.value(),
            self.sent_at.value(),
        ];
        let sql = "INSERT INTO client_key (author_id, key, conversation_id, seq, sent_at)
             VALUES (?1, ?2, ?3, ?4, ?5)";
        run(sql, &values).map(drop)
    }
}

/// A message as it is added. What stands in `about_seq` and `change` is as in the schema.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "they are the columns of `message`")]
pub struct MessageRow<'a> {
    pub conversation_id: i64,
    pub seq: i64,
    pub author_id: i64,
    pub sent_at: i64,
    pub body: &'a str,
    pub file_id: Option<i64>,
    pub about_seq: Option<i64>,
    pub change: Option<&'a str>,
    pub edited_at: Option<i64>,
    pub deleted_at: Option<i64>,
}

impl<'a> MessageRow<'a> {
    /// The columns, in the order of [`MessageRow::values`].
    pub const COLUMNS: &'static str = "conversation_id, seq, author_id, sent_at, body, file_id, about_seq, change, \
         edited_at, deleted_at";

    /// A text.
    pub fn text(
        conversation_id: i64,
        seq: i64,
        author_id: i64,
        sent_at: i64,
        body: &'a str,
    ) -> Self {
        Self {
            conversation_id,
            seq,
            author_id,
            sent_at,
            body,
            file_id: None,
            about_seq: None,
            change: None,
            edited_at: None,
            deleted_at: None,
        }
    }

    /// What the columns hold.
    pub fn values(&self) -> [Value<'_>; 10] {
        [
            self.conversation_id.value(),
            self.seq.value(),
            self.author_id.value(),
            self.sent_at.value(),
            self.body.value(),
            self.file_id.value(),
            self.about_seq.value(),
            self.change.value(),
            self.edited_at.value(),
            self.deleted_at.value(),
        ]
    }

    /// Adds it by one statement. A text, by far the most frequent, takes one with fewer columns.
    pub(super) fn insert(&self, run: impl Fn(&str, &[Value<'_>]) -> Result<i64>) -> Result<i64> {
        let values = self.values();
        let (said, more) = values.split_at(5);
        if more.iter().all(|value| *value == Value::Null) {
            return run(
                "INSERT INTO message (conversation_id, seq, author_id, sent_at, body)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                said,
            );
        }
        run(
            "INSERT INTO message (conversation_id, seq, author_id, sent_at, body, file_id, about_seq,
                                  change, edited_at, deleted_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            &values,
        )
    }
}
