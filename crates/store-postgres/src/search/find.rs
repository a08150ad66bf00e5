//! Searching: the index names messages, block by block, and each of them is looked at as it stands now.

use kabar_engine::store::{Message, SearchQuery};
use kabar_model::UserId;
use kabar_store_sql::pieces::Wanted;
use kabar_store_sql::sql::{Connection, Result};
use kabar_store_sql::{Bounds, Search, message, messages};

use super::marks::{self, BLOCK_BITS, list};
use super::position::position;
use crate::text::array;

/// Messages that are looked at for one search: those that the index names, or the latest if it cannot help.
const LOOKED_AT_MAX: i64 = 10_000;

/// Messages that the index does not have yet and that are looked at besides, the latest.
const BEHIND_MAX: i64 = 5_000;

/// Messages that the index names in one block; where there are more, the block is taken in parts.
const NAMED_MAX: usize = 1_000;

/// With fewer, the next block is a larger one.
const NAMED_FEW: usize = NAMED_MAX / 16;

/// Messages that are read at a time: the first time, and then.
const READ_FIRST: usize = 64;
const READ_THEN: usize = 256;

/// The messages that somebody may see and searches for, the latest first.
pub(super) fn by_index(
    realm: &Connection,
    user: UserId,
    query: &SearchQuery,
    limit: usize,
) -> Result<Found> {
    let Some(mut search) = Search::begin(realm, user, query, limit)? else {
        return Ok(Found::All(Vec::new()));
    };
    let wanted = Wanted::of(query, &search.conversations());
    // A failing statement ends the transaction: what comes after the first one of the index is asked anew.
    let asked = wanted.map(|wanted| named(realm, &wanted, &mut search)).transpose();
    let position = match asked {
        Ok(position) => position.flatten(),
        Err(error) if error.is_lost() => return Err(error),
        Err(error) => {
            tracing::warn!(%error, "the search index cannot be read");
            return Ok(Found::NotAsked);
        }
    };
    let bounds = search.bounds();
    match position {
        Some(position) => {
            let behind = Bounds { after: bounds.after.max(position), before: i64::MAX };
            search.latest(behind, BEHIND_MAX)?;
        }
        None => search.latest(bounds, LOOKED_AT_MAX)?,
    }
    Ok(Found::All(search.found()))
}

/// What a search gives.
pub(super) enum Found {
    All(Vec<Message>),
    /// The index could not be read.
    NotAsked,
}

/// As [`by_index`], of the latest messages alone.
pub(super) fn latest(
    realm: &Connection,
    user: UserId,
    query: &SearchQuery,
    limit: usize,
) -> Result<Vec<Message>> {
    let Some(mut search) = Search::begin(realm, user, query, limit)? else {
        return Ok(Vec::new());
    };
    let bounds = search.bounds();
    search.latest(bounds, LOOKED_AT_MAX)?;
    Ok(search.found())
}

/// Looks at what the index names, the latest first. Says how far the index goes; `None`: there is none to ask.
fn named(realm: &Connection, wanted: &Wanted, search: &mut Search<'_>) -> Result<Option<i64>> {
    let Some(position) = position(realm)? else { return Ok(None) };
    let (all, one) = marks::wanted(wanted);
    let Bounds { after, before } = search.bounds();
    let mut rest = usize::try_from(LOOKED_AT_MAX).unwrap_or(usize::MAX);
    // All from here on was looked at.
    let mut end = before.min(position.arrival.saturating_add(1));
    let mut level = 0;
    while end > after.saturating_add(1) && rest > 0 && !search.is_full() {
        let ids = in_block(realm, (&all, &one), level, end - 1)?;
        if ids.len() > NAMED_MAX && level > 0 {
            level -= 1;
            continue;
        }
        let start = (end - 1) >> BLOCK_BITS[level] << BLOCK_BITS[level];
        if ids.len() < NAMED_FEW {
            level = (level + 1).min(BLOCK_BITS.len() - 1);
        }
        let mut ids: Vec<i64> =
            ids.into_iter().filter(|id| (after + 1..end).contains(id)).collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids.truncate(rest);
        rest -= look_at(realm, &ids, search)?;
        end = start;
    }
    Ok(Some(position.arrival))
}

/// Messages that the index names in the block that a place is in: all, or more than [`NAMED_MAX`] of a large block.
fn in_block(
    realm: &Connection,
    (all, one): (&[i32], &[i32]),
    level: usize,
    place: i64,
) -> Result<Vec<i64>> {
    let block = marks::block(level, place);
    let all = list(all.iter().chain([&block]));
    let limit = if level == 0 { 1 << BLOCK_BITS[0] } else { NAMED_MAX + 1 };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    // Apart, so that the limit does not tempt the database to read the whole table for so few.
    let named = |condition: &str| {
        format!(
            "WITH named AS MATERIALIZED (
                 SELECT id FROM said WHERE marks @> CAST(CAST(?1 AS TEXT) AS INTEGER[]) {condition})
             SELECT id FROM named LIMIT ?2"
        )
    };
    if one.is_empty() {
        let mut find = realm.prepare_cached(&named(""))?;
        return find.query_map((all, limit), |row| row.get(0))?.collect();
    }
    let sql = named("AND marks && CAST(CAST(?3 AS TEXT) AS INTEGER[])");
    let mut find = realm.prepare_cached(&sql)?;
    find.query_map((all, limit, list(one)), |row| row.get(0))?.collect()
}

/// Looks at these messages until there are enough; says at how many.
fn look_at(realm: &Connection, ids: &[i64], search: &mut Search<'_>) -> Result<usize> {
    let mut find = realm.prepare_cached(&format!(
        "{} WHERE m.id = ANY(CAST(CAST(?1 AS TEXT) AS BIGINT[]))",
        messages()
    ))?;
    let (mut seen, mut together) = (0, READ_FIRST);
    while seen < ids.len() && !search.is_full() {
        let part = &ids[seen..ids.len().min(seen + together)];
        let mut rows = find.query([array(part.iter().map(i64::to_string))])?;
        while let Some(row) = rows.next()? {
            search.keep(message(&row)?);
        }
        (seen, together) = (seen + part.len(), READ_THEN);
    }
    Ok(seen)
}
