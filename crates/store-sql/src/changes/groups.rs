//! Groups and who is in them.

use std::collections::{HashMap, HashSet};

use kabar_engine::Hint;
use kabar_engine::store::{Group, GroupChange, NewGroup};
use kabar_model::limits::{GROUP_REALM_PEOPLE_MAX, GROUPS_JOINED_MAX};
use kabar_model::{ConversationId, Field, GroupCode, GroupRole, Refusal, Seq, Timestamp, UserId};

use super::links::{self, Route};
use super::posts::last_seq;
use crate::error::{Outcome, Trouble};
use crate::params;
use crate::random;
use crate::reads;
use crate::reads::words;
use crate::sql::{self, OptionalExtension};
use crate::writer::Work;

/// Codes that are tried before giving up. With a million groups one in sixteen is in use.
const CODE_TRIES_MAX: usize = 64;

pub(crate) fn create(work: &mut Work, new: NewGroup) -> Outcome<Group> {
    let key = new.name.key();
    if is_taken(work, &key)? {
        return Err(Refusal::GroupTaken.into());
    }
    has_room_for_a_group(work, new.creator)?;
    let code = free_code(work)?;
    let mut insert = work.connection.prepare_cached(
        "INSERT INTO conversation (kind, created_at, name, name_key, code, visibility)
         VALUES ('group', ?1, ?2, ?3, ?4, ?5)",
    )?;
    let id = ConversationId(insert.insert(params![
        new.at.0,
        new.name.as_str(),
        key,
        code.to_string(),
        words::visibility(new.visibility),
    ])?);
    drop(insert);
    add(work, id, new.creator, GroupRole::Admin, new.at, Seq::NONE)?;
    work.hint(Hint::GroupChanged(id));
    Ok(Group { id, name: new.name, code, visibility: new.visibility })
}

/// Whether an open group has this name or this code. The key of a name that reads like a code is
/// written just as the code is.
fn is_taken(work: &Work, key: &str) -> Outcome<bool> {
    let mut taken = work.connection.prepare_cached(
        "SELECT 1 FROM conversation
         WHERE kind = 'group' AND closed_at IS NULL AND name_key = ?1
         UNION ALL
         SELECT 1 FROM conversation
         WHERE kind = 'group' AND closed_at IS NULL AND code = ?1",
    )?;
    Ok(taken.exists([key])?)
}

pub(super) fn free_code(work: &Work) -> Outcome<GroupCode> {
    for _ in 0..CODE_TRIES_MAX {
        let code = GroupCode::new(random::code()?);
        if !is_taken(work, &code.to_string())? {
            return Ok(code);
        }
    }
    Err(Trouble::Sql(sql::Error::database(sql::Kind::Failed, "no free group code was found")))
}

fn has_room_for_a_group(work: &Work, user: UserId) -> Outcome<()> {
    if can_join_one_more(work, user)? { Ok(()) } else { Err(Refusal::TooManyGroups.into()) }
}

pub(super) fn can_join_one_more(work: &Work, user: UserId) -> Outcome<bool> {
    let mut count = work
        .connection
        .prepare_cached("SELECT COUNT(*) FROM member WHERE user_id = ?1 AND role IS NOT NULL")?;
    let joined: i64 = count.query_row([user.0], |row| row.get(0))?;
    Ok(usize::try_from(joined).is_ok_and(|joined| joined < GROUPS_JOINED_MAX))
}

/// Refuses `TooMany` when a group would have too many people of one other realm.
fn has_room_for_realms(work: &Work, group: ConversationId, users: &[UserId]) -> Outcome<()> {
    let mut realm_of = work
        .connection
        .prepare_cached("SELECT realm FROM account WHERE id = ?1 AND realm IS NOT NULL")?;
    let mut realms: HashMap<String, HashSet<UserId>> = HashMap::new();
    for user in users {
        if let Some(realm) = realm_of.query_row([user.0], |row| row.get(0)).optional()? {
            realms.entry(realm).or_default().insert(*user);
        }
    }
    let mut members = work.connection.prepare_cached(
        "SELECT m.user_id FROM member m JOIN account a ON a.id = m.user_id
         WHERE m.conversation_id = ?1 AND a.realm = ?2",
    )?;
    for (realm, mut all) in realms {
        let there = members
            .query_map(params![group.0, realm], |row| row.get(0).map(UserId))?
            .collect::<sql::Result<Vec<_>>>()?;
        all.extend(there);
        if all.len() > GROUP_REALM_PEOPLE_MAX {
            return Err(Refusal::TooMany(Field::Recipients).into());
        }
    }
    Ok(())
}

