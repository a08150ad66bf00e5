//! Conversations whose home is at the other end of a link.

use kabar_engine::store::Place;
use kabar_model::{ConversationId, LinkId, Refusal, Seq, Timestamp};

use crate::changes::posts::last_seq;
use crate::error::Outcome;
use crate::reads::carried::home_seq;
use crate::sql::{self, OptionalExtension};
use crate::writer::Work;

/// Numbers of another realm are less: more messages than this nobody writes.
pub(super) const NUMBERS_END: i64 = 1 << 53;

/// A mirror.
#[derive(Debug)]
pub(super) struct Mirror {
    pub(super) id: ConversationId,
    pub(super) is_group: bool,
    /// The last number that is not kept here.
    pub(super) begins_after: Seq,
    /// Whether somebody here is in it.
    pub(super) is_open: bool,
}

/// The columns that [`mirror`] reads.
const MIRROR: &str = "m.conversation_id, m.home_id IS NOT NULL, m.begins_after, c.closed_at IS NULL
    FROM mirror m JOIN conversation c ON c.id = m.conversation_id";

fn mirror(row: &sql::Row<'_>) -> sql::Result<Mirror> {
    Ok(Mirror {
        id: ConversationId(row.get(0)?),
        is_group: row.get(1)?,
        begins_after: Seq(row.get(2)?),
        is_open: row.get(3)?,
    })
}

/// The mirror that this conversation is. Refuses `NotAllowed` when its home is not at that link.
pub(super) fn of(work: &Work, link: LinkId, conversation: ConversationId) -> Outcome<Mirror> {
    let sql = format!("SELECT {MIRROR} WHERE m.conversation_id = ?1 AND m.link_id = ?2");
    let mut find = work.connection.prepare_cached(&sql)?;
    let found = find.query_row([conversation.0, link.0], mirror).optional()?;
    Ok(found.ok_or(Refusal::NotAllowed)?)
}

/// The mirror of a group.
pub(super) fn group(work: &Work, link: LinkId, there: ConversationId) -> Outcome<Option<Mirror>> {
    let sql = format!("SELECT {MIRROR} WHERE m.link_id = ?1 AND m.home_id = ?2");
    let mut find = work.connection.prepare_cached(&sql)?;
    Ok(find.query_row([link.0, there.0], mirror).optional()?)
}

/// The mirror of a group that somebody here is in. Refuses `GroupUnknown` and `NotMember`.
pub(super) fn open_group(work: &Work, link: LinkId, there: ConversationId) -> Outcome<Mirror> {
    let mirror = group(work, link, there)?.ok_or(Refusal::GroupUnknown)?;
    if mirror.is_open { Ok(mirror) } else { Err(Refusal::NotMember.into()) }
}

/// Refuses `NotAllowed` for a mirror: its home is to be asked.
pub(super) fn is_none(work: &Work, conversation: ConversationId) -> Outcome<()> {
    let mut find =
        work.connection.prepare_cached("SELECT 1 FROM mirror WHERE conversation_id = ?1")?;
    if find.exists([conversation.0])? { Err(Refusal::NotAllowed.into()) } else { Ok(()) }
}

/// What a mirror lacks that may lack something: nobody knows up to which number.
pub(super) const SOMETHING: Seq = Seq(1);

/// Notes that a mirror lacks something that its home has, up to this number there.
pub(super) fn set_behind(work: &Work, mirror: ConversationId, there: Seq) -> Outcome<()> {
    work.connection
        .prepare_cached("UPDATE mirror SET behind = ?2 WHERE conversation_id = ?1 AND behind < ?2")?
        .execute([mirror.0, there.0])?;
    Ok(())
}

/// A mirror has all that its home showed: it lacks nothing, unless something came that the home did not show.
pub(super) fn caught_up(work: &mut Work, mirror: ConversationId) -> Outcome<()> {
    let last = last_seq(work, mirror)?;
    let there = home_seq(&work.connection, mirror, last)?.unwrap_or(last).max(SOMETHING);
    work.connection
        .prepare_cached("UPDATE mirror SET behind = 0 WHERE conversation_id = ?1 AND behind <= ?2")?
        .execute([mirror.0, there.0])?;
    Ok(())
}

/// Notes that every mirror of a link may lack something.
pub(super) fn all_are_behind(work: &Work, link: LinkId) -> Outcome<()> {
    work.connection
        .prepare_cached("UPDATE mirror SET behind = 1 WHERE link_id = ?1")?
        .execute([link.0])?;
    Ok(())
}

/// Whether a mirror of a link lacks something that can be read on.
pub(super) fn any_is_behind(work: &Work, link: LinkId) -> Outcome<bool> {
    let mut any = work.connection.prepare_cached(
        "SELECT 1 FROM mirror m JOIN conversation c ON c.id = m.conversation_id
         WHERE m.link_id = ?1 AND m.behind > 0 AND c.closed_at IS NULL LIMIT 1",
    )?;
    Ok(any.exists([link.0])?)
}

/// From the home's number on, what comes goes on with the next number here: the home went back in time, or does not
/// show what is between.
pub(super) fn shift(work: &Work, mirror: ConversationId, there: Seq, next: Seq) -> Outcome<()> {
    let connection = &work.connection;
    // What it had numbered so, and later, before it went back is gone there.
    connection
        .prepare_cached("DELETE FROM mirror_shift WHERE conversation_id = ?1 AND home_from >= ?2")?
        .execute([mirror.0, there.0])?;
    connection
        .prepare_cached(
            "INSERT INTO mirror_shift (conversation_id, home_from, shift) VALUES (?1, ?2, ?3)",
        )?
        .execute([mirror.0, there.0, next.0 - there.0])?;
    // Who joined after more than has come sees all that comes.
    connection
        .prepare_cached(
            "UPDATE member SET
                 joined_seq = CASE WHEN joined_seq > ?2 THEN ?2 ELSE joined_seq END,
                 read_seq = CASE WHEN read_seq > ?2 THEN ?2 ELSE read_seq END
             WHERE conversation_id = ?1",
        )?
        .execute([mirror.0, next.0 - 1])?;
    Ok(())
}

/// Keeps the time that a home gave to a message, where another stands for it.
pub(super) fn keep_time(work: &Work, place: Place, given: Timestamp) -> Outcome<()> {
    work.connection
        .prepare_cached(
            "INSERT INTO mirror_time (conversation_id, seq, sent_at) VALUES (?1, ?2, ?3)",
        )?
        .execute([place.conversation.0, place.seq.0, given.0])?;
    Ok(())
}
