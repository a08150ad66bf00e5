//! Another realm under the name of one that was removed: it is nobody's heir. Who was known by that name is called
//! otherwise from now on, is in no group any more, and hears nothing.

use kabar_engine::Hint;
use kabar_model::limits::REALM_NAME_CHARS_MAX;
use kabar_model::{ConversationId, LinkId, RealmName, Refusal, Timestamp, UserId};

use super::tell::tell_members;
use crate::changes::groups::hand_on;
use crate::error::Outcome;
use crate::params;
use crate::reads::people;
use crate::reads::words::{USER, user};
use crate::sql::{self, Row};
use crate::writer::Work;

/// Calls all people of a realm by another realm's name that is free: `z.1` for `z`. With them ends what was had with
/// them: `link` is that of their realm, if there was one.
pub(super) fn rename_people(
    work: &mut Work,
    realm: &RealmName,
    link: Option<LinkId>,
    at: Timestamp,
) -> Outcome<()> {
    let groups = groups_left(work, realm)?;
    if let Some(link) = link {
        end_mirrors(work, link, at)?;
    }
    let to = free_name(work, realm)?;
    let connection = &work.connection;
    let people = {
        let sql = format!("SELECT {USER} FROM account WHERE realm = ?1");
        let mut list = connection.prepare_cached(&sql)?;
        list.query_map([realm.as_str()], user)?.collect::<sql::Result<Vec<_>>>()?
    };
    let mut call =
        connection.prepare_cached("UPDATE account SET username = ?2, realm = ?3 WHERE id = ?1")?;
    for person in &people {
        let username = person.username.without_realm().at(&to);
        people::forget(connection, &person.username, &person.name)?;
        people::learn(connection, &username, &person.name)?;
        call.execute(params![person.id.0, username.as_str(), to.as_str()])?;
    }
    drop(call);
    work.known.forget();
    for person in &people {
        work.hint(Hint::UserChanged(person.id));
    }
    for group in groups {
        work.hint(Hint::GroupChanged(group));
        hand_on(work, group, at)?;
        tell_members(work, group, at)?;
    }
    Ok(())
}

/// Whether people of a realm without a link have been written to: they were of another realm of that name.
pub(super) fn are_others(work: &Work, realm: &RealmName) -> Outcome<bool> {
    let mut any = work.connection.prepare_cached(
        "SELECT 1 FROM account a JOIN member m ON m.user_id = a.id AND m.role IS NULL
         WHERE a.realm = ?1 LIMIT 1",
    )?;
    Ok(any.exists([realm.as_str()])?)
}

/// Takes all people of a realm out of all groups; gives those whose home is here.
fn groups_left(work: &Work, realm: &RealmName) -> Outcome<Vec<ConversationId>> {
    let connection = &work.connection;
    let groups = {
        let mut list = connection.prepare_cached(
            "SELECT DISTINCT m.conversation_id FROM account a
             JOIN member m ON m.user_id = a.id AND m.role IS NOT NULL
             WHERE a.realm = ?1 AND NOT EXISTS (
                 SELECT 1 FROM mirror r WHERE r.conversation_id = m.conversation_id)
             ORDER BY m.conversation_id",
        )?;
        let one = |row: &Row<'_>| row.get(0).map(ConversationId);
        list.query_map([realm.as_str()], one)?.collect::<sql::Result<Vec<_>>>()?
    };
    connection
        .prepare_cached(
            "DELETE FROM member WHERE role IS NOT NULL
                 AND user_id IN (SELECT id FROM account WHERE realm = ?1)",
        )?
        .execute([realm.as_str()])?;
    Ok(groups)
}

/// Ends the mirrors of a link: the groups close, and nothing that comes belongs to one of them.
fn end_mirrors(work: &mut Work, link: LinkId, at: Timestamp) -> Outcome<()> {
    const OF_MIRRORS: &str =
        "conversation_id IN (SELECT conversation_id FROM mirror WHERE link_id = ?1)";
    let close = format!(
        "UPDATE conversation SET closed_at = ?2
         WHERE kind = 'group' AND closed_at IS NULL AND {} RETURNING id",
        OF_MIRRORS.replacen("conversation_id", "id", 1)
    );
    let closed = {
        let mut close = work.connection.prepare_cached(&close)?;
        let one = |row: &Row<'_>| row.get(0).map(ConversationId);
        close.query_map([link.0, at.0], one)?.collect::<sql::Result<Vec<_>>>()?
    };
    for group in closed {
        work.hint(Hint::GroupChanged(group));
    }
    let out = format!(
        "DELETE FROM member WHERE role IS NOT NULL AND {OF_MIRRORS} RETURNING conversation_id, user_id"
    );
    let out = {
        let mut out = work.connection.prepare_cached(&out)?;
        let one = |row: &Row<'_>| Ok((ConversationId(row.get(0)?), UserId(row.get(1)?)));
        out.query_map([link.0], one)?.collect::<sql::Result<Vec<_>>>()?
    };
    for (group, user) in out {
        work.hint_left(group, user);
    }
    let connection = &work.connection;
    for what in ["mirror_left WHERE", "mirror_shift WHERE"] {
        let sql = format!("DELETE FROM {what} {OF_MIRRORS}");
        connection.prepare_cached(&sql)?.execute([link.0])?;
    }
    for sql in [
        "DELETE FROM mirror WHERE link_id = ?1",
        "DELETE FROM link_skipped WHERE link_id = ?1",
        "UPDATE file SET wanted_from = 0 WHERE wanted_from = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([link.0])?;
    }
    Ok(())
}

/// A realm's name that nobody has and no link knows.
fn free_name(work: &Work, realm: &RealmName) -> Outcome<RealmName> {
    let mut taken = work.connection.prepare_cached(
        "SELECT 1 FROM account WHERE realm = ?1
         UNION ALL SELECT 1 FROM link WHERE name = ?1 OR own_name = ?1
         UNION ALL SELECT 1 FROM identity WHERE name = ?1",
    )?;
    for number in 1..u32::MAX {
        let number = format!(".{number}");
        let room = REALM_NAME_CHARS_MAX - number.len();
        let begins = realm.as_str().get(..room).unwrap_or(realm.as_str());
        let name = RealmName::parse(&format!("{begins}{number}"))?;
        if !taken.exists([name.as_str()])? {
            return Ok(name);
        }
    }
    Err(Refusal::RealmTaken.into())
}
