//! Searching: whatever names messages, each of them is looked at as it stands now.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use kabar_engine::store::{Message, SearchQuery};
use kabar_model::{Change, ConversationId, Seq, Timestamp, UserId};

use crate::reads::words;
use crate::sql::{self, Connection, OptionalExtension, Statement};

/// How many later messages may have been sent earlier, since clocks are set. Among so many around a moment all
/// are looked at.
const DISORDER: i64 = 10_000;

/// Messages that are read at a time.
const ROWS_AT_A_TIME: i64 = 256;

/// A search of somebody's: keeps what is searched for and may be seen.
pub struct Search<'a> {
    realm: &'a Connection,
    by_arrival: Statement<'a>,
    seen: HashMap<ConversationId, Seq>,
    query: &'a SearchQuery,
    limit: usize,
    bounds: Bounds,
    found: BTreeMap<i64, Message>,
}

impl fmt::Debug for Search<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

impl<'a> Search<'a> {
    /// Begins a search; `None` when there is nothing that they could find.
    pub fn begin(
        realm: &'a Connection,
        user: UserId,
        query: &'a SearchQuery,
        limit: usize,
    ) -> sql::Result<Option<Self>> {
        let seen = seen_by(realm, user)?;
        let is_within = query.within.is_none_or(|within| seen.contains_key(&within));
        if limit == 0 || seen.is_empty() || !is_within {
            return Ok(None);
        }
        let bounds = Bounds::of(realm, query)?;
        let by_arrival = realm.prepare_cached(&format!("{} WHERE m.id = ?1", words::messages()))?;
        let found = BTreeMap::new();
        Ok(Some(Self { realm, by_arrival, seen, query, limit, bounds, found }))
    }

    /// The conversations that they are in.
    pub fn conversations(&self) -> Vec<ConversationId> {
        self.seen.keys().copied().collect()
    }

    /// Between which messages, in the order of arrival, those must be that are searched for.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Whether as many were found as are asked for.
    pub fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    /// Looks at the message that arrived as that; one that is not there for this reader is passed over.
    pub fn look_at(&mut self, arrival: i64) -> sql::Result<()> {
        if let Some(message) = self.by_arrival.query_row([arrival], words::message).optional()? {
            self.keep(message);
        }
        Ok(())
    }

    /// Keeps a message, as it stands now, if it is searched for and may be seen.
    pub fn keep(&mut self, message: Message) {
        let joined = self.seen.get(&message.place.conversation);
        let may_see = joined.is_some_and(|joined| message.place.seq > *joined);
        if may_see && self.query.matches(&message) {
            self.found.insert(message.arrival.0, message);
        }
    }

    /// Looks at the latest messages themselves, and at those that the latest changes are about.
    pub fn latest(&mut self, bounds: Bounds, looked_at_max: i64) -> sql::Result<()> {
        let mut latest = self.realm.prepare_cached(&format!(
            "{} WHERE m.id > ?1 AND m.id < ?2 ORDER BY m.id DESC LIMIT ?3",
            words::messages()
        ))?;
        let (mut before, mut rest) = (bounds.before, looked_at_max);
        while rest > 0 {
            let portion = [bounds.after, before, rest.min(ROWS_AT_A_TIME)];
            let mut rows = latest.query(portion)?;
            let mut seen = 0;
            while let Some(row) = rows.next()? {
                let message = words::message(&row)?;
                (seen, before) = (seen + 1, message.arrival.0);
                self.look_at_late(message)?;
            }
            if seen < ROWS_AT_A_TIME {
                break;
            }
            rest -= seen;
        }
        Ok(())
    }

    /// Looks at a message, or at that which an edit is about.
    fn look_at_late(&mut self, message: Message) -> sql::Result<()> {
        match message.change {
            None => self.keep(message),
            Some(Change::Edit(edited)) => {
                let mut of = self.realm.prepare_cached(
                    "SELECT id FROM message WHERE conversation_id = ?1 AND seq = ?2",
                )?;
                let place = [message.place.conversation.0, edited.0];
                if let Some(id) = of.query_row(place, |row| row.get(0)).optional()? {
                    self.look_at(id)?;
                }
            }
            Some(Change::Deletion(_) | Change::Reaction(_) | Change::ReactionEnd(_)) => {}
        }
        Ok(())
    }

    /// What was found, the latest first.
    pub fn found(self) -> Vec<Message> {
        self.found.into_values().rev().take(self.limit).collect()
    }
}

/// Messages after one and before another, in the order of arrival.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The last one that is too early.
    pub after: i64,
    /// The first one that is too late.
    pub before: i64,
}

impl Bounds {
    fn of(realm: &Connection, query: &SearchQuery) -> sql::Result<Self> {
        let after = match query.since {
            Some(since) => first_since(realm, since)?.saturating_sub(DISORDER),
            None => 0,
        };
        let until = match query.until {
            Some(until) => first_since(realm, until)?.saturating_add(DISORDER),
            None => i64::MAX,
        };
        let before = query.before.map_or(i64::MAX, |before| before.0);
        Ok(Self { after, before: before.min(until) })
    }
}

/// The conversations of a person, and the last message in each that they do not see.
fn seen_by(realm: &Connection, user: UserId) -> sql::Result<HashMap<ConversationId, Seq>> {
    let mut list = realm
        .prepare_cached("SELECT conversation_id, joined_seq FROM member WHERE user_id = ?1")?;
    list.query_map([user.0], |row| Ok((ConversationId(row.get(0)?), Seq(row.get(1)?))))?.collect()
}

/// About the first message that was sent then or later: found by halves, since clocks mostly go forward.
fn first_since(realm: &Connection, moment: Timestamp) -> sql::Result<i64> {
    let mut sent =
        realm.prepare_cached("SELECT sent_at FROM message WHERE id >= ?1 ORDER BY id LIMIT 1")?;
    let last: Option<i64> = realm.query_row("SELECT MAX(id) FROM message", (), |row| row.get(0))?;
    let (mut low, mut high) = (1, last.unwrap_or(0).saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        let at: Option<i64> = sent.query_row([middle], |row| row.get(0)).optional()?;
        if at.is_some_and(|at| at < moment.0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
