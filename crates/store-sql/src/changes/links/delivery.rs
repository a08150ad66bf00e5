//! What becomes of what waits: the peer has it, or it was refused, or it is given up.

use std::collections::{BTreeSet, HashMap};

use kabar_engine::store::links::{Received, Told};
use kabar_model::{ConversationId, GroupName, LinkId, OutgoingId, Refusal, Seq, Timestamp, UserId};

use super::anew::tell_anew;
use super::outbox::{Item, fail, queue, standing};
use super::receive::note_asked;
use super::skipped::{skip_all, tell_skipped};
use super::tell::now;
use crate::error::Outcome;
use crate::params;
use crate::random;
use crate::sql::{self, OptionalExtension, Row};
use crate::writer::Work;

/// Items that end as expired at a time, so that nobody waits long for it.
const EXPIRED_AT_A_TIME: i64 = 5_000;

/// What peers say of an item that they refuse. What else one says is not repeated to anybody.
const CODES: [&str; 8] = [
    "user_unknown",
    "group_unknown",
    "not_member",
    "not_allowed",
    "message_unknown",
    "invalid",
    "too_many",
    "bad_signature",
];

/// The uid of no item.
pub(super) const NO_UID: [u8; 16] = [0; 16];

const EXPIRED: &str = "expired";
const LINK_REMOVED: &str = "link_removed";

/// The peer has what waited up to a number.
pub(crate) fn acknowledge(
    work: &mut Work,
    link: LinkId,
    received: &Received,
) -> Outcome<Vec<ConversationId>> {
    let Some((epoch, base)) = numbering(work, link)? else {
        return Err(Refusal::RealmUnknown.into());
    };
    let stands = standing(work, link)?;
    let number = i64::try_from(received.number).unwrap_or(i64::MAX).saturating_add(base);
    // More than was sent is no answer to what was.
    if received.epoch != epoch || number <= stands.acknowledged || number > stands.last {
        return Ok(Vec::new());
    }
    let refused: HashMap<u64, &str> =
        received.refused.iter().map(|(number, code)| (*number, known_code(code))).collect();
    let mut changed = BTreeSet::new();
    for waited in up_to(work, link, number)? {
        changed.extend(waited.conversation);
        match refused.get(&(waited.number - base).unsigned_abs()) {
            Some(code) => fail(work, link, waited.item, code)?,
            // Twice the same reaction is one: the home need not say it again.
            None if waited.is_reaction => forget(work, waited.item)?,
            None => {}
        }
    }
    take_out(work, link, number)?;
    let is_skipped = work
        .connection
        .prepare_cached("SELECT 1 FROM link_skipped WHERE link_id = ?1")?
        .exists([link.0])?;
    if is_skipped {
        tell_skipped(work, link, now())?;
    }
    Ok(changed_in(work, changed))
}

fn known_code(code: &str) -> &'static str {
    CODES.into_iter().find(|known| *known == code).unwrap_or("invalid")
}

