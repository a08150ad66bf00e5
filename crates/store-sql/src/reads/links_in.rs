//! What the worker of a link does with what came, and what another realm may fetch.

use kabar_engine::store::links::{Behind, Carried, Offered, Where};
use kabar_model::{ContentHash, ConversationId, LinkId, RealmName, Seq, Username};

use super::carried::{Carrier, home_seq, whereto};
use super::limit_of;
use super::messages::last;
use super::words::{damaged, message, messages, parsed};
use crate::params;
use crate::sql::{self, Connection, OptionalExtension, Row};

/// Mirrors that are behind their home at this link. The last message that they have is read once more: by it one sees
/// that both mean the same by its number.
pub(crate) fn behind(connection: &Connection, link: LinkId) -> sql::Result<Vec<Behind>> {
    let mut list = connection.prepare_cached(
        "SELECT m.conversation_id FROM mirror m JOIN conversation c ON c.id = m.conversation_id
         WHERE m.link_id = ?1 AND m.behind > 0 AND c.closed_at IS NULL ORDER BY m.conversation_id",
    )?;
    let mut behind = Vec::new();
    for mirror in list.query_map([link.0], |row| row.get(0).map(ConversationId))? {
        let mirror = mirror?;
        let newest = last(connection, mirror)?;
        // The newest is of the latest shift, so the home has it.
        let after = home_seq(connection, mirror, newest)?.unwrap_or(newest);
        let after = Seq((after.0 - 1).max(0));
        let conversation = whereto(connection, mirror)?;
        behind.extend(conversation.map(|conversation| Behind { mirror, conversation, after }));
    }
    Ok(behind)
}

/// Contents that are to be fetched from a link, in the order in which they were first heard of.
pub(crate) fn wanted(
    connection: &Connection,
    link: LinkId,
    limit: usize,
) -> sql::Result<Vec<(ContentHash, u64)>> {
    let mut list = connection.prepare_cached(
        "SELECT hash, size FROM file WHERE wanted_from = ?1
         GROUP BY hash, size ORDER BY MIN(id) LIMIT ?2",
    )?;
    list.query_map(params![link.0, limit_of(limit)], |row| {
        Ok((ContentHash(row.get(0)?), size(row, 1)?))
    })?
    .collect()
}

/// Contents that people at a link may see, or that are on their way to it. They need not be here yet, and what has not
/// come with one of these messages does not count as here.
pub(crate) fn offered(
    connection: &Connection,
    link: LinkId,
    hash: ContentHash,
) -> sql::Result<Option<Offered>> {
    // A home has what its group's people say, whether any of its own is in the group or not.
    let mut find = connection.prepare_cached(
        "SELECT f.size, f.wanted_from IS NULL AS here FROM file f JOIN link l ON l.id = ?1
         WHERE f.hash = ?2 AND f.wanted_from IS DISTINCT FROM 0 AND (
             EXISTS (SELECT 1 FROM member s JOIN account a ON a.id = s.user_id
                     WHERE s.conversation_id = f.conversation_id AND a.realm = l.own_name
                         AND s.joined_seq < f.seq)
             OR EXISTS (SELECT 1 FROM mirror m
                        WHERE m.conversation_id = f.conversation_id AND m.link_id = l.id))
         UNION ALL
         SELECT o.file_size, true FROM outgoing o JOIN mirror m ON m.conversation_id = o.conversation_id
         WHERE o.file_hash = ?2 AND m.link_id = ?1 AND o.failed IS NULL
         ORDER BY here DESC LIMIT 1",
    )?;
    let offered = |row: &Row<'_>| Ok(Offered { size: size(row, 0)?, here: row.get(1)? });
    find.query_row(params![link.0, hash.0], offered).optional()
}

fn size(row: &Row<'_>, column: usize) -> sql::Result<u64> {
    let size: i64 = row.get(column)?;
    size.try_into().map_err(|_| damaged(format!("a file has {size} bytes")))
}

/// Messages of a conversation whose home is here, as people at a link may see them; `None`: none of them is in it.
pub(crate) fn read_on(
    connection: &Connection,
    link: LinkId,
    conversation: &Where,
    after: Seq,
    limit: usize,
) -> sql::Result<Option<Vec<Carried>>> {
    let Some(realm) = realm(connection, link)? else { return Ok(None) };
    let id = match conversation {
        Where::Group(id) => Some(*id),
        Where::Direct(one, other) => direct(connection, &realm, one, other)?,
    };
    let Some(id) = id else { return Ok(None) };
    let Some(hidden) = hidden(connection, id, &realm)? else { return Ok(None) };
    // What waits for them comes by itself. Were it read before that, it could not be told from what is new.
    let sql = format!(
        "{} WHERE m.conversation_id = ?1 AND m.seq > ?2 AND m.seq < coalesce(
             (SELECT MIN(o.seq) FROM outbox o
              WHERE o.kind = 'message' AND o.conversation_id = ?1 AND o.link_id = ?3), m.seq + 1)
         ORDER BY m.seq LIMIT ?4",
        messages()
    );
    let mut find = connection.prepare_cached(&sql)?;
    let row = params![id.0, after.max(hidden).0, link.0, limit_of(limit)];
    let mut carry = Carrier { connection, conversation: None, author: None };
    let mut carried = Vec::new();
    for found in find.query_map(row, message)? {
        carried.extend(carry.carried(found?)?);
    }
    Ok(Some(carried))
}

fn realm(connection: &Connection, link: LinkId) -> sql::Result<Option<RealmName>> {
    let mut find = connection.prepare_cached("SELECT own_name FROM link WHERE id = ?1")?;
    find.query_row([link.0], |row| parsed(row, 0, RealmName::parse)).optional()
}

/// The direct conversation of one of ours and one of that realm's.
fn direct(
    connection: &Connection,
    realm: &RealmName,
    one: &Username,
    other: &Username,
) -> sql::Result<Option<ConversationId>> {
    let is_theirs = |user: &Username| user.realm().as_ref() == Some(realm);
    let (theirs, ours) = match (is_theirs(one), is_theirs(other)) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        _ => return Ok(None),
    };
    let mut find = connection.prepare_cached(
        "SELECT d.conversation_id FROM account t CROSS JOIN account o
         JOIN direct d ON d.user_low = CASE WHEN t.id < o.id THEN t.id ELSE o.id END
             AND d.user_high = CASE WHEN t.id < o.id THEN o.id ELSE t.id END
         WHERE t.username = ?1 AND t.realm IS NOT NULL AND o.username = ?2 AND o.realm IS NULL",
    )?;
    let row = [theirs.as_str(), ours.bare()];
    find.query_row(row, |row| row.get(0).map(ConversationId)).optional()
}

/// The last message before the first of a realm's people joined; `None` when none of them is in it, or its home is
/// elsewhere.
fn hidden(
    connection: &Connection,
    conversation: ConversationId,
    realm: &RealmName,
) -> sql::Result<Option<Seq>> {
    let mut find = connection.prepare_cached(
        "SELECT MIN(s.joined_seq) FROM member s JOIN account a ON a.id = s.user_id
         WHERE s.conversation_id = ?1 AND a.realm = ?2
             AND NOT EXISTS (SELECT 1 FROM mirror m WHERE m.conversation_id = ?1)",
    )?;
    let first = find.query_row(params![conversation.0, realm.as_str()], |row| row.get(0))?;
    Ok(Option::<i64>::map(first, Seq))
}
