//! What somebody has not read.
//!
//! A cursor for each conversation looks a few rows ahead; the cursor whose next message arrived first
//! goes first. So a part of a long backlog costs what the part holds, and no backlog is ever sorted.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use kabar_engine::store::{PartMax, Place, Unread};
use kabar_model::{ConversationId, Seq, UserId};

use super::messages::{direct, follows};
use super::words;
use crate::params;
use crate::sql::{self, Connection, OptionalExtension};

/// Rows that a cursor fetches: few at first, since most conversations have little to tell.
const FIRST_ROWS: i64 = 8;
const NEXT_ROWS: i64 = 128;

/// With nothing to return, positions are worth a write once so many messages, one's own or deleted, were
/// passed over in a conversation. Fewer are passed over again by the next call, so that asking for news writes nothing.
const OWN_PASSED_MAX: u64 = 64;

pub(crate) fn unread(connection: &Connection, user: UserId, max: PartMax) -> sql::Result<Unread> {
    part(connection, cursors(connection, user)?, max)
}

/// In one conversation alone; `None` when that is no member.
pub(crate) fn unread_in(
    connection: &Connection,
    user: UserId,
    conversation: ConversationId,
    max: PartMax,
) -> sql::Result<Option<Unread>> {
    let note = direct(connection, user, user)?;
    let cursor = connection
        .prepare_cached(
            "SELECT conversation_id, read_seq FROM member
             WHERE conversation_id = ?1 AND user_id = ?2",
        )?
        .query_row([conversation.0, user.0], |row| Cursor::from(row, user, note))
        .optional()?;
    cursor.map(|cursor| part(connection, vec![cursor], max)).transpose()
}

fn part(connection: &Connection, mut cursors: Vec<Cursor>, max: PartMax) -> sql::Result<Unread> {
    let mut next = BinaryHeap::with_capacity(cursors.len());
    for (number, cursor) in cursors.iter_mut().enumerate() {
        if let Some(id) = cursor.ahead(connection)? {
            next.push(Reverse((id, number)));
        }
    }
    let mut find = connection.prepare_cached(&format!("{} WHERE m.id = ?1", words::messages()))?;
    let mut messages = Vec::new();
    let mut bytes = 0;
    while let Some(Reverse((id, number))) = next.pop() {
        if messages.len() >= max.messages {
            break;
        }
        let cursor = &mut cursors[number];
        let message = find.query_row([id], words::message)?;
        bytes += message.said_bytes(max.file_bytes);
        if bytes > max.bytes && !messages.is_empty() {
            break;
        }
        messages.push(message);
        cursor.pass();
        if let Some(id) = cursor.ahead(connection)? {
            next.push(Reverse((id, number)));
        }
    }
    let is_worth_a_write = |cursor: &Cursor| cursor.own_passed > OWN_PASSED_MAX;
    let positions = if messages.is_empty() && !cursors.iter().any(is_worth_a_write) {
        Vec::new()
    } else {
        cursors.iter().filter_map(Cursor::moved).collect()
    };
    Ok(Unread { messages, positions })
}

/// A row ahead of a cursor. Its text stays in the database until it is returned.
#[derive(Debug)]
struct Row {
    id: i64,
    seq: Seq,
    author: UserId,
    deleted: bool,
}

/// A place in a conversation from which somebody reads on.
#[derive(Debug)]
struct Cursor {
    conversation: ConversationId,
    /// Whose messages are passed over; nobody's in a note to oneself.
    skips: Option<UserId>,
    start: Seq,
    /// The last message that was returned or passed over.
    passed: Seq,
    own_passed: u64,
    rows: VecDeque<Row>,
    /// How many rows to fetch next; 0 at the end of the conversation.
    fetch: i64,
}

fn cursors(connection: &Connection, user: UserId) -> sql::Result<Vec<Cursor>> {
    let note = direct(connection, user, user)?;
    let mut list = connection
        .prepare_cached("SELECT conversation_id, read_seq FROM member WHERE user_id = ?1")?;
    list.query_map([user.0], |row| Cursor::from(row, user, note))?.collect()
}

impl Cursor {
    /// Reads a conversation and a read position; `note` is the person's note to themselves.
    fn from(row: &sql::Row<'_>, user: UserId, note: Option<ConversationId>) -> sql::Result<Self> {
        let conversation = ConversationId(row.get(0)?);
        let start = Seq(row.get(1)?);
        Ok(Self {
            conversation,
            skips: (note != Some(conversation)).then_some(user),
            start,
            passed: start,
            own_passed: 0,
            rows: VecDeque::new(),
            fetch: FIRST_ROWS,
        })
    }

    fn at(&self, seq: Seq) -> Place {
        Place { conversation: self.conversation, seq }
    }

    /// The arrival number of the next message to return, once one's own and deleted ones are passed over.
    fn ahead(&mut self, connection: &Connection) -> sql::Result<Option<i64>> {
        loop {
            while let Some(row) = self.rows.front() {
                if !row.deleted && self.skips != Some(row.author) {
                    return Ok(Some(row.id));
                }
                self.own_passed += 1;
                self.pass();
            }
            if self.fetch == 0 {
                return Ok(None);
            }
            self.look_ahead(connection)?;
        }
    }

    /// Goes past the next row.
    fn pass(&mut self) {
        if let Some(row) = self.rows.pop_front() {
            self.passed = row.seq;
        }
    }

    fn look_ahead(&mut self, connection: &Connection) -> sql::Result<()> {
        let mut find = connection.prepare_cached(
            "SELECT id, seq, author_id, deleted_at IS NOT NULL FROM message
             WHERE conversation_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
        )?;
        let mut rows = find.query(params![self.conversation.0, self.passed.0, self.fetch])?;
        let mut last = self.passed;
        let mut fetched = 0;
        while let Some(row) = rows.next()? {
            let seq = Seq(row.get(1)?);
            last = follows(last, self.at(seq))?;
            let (author, deleted) = (UserId(row.get(2)?), row.get(3)?);
            self.rows.push_back(Row { id: row.get(0)?, seq, author, deleted });
            fetched += 1;
        }
        self.fetch = if fetched < self.fetch { 0 } else { NEXT_ROWS };
        Ok(())
    }

    /// Where the read position is to move, if it is.
    fn moved(&self) -> Option<Place> {
        (self.passed > self.start).then(|| self.at(self.passed))
    }
}
