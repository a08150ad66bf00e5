//! Groups of another realm that people here are in, as their home says that they stand.

use std::collections::{HashMap, HashSet};

use kabar_engine::Hint;
use kabar_engine::store::links::{InMember, InMembers};
use kabar_model::{ConversationId, Field, GroupName, GroupRole, Refusal, Seq, Timestamp, UserId};

use super::super::forget_route;
use super::left;
use super::mirrors::{self, Mirror, NUMBERS_END, SOMETHING};
use super::peer::Peer;
use crate::changes::groups::free_code;
use crate::changes::posts::last_seq;
use crate::error::{Outcome, Trouble};
use crate::params;
use crate::reads::{shift, words};
use crate::sql::Row;
use crate::writer::Work;

/// People whom a home may name as members of one group.
const NAMED_MAX: usize = 12_000;

/// Makes a group's mirror what its home says; the mirror is made for the first of ours and closes with the last.
pub(super) fn members(
    work: &mut Work,
    peer: &Peer,
    group: &InMembers,
    now: Timestamp,
) -> Outcome<Option<ConversationId>> {
    let are_numbers = |member: &InMember| (0..NUMBERS_END).contains(&member.joined.0);
    if group.members.len() > NAMED_MAX {
        return Err(Refusal::Invalid(Field::Recipients).into());
    }
    if group.name.as_str().contains('@') || !group.members.iter().all(are_numbers) {
        return Err(Refusal::Invalid(Field::Group).into());
    }
    let mirror = mirrors::group(work, peer.link, group.group)?;
    let were = match &mirror {
        Some(mirror) => those_in(work, mirror.id)?,
        None => HashMap::new(),
    };
    let left = match &mirror {
        Some(mirror) => left::those_who_left(work, mirror.id)?,
        None => HashMap::new(),
    };
    let Members { named, back } = named(work, peer, group, (&were, &left), now)?;
    if let Some(mirror) = &mirror {
        for (user, number) in left {
            if back.contains(&user) {
                left::tell_again(work, peer.link, mirror.id, (user, number), now)?;
            } else {
                left::forget_left(work, mirror.id, user)?;
            }
        }
    }
    let ours: Vec<_> = named.iter().filter(|named| named.is_ours).collect();
    let Some(first) = ours.iter().map(|named| named.member.joined).min() else {
        let Some(mirror) = mirror else { return Err(nobody(peer, group).into()) };
        close(work, &mirror, &were, now)?;
        work.hint(Hint::GroupChanged(mirror.id));
        return Ok(Some(mirror.id));
    };
    let mirror = match mirror {
        Some(mirror) => {
            if !mirror.is_open {
                go_on_from(work, &mirror, first)?;
            }
            call(work, peer, group, mirror.id)?;
            mirror
        }
        None => make(work, peer, group, first, now)?,
    };
    let stay: HashSet<UserId> = named.iter().map(|named| named.user).collect();
    for user in were.keys().filter(|user| !stay.contains(user)) {
        remove(work, mirror.id, *user)?;
    }
    for named in &named {
        match were.get(&named.user) {
            Some(_) => change(work, &mirror, named)?,
            None => add(work, &mirror, named, now)?,
        }
    }
    forget_route(work, mirror.id);
    work.hint(Hint::GroupChanged(mirror.id));
    Ok(Some(mirror.id))
}

/// Why there is no group with nobody of ours.
fn nobody(peer: &Peer, group: &InMembers) -> Refusal {
    let names_somebody = group.members.iter().any(|member| peer.is_ours(&member.user));
    if names_somebody { Refusal::UserUnknown } else { Refusal::NotAllowed }
}

/// A member whom the home names, and who that is here.
struct Named<'a> {
    user: UserId,
    is_ours: bool,
    member: &'a InMember,
}

/// Those named.
struct Members<'a> {
    named: Vec<Named<'a>>,
    /// Who is named, but has left.
    back: HashSet<UserId>,
}

/// Those named who can be in the group here: who of ours has no account is not, nor who is in too many groups or has
/// left this one.
fn named<'a>(
    work: &mut Work,
    peer: &Peer,
    group: &'a InMembers,
    (were, left): (&HashMap<UserId, Seq>, &HashMap<UserId, i64>),
    now: Timestamp,
) -> Outcome<Members<'a>> {
    let mut back = HashSet::new();
    let mut all: HashMap<UserId, Named<'a>> = HashMap::new();
    let mut order = Vec::new();
    for member in &group.members {
        let user = match peer.member(work, &member.user, &member.name, now) {
            Ok(Some(user)) => user,
            Ok(None) | Err(Trouble::Refused(_)) => continue,
            Err(error) => return Err(error),
        };
        let is_ours = peer.is_ours(&member.user);
        if left.contains_key(&user) && !were.contains_key(&user) {
            back.insert(user);
            continue;
        }
        let is_known = !is_ours || were.contains_key(&user) || all.contains_key(&user);
        if !is_known && !left::may_be_put_in(work, peer.link, user)? {
            continue;
        }
        if all.insert(user, Named { user, is_ours, member }).is_none() {
            order.push(user);
        }
    }
    let named = order.iter().filter_map(|user| all.remove(user)).collect();
    Ok(Members { named, back })
}

/// Those who are in a conversation here.
fn those_in(work: &Work, conversation: ConversationId) -> Outcome<HashMap<UserId, Seq>> {
    let mut list = work
        .connection
        .prepare_cached("SELECT user_id, joined_seq FROM member WHERE conversation_id = ?1")?;
    let member = |row: &Row<'_>| Ok((UserId(row.get(0)?), Seq(row.get(1)?)));
    Ok(list.query_map([conversation.0], member)?.collect::<Result<_, _>>()?)
}