fn add(
    work: &mut Work,
    group: ConversationId,
    user: UserId,
    role: GroupRole,
    at: Timestamp,
    last: Seq,
) -> Outcome<()> {
    let mut insert = work.connection.prepare_cached(
        "INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, read_seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
    )?;
    insert.execute(params![group.0, user.0, words::group_role(role), at.0, last.0])?;
    work.known.learn_member(group, user);
    Ok(())
}

pub(crate) fn join(
    work: &mut Work,
    group: ConversationId,
    user: UserId,
    at: Timestamp,
) -> Outcome<()> {
    is_open(work, group)?;
    links::must_be_home(work, group)?;
    if is_admin(work, group, user)?.is_some() {
        return Err(Refusal::AlreadyMember.into());
    }
    has_room_for_a_group(work, user)?;
    has_room_for_realms(work, group, &[user])?;
    let last = last_seq(work, group)?;
    add(work, group, user, GroupRole::Member, at, last)?;
    work.hint(Hint::GroupChanged(group));
    links::tell_members(work, group, at)
}

/// Adds people on behalf of an admin; says of each whether they joined now.
pub(crate) fn invite(
    work: &mut Work,
    group: ConversationId,
    by: UserId,
    users: &[UserId],
    at: Timestamp,
) -> Outcome<Vec<bool>> {
    must_be_admin(work, group, by)?;
    for user in users {
        links::can_be_told(work, *user)?;
    }
    has_room_for_realms(work, group, users)?;
    let last = last_seq(work, group)?;
    let mut joined = Vec::with_capacity(users.len());
    for user in users {
        let joins = is_admin(work, group, *user)?.is_none() && can_join_one_more(work, *user)?;
        if joins {
            add(work, group, *user, GroupRole::Member, at, last)?;
        }
        joined.push(joins);
    }
    if joined.contains(&true) {
        work.hint(Hint::GroupChanged(group));
        links::tell_members(work, group, at)?;
    }
    Ok(joined)
}

/// Refuses unless this is an open group whose home is here and that an admin of it.
pub(super) fn must_be_admin(work: &mut Work, group: ConversationId, user: UserId) -> Outcome<()> {
    is_open(work, group)?;
    links::must_be_home(work, group)?;
    match is_admin(work, group, user)? {
        None => Err(Refusal::NotMember.into()),
        Some(false) => Err(Refusal::AdminOnly.into()),
        Some(true) => Ok(()),
    }
}

pub(crate) fn change(
    work: &mut Work,
    group: ConversationId,
    by: UserId,
    change: &GroupChange,
) -> Outcome<Group> {
    must_be_admin(work, group, by)?;
    let connection = &work.connection;
    if let Some(name) = &change.name {
        let key = name.key();
        let same = connection
            .prepare_cached("SELECT 1 FROM conversation WHERE id = ?1 AND name_key = ?2")?
            .exists(params![group.0, key])?;
        if !same && is_taken(work, &key)? {
            return Err(Refusal::GroupTaken.into());
        }
        connection
            .prepare_cached("UPDATE conversation SET name = ?2, name_key = ?3 WHERE id = ?1")?
            .execute(params![group.0, name.as_str(), key])?;
    }
    if let Some(visibility) = change.visibility {
        connection
            .prepare_cached("UPDATE conversation SET visibility = ?2 WHERE id = ?1")?
            .execute(params![group.0, words::visibility(visibility)])?;
    }
    let changed = reads::groups::by_number(connection, group)?.ok_or(Refusal::GroupUnknown)?;
    work.hint(Hint::GroupChanged(group));
    links::tell_members_now(work, group)?;
    Ok(changed)
}

pub(crate) fn set_role(
    work: &mut Work,
    group: ConversationId,
    by: UserId,
    member: UserId,
    role: GroupRole,
) -> Outcome<()> {
    may_change(work, group, by, member, role == GroupRole::Admin)?;
    work.connection
        .prepare_cached("UPDATE member SET role = ?3 WHERE conversation_id = ?1 AND user_id = ?2")?
        .execute(params![group.0, member.0, words::group_role(role)])?;
    work.hint(Hint::GroupChanged(group));
    links::tell_members_now(work, group)
}

