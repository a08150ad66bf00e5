//! Messages with what they need to be carried to another realm.

use kabar_engine::store::links::{Carried, Outgoing, Signed, Uid, Where};
use kabar_engine::store::{Message, Place};
use kabar_model::{
    Arrival, ConversationId, OutgoingId, RealmName, Seq, Timestamp, User, UserId, Username,
};

use super::accounts::users;
use super::links::routes;
use super::words::{self, damaged, parsed};
use crate::params;
use crate::sql::{self, Connection, OptionalExtension, Row};

/// An author's own messages that have not been numbered, in one answer.
const WAITING_SHOWN: i64 = 1_000;

/// What this realm calls itself.
pub(crate) fn own_name(connection: &Connection) -> sql::Result<Option<RealmName>> {
    let mut find = connection.prepare_cached("SELECT name FROM identity")?;
    find.query_row((), |row| parsed(row, 0, RealmName::parse)).optional()
}

/// A conversation as two realms name it to each other; `None` for one that no other realm can take part in.
pub(crate) fn whereto(
    connection: &Connection,
    conversation: ConversationId,
) -> sql::Result<Option<Where>> {
    let mut people = connection.prepare_cached(
        "SELECT a.username FROM direct d JOIN account a ON a.id IN (d.user_low, d.user_high)
         WHERE d.conversation_id = ?1",
    )?;
    let people = people
        .query_map([conversation.0], |row| parsed(row, 0, Username::parse_kept))?
        .collect::<sql::Result<Vec<_>>>()?;
    if let [one, other] = &people[..] {
        let Some(own) = own_name(connection)? else { return Ok(None) };
        let whole = |name: &Username| match name.realm() {
            Some(realm) => (realm, name.clone()),
            None => (own.clone(), name.at(&own)),
        };
        let (one, other) = (whole(one), whole(other));
        let (first, second) = if one.0 <= other.0 { (one, other) } else { (other, one) };
        return Ok(Some(Where::Direct(first.1, second.1)));
    }
    let mut group = connection.prepare_cached(
        "SELECT CASE WHEN m.conversation_id IS NULL THEN c.id ELSE m.home_id END
         FROM conversation c LEFT JOIN mirror m ON m.conversation_id = c.id
         WHERE c.id = ?1 AND c.kind = 'group'",
    )?;
    let number = group.query_row([conversation.0], |row| row.get::<Option<i64>>(0)).optional()?;
    Ok(number.flatten().map(|number| Where::Group(ConversationId(number))))
}

/// Messages of these places; those that are not there are left out.
pub(crate) fn messages_at(connection: &Connection, places: &[Place]) -> sql::Result<Vec<Carried>> {
    let sql = format!("{} WHERE m.conversation_id = ?1 AND m.seq = ?2", words::messages());
    let mut find = connection.prepare_cached(&sql)?;
    let mut carry = Carrier { connection, conversation: None, author: None };
    let mut carried = Vec::new();
    for place in places {
        let found =
            find.query_row([place.conversation.0, place.seq.0], words::message).optional()?;
        if let Some(message) = found {
            carried.extend(carry.carried(message)?);
        }
    }
    Ok(carried)
}

/// Adds to messages what they need, and remembers what the last one needed.
pub(crate) struct Carrier<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) conversation: Option<(ConversationId, Where)>,
    pub(crate) author: Option<User>,
}

impl Carrier<'_> {
    /// A message with what it needs; `None` when no other realm can take part in its conversation.
    pub(crate) fn carried(&mut self, message: Message) -> sql::Result<Option<Carried>> {
        let Some(conversation) = self.whereto(message.place.conversation)? else { return Ok(None) };
        let author = self.user(message.author)?;
        let (uid, signed) = match author.username.realm() {
            Some(_) => (mark(self.connection, &message)?, signed(self.connection, message.place)?),
            None => (None, None),
        };
        Ok(Some(Carried { message, conversation, author, uid, signed }))
    }

    fn whereto(&mut self, id: ConversationId) -> sql::Result<Option<Where>> {
        if let Some((known, conversation)) = &self.conversation
            && *known == id
        {
            return Ok(Some(conversation.clone()));
        }
        let found = whereto(self.connection, id)?;
        self.conversation = found.clone().map(|conversation| (id, conversation));
        Ok(found)
    }

    fn user(&mut self, id: UserId) -> sql::Result<User> {
        if let Some(known) = self.author.as_ref().filter(|known| known.id == id) {
            return Ok(known.clone());
        }
        let found = users(self.connection, &[id])?.pop();
        let user = found.ok_or_else(|| damaged(format!("account {} has gone", id.0)))?;
        self.author = Some(user.clone());
        Ok(user)
    }
}

/// The mark of the post that a message of somebody of another realm was: its client key here.
fn mark(connection: &Connection, message: &Message) -> sql::Result<Option<Uid>> {
    let mut find = connection.prepare_cached(
        "SELECT key FROM client_key WHERE conversation_id = ?1 AND seq = ?2 AND author_id = ?3",
    )?;
    let place = message.place;
    let row = [place.conversation.0, place.seq.0, message.author.0];
    let key = find.query_row(row, |row| row.get::<String>(0)).optional()?;
    Ok(key.and_then(|key| uid_of(&key)))
}

fn signed(connection: &Connection, place: Place) -> sql::Result<Option<Signed>> {
    let mut find = connection.prepare_cached(
        "SELECT bytes, signed_by FROM signed_post WHERE conversation_id = ?1 AND seq = ?2",
    )?;
    let signed = |row: &Row<'_>| Ok(Signed { bytes: row.get(0)?, by: row.get(1)? });
    find.query_row([place.conversation.0, place.seq.0], signed).optional()
}

