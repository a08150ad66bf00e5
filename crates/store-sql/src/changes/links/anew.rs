//! What a peer is told at the beginning of an epoch: it may have gone back to before it knew of a conversation.

use kabar_model::LinkId;

use crate::error::Outcome;
use crate::params;
use crate::random;
use crate::sql::Row;
use crate::writer::Work;

/// Puts how the groups of a link stand before all else that waits for it, and then the last message of each direct
/// conversation, unless that has failed: of what a peer lacks before that it reads on. Returns the number before the first.
pub(super) fn tell_anew(work: &Work, link: LinkId, mut first: i64, at: i64) -> Outcome<i64> {
    // The first of these is put in last.
    let mut find = work.connection.prepare_cached(
        "SELECT t.id, t.is_group, t.last_seq FROM (
             SELECT DISTINCT c.id, c.kind = 'group' AS is_group,
                 (SELECT MAX(m.seq) FROM message m WHERE m.conversation_id = c.id) AS last_seq
             FROM link l JOIN account a ON a.realm = l.own_name
             JOIN member s ON s.user_id = a.id
             JOIN conversation c ON c.id = s.conversation_id AND c.closed_at IS NULL
             WHERE l.id = ?1
                 AND NOT EXISTS (SELECT 1 FROM mirror m WHERE m.conversation_id = c.id)
                 AND NOT EXISTS (SELECT 1 FROM outbox o
                     WHERE o.link_id = l.id AND o.conversation_id = c.id
                         AND o.kind = CASE c.kind WHEN 'group' THEN 'members' ELSE 'message' END)) t
         WHERE t.is_group OR (t.last_seq IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM delivery_failure f
             WHERE f.conversation_id = t.id AND f.seq = t.last_seq AND f.link_id = ?1))
         ORDER BY t.is_group, t.id DESC",
    )?;
    let conversation = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let all: Vec<(i64, bool, Option<i64>)> =
        find.query_map([link.0], conversation)?.collect::<Result<_, _>>()?;
    let mut insert = work.connection.prepare_cached(
        "INSERT INTO outbox (link_id, number, uid, kind, conversation_id, seq, bytes, queued_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7)",
    )?;
    for (conversation, is_group, last) in all {
        let (kind, seq) = if is_group { ("members", None) } else { ("message", last) };
        let uid = random::bytes::<16>()?;
        insert.execute(params![link.0, first, uid, kind, conversation, seq, at])?;
        first -= 1;
    }
    Ok(first)
}
