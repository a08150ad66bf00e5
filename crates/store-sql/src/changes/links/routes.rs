//! Which other realms take part in a conversation, and where its home is.

use std::sync::Arc;

use kabar_model::{ConversationId, LinkId, RealmName, Refusal, UserId};

use crate::error::Outcome;
use crate::reads::carried;
use crate::reads::links::TAKES;
use crate::sql::{self, OptionalExtension};
use crate::writer::Work;

/// Who takes part in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// No other realm.
    Here,
    /// The home is here, and these links have people in it. None in a direct conversation with somebody whose link
    /// takes nothing any more.
    Home(Arc<[LinkId]>),
    /// The home is there.
    Mirror(LinkId),
}

/// The route of a conversation. Of a realm that never had a link it costs nothing, of another one look in memory.
pub(crate) fn route(work: &mut Work, conversation: ConversationId) -> Outcome<Route> {
    if !has_links(work)? {
        return Ok(Route::Here);
    }
    if let Some(route) = work.known.route(conversation) {
        return Ok(route.clone());
    }
    let route = look_up(work, conversation)?;
    work.known.learn_route(conversation, route.clone());
    Ok(route)
}

/// Whether there is a link, or ever was one.
pub(super) fn has_links(work: &mut Work) -> Outcome<bool> {
    if let Some(known) = work.known.has_links() {
        return Ok(known);
    }
    let any = work.connection.prepare_cached("SELECT 1 FROM link LIMIT 1")?.exists(())?;
    work.known.learn_links(any);
    Ok(any)
}

fn look_up(work: &Work, conversation: ConversationId) -> Outcome<Route> {
    if let Some(link) = home_of(work, conversation)? {
        return Ok(Route::Mirror(link));
    }
    let sql = format!(
        "SELECT DISTINCT l.id FROM member m
         JOIN account a ON a.id = m.user_id AND a.realm IS NOT NULL
         LEFT JOIN link l ON l.own_name = a.realm AND l.standing IN {TAKES}
         WHERE m.conversation_id = ?1"
    );
    let mut find = work.connection.prepare_cached(&sql)?;
    let found = find.query_map([conversation.0], |row| row.get::<Option<i64>>(0))?;
    let found = found.collect::<sql::Result<Vec<_>>>()?;
    let links: Arc<[LinkId]> = found.iter().flatten().copied().map(LinkId).collect();
    let mut direct =
        work.connection.prepare_cached("SELECT 1 FROM direct WHERE conversation_id = ?1")?;
    let is_cut_off = links.is_empty() && !found.is_empty() && direct.exists([conversation.0])?;
    Ok(if is_cut_off || !links.is_empty() { Route::Home(links) } else { Route::Here })
}

/// The link that a mirror's home is at; `None`: the home is here.
fn home_of(work: &Work, conversation: ConversationId) -> Outcome<Option<LinkId>> {
    let mut find =
        work.connection.prepare_cached("SELECT link_id FROM mirror WHERE conversation_id = ?1")?;
    Ok(find.query_row([conversation.0], |row| row.get(0).map(LinkId)).optional()?)
}

/// Refuses `NotAllowed` for a mirror: what its home decides is not changed here.
pub(crate) fn must_be_home(work: &mut Work, conversation: ConversationId) -> Outcome<()> {
    match route(work, conversation)? {
        Route::Mirror(_) => Err(Refusal::NotAllowed.into()),
        Route::Here | Route::Home(_) => Ok(()),
    }
}

/// To be called when the people of a conversation, or its home, are others.
pub(crate) fn forget_route(work: &mut Work, conversation: ConversationId) {
    work.known.forget_route(conversation);
}

/// What this realm calls itself; `None` before it has an identity.
pub(crate) fn own_name(work: &Work) -> Outcome<Option<RealmName>> {
    Ok(carried::own_name(&work.connection)?)
}

/// The route that the direct conversation of two people will have. Refuses `RealmUnknown` when there is no link that
/// takes what is said in it, and `NotAllowed` when neither is of this realm.
pub(crate) fn new_direct(work: &Work, one: UserId, other: UserId) -> Outcome<Route> {
    let mut find = work
        .connection
        .prepare_cached("SELECT realm FROM account WHERE id IN (?1, ?2) AND realm IS NOT NULL")?;
    let strangers = find
        .query_map([one.0, other.0], |row| row.get::<String>(0))?
        .collect::<sql::Result<Vec<_>>>()?;
    let realm = match &strangers[..] {
        [] => return Ok(Route::Here),
        [realm] if one != other => realm,
        _ => return Err(Refusal::NotAllowed.into()),
    };
    let own = own_name(work)?.ok_or(Refusal::RealmUnknown)?;
    let sql = format!("SELECT id FROM link WHERE own_name = ?1 AND standing IN {TAKES}");
    let mut link = work.connection.prepare_cached(&sql)?;
    let link = link.query_row([realm], |row| row.get(0).map(LinkId)).optional()?;
    let link = link.ok_or(Refusal::RealmUnknown)?;
    let home_is_there = realm.as_str() < own.as_str();
    Ok(if home_is_there { Route::Mirror(link) } else { Route::Home([link].into()) })
}

/// Refuses `RealmUnknown` when somebody is of another realm that nothing can be told.
pub(crate) fn can_be_told(work: &Work, user: UserId) -> Outcome<()> {
    let sql = format!(
        "SELECT 1 FROM account a WHERE a.id = ?1 AND a.realm IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM link l WHERE l.own_name = a.realm AND l.standing IN {TAKES})"
    );
    let is_cut_off = work.connection.prepare_cached(&sql)?.exists([user.0])?;
    if is_cut_off { Err(Refusal::RealmUnknown.into()) } else { Ok(()) }
}
