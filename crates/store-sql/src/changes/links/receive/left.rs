//! Who of ours has left groups of another realm, and who has asked to join some.

use std::collections::HashMap;

use kabar_model::{ConversationId, LinkId, Timestamp, UserId};

use super::super::outbox::standing;
use super::super::tell_left;
use crate::changes::groups::can_join_one_more;
use crate::error::Outcome;
use crate::sql::Row;
use crate::writer::Work;

/// Groups of one link that its realm may put somebody of ours into who has not asked for it.
const PUT_INTO_MAX: i64 = 50;

/// Who has left a mirror while its home names them, and the number of the item that said so.
pub(super) fn those_who_left(work: &Work, mirror: ConversationId) -> Outcome<HashMap<UserId, i64>> {
    let mut list = work
        .connection
        .prepare_cached("SELECT user_id, number FROM mirror_left WHERE conversation_id = ?1")?;
    let left = |row: &Row<'_>| Ok((UserId(row.get(0)?), row.get(1)?));
    Ok(list.query_map([mirror.0], left)?.collect::<Result<_, _>>()?)
}

/// The home names somebody who has left: it is told again, unless that still waits.
pub(super) fn tell_again(
    work: &mut Work,
    link: LinkId,
    mirror: ConversationId,
    (user, number): (UserId, i64),
    now: Timestamp,
) -> Outcome<()> {
    let queue = standing(work, link)?;
    if (queue.acknowledged + 1..=queue.last).contains(&number) {
        return Ok(());
    }
    tell_left(work, link, mirror, user, now)
}

/// The home names them no more: if it does again, it means it.
pub(super) fn forget_left(work: &Work, mirror: ConversationId, user: UserId) -> Outcome<()> {
    work.connection
        .prepare_cached("DELETE FROM mirror_left WHERE conversation_id = ?1 AND user_id = ?2")?
        .execute([mirror.0, user.0])?;
    Ok(())
}

/// Notes that somebody has asked a realm to let them into one of its groups.
pub(crate) fn note_asked(work: &Work, link: LinkId, user: UserId) -> Outcome<()> {
    work.connection
        .prepare_cached(
            "INSERT INTO join_asked (link_id, user_id, times) VALUES (?1, ?2, 1)
             ON CONFLICT (link_id, user_id) DO UPDATE SET times = join_asked.times + 1",
        )?
        .execute([link.0, user.0])?;
    Ok(())
}

/// Whether a realm may put somebody of ours into one more of its groups. What they asked for counts once.
pub(super) fn may_be_put_in(work: &Work, link: LinkId, user: UserId) -> Outcome<bool> {
    if !can_join_one_more(work, user)? {
        return Ok(false);
    }
    let asked = work
        .connection
        .prepare_cached(
            "UPDATE join_asked SET times = times - 1
             WHERE link_id = ?1 AND user_id = ?2 AND times > 0",
        )?
        .execute([link.0, user.0])?;
    if asked > 0 {
        return Ok(true);
    }
    let mut count = work.connection.prepare_cached(
        "SELECT COUNT(*) FROM member s JOIN mirror m ON m.conversation_id = s.conversation_id
         WHERE s.user_id = ?1 AND s.role IS NOT NULL AND m.link_id = ?2",
    )?;
    let groups: i64 = count.query_row([user.0, link.0], |row| row.get(0))?;
    Ok(groups < PUT_INTO_MAX)
}
