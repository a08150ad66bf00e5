//! Searching: the index names messages, and each of them is looked at as it stands now.

use std::collections::{BTreeMap, HashMap};

use kabar_engine::store::{Message, SearchQuery};
use kabar_model::{Change, ConversationId, Seq, Timestamp, UserId};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::file::{IndexFile, position};
use super::tokens::expression;
use crate::reads::words;

/// Messages that are looked at for one search: those that the index names, or the latest if it cannot help.
const LOOKED_AT_MAX: i64 = 10_000;

/// Messages that the index does not have yet and that are looked at besides, the latest.
const BEHIND_MAX: i64 = 5_000;

/// How many later messages may have been sent earlier, since clocks are set. Among so many around a moment all
/// are looked at.
const DISORDER: i64 = 10_000;

/// The messages that somebody may see and searches for, the latest first.
pub(crate) fn find(
    realm: &Connection,
    index: &IndexFile,
    user: UserId,
    query: &SearchQuery,
    limit: usize,
) -> rusqlite::Result<Vec<Message>> {
    let seen = seen_by(realm, user)?;
    let is_within = query.within.is_none_or(|within| seen.contains_key(&within));
    if limit == 0 || seen.is_empty() || !is_within {
        return Ok(Vec::new());
    }
    let own: Vec<ConversationId> = seen.keys().copied().collect();
    let bounds = Bounds::of(realm, query)?;
    let mut sieve = Sieve::new(realm, seen, query, limit)?;
    let asked = match expression(query, &own) {
        // What fails in the realm is told apart from what fails in the index: the former is handed through.
        Some(expression) => index.read(|index| {
            Ok((position(index)?.0, { named(index, &expression, &bounds, &mut sieve)? }))
        }),
        None => None,
    };
    match asked {
        Some((position, outcome)) => {
            outcome?;
            let behind = Bounds { after: bounds.after.max(position), before: i64::MAX };
            sieve.latest(&behind, BEHIND_MAX)?;
        }
        None => sieve.latest(&bounds, LOOKED_AT_MAX)?,
    }
    Ok(sieve.found(limit))
}

/// The conversations of a person, and the last message in each that they do not see.
fn seen_by(realm: &Connection, user: UserId) -> rusqlite::Result<HashMap<ConversationId, Seq>> {
    let mut list = realm
        .prepare_cached("SELECT conversation_id, joined_seq FROM member WHERE user_id = ?1")?;
    list.query_map([user.0], |row| Ok((ConversationId(row.get(0)?), Seq(row.get(1)?))))?.collect()
}

/// Looks at what the index names, the latest first. The outer error is the index's, the inner one the realm's.
fn named(
    index: &Connection,
    expression: &str,
    bounds: &Bounds,
    sieve: &mut Sieve<'_>,
) -> rusqlite::Result<rusqlite::Result<()>> {
    let mut find = index.prepare_cached(
        "SELECT rowid FROM said WHERE said MATCH ?1 AND rowid > ?2 AND rowid < ?3
         ORDER BY rowid DESC LIMIT ?4",
    )?;
    let mut rows = find.query(params![expression, bounds.after, bounds.before, LOOKED_AT_MAX])?;
    while let Some(row) = rows.next()? {
        match sieve.look_at(row.get(0)?) {
            Ok(()) if sieve.is_full() => break,
            Ok(()) => {}
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(()))
}

/// Between which messages, in the order of arrival, those must be that are searched for.
struct Bounds {
    after: i64,
    before: i64,
}

impl Bounds {
    fn of(realm: &Connection, query: &SearchQuery) -> rusqlite::Result<Self> {
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

/// About the first message that was sent then or later: found by halves, since clocks mostly go forward.
fn first_since(realm: &Connection, moment: Timestamp) -> rusqlite::Result<i64> {
    let mut sent =
        realm.prepare_cached("SELECT sent_at FROM message WHERE id >= ?1 ORDER BY id LIMIT 1")?;
    let last: Option<i64> = realm.query_row("SELECT max(id) FROM message", (), |row| row.get(0))?;
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

/// Keeps what is searched for and may be seen.
struct Sieve<'a> {
    realm: &'a Connection,
    by_arrival: CachedStatement<'a>,
    seen: HashMap<ConversationId, Seq>,
    query: &'a SearchQuery,
    limit: usize,
    found: BTreeMap<i64, Message>,
}

impl<'a> Sieve<'a> {
    fn new(
        realm: &'a Connection,
        seen: HashMap<ConversationId, Seq>,
        query: &'a SearchQuery,
        limit: usize,
    ) -> rusqlite::Result<Self> {
        let by_arrival = realm.prepare_cached(&format!("{} WHERE m.id = ?1", words::messages()))?;
        Ok(Self { realm, by_arrival, seen, query, limit, found: BTreeMap::new() })
    }

    fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    /// Looks at a message; one that this reader of the realm does not see yet is passed over.
    fn look_at(&mut self, id: i64) -> rusqlite::Result<()> {
        if let Some(message) = self.by_arrival.query_row([id], words::message).optional()? {
            self.keep(message);
        }
        Ok(())
    }

    fn keep(&mut self, message: Message) {
        let joined = self.seen.get(&message.place.conversation);
        let may_see = joined.is_some_and(|joined| message.place.seq > *joined);
        if may_see && self.query.matches(&message) {
            self.found.insert(message.arrival.0, message);
        }
    }

    /// Looks at the latest messages themselves, and at those that the latest changes are about.
    fn latest(&mut self, bounds: &Bounds, looked_at_max: i64) -> rusqlite::Result<()> {
        let mut latest = self.realm.prepare_cached(&format!(
            "{} WHERE m.id > ?1 AND m.id < ?2 ORDER BY m.id DESC LIMIT ?3",
            words::messages()
        ))?;
        let mut of = self
            .realm
            .prepare_cached("SELECT id FROM message WHERE conversation_id = ?1 AND seq = ?2")?;
        let mut rows = latest.query([bounds.after, bounds.before, looked_at_max])?;
        while let Some(row) = rows.next()? {
            let message = words::message(row)?;
            match message.change {
                None => self.keep(message),
                Some(Change::Edit(edited)) => {
                    let place = [message.place.conversation.0, edited.0];
                    let id = of.query_row(place, |row| row.get(0)).optional()?;
                    if let Some(id) = id {
                        self.look_at(id)?;
                    }
                }
                Some(Change::Deletion(_) | Change::Reaction(_) | Change::ReactionEnd(_)) => {}
            }
        }
        Ok(())
    }

    /// What was found, the latest first.
    fn found(self, limit: usize) -> Vec<Message> {
        self.found.into_values().rev().take(limit).collect()
    }
}
