//! What other realms are told beside messages.

use std::time::SystemTime;

use kabar_engine::store::Place;
use kabar_engine::store::links::Told;
use kabar_model::{ConversationId, LinkId, Timestamp, UserId};

use super::outbox::{has_room, queue, standing, waits_unsent};
use super::routes::{Route, forget_route, route};
use super::skipped::skip;
use crate::error::{Outcome, Trouble};
use crate::writer::Work;

/// Tells the links of a group whose home is here how it stands now. Who takes somebody out asks for the [`route`]
/// before: a realm that has nobody in it any more is to hear that, too.
pub(crate) fn tell_members(work: &mut Work, group: ConversationId, at: Timestamp) -> Outcome<()> {
    let before = work.known.route(group).cloned();
    forget_route(work, group);
    let mut links = Vec::new();
    for route in [before, Some(route(work, group)?)].into_iter().flatten() {
        if let Route::Home(some) = route {
            links.extend(some.iter().copied());
        }
    }
    links.sort_unstable();
    links.dedup();
    let told = Told::Members(group);
    for link in links {
        // It is read when it is sent, so one that was not sent yet will say this, too.
        if waits_unsent(work, link, &told)?.is_none() {
            queue(work, link, &told, 0, at)?;
        }
    }
    Ok(())
}

/// As [`tell_members`], for changes that come without a time.
pub(crate) fn tell_members_now(work: &mut Work, group: ConversationId) -> Outcome<()> {
    if route(work, group)? == Route::Here {
        return Ok(());
    }
    tell_members(work, group, now())
}

/// Tells a mirror's home that somebody here has left. They have, even when nobody there can be told: then it is told
/// later, and what it says meanwhile does not put them back.
pub(crate) fn tell_left(
    work: &mut Work,
    link: LinkId,
    mirror: ConversationId,
    user: UserId,
    at: Timestamp,
) -> Outcome<()> {
    if standing(work, link)?.takes {
        queue(work, link, &Told::Leave { user, mirror }, 0, at)?;
    } else {
        skip(work, link, mirror, None)?;
    }
    let number = standing(work, link)?.last;
    work.connection
        .prepare_cached(
            "INSERT INTO mirror_left (conversation_id, user_id, number) VALUES (?1, ?2, ?3)
             ON CONFLICT (conversation_id, user_id) DO UPDATE SET number = excluded.number",
        )?
        .execute([mirror.0, user.0, number])?;
    Ok(())
}

/// Tells the other's realm how far somebody here has read in a direct conversation, if there is room for it: the
/// next time says it again.
pub(crate) fn tell_read(work: &mut Work, user: UserId, place: Place) -> Outcome<()> {
    let link = match route(work, place.conversation)? {
        Route::Here => return Ok(()),
        Route::Mirror(link) => link,
        Route::Home(links) => match links[..] {
            [link] => link,
            _ => return Ok(()),
        },
    };
    let is_ours = "SELECT 1 FROM direct d JOIN account a ON a.id = ?2 AND a.realm IS NULL
                   WHERE d.conversation_id = ?1";
    let is_ours =
        work.connection.prepare_cached(is_ours)?.exists([place.conversation.0, user.0])?;
    if !is_ours {
        return Ok(());
    }
    let told = Told::Read { user, place };
    if let Some(number) = waits_unsent(work, link, &told)? {
        work.connection
            .prepare_cached("UPDATE outbox SET seq = ?3 WHERE link_id = ?1 AND number = ?2")?
            .execute([link.0, number, place.seq.0])?;
        return Ok(());
    }
    match has_room(work, link, 0) {
        Ok(()) => queue(work, link, &told, 0, now()),
        Err(Trouble::Refused(_)) => Ok(()),
        Err(trouble) => Err(trouble),
    }
}

/// The time, where nobody hands one in.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
