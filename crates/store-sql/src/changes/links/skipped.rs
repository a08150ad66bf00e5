//! What a link was not told because it was full, or took nothing. A group whose home is here goes on without it: once
//! there is room it is told who is in the group and what was said last, and reads on what it lacks.

use kabar_engine::store::Place;
use kabar_engine::store::links::Told;
use kabar_model::{ConversationId, LinkId, Seq, Timestamp, UserId};

use super::outbox::{queue, standing};
use super::routes::{Route, has_links, route};
use crate::error::Outcome;
use crate::params;
use crate::reads::links::TAKES;
use crate::sql::{self, OptionalExtension, Row};
use crate::writer::Work;

/// Conversations that are told of at a time.
const TOLD_AT_A_TIME: i64 = 1_000;

/// Notes what a link is to be told later; `false` if that is not possible.
pub(super) fn skips(work: &Work, link: LinkId, what: &Told) -> Outcome<bool> {
    let (conversation, seq) = match what {
        Told::Message(place) => (place.conversation, Some(place.seq)),
        Told::Members(group) => (*group, None),
        Told::Leave { mirror, .. } => (*mirror, None),
        Told::Post(_) | Told::Join { .. } | Told::Read { .. } => return Ok(false),
    };
    skip(work, link, conversation, seq)?;
    Ok(true)
}

/// Notes that a link was not told how a conversation stands, from a message on.
pub(super) fn skip(
    work: &Work,
    link: LinkId,
    conversation: ConversationId,
    seq: Option<Seq>,
) -> Outcome<()> {
    work.connection
        .prepare_cached(
            "INSERT INTO link_skipped (conversation_id, link_id, seq) VALUES (?1, ?2, ?3)
             ON CONFLICT (conversation_id, link_id)
             DO UPDATE SET seq = coalesce(link_skipped.seq, excluded.seq)",
        )?
        .execute(params![conversation.0, link.0, seq.map(|seq| seq.0)])?;
    Ok(())
}

/// Notes that somebody is in a group no more, for their realm if it takes nothing now.
pub(crate) fn skip_left(work: &mut Work, group: ConversationId, user: UserId) -> Outcome<()> {
    if !has_links(work)? {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO link_skipped (conversation_id, link_id)
         SELECT CAST(?1 AS BIGINT), l.id FROM account a JOIN link l ON l.own_name = a.realm
         WHERE a.id = ?2 AND l.standing NOT IN {TAKES}
         ON CONFLICT DO NOTHING"
    );
    work.connection.prepare_cached(&sql)?.execute([group.0, user.0])?;
    Ok(())
}

/// Notes of which groups a link will not hear, before what waits for it is given up.
pub(super) fn skip_all(work: &Work, link: LinkId) -> Outcome<()> {
    work.connection
        .prepare_cached(
            "INSERT INTO link_skipped (conversation_id, link_id)
             SELECT DISTINCT conversation_id, link_id FROM outbox
             WHERE link_id = ?1 AND kind IN ('members', 'leave')
             ON CONFLICT DO NOTHING",
        )?
        .execute([link.0])?;
    Ok(())
}

/// Tells a link what it has not been told, when less waits for it than half of what it takes.
pub(super) fn tell_skipped(work: &mut Work, link: LinkId, at: Timestamp) -> Outcome<()> {
    if !standing(work, link)?.is_at_ease() {
        return Ok(());
    }
    let skipped: Vec<ConversationId> = {
        let mut list = work.connection.prepare_cached(
            "SELECT conversation_id FROM link_skipped WHERE link_id = ?1
             ORDER BY conversation_id LIMIT ?2",
        )?;
        let one = |row: &Row<'_>| row.get(0).map(ConversationId);
        list.query_map([link.0, TOLD_AT_A_TIME], one)?.collect::<sql::Result<_>>()?
    };
    for conversation in skipped {
        // Before it is told: what does not fit is noted anew.
        work.connection
            .prepare_cached("DELETE FROM link_skipped WHERE conversation_id = ?1 AND link_id = ?2")?
            .execute([conversation.0, link.0])?;
        match route(work, conversation)? {
            Route::Mirror(home) if home == link => tell_who_left(work, link, conversation, at)?,
            Route::Mirror(_) => {}
            Route::Here => tell_how_it_stands(work, link, conversation, false, at)?,
            Route::Home(links) => {
                let hears = links.contains(&link);
                tell_how_it_stands(work, link, conversation, hears, at)?;
            }
        }
    }
    Ok(())
}

/// Tells of a conversation whose home is here; what was said in it, only a realm that takes part.
fn tell_how_it_stands(
    work: &mut Work,
    link: LinkId,
    conversation: ConversationId,
    hears: bool,
    at: Timestamp,
) -> Outcome<()> {
    let is_group = work
        .connection
        .prepare_cached("SELECT 1 FROM conversation WHERE id = ?1 AND kind = 'group'")?
        .exists([conversation.0])?;
    if is_group {
        queue(work, link, &Told::Members(conversation), 0, at)?;
    }
    if !hears {
        return Ok(());
    }
    let last = work
        .connection
        .prepare_cached(
            "SELECT seq, octet_length(body) FROM message WHERE conversation_id = ?1
             ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([conversation.0], |row| Ok((Seq(row.get(0)?), row.get::<i64>(1)?)))
        .optional()?;
    if let Some((seq, bytes)) = last {
        let told = Told::Message(Place { conversation, seq });
        queue(work, link, &told, bytes.unsigned_abs(), at)?;
    }
    Ok(())
}

/// Tells the home of a mirror who has left it.
fn tell_who_left(
    work: &mut Work,
    link: LinkId,
    mirror: ConversationId,
    at: Timestamp,
) -> Outcome<()> {
    let left: Vec<UserId> = {
        let mut list = work
            .connection
            .prepare_cached("SELECT user_id FROM mirror_left WHERE conversation_id = ?1")?;
        let one = |row: &Row<'_>| row.get(0).map(UserId);
        list.query_map([mirror.0], one)?.collect::<sql::Result<_>>()?
    };
    for user in left {
        queue(work, link, &Told::Leave { user, mirror }, 0, at)?;
    }
    Ok(())
}