/// The link's epoch, and what its numbers are less than the rows'.
fn numbering(work: &Work, link: LinkId) -> Outcome<Option<(i64, i64)>> {
    let mut find = work.connection.prepare_cached("SELECT epoch, base FROM link WHERE id = ?1")?;
    Ok(find.query_row([link.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// An item that waited.
struct Waited {
    number: i64,
    item: Item,
    conversation: Option<ConversationId>,
    is_reaction: bool,
    expires: bool,
}

fn waited(row: &Row<'_>) -> sql::Result<Waited> {
    let conversation = row.get::<Option<i64>>(2)?.map(ConversationId);
    let kind = row.text(1)?;
    let expires = matches!(kind, "post" | "message" | "read");
    let item = match (kind, conversation) {
        ("post", _) => Item::Post(OutgoingId(row.get(4)?)),
        ("message", Some(conversation)) => Item::Message(conversation, Seq(row.get(3)?)),
        _ => Item::Other,
    };
    // A post's conversation is told of by its own row.
    let conversation = conversation.or(row.get::<Option<i64>>(5)?.map(ConversationId));
    Ok(Waited { number: row.get(0)?, item, conversation, is_reaction: row.get(6)?, expires })
}

/// What waits up to a number.
fn up_to(work: &Work, link: LinkId, number: i64) -> Outcome<Vec<Waited>> {
    let mut list = work.connection.prepare_cached(
        "SELECT o.number, o.kind, o.conversation_id, o.seq, o.outgoing_id, g.conversation_id,
                coalesce(g.change IN ('reaction', 'reaction_end'), false)
         FROM outbox o LEFT JOIN outgoing g ON g.id = o.outgoing_id
         WHERE o.link_id = ?1 AND o.number <= ?2 ORDER BY o.number",
    )?;
    let all = list.query_map([link.0, number], waited)?.collect::<sql::Result<_>>()?;
    Ok(all)
}

fn forget(work: &Work, item: Item) -> Outcome<()> {
    if let Item::Post(id) = item {
        work.connection.prepare_cached("DELETE FROM outgoing WHERE id = ?1")?.execute([id.0])?;
    }
    Ok(())
}

/// Takes out what waits up to a number, which is there.
fn take_out(work: &mut Work, link: LinkId, number: i64) -> Outcome<()> {
    let before = standing(work, link)?;
    let connection = &work.connection;
    let (bytes, uid) = connection
        .prepare_cached(
            "SELECT CAST(SUM(bytes) AS BIGINT), (SELECT uid FROM outbox WHERE link_id = ?1 AND number = ?2)
             FROM outbox WHERE link_id = ?1 AND number <= ?2",
        )?
        .query_row([link.0, number], |row| {
            Ok((row.get::<i64>(0)?, row.get::<[u8; 16]>(1)?))
        })?;
    connection
        .prepare_cached("DELETE FROM outbox WHERE link_id = ?1 AND number <= ?2")?
        .execute([link.0, number])?;
    connection
        .prepare_cached(
            "UPDATE link SET acknowledged = ?2, acknowledged_uid = ?3,
                 waiting_bytes = waiting_bytes - ?4 WHERE id = ?1",
        )?
        .execute(params![link.0, number, uid, bytes])?;
    let bytes = before.bytes.saturating_sub(bytes.unsigned_abs());
    work.known.learn_queue(link, super::Queue { acknowledged: number, bytes, ..before });
    Ok(())
}

/// Begins a new epoch: what waits is numbered anew. Posts that the peer had, but that it has not sent back, go first
/// once more: perhaps it has lost them, and else it knows them.
pub(crate) fn begin_epoch(work: &mut Work, link: LinkId, epoch: i64) -> Outcome<()> {
    let mut first = standing(work, link)?.acknowledged;
    let mut bytes = 0;
    for (id, length, at) in unreturned(work, link, None)?.into_iter().rev() {
        let mut insert = work.connection.prepare_cached(
            "INSERT INTO outbox (link_id, number, uid, kind, outgoing_id, bytes, queued_at)
             VALUES (?1, ?2, ?3, 'post', ?4, ?5, ?6)",
        )?;
        insert.execute(params![link.0, first, random::bytes::<16>()?, id.0, length, at])?;
        first -= 1;
        bytes += length;
    }
    tell_all(work, link, first, bytes, epoch)?;
    number_anew(work, link, epoch)?;
    tell_skipped(work, link, Timestamp(epoch))
}

/// Begins a new epoch without sending again what did not come back.
pub(super) fn go_on_anew(work: &mut Work, link: LinkId) -> Outcome<()> {
    // Of a conversation whose home is here the peer reads on, and so it gets what failed when the link was ended.
    work.connection
        .prepare_cached("DELETE FROM delivery_failure WHERE link_id = ?1 AND code = ?2")?
        .execute(params![link.0, LINK_REMOVED])?;
    let first = standing(work, link)?.acknowledged;
    let now = now();
    tell_all(work, link, first, 0, now.0)?;
    number_anew(work, link, 0)?;
    tell_skipped(work, link, now)
}

/// Puts how all stands before what waits, of which the first has the number after `first`; `bytes` were added to it.
fn tell_all(work: &Work, link: LinkId, first: i64, bytes: i64, at: i64) -> Outcome<()> {
    let first = tell_anew(work, link, first, at)?;
    work.connection
        .prepare_cached(
            "UPDATE link SET acknowledged = ?2, waiting_bytes = waiting_bytes + ?3 WHERE id = ?1",
        )?
        .execute([link.0, first, bytes])?;
    // With a new epoch the peer reads on all that it has of a group it is in.
    work.connection
        .prepare_cached(
            "DELETE FROM link_skipped WHERE link_id = ?1 AND conversation_id IN (
                 SELECT conversation_id FROM outbox WHERE link_id = ?1 AND kind = 'members')",
        )?
        .execute([link.0])?;
    Ok(())
}

/// Numbers what waits from 1, in an epoch that is later than the last.
fn number_anew(work: &mut Work, link: LinkId, epoch: i64) -> Outcome<()> {
    work.connection
        .prepare_cached(
            "UPDATE link SET epoch = CASE WHEN epoch < ?2 THEN ?2 ELSE epoch + 1 END,
                 base = acknowledged, acknowledged_uid = ?3 WHERE id = ?1",
        )?
        .execute(params![link.0, epoch, NO_UID])?;
    work.known.forget_queue(link);
    Ok(())
}

/// Posts that wait neither here nor failed: the peer took them and has not sent them back. The oldest first, of those
/// sent before `before`.
fn unreturned(
    work: &Work,
    link: LinkId,
    before: Option<Timestamp>,
) -> Outcome<Vec<(OutgoingId, i64, i64)>> {
    let mut find = work.connection.prepare_cached(
        "SELECT g.id, octet_length(g.body), g.sent_at
         FROM mirror m JOIN outgoing g ON g.conversation_id = m.conversation_id
         WHERE m.link_id = ?1 AND g.failed IS NULL AND g.sent_at < coalesce(CAST(?2 AS BIGINT), g.sent_at + 1)
             AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.kind = 'post' AND o.outgoing_id = g.id)
         ORDER BY g.id",
    )?;
    let before = before.map(|before| before.0);
    let all = find
        .query_map(params![link.0, before], |row| {
            Ok((OutgoingId(row.get(0)?), row.get(1)?, row.get(2)?))
        })?
        .collect::<sql::Result<_>>()?;
    Ok(all)
}

/// Fails what has waited since before `before`. It is gone from the front of what waits, so the rest begins a new
/// epoch: the peer would miss the numbers. Who is in a group, and who joins or leaves, waits for as long as it takes.
pub(crate) fn expire(
    work: &mut Work,
    link: LinkId,
    before: Timestamp,
) -> Outcome<Vec<ConversationId>> {
    let mut changed = BTreeSet::new();
    for (id, ..) in unreturned(work, link, Some(before))? {
        changed.extend(conversation_of(work, id)?);
        fail(work, link, Item::Post(id), EXPIRED)?;
    }
    if let Some(last) = last_expired(work, link, before)? {
        for waited in up_to(work, link, last)?.into_iter().filter(|waited| waited.expires) {
            changed.extend(waited.conversation);
            fail(work, link, waited.item, EXPIRED)?;
        }
        close_ranks(work, link, last)?;
        go_on_anew(work, link)?;
    }
    Ok(changed_in(work, changed))
}

/// Tells other nodes of these, and gives them.
fn changed_in(work: &mut Work, changed: BTreeSet<ConversationId>) -> Vec<ConversationId> {
    let changed: Vec<ConversationId> = changed.into_iter().collect();
    work.hint_deliveries(&changed);
    changed
}

/// The number of the last item that expires. What stands behind a newer one waits with it.
fn last_expired(work: &Work, link: LinkId, before: Timestamp) -> Outcome<Option<i64>> {
    let mut first_to_stay = work.connection.prepare_cached(
        "SELECT number FROM outbox
         WHERE link_id = ?1 AND queued_at >= ?2 AND kind IN ('post', 'message', 'read')
         ORDER BY number LIMIT 1",
    )?;
    let stays: Option<i64> =
        first_to_stay.query_row([link.0, before.0], |row| row.get(0)).optional()?;
    let mut last = work.connection.prepare_cached(
        "SELECT MAX(number) FROM (
             SELECT number FROM outbox
             WHERE link_id = ?1 AND number < ?2 AND kind IN ('post', 'message', 'read')
             ORDER BY number LIMIT ?3) expired",
    )?;
    let row = [link.0, stays.unwrap_or(i64::MAX), EXPIRED_AT_A_TIME];
    Ok(last.query_row(row, |row| row.get(0))?)
}

/// Takes out what expires up to a number; what stays takes the last numbers up to there.
fn close_ranks(work: &mut Work, link: LinkId, last: i64) -> Outcome<()> {
    let connection = &work.connection;
    let bytes: i64 = connection
        .prepare_cached(
            "SELECT CAST(coalesce(SUM(bytes), 0) AS BIGINT) FROM outbox
             WHERE link_id = ?1 AND number <= ?2 AND kind IN ('post', 'message', 'read')",
        )?
        .query_row([link.0, last], |row| row.get(0))?;
    connection
        .prepare_cached(
            "DELETE FROM outbox
             WHERE link_id = ?1 AND number <= ?2 AND kind IN ('post', 'message', 'read')",
        )?
        .execute([link.0, last])?;
    let stay: Vec<i64> = {
        let mut those_left = connection.prepare_cached(
            "SELECT number FROM outbox WHERE link_id = ?1 AND number <= ?2 ORDER BY number DESC",
        )?;
        let numbers = those_left.query_map([link.0, last], |row| row.get(0))?;
        numbers.collect::<sql::Result<_>>()?
    };
    let mut first = last;
    let mut move_up = connection
        .prepare_cached("UPDATE outbox SET number = ?3 WHERE link_id = ?1 AND number = ?2")?;
    for number in stay {
        if number != first {
            move_up.execute([link.0, number, first])?;
        }
        first -= 1;
    }
    drop(move_up);
    connection
        .prepare_cached(
            "UPDATE link SET acknowledged = ?2, waiting_bytes = waiting_bytes - ?3 WHERE id = ?1",
        )?
        .execute([link.0, first, bytes])?;
    work.known.forget_queue(link);
    Ok(())
}

fn conversation_of(work: &Work, id: OutgoingId) -> Outcome<Option<ConversationId>> {
    let mut find =
        work.connection.prepare_cached("SELECT conversation_id FROM outgoing WHERE id = ?1")?;
    Ok(find.query_row([id.0], |row| row.get(0).map(ConversationId)).optional()?)
}

/// Fails all that waits for a link that takes nothing any more, and what it has not sent back.
pub(super) fn give_up(work: &mut Work, link: LinkId) -> Outcome<()> {
    let waits = standing(work, link)?;
    for (id, ..) in unreturned(work, link, None)? {
        fail(work, link, Item::Post(id), LINK_REMOVED)?;
    }
    if waits.last > waits.acknowledged {
        for sql in [
            "UPDATE outgoing SET failed = ?2 WHERE id IN (
                 SELECT outgoing_id FROM outbox WHERE link_id = ?1 AND kind = 'post')",
            "INSERT INTO delivery_failure (conversation_id, seq, link_id, code)
             SELECT DISTINCT conversation_id, seq, link_id, CAST(?2 AS TEXT) FROM outbox
             WHERE link_id = ?1 AND kind = 'message'
             ON CONFLICT (conversation_id, seq, link_id) DO UPDATE SET code = excluded.code",
        ] {
            work.connection.prepare_cached(sql)?.execute(params![link.0, LINK_REMOVED])?;
        }
        skip_all(work, link)?;
        take_out(work, link, waits.last)?;
    }
    number_anew(work, link, 0)
}