/// A mark as a client key: 32 hexadecimal digits.
pub(crate) fn uid_text(uid: Uid) -> String {
    format!("{:032x}", u128::from_be_bytes(uid.0))
}

/// The mark that [`uid_text`] wrote.
pub(crate) fn uid_of(text: &str) -> Option<Uid> {
    let is_one = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok().filter(|_| is_one)?;
    Some(Uid(number.to_be_bytes()))
}

/// The number at its home of what has this number in a mirror; `None`: the home has lost it.
pub fn home_seq(
    connection: &Connection,
    mirror: ConversationId,
    here: Seq,
) -> sql::Result<Option<Seq>> {
    let mut find = connection.prepare_cached(
        "SELECT home_from, shift FROM mirror_shift WHERE conversation_id = ?1 ORDER BY home_from",
    )?;
    let mut rows = find.query([mirror.0])?;
    let mut number = here.0;
    while let Some(row) = rows.next()? {
        let (from, shift): (i64, i64) = (row.get(0)?, row.get(1)?);
        if here.0 < from.saturating_add(shift) {
            // What has such a number there now is another message.
            return Ok((number < from).then_some(Seq(number)));
        }
        number = here.0.saturating_sub(shift);
    }
    Ok(Some(Seq(number)))
}

/// A place as another realm that takes part there names it, and as its home numbers it.
pub(crate) fn whereabouts(
    connection: &Connection,
    place: Place,
) -> sql::Result<Option<(Where, Seq)>> {
    let id = place.conversation;
    if routes(connection, &[id])?.is_empty() {
        return Ok(None);
    }
    let Some(conversation) = whereto(connection, id)? else { return Ok(None) };
    Ok(home_seq(connection, id, place.seq)?.map(|seq| (conversation, seq)))
}

/// Messages on their way to their home, by a condition on `o`.
pub(crate) fn outgoing_messages(condition: &str) -> String {
    format!(
        "SELECT o.id, o.uid, o.conversation_id, o.author_id, o.sent_at, o.body, o.about_seq,
                o.change, o.client_key, o.failed,
                o.file_code, o.file_name, o.file_size, o.file_media_type, o.file_hash
         FROM outgoing o WHERE {condition}"
    )
}

/// Reads the message from the columns of [`outgoing_messages`], and its number, mark and failure.
pub(crate) fn outgoing_message(
    row: &Row<'_>,
) -> sql::Result<(OutgoingId, Uid, Message, Option<String>)> {
    let about = row.get::<Option<i64>>(6)?.map(Seq);
    let change = match (row.text_or_null(7)?, about) {
        (Some(name), Some(of)) => Some(words::change_of(name, of)?),
        (Some(_), None) => return Err(damaged("a change of no message".to_owned())),
        (None, _) => None,
    };
    let has_file = row.text_or_null(10)?.is_some();
    let message = Message {
        place: Place { conversation: ConversationId(row.get(2)?), seq: Seq::NONE },
        author: UserId(row.get(3)?),
        body: row.get(5)?,
        file: if has_file { Some(words::file(row, 10)?) } else { None },
        at: Timestamp(row.get(4)?),
        arrival: Arrival::NONE,
        change,
        reply_to: if change.is_none() { about } else { None },
        edited_at: None,
        deleted: false,
        key: words::client_key(row, 8)?,
    };
    Ok((OutgoingId(row.get(0)?), Uid(row.get(1)?), message, row.get(9)?))
}

/// Messages on their way, of these numbers.
pub(crate) fn outgoing(connection: &Connection, ids: &[OutgoingId]) -> sql::Result<Vec<Outgoing>> {
    let mut find = connection.prepare_cached(&outgoing_messages("o.id = ?1"))?;
    let mut carry = Carrier { connection, conversation: None, author: None };
    let mut found = Vec::new();
    for id in ids {
        if let Some(row) = find.query_row([id.0], outgoing_message).optional()? {
            found.extend(carry.outgoing(row)?);
        }
    }
    Ok(found)
}

/// Somebody's own messages in a mirror that it has not yet, the oldest first.
pub(crate) fn waiting(
    connection: &Connection,
    user: UserId,
    conversation: ConversationId,
) -> sql::Result<Vec<Outgoing>> {
    let sql =
        outgoing_messages("o.conversation_id = ?1 AND o.author_id = ?2 ORDER BY o.id LIMIT ?3");
    let mut list = connection.prepare_cached(&sql)?;
    let rows = list.query_map(params![conversation.0, user.0, WAITING_SHOWN], outgoing_message)?;
    let mut carry = Carrier { connection, conversation: None, author: None };
    let mut found = Vec::new();
    for row in rows {
        found.extend(carry.outgoing(row?)?);
    }
    Ok(found)
}

impl Carrier<'_> {
    fn outgoing(
        &mut self,
        (id, uid, message, failed): (OutgoingId, Uid, Message, Option<String>),
    ) -> sql::Result<Option<Outgoing>> {
        let mirror = message.place.conversation;
        let Some(conversation) = self.whereto(mirror)? else { return Ok(None) };
        let author = self.user(message.author)?;
        let about = message.change.map(kabar_model::Change::of).or(message.reply_to);
        let about = match about {
            Some(here) => home_seq(self.connection, mirror, here)?,
            None => None,
        };
        Ok(Some(Outgoing { id, uid, conversation, message, author, about, failed }))
    }
}
