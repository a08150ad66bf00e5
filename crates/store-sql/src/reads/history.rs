//! A conversation as a person sees it, and what arrived for them.

use kabar_engine::store::{Conversation, History, Message, Place, StoredReaction, Window};
use kabar_model::{Arrival, ConversationId, Seq, UserId};

use super::groups::conversations;
use super::limit_of;
use super::messages::{joined, last};
use super::words::{message, messages_for, reaction};
use crate::params;
use crate::sql::{self, Connection, OptionalExtension};

/// The last message that somebody who may read a conversation may not see; `None`: they may not read it.
pub(super) fn hidden(
    connection: &Connection,
    user: UserId,
    conversation: ConversationId,
) -> sql::Result<Option<Seq>> {
    if let Some(joined) = joined(connection, user, conversation)? {
        return Ok(Some(joined));
    }
    let found = conversations(connection, &[conversation])?;
    Ok(matches!(found[..], [Conversation::Room(..)]).then_some(Seq::NONE))
}

/// A page; `None` when the conversation may not be read.
pub(crate) fn history(
    connection: &Connection,
    user: UserId,
    conversation: ConversationId,
    window: Window,
    limit: usize,
) -> sql::Result<Option<History>> {
    let Some(hidden) = hidden(connection, user, conversation)? else { return Ok(None) };
    let page = Pages { connection, user, conversation, hidden };
    let messages = match window {
        Window::Last => page.before(Seq(i64::MAX), limit)?,
        Window::Before(seq) => page.before(seq, limit)?,
        Window::After(seq) => page.from(Seq(seq.0.saturating_add(1)), limit)?,
        Window::Around(seq) => {
            let mut after = page.from(seq, limit)?;
            let most = (limit / 2).max(limit - after.len());
            let mut all = page.before(seq, most)?;
            after.truncate(limit - all.len());
            all.append(&mut after);
            all
        }
    };
    let (first, last) = (hidden.next(), last(connection, conversation)?);
    Ok(Some(History { messages, first, last }))
}

/// What is no change in one conversation.
pub(super) struct Pages<'a> {
    pub(super) connection: &'a Connection,
    pub(super) user: UserId,
    pub(super) conversation: ConversationId,
    pub(super) hidden: Seq,
}

impl Pages<'_> {
    /// The last ones before `seq`, in order.
    pub(super) fn before(&self, seq: Seq, limit: usize) -> sql::Result<Vec<Message>> {
        let mut messages = self.some("m.seq < ?2", seq, "DESC", limit)?;
        messages.reverse();
        Ok(messages)
    }

    /// The first ones from `seq` on.
    fn from(&self, seq: Seq, limit: usize) -> sql::Result<Vec<Message>> {
        self.some("m.seq >= ?2", seq, "ASC", limit)
    }

    fn some(&self, range: &str, seq: Seq, order: &str, limit: usize) -> sql::Result<Vec<Message>> {
        let sql = format!(
            "{} WHERE m.conversation_id = ?1 AND {range} AND m.seq > ?3 AND m.change IS NULL
             ORDER BY m.seq {order} LIMIT ?4",
            messages_for("?5")
        );
        let mut find = self.connection.prepare_cached(&sql)?;
        let limit = limit_of(limit);
        let place = params![self.conversation.0, seq.0, self.hidden.0, limit, self.user.0];
        find.query_map(place, message)?.collect()
    }
}

/// The message at a place, if the person may see it.
pub(crate) fn shown(
    connection: &Connection,
    user: UserId,
    place: Place,
) -> sql::Result<Option<Message>> {
    match hidden(connection, user, place.conversation)? {
        Some(hidden) if place.seq > hidden => {}
        _ => return Ok(None),
    }
    let sql = format!("{} WHERE m.conversation_id = ?1 AND m.seq = ?2", messages_for("?3"));
    let mut find = connection.prepare_cached(&sql)?;
    find.query_row([place.conversation.0, place.seq.0, user.0], message).optional()
}

pub(crate) fn reactions(
    connection: &Connection,
    conversation: ConversationId,
    from: Seq,
    to: Seq,
) -> sql::Result<Vec<StoredReaction>> {
    let mut list = connection.prepare_cached(
        "SELECT seq, user_id, emoji FROM reaction
         WHERE conversation_id = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY id",
    )?;
    list.query_map([conversation.0, from.0, to.0], reaction)?.collect()
}

pub(crate) fn last_arrival(connection: &Connection) -> sql::Result<Arrival> {
    let mut last = connection.prepare_cached("SELECT coalesce(MAX(id), 0) FROM message")?;
    last.query_row((), |row| row.get(0).map(Arrival))
}

/// What arrived for somebody; `None` when too much has to be looked through.
pub(crate) fn arrivals(
    connection: &Connection,
    user: UserId,
    after: Arrival,
    limit: usize,
    scan_max: usize,
) -> sql::Result<Option<Vec<Message>>> {
    let since = last_arrival(connection)?.0.saturating_sub(after.0);
    if !(0..=limit_of(scan_max)).contains(&since) {
        return Ok(None);
    }
    // The messages first, in their order: a person may be in very many conversations.
    let sql = format!(
        "{} CROSS JOIN member s
         WHERE s.conversation_id = m.conversation_id AND s.user_id = ?1 AND m.id > ?2 AND m.seq > s.joined_seq ORDER BY m.id LIMIT ?3",
        messages_for("?1")
    );
    let mut find = connection.prepare_cached(&sql)?;
    let found = find.query_map([user.0, after.0, limit_of(limit)], message)?;
    found.collect::<sql::Result<_>>().map(Some)
}

/// Those who share a direct conversation or a group with somebody.
pub(crate) fn peers(
    connection: &Connection,
    user: UserId,
    limit: usize,
) -> sql::Result<Vec<UserId>> {
    let mut list = connection.prepare_cached(
        "SELECT DISTINCT o.user_id FROM member m
         CROSS JOIN member o
         WHERE o.conversation_id = m.conversation_id AND m.user_id = ?1 AND o.user_id <> ?1 LIMIT ?2",
    )?;
    list.query_map([user.0, limit_of(limit)], |row| row.get(0).map(UserId))?.collect()
}
