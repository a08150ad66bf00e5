//! Searching: the index names messages, and each of them is looked at as it stands now.

use kabar_engine::store::{Message, SearchQuery};
use kabar_model::UserId;
use kabar_store_sql::{Bounds, Search, sql};
use rusqlite::{Connection, params};

use super::file::{IndexFile, position};
use super::tokens::expression;

/// Messages that are looked at for one search: those that the index names, or the latest if it cannot help.
const LOOKED_AT_MAX: i64 = 10_000;

/// Messages that the index does not have yet and that are looked at besides, the latest.
const BEHIND_MAX: i64 = 5_000;

/// The messages that somebody may see and searches for, the latest first.
pub(crate) fn find(
    realm: &sql::Connection,
    index: &IndexFile,
    user: UserId,
    query: &SearchQuery,
    limit: usize,
) -> sql::Result<Vec<Message>> {
    let Some(mut search) = Search::begin(realm, user, query, limit)? else {
        return Ok(Vec::new());
    };
    let bounds = search.bounds();
    let asked = match expression(query, &search.conversations()) {
        // What fails in the realm is told apart from what fails in the index: the former is handed through.
        Some(expression) => index
            .read(|index| Ok((position(index)?.0, { named(index, &expression, &mut search)? }))),
        None => None,
    };
    match asked {
        Some((position, outcome)) => {
            outcome?;
            let behind = Bounds { after: bounds.after.max(position), before: i64::MAX };
            search.latest(behind, BEHIND_MAX)?;
        }
        None => search.latest(bounds, LOOKED_AT_MAX)?,
    }
    Ok(search.found())
}

/// Looks at what the index names, the latest first. The outer error is the index's, the inner one the realm's.
fn named(
    index: &Connection,
    expression: &str,
    search: &mut Search<'_>,
) -> rusqlite::Result<sql::Result<()>> {
    let mut find = index.prepare_cached(
        "SELECT rowid FROM said WHERE said MATCH ?1 AND rowid > ?2 AND rowid < ?3
         ORDER BY rowid DESC LIMIT ?4",
    )?;
    let Bounds { after, before } = search.bounds();
    let mut rows = find.query(params![expression, after, before, LOOKED_AT_MAX])?;
    while let Some(row) = rows.next()? {
        match search.look_at(row.get(0)?) {
            Ok(()) if search.is_full() => break,
            Ok(()) => {}
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(()))
}
