//! The thread that fills the index. Each node has one; the one whose connection has the lock fills.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kabar_engine::store::Message;
use kabar_model::{Change, ConversationId, Seq};
use kabar_store_sql::sql::{Connection, OptionalExtension, Result};
use kabar_store_sql::{Stop, message, messages};

use super::marks::{list, marks};
use super::position::{Position, is_there, take_in, taken_up};
use crate::driver::{PostgresDriver, Role};
use crate::settings::Address;
use crate::text::{array, quoted};

/// "kabs": the lock of who fills the index. It goes with the connection.
const LOCK: i64 = 0x6b61_6273;

/// How far behind the messages the index may be while nothing else goes on. What it does not have yet, searches
/// look through themselves.
const EVERY: Duration = Duration::from_millis(500);

/// Who does not fill asks so often whether the one who does has gone.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// After an error, this long.
const PAUSE: Duration = Duration::from_secs(5);

/// How many times as long as it took to take some in is left to those who write; the longer while they write much.
const REST: u32 = 1;
const REST_FROM_WRITERS: u32 = 9;

/// Messages that are taken in together. After an error they are fewer, so that a slow server manages.
const ROWS_TOGETHER: i64 = 512;
const ROWS_TOGETHER_LEAST: i64 = 8;

/// Marks that are taken in together, as they are sent; the message that reaches this is the last one.
const TAKEN_BYTES: usize = 4 * 1024 * 1024;

pub(super) struct Filler {
    address: Arc<Address>,
    stop: Arc<Stop>,
    /// `None` while there is none.
    connection: Option<Connection>,
    /// Where the index stands, while this node fills it.
    position: Option<Position>,
    rows_together: i64,
}

impl Filler {
    pub(super) fn new(address: Arc<Address>, stop: Arc<Stop>) -> Self {
        Self { address, stop, connection: None, position: None, rows_together: ROWS_TOGETHER }
    }

    /// Keeps the index up to date until told to stop.
    pub(super) fn run(mut self) {
        let mut wait = Duration::ZERO;
        while !self.stop.within(wait) {
            wait = match self.turn() {
                Ok(true) => EVERY,
                Ok(false) => ASK_EVERY,
                Err(error) => {
                    tracing::warn!(%error, "the search index cannot be filled now");
                    // The lock goes with it, and another node may have better luck.
                    (self.connection, self.position) = (None, None);
                    self.rows_together = (self.rows_together / 2).max(ROWS_TOGETHER_LEAST);
                    PAUSE
                }
            };
        }
    }

    /// Takes in what is new; `false`: another node does.
    fn turn(&mut self) -> Result<bool> {
        if self.connection.is_none() {
            let address = Arc::clone(&self.address);
            let driver = PostgresDriver::open(address, Role::Indexer)?;
            self.connection = Some(Connection::new(driver));
        }
        let Some(connection) = &self.connection else { return Ok(false) };
        let mut position = match self.position {
            Some(position) if is_there(connection)? => Some(position),
            Some(_) => taken_up(connection)?,
            None => {
                let lock = format!("SELECT pg_try_advisory_lock({LOCK})");
                if !connection.query_row(&lock, (), |row| row.get::<bool>(0))? {
                    return Ok(false);
                }
                taken_up(connection)?
            }
        };
        let mut said = last_arrival(connection)?;
        while let Some(from) = position {
            let started = Instant::now();
            position = match fill(connection, from, self.rows_together)? {
                Filled::All => break,
                Filled::UpTo(position) => Some(position),
                Filled::ByAnother => None,
            };
            self.rows_together = (self.rows_together * 2).min(ROWS_TOGETHER);
            let took = started.elapsed();
            let now = last_arrival(connection)?;
            let is_much = now - said > self.rows_together / 8;
            said = now;
            if self.stop.within(took * if is_much { REST_FROM_WRITERS } else { REST }) {
                break;
            }
        }
        self.position = position;
        if position.is_none() {
            // The lock goes with it.
            self.connection = None;
        }
        Ok(position.is_some())
    }
}

/// How far the order of arrival has gone.
fn last_arrival(connection: &Connection) -> Result<i64> {
    connection
        .prepare_cached("SELECT arrival FROM head WHERE id = 1")?
        .query_row((), |row| row.get(0))
}

/// What came of filling.
enum Filled {
    All,
    UpTo(Position),
    /// Somebody else fills it.
    ByAnother,
}

/// Takes in some messages.
fn fill(connection: &Connection, from: Position, rows_together: i64) -> Result<Filled> {
    let (found, last) = after(connection, from, rows_together)?;
    let Some(last) = last else { return Ok(Filled::All) };
    let mut now: BTreeMap<i64, Message> = BTreeMap::new();
    for message in found {
        match message.change {
            None => drop(now.insert(message.arrival.0, message)),
            // What was changed is taken in again as it stands now.
            Some(Change::Edit(of) | Change::Deletion(of)) => {
                let changed = at(connection, message.place.conversation, of)?;
                now.extend(changed.map(|changed| (changed.arrival.0, changed)));
            }
            Some(Change::Reaction(_) | Change::ReactionEnd(_)) => {}
        }
    }
    let (mut ids, mut lists) = (Vec::new(), Vec::new());
    for (arrival, message) in now {
        let of = if message.deleted { BTreeSet::new() } else { marks(&message) };
        ids.push(arrival.to_string());
        lists.push(quoted(&list(&of)));
    }
    let moved = take_in(connection, (&array(ids), &array(lists)), from, last)?;
    Ok(if moved { Filled::UpTo(last) } else { Filled::ByAnother })
}

/// Some of the messages after a place that are in no room, since those are not searched; and the last place that was
/// looked at.
fn after(
    connection: &Connection,
    from: Position,
    rows_together: i64,
) -> Result<(Vec<Message>, Option<Position>)> {
    let mut find = connection.prepare_cached(&format!(
        "{} JOIN conversation c ON c.id = m.conversation_id
         WHERE m.id > ?1 AND m.id <= ?2 AND c.kind <> 'room' ORDER BY m.id",
        messages()
    ))?;
    let until = from.arrival.saturating_add(rows_together);
    let mut last = connection
        .prepare_cached(
            "SELECT id, sent_at FROM message WHERE id > ?1 AND id <= ?2 ORDER BY id DESC LIMIT 1",
        )?
        .query_row([from.arrival, until], |row| {
            Ok(Position { arrival: row.get(0)?, sent_at: row.get(1)? })
        })
        .optional()?;
    let Some(end) = &mut last else { return Ok((Vec::new(), None)) };
    let mut found = Vec::new();
    let mut bytes = 0;
    let mut rows = find.query([from.arrival, end.arrival])?;
    while let Some(row) = rows.next()? {
        let message = message(&row)?;
        // About a mark for each byte, of a dozen digits.
        bytes += message.body.len() * 12;
        let is_full = bytes > TAKEN_BYTES;
        if is_full {
            *end = Position { arrival: message.arrival.0, sent_at: message.at.0 };
        }
        found.push(message);
        if is_full {
            break;
        }
    }
    Ok((found, last))
}

fn at(connection: &Connection, conversation: ConversationId, seq: Seq) -> Result<Option<Message>> {
    let sql = format!("{} WHERE m.conversation_id = ?1 AND m.seq = ?2", messages());
    connection.prepare_cached(&sql)?.query_row([conversation.0, seq.0], message).optional()
}