pub(crate) fn remove_member(
    work: &mut Work,
    group: ConversationId,
    by: UserId,
    member: UserId,
) -> Outcome<()> {
    may_change(work, group, by, member, false)?;
    work.connection
        .prepare_cached("DELETE FROM member WHERE conversation_id = ?1 AND user_id = ?2")?
        .execute([group.0, member.0])?;
    work.known.forget_member(group, member);
    work.hint(Hint::GroupChanged(group));
    work.hint_left(group, member);
    links::skip_left(work, group, member)?;
    links::tell_members_now(work, group)
}

/// Refuses unless an admin may change a member so: there must be an admin afterwards.
fn may_change(
    work: &mut Work,
    group: ConversationId,
    by: UserId,
    member: UserId,
    stays_admin: bool,
) -> Outcome<()> {
    must_be_admin(work, group, by)?;
    if is_admin(work, group, member)?.is_none() {
        return Err(Refusal::UserUnknown.into());
    }
    let mut other = work.connection.prepare_cached(
        "SELECT 1 FROM member WHERE conversation_id = ?1 AND user_id <> ?2 AND role = 'admin' LIMIT 1",
    )?;
    if stays_admin || other.exists([group.0, member.0])? {
        Ok(())
    } else {
        Err(Refusal::NotAllowed.into())
    }
}

/// Refuses `GroupUnknown` unless this is a group, and an open one.
fn is_open(work: &Work, group: ConversationId) -> Outcome<()> {
    let mut open = work.connection.prepare_cached(
        "SELECT 1 FROM conversation WHERE id = ?1 AND kind = 'group' AND closed_at IS NULL",
    )?;
    if open.exists([group.0])? { Ok(()) } else { Err(Refusal::GroupUnknown.into()) }
}

/// Whether a member is an admin; `None` for somebody who is not in the group.
fn is_admin(work: &Work, group: ConversationId, user: UserId) -> Outcome<Option<bool>> {
    let mut find = work.connection.prepare_cached(
        "SELECT role = 'admin' FROM member WHERE conversation_id = ?1 AND user_id = ?2",
    )?;
    Ok(find.query_row([group.0, user.0], |row| row.get(0)).optional()?)
}

pub(crate) fn leave(
    work: &mut Work,
    group: ConversationId,
    user: UserId,
    at: Timestamp,
) -> Outcome<()> {
    let route = links::route(work, group)?;
    let rows = work
        .connection
        .prepare_cached(
            "DELETE FROM member
             WHERE conversation_id = ?1 AND user_id = ?2 AND role IS NOT NULL",
        )?
        .execute([group.0, user.0])?;
    if rows == 0 {
        return Err(Refusal::NotMember.into());
    }
    work.known.forget_member(group, user);
    work.hint(Hint::GroupChanged(group));
    work.hint_left(group, user);
    if let Route::Mirror(link) = route {
        // Who leads it, and whether it goes on, is known at its home.
        return links::tell_left(work, link, group, user, at);
    }
    links::skip_left(work, group, user)?;
    hand_on(work, group, at)?;
    links::tell_members(work, group, at)
}

/// Makes sure that a group which somebody left has an admin, or closes it. Who can lead it from here goes before
/// people of other realms.
pub(super) fn hand_on(work: &Work, group: ConversationId, at: Timestamp) -> Outcome<()> {
    let mut longest_standing = work.connection.prepare_cached(
        "SELECT m.id FROM member m JOIN account a ON a.id = m.user_id WHERE m.conversation_id = ?1
         ORDER BY m.role = 'admin' DESC NULLS LAST, a.realm IS NOT NULL, m.id LIMIT 1",
    )?;
    let heir = longest_standing.query_row([group.0], |row| row.get::<i64>(0)).optional()?;
    match heir {
        // An admin, if there is one, stands first and stays one.
        Some(member) => work
            .connection
            .prepare_cached("UPDATE member SET role = 'admin' WHERE id = ?1")?
            .execute([member])?,
        None => work
            .connection
            .prepare_cached("UPDATE conversation SET closed_at = ?2 WHERE id = ?1")?
            .execute([group.0, at.0])?,
    };
    Ok(())
}
