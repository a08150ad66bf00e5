//! What somebody has not read.
//!
//! A cursor for each conversation looks a few rows ahead; the cursor whose next message arrived first
//! goes first. So a part of a long backlog costs what the part holds, and no backlog is ever sorted. Messages are read
//! some at a time, since the database may be a network away.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use kabar_engine::store::{Message, PartMax, Place, Unread};
use kabar_model::{ConversationId, Seq, UserId};

use super::messages::{direct, follows};
use super::words;
use crate::many::{fill_up, marks};
use crate::params;
use crate::sql::{self, Connection, Error, OptionalExtension};

/// Rows that a cursor fetches: few at first, since most conversations have little to tell.
const FIRST_ROWS: i64 = 8;
const NEXT_ROWS: i64 = 128;

/// Messages that are read together: few at first, too.
const FEW_MESSAGES: usize = 8;
const MANY_MESSAGES: usize = 64;

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
        .query_row([conversation.0, user.0], |row| {
            Ok(Cursor::new(ConversationId(row.get(0)?), Seq(row.get(1)?), user, note))
        })
        .optional()?;
    cursor.map(|cursor| part(connection, vec![cursor], max)).transpose()
}

fn part(connection: &Connection, cursors: Vec<Cursor>, max: PartMax) -> sql::Result<Unread> {
    let mut merge = Merge::of(connection, cursors)?;
    let mut messages = Vec::new();
    let mut bytes = 0;
    let mut together = FEW_MESSAGES;
    'part: while messages.len() < max.messages {
        let picked = merge.pick(connection, together.min(max.messages - messages.len()))?;
        if picked.is_empty() {
            break;
        }
        let ids = picked.iter().map(|picked| picked.id).collect();
        let mut found = by_arrival(connection, ids)?;
        for (nth, Picked { id, .. }) in picked.iter().enumerate() {
            let message = found.remove(id).ok_or(Error::NoRow)?;
            bytes += message.said_bytes(max.file_bytes);
            if bytes > max.bytes && !messages.is_empty() {
                merge.put_back(&picked[nth..]);
                break 'part;
            }
            messages.push(message);
        }
        together = MANY_MESSAGES;
    }
    let Merge { cursors, .. } = merge;
    let is_worth_a_write = |cursor: &Cursor| cursor.own_passed > OWN_PASSED_MAX;
    let positions = if messages.is_empty() && !cursors.iter().any(is_worth_a_write) {
        Vec::new()
    } else {
        cursors.iter().filter_map(Cursor::moved).collect()
    };
    Ok(Unread { messages, positions })
}

/// The messages with these arrival numbers, by them.
fn by_arrival(connection: &Connection, mut ids: Vec<i64>) -> sql::Result<HashMap<i64, Message>> {
    fill_up(&mut ids);
    let sql = format!("{} WHERE m.id IN ({})", words::messages(), marks(ids.len()));
    let mut find = connection.prepare_cached(&sql)?;
    let by_id =
        |row: &sql::Row<'_>| words::message(row).map(|message| (message.arrival.0, message));
    find.query_map(ids.as_slice(), by_id)?.collect()
}

/// A message that is next, before it is read.
#[derive(Debug)]
struct Picked {
    id: i64,
    cursor: usize,
    /// How far its cursor was when it was picked.
    passed: Seq,
}

/// Cursors in the order of their next messages.
struct Merge {
    cursors: Vec<Cursor>,
    next: BinaryHeap<Reverse<(i64, usize)>>,
}

impl Merge {
    fn of(connection: &Connection, cursors: Vec<Cursor>) -> sql::Result<Self> {
        let next = BinaryHeap::with_capacity(cursors.len());
        let mut merge = Self { cursors, next };
        (0..merge.cursors.len()).try_for_each(|number| merge.look(connection, number))?;
        Ok(merge)
    }

    /// Finds the next message of a cursor.
    fn look(&mut self, connection: &Connection, number: usize) -> sql::Result<()> {
        if let Some(id) = self.cursors[number].ahead(connection)? {
            self.next.push(Reverse((id, number)));
        }
        Ok(())
    }

    /// Goes past the next messages, at most so many.
    fn pick(&mut self, connection: &Connection, most: usize) -> sql::Result<Vec<Picked>> {
        let mut picked = Vec::new();
        while picked.len() < most
            && let Some(Reverse((id, cursor))) = self.next.pop()
        {
            picked.push(Picked { id, cursor, passed: self.cursors[cursor].passed });
            self.cursors[cursor].pass();
            self.look(connection, cursor)?;
        }
        Ok(picked)
    }

    /// Those that were picked last are not returned after all, and nothing more is picked.
    fn put_back(&mut self, picked: &[Picked]) {
        for Picked { cursor, passed, .. } in picked.iter().rev() {
            self.cursors[*cursor].passed = *passed;
        }
    }
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

/// A cursor for each conversation that goes on after what was read.
fn cursors(connection: &Connection, user: UserId) -> sql::Result<Vec<Cursor>> {
    let mut list = connection.prepare_cached(
        "SELECT conversation_id, read_seq,
                (SELECT conversation_id FROM direct WHERE user_low = ?1 AND user_high = ?1)
         FROM member AS read WHERE user_id = ?1 AND EXISTS (
             SELECT 1 FROM message
             WHERE message.conversation_id = read.conversation_id AND seq > read_seq)",
    )?;
    let cursor = |row: &sql::Row<'_>| {
        let note = row.get::<Option<i64>>(2)?.map(ConversationId);
        Ok(Cursor::new(ConversationId(row.get(0)?), Seq(row.get(1)?), user, note))
    };
    list.query_map([user.0], cursor)?.collect()
}

impl Cursor {
    /// Goes on after `start`; `note` is the person's note to themselves.
    fn new(
        conversation: ConversationId,
        start: Seq,
        user: UserId,
        note: Option<ConversationId>,
    ) -> Self {
        Self {
            conversation,
            skips: (note != Some(conversation)).then_some(user),
            start,
            passed: start,
            own_passed: 0,
            rows: VecDeque::new(),
            fetch: FIRST_ROWS,
        }
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