/// Makes the mirror of a group, from where the first of ours joined. What has been said since may have to be read on.
fn make(
    work: &Work,
    peer: &Peer,
    group: &InMembers,
    first: Seq,
    now: Timestamp,
) -> Outcome<Mirror> {
    let name = name_here(work, peer, group, None)?;
    let code = free_code(work)?;
    let mut insert = work.connection.prepare_cached(
        "INSERT INTO conversation (kind, created_at, name, name_key, code, visibility)
         VALUES ('group', ?1, ?2, ?3, ?4, ?5)",
    )?;
    let id = insert.insert(params![
        now.0,
        name.as_str(),
        name.key(),
        code.to_string(),
        words::visibility(group.visibility),
    ])?;
    work.connection
        .prepare_cached(
            "INSERT INTO mirror (conversation_id, link_id, home_id, begins_after, behind)
             VALUES (?1, ?2, ?3, ?4, 1)",
        )?
        .execute([id, peer.link.0, group.group.0, first.0])?;
    let id = ConversationId(id);
    Ok(Mirror { id, is_group: true, begins_after: first, is_open: true })
}

/// Gives a mirror the name and the visibility that its group has; it is open from now on.
fn call(work: &Work, peer: &Peer, group: &InMembers, mirror: ConversationId) -> Outcome<()> {
    let name = name_here(work, peer, group, Some(mirror))?;
    let mut call = work.connection.prepare_cached(
        "UPDATE conversation SET name = ?2, name_key = ?3, visibility = ?4, closed_at = NULL
         WHERE id = ?1",
    )?;
    let visibility = words::visibility(group.visibility);
    call.execute(params![mirror.0, name.as_str(), name.key(), visibility])?;
    Ok(())
}

/// What a group is called here. When its home has passed a name from one group to another, and of that we have not
/// heard yet, the group's number there tells them apart meanwhile.
fn name_here(
    work: &Work,
    peer: &Peer,
    group: &InMembers,
    mirror: Option<ConversationId>,
) -> Outcome<GroupName> {
    let name = group.name.at(&peer.realm);
    let mut taken = work.connection.prepare_cached(
        "SELECT 1 FROM conversation
         WHERE kind = 'group' AND closed_at IS NULL AND name_key = ?1 AND id IS DISTINCT FROM ?2",
    )?;
    if !taken.exists(params![name.key(), mirror.map(|id| id.0)])? {
        return Ok(name);
    }
    let number = group.group.0.to_string();
    let longer = GroupName::parse(&format!("{} {number}", group.name.as_str()));
    Ok(longer.or_else(|_| GroupName::parse(&number))?.at(&peer.realm))
}

/// Nobody of ours is in the group any more.
fn close(
    work: &mut Work,
    mirror: &Mirror,
    were: &HashMap<UserId, Seq>,
    now: Timestamp,
) -> Outcome<()> {
    for user in were.keys() {
        remove(work, mirror.id, *user)?;
    }
    work.connection
        .prepare_cached(
            "UPDATE conversation SET closed_at = ?2 WHERE id = ?1 AND closed_at IS NULL",
        )?
        .execute([mirror.id.0, now.0])?;
    forget_route(work, mirror.id);
    Ok(())
}

/// Somebody of ours is in the group again: it goes on here with what they may see. What was said while nobody was is
/// left out.
fn go_on_from(work: &mut Work, mirror: &Mirror, first: Seq) -> Outcome<()> {
    let next = last_seq(work, mirror.id)?.next();
    let here = shift::here(&work.connection, mirror.id, first.next())?;
    // Less than the beginning: the home went back to before that.
    if here > next || here <= mirror.begins_after {
        mirrors::shift(work, mirror.id, first.next(), next)?;
    }
    mirrors::set_behind(work, mirror.id, SOMETHING)
}

fn add(work: &mut Work, mirror: &Mirror, named: &Named<'_>, now: Timestamp) -> Outcome<()> {
    // Between two numbers of the home there may be more here, which it has lost.
    let first = shift::here(&work.connection, mirror.id, named.member.joined.next())?;
    let joined = (first.0 - 1).max(mirror.begins_after.0).max(0);
    let mut insert = work.connection.prepare_cached(
        "INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, read_seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
    )?;
    let role = words::group_role(named.member.role);
    insert.execute(params![mirror.id.0, named.user.0, role, now.0, joined])?;
    drop(insert);
    work.known.learn_member(mirror.id, named.user);
    Ok(())
}

/// Changes what a member is. Who has left and joined again sees what was said since.
fn change(work: &Work, mirror: &Mirror, named: &Named<'_>) -> Outcome<()> {
    let joined = shift::here(&work.connection, mirror.id, named.member.joined)?;
    let mut change = work.connection.prepare_cached(
        "UPDATE member SET role = ?3,
             joined_seq = CASE WHEN joined_seq < ?4 THEN ?4 ELSE joined_seq END,
             read_seq = CASE WHEN read_seq < ?4 THEN ?4 ELSE read_seq END
         WHERE conversation_id = ?1 AND user_id = ?2",
    )?;
    let role: GroupRole = named.member.role;
    change.execute(params![mirror.id.0, named.user.0, words::group_role(role), joined.0])?;
    Ok(())
}

fn remove(work: &mut Work, mirror: ConversationId, user: UserId) -> Outcome<()> {
    work.connection
        .prepare_cached("DELETE FROM member WHERE conversation_id = ?1 AND user_id = ?2")?
        .execute([mirror.0, user.0])?;
    work.known.forget_member(mirror, user);
    work.hint_left(mirror, user);
    Ok(())
}