pub(crate) fn ask_to_join(
    work: &mut Work,
    link: LinkId,
    user: UserId,
    group: &str,
    at: Timestamp,
) -> Outcome<()> {
    let told = Told::Join { user, group: group.to_owned() };
    queue(work, link, &told, group.len() as u64, at)?;
    note_asked(work, link, user)?;
    joins_again(work, link, user, group)
}

/// Who asks for a group may be put into it again, though they had left it. Its code there is not known here, so one
/// that is no mirror's name may be any group's.
fn joins_again(work: &Work, link: LinkId, user: UserId, group: &str) -> Outcome<()> {
    let connection = &work.connection;
    let key = GroupName::parse_kept(group).map_or_else(|_| String::new(), |name| name.key());
    let mirror: Option<i64> = connection
        .prepare_cached(
            "SELECT m.conversation_id FROM mirror m JOIN conversation c ON c.id = m.conversation_id
             JOIN link l ON l.id = m.link_id
             WHERE m.link_id = ?1 AND c.name_key IN (?2, ?2 || '@' || l.own_name)",
        )?
        .query_row(params![link.0, key], |row| row.get(0))
        .optional()?;
    connection
        .prepare_cached(
            "DELETE FROM mirror_left WHERE user_id = ?1 AND conversation_id IN (
                 SELECT conversation_id FROM mirror WHERE link_id = ?2)
                 AND conversation_id = coalesce(CAST(?3 AS BIGINT), conversation_id)",
        )?
        .execute(params![user.0, link.0, mirror])?;
    Ok(())
}

/// Forgets a message of somebody's that failed; `false` if there is none.
pub(crate) fn forget_failed(work: &mut Work, user: UserId, id: OutgoingId) -> Outcome<bool> {
    let mut delete = work.connection.prepare_cached(
        "DELETE FROM outgoing WHERE id = ?1 AND author_id = ?2 AND failed IS NOT NULL
         RETURNING conversation_id",
    )?;
    let forgotten = delete.query_row([id.0, user.0], |row| row.get(0)).optional()?;
    drop(delete);
    if let Some(conversation) = forgotten {
        work.hint_delivery(ConversationId(conversation), user);
    }
    Ok(forgotten.is_some())
}
