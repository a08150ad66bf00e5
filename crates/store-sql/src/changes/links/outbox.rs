//! What waits for a link.

use kabar_engine::store::links::Told;
use kabar_model::limits::{BATCH_ITEMS_MAX, LINK_BYTES_MAX, LINK_ITEMS_MAX};
use kabar_model::{ConversationId, LinkId, OutgoingId, Refusal, Seq, Timestamp};

use super::skipped::skips;
use crate::error::{Outcome, Trouble};
use crate::params;
use crate::random;
use crate::reads::links::TAKES;
use crate::sql::OptionalExtension;
use crate::writer::Work;

/// How it stands with what waits for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queue {
    /// Whether the link takes more.
    pub(crate) takes: bool,
    /// The last number given; of the row, not of the epoch.
    pub(crate) last: i64,
    /// The last number that the peer has.
    pub(crate) acknowledged: i64,
    /// What waits, in bytes.
    pub(crate) bytes: u64,
}

impl Queue {
    fn items(self) -> u64 {
        (self.last - self.acknowledged).unsigned_abs()
    }

    /// Whether the link takes a good deal more.
    pub(super) fn is_at_ease(self) -> bool {
        self.takes && self.items() <= LINK_ITEMS_MAX / 2 && self.bytes <= LINK_BYTES_MAX / 2
    }
}

/// How it stands with a link. Refuses `RealmUnknown` when there is none.
pub(super) fn standing(work: &mut Work, link: LinkId) -> Outcome<Queue> {
    if let Some(queue) = work.known.queue(link) {
        return Ok(queue);
    }
    let sql = format!(
        "SELECT standing IN {TAKES}, last_number, acknowledged, waiting_bytes FROM link WHERE id = ?1"
    );
    let queue = work.connection.prepare_cached(&sql)?.query_row([link.0], |row| {
        Ok(Queue {
            takes: row.get(0)?,
            last: row.get(1)?,
            acknowledged: row.get(2)?,
            bytes: row.get::<i64>(3)?.unsigned_abs(),
        })
    });
    let queue = queue.optional()?.ok_or(Refusal::RealmUnknown)?;
    work.known.learn_queue(link, queue);
    Ok(queue)
}

/// Refuses `LinkFull` when one item more, of so many bytes, would be too much for a link, and `RealmUnknown` when it
/// takes nothing any more.
pub(crate) fn has_room(work: &mut Work, link: LinkId, bytes: u64) -> Outcome<()> {
    takes(work, link, 1, bytes)
}

/// As [`has_room`], for several items of so many bytes together.
pub(super) fn takes(work: &mut Work, link: LinkId, items: u64, bytes: u64) -> Outcome<()> {
    let queue = standing(work, link)?;
    if !queue.takes {
        return Err(Refusal::RealmUnknown.into());
    }
    let fits = queue.items().saturating_add(items) <= LINK_ITEMS_MAX
        && queue.bytes.saturating_add(bytes) <= LINK_BYTES_MAX;
    if fits { Ok(()) } else { Err(Refusal::LinkFull.into()) }
}

