//! Links to other realms, what waits for them, and what became of it.

use kabar_engine::store::Place;
use kabar_engine::store::links::{
    Contact, Delivery, Link, Queued, Reach, Route, Standing, Told, Uid,
};
use kabar_model::{
    ConversationId, GroupRole, LinkId, OutgoingId, RealmName, Seq, Timestamp, User, UserId,
};

use super::limit_of;
use super::words::{USER, damaged, parsed, user};
use crate::params;
use crate::sql::{self, Connection, OptionalExtension, Row};

/// The standings of links that take messages, as [`Standing::takes`] says.
pub(crate) const TAKES: &str = "('asked', 'waiting', 'linked', 'changed')";

/// What a standing is called.
pub(crate) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Asked => "asked",
        Standing::Waiting => "waiting",
        Standing::Linked => "linked",
        Standing::Blocked => "blocked",
        Standing::Removed => "removed",
        Standing::Changed => "changed",
    }
}

fn standing_of(name: &str) -> sql::Result<Standing> {
    match name {
        "asked" => Ok(Standing::Asked),
        "waiting" => Ok(Standing::Waiting),
        "linked" => Ok(Standing::Linked),
        "blocked" => Ok(Standing::Blocked),
        "removed" => Ok(Standing::Removed),
        "changed" => Ok(Standing::Changed),
        _ => Err(damaged(format!("a link stands {name}"))),
    }
}

pub(crate) fn identity(connection: &Connection) -> sql::Result<Option<String>> {
    let mut find = connection.prepare_cached("SELECT text FROM identity")?;
    find.query_row((), |row| row.get(0)).optional()
}

/// The columns that [`link`] reads.
const LINK: &str = "id, name, own_name, host, port, private, root, keys, standing, made_at,
    last_contact_at, failures, failing_since, next_try_at, error, clock_ahead,
    epoch, last_number - base, acknowledged - base, acknowledged_uid, peer_epoch, received";

fn link(row: &Row<'_>) -> sql::Result<Link> {
    let time = |column| Ok::<_, sql::Error>(row.get::<Option<i64>>(column)?.map(Timestamp));
    let reach = match (row.get(3)?, row.get(4)?) {
        (Some(host), Some(port)) => Some(Reach { host, port, private: row.get(5)? }),
        _ => None,
    };
    Ok(Link {
        id: LinkId(row.get(0)?),
        name: parsed(row, 1, RealmName::parse)?,
        own_name: parsed(row, 2, RealmName::parse)?,
        reach,
        root: row.get(6)?,
        keys: row.get(7)?,
        standing: standing_of(row.text(8)?)?,
        made_at: Timestamp(row.get(9)?),
        contact: Contact {
            last_at: time(10)?,
            failures: row.get(11)?,
            failing_since: time(12)?,
            next_at: time(13)?,
            error: row.get(14)?,
            clock_ahead: row.get(15)?,
        },
        epoch: row.get(16)?,
        last: number(row, 17)?,
        acknowledged: number(row, 18)?,
        acknowledged_uid: Uid(row.get(19)?),
        peer_epoch: row.get(20)?,
        received: number(row, 21)?,
    })
}

fn number(row: &Row<'_>, column: usize) -> sql::Result<u64> {
    let number: i64 = row.get(column)?;
    number.try_into().map_err(|_| damaged(format!("a link's number is {number}")))
}

pub(crate) fn links(connection: &Connection) -> sql::Result<Vec<Link>> {
    let sql = format!("SELECT {LINK} FROM link ORDER BY id");
    connection.prepare_cached(&sql)?.query_map((), link)?.collect()
}

pub(crate) fn by_number(connection: &Connection, id: LinkId) -> sql::Result<Option<Link>> {
    let sql = format!("SELECT {LINK} FROM link WHERE id = ?1");
    connection.prepare_cached(&sql)?.query_row([id.0], link).optional()
}

/// What waits for a link, from the lowest number.
pub(crate) fn outbox(
    connection: &Connection,
    link: LinkId,
    limit: usize,
) -> sql::Result<Vec<Queued>> {
    let mut list = connection.prepare_cached(
        "SELECT o.number - l.base, o.uid, o.queued_at, o.kind, o.conversation_id, o.seq,
                o.account_id, o.outgoing_id, o.text
         FROM link l JOIN outbox o ON o.link_id = l.id
         WHERE l.id = ?1 ORDER BY o.number LIMIT ?2",
    )?;
    let queued = |row: &Row<'_>| {
        Ok(Queued {
            number: number(row, 0)?,
            uid: Uid(row.get(1)?),
            at: Timestamp(row.get(2)?),
            what: told(row)?,
        })
    };
    list.query_map(params![link.0, limit_of(limit)], queued)?.collect()
}

fn told(row: &Row<'_>) -> sql::Result<Told> {
    let conversation = || row.get(4).map(ConversationId);
    let place =
        || Ok::<_, sql::Error>(Place { conversation: conversation()?, seq: Seq(row.get(5)?) });
    let user = || row.get(6).map(UserId);
    match row.text(3)? {
        "post" => Ok(Told::Post(OutgoingId(row.get(7)?))),
        "message" => Ok(Told::Message(place()?)),
        "members" => Ok(Told::Members(conversation()?)),
        "join" => Ok(Told::Join { user: user()?, group: row.get(8)? }),
        "leave" => Ok(Told::Leave { user: user()?, mirror: conversation()? }),
        "read" => Ok(Told::Read { user: user()?, place: place()? }),
        kind => Err(damaged(format!("an item of kind {kind} waits for a link"))),
    }
}

/// What waits or failed of messages that somebody of this realm wrote in a conversation whose home is here.
pub(crate) fn undelivered(
    connection: &Connection,
    conversation: ConversationId,
    from: Seq,
    to: Seq,
) -> sql::Result<Vec<(Seq, Delivery)>> {
    let mut list = connection.prepare_cached(
        "SELECT u.seq, MAX(u.code) FROM (
             SELECT seq, code FROM delivery_failure
             WHERE conversation_id = ?1 AND seq BETWEEN ?2 AND ?3
             UNION ALL
             SELECT seq, NULL FROM outbox
             WHERE kind = 'message' AND conversation_id = ?1 AND seq BETWEEN ?2 AND ?3
             UNION ALL
             SELECT t.seq, NULL FROM link_skipped s JOIN message t
                 ON t.conversation_id = s.conversation_id AND t.seq >= s.seq
             WHERE s.conversation_id = ?1 AND t.seq BETWEEN ?2 AND ?3) u
         JOIN message m ON m.conversation_id = ?1 AND m.seq = u.seq
         JOIN account a ON a.id = m.author_id AND a.realm IS NULL
         GROUP BY u.seq ORDER BY u.seq",
    )?;
    let delivery = |row: &Row<'_>| {
        let code: Option<String> = row.get(1)?;
        Ok((Seq(row.get(0)?), code.map_or(Delivery::Queued, Delivery::Failed)))
    };
    list.query_map([conversation.0, from.0, to.0], delivery)?.collect()
}

/// The links that take part in conversations: a mirror's home, or those of the people in it that were not removed.
pub(crate) fn routes(
    connection: &Connection,
    conversations: &[ConversationId],
) -> sql::Result<Vec<Route>> {
    let mut home =
        connection.prepare_cached("SELECT link_id FROM mirror WHERE conversation_id = ?1")?;
    let mut others = connection.prepare_cached(
        "SELECT DISTINCT l.id FROM member m
         JOIN account a ON a.id = m.user_id AND a.realm IS NOT NULL
         JOIN link l ON l.own_name = a.realm AND l.standing <> 'removed'
         WHERE m.conversation_id = ?1 ORDER BY l.id",
    )?;
    let mut routes = Vec::new();
    for &conversation in conversations {
        let home = home.query_row([conversation.0], |row| row.get(0).map(LinkId)).optional()?;
        if let Some(link) = home {
            routes.push(Route { conversation, link, is_home: true });
            continue;
        }
        for link in others.query_map([conversation.0], |row| row.get(0).map(LinkId))? {
            routes.push(Route { conversation, link: link?, is_home: false });
        }
    }
    Ok(routes)
}

/// What was refused of a link's items.
pub(crate) fn refusals(connection: &Connection, link: LinkId) -> sql::Result<Vec<(u64, String)>> {
    let mut list = connection.prepare_cached(
        "SELECT number, code FROM link_refusal WHERE link_id = ?1 ORDER BY number",
    )?;
    list.query_map([link.0], |row| Ok((number(row, 0)?, row.get(1)?)))?.collect()
}

/// Who is in a group, what they may do, and the last number before they joined.
pub(crate) fn standing_of_members(
    connection: &Connection,
    group: ConversationId,
) -> sql::Result<Vec<(User, GroupRole, Seq)>> {
    let sql = format!(
        "SELECT {USER}, joined_seq, member_role = 'admin' FROM account a
         JOIN (SELECT user_id, id AS standing, role AS member_role, joined_seq FROM member
               WHERE conversation_id = ?1 AND role IS NOT NULL) s ON s.user_id = a.id
         ORDER BY s.standing"
    );
    let member = |row: &Row<'_>| {
        let role = if row.get(7)? { GroupRole::Admin } else { GroupRole::Member };
        Ok((user(row)?, role, Seq(row.get(6)?)))
    };
    connection.prepare_cached(&sql)?.query_map([group.0], member)?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_knows_which_links_take_messages() {
        for name in ["asked", "waiting", "linked", "blocked", "removed", "changed"] {
            let found = standing_of(name).unwrap();
            assert_eq!(standing(found), name);
            assert_eq!(TAKES.contains(&format!("'{name}'")), found.takes(), "{name}");
        }
    }
}