/// Adds to what waits for a link. Without room for it, what a conversation's home says is told when there is
/// ([`tell_skipped`](super::skipped::tell_skipped)); anything else is refused, as [`has_room`] does, but for a post: whether
/// there is room for it was asked before, with all else that its author says at once.
pub(crate) fn queue(
    work: &mut Work,
    link: LinkId,
    what: &Told,
    bytes: u64,
    at: Timestamp,
) -> Outcome<()> {
    match has_room(work, link, bytes) {
        Err(Trouble::Refused(Refusal::LinkFull)) if matches!(what, Told::Post(_)) => {}
        Err(Trouble::Refused(Refusal::LinkFull)) if skips(work, link, what)? => return Ok(()),
        room => room?,
    }
    let before = standing(work, link)?;
    let queue = Queue { last: before.last + 1, bytes: before.bytes + bytes, ..before };
    let row = Row::of(what);
    let mut insert = work.connection.prepare_cached(
        "INSERT INTO outbox (link_id, number, uid, kind, conversation_id, seq, account_id,
                             outgoing_id, text, bytes, queued_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    let values = params![
        link.0,
        queue.last,
        random::bytes::<16>()?,
        row.kind,
        row.conversation,
        row.seq,
        row.account,
        row.outgoing,
        row.text,
        bytes,
        at.0
    ];
    insert.execute(values)?;
    let waiting = i64::try_from(queue.bytes).unwrap_or(i64::MAX);
    work.connection
        .prepare_cached("UPDATE link SET last_number = ?2, waiting_bytes = ?3 WHERE id = ?1")?
        .execute([link.0, queue.last, waiting])?;
    work.known.learn_queue(link, queue);
    work.queued.insert(link);
    Ok(())
}

/// What an item says, as columns.
struct Row<'a> {
    kind: &'static str,
    conversation: Option<i64>,
    seq: Option<i64>,
    account: Option<i64>,
    outgoing: Option<i64>,
    text: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn of(what: &'a Told) -> Self {
        let none = |kind| Self {
            kind,
            conversation: None,
            seq: None,
            account: None,
            outgoing: None,
            text: None,
        };
        match what {
            Told::Post(id) => Self { outgoing: Some(id.0), ..none("post") },
            Told::Message(place) => Self {
                conversation: Some(place.conversation.0),
                seq: Some(place.seq.0),
                ..none("message")
            },
            Told::Members(group) => Self { conversation: Some(group.0), ..none("members") },
            Told::Join { user, group } => {
                Self { account: Some(user.0), text: Some(group), ..none("join") }
            }
            Told::Leave { user, mirror } => {
                Self { account: Some(user.0), conversation: Some(mirror.0), ..none("leave") }
            }
            Told::Read { user, place } => Self {
                account: Some(user.0),
                conversation: Some(place.conversation.0),
                seq: Some(place.seq.0),
                ..none("read")
            },
        }
    }
}

/// The number of an item about the same group, or the same reader of a direct conversation, that cannot be on its
/// way yet: it lies past what one batch can carry.
pub(super) fn waits_unsent(work: &mut Work, link: LinkId, what: &Told) -> Outcome<Option<i64>> {
    let in_a_batch = i64::try_from(BATCH_ITEMS_MAX).unwrap_or(i64::MAX);
    let unsent = standing(work, link)?.acknowledged.saturating_add(in_a_batch);
    let row = Row::of(what);
    let mut find = work.connection.prepare_cached(
        "SELECT number FROM outbox
         WHERE link_id = ?1 AND conversation_id = ?2 AND number > ?3 AND kind = ?4
             AND account_id IS NOT DISTINCT FROM ?5 AND kind IN ('members', 'read')
         ORDER BY number DESC LIMIT 1",
    )?;
    let values = params![link.0, row.conversation, unsent, row.kind, row.account];
    Ok(find.query_row(values, |row| row.get(0)).optional()?)
}

/// What an item stood for, as far as somebody waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A message of somebody here, on its way to its home.
    Post(OutgoingId),
    /// A message whose home is here.
    Message(ConversationId, Seq),
    /// Anything else: nobody waits for it.
    Other,
}

/// Marks what an item stood for as failed.
pub(crate) fn fail(work: &Work, link: LinkId, item: Item, code: &str) -> Outcome<()> {
    match item {
        Item::Post(id) => {
            work.connection
                .prepare_cached("UPDATE outgoing SET failed = ?2 WHERE id = ?1")?
                .execute(params![id.0, code])?;
        }
        Item::Message(conversation, seq) => {
            work.connection
                .prepare_cached(
                    "INSERT INTO delivery_failure (conversation_id, seq, link_id, code)
                     VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (conversation_id, seq, link_id) DO UPDATE SET code = excluded.code",
                )?
                .execute(params![conversation.0, seq.0, link.0, code])?;
        }
        Item::Other => {}
    }
    Ok(())
}
