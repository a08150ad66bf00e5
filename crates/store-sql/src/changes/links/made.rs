//! This realm's identity, and its links: how they are made, changed and ended.

use kabar_engine::store::links::{Contact, Link, LinkChange, NewLink, Reach, Standing};
use kabar_model::limits::LINKS_MAX;
use kabar_model::{Field, LinkId, RealmName, Refusal, Timestamp};

use super::delivery::{NO_UID, give_up, go_on_anew};
use super::renamed::{are_others, rename_people};
use super::routes;
use crate::error::Outcome;
use crate::params;
use crate::reads::links::{by_number, standing};
use crate::sql::OptionalExtension;
use crate::writer::Work;

/// Says whether `was` was what was kept.
pub(crate) fn replace_identity(
    work: &mut Work,
    was: Option<&str>,
    text: &str,
    name: &RealmName,
) -> Outcome<bool> {
    let connection = &work.connection;
    let replaced = match was {
        None => connection
            .prepare_cached(
                "INSERT INTO identity (id, text, name) VALUES (1, ?1, ?2)
                 ON CONFLICT (id) DO NOTHING",
            )?
            .execute([text, name.as_str()])?,
        Some(was) => connection
            .prepare_cached("UPDATE identity SET text = ?1, name = ?2 WHERE id = 1 AND text = ?3")?
            .execute([text, name.as_str(), was])?,
    };
    Ok(replaced == 1)
}

/// Keeps an invite's secret; those that are over go when one is used.
pub(crate) fn add_invite(work: &Work, secret: [u8; 32], expires_at: Timestamp) -> Outcome<()> {
    work.connection
        .prepare_cached(
            "INSERT INTO link_invite (secret_hash, expires_at) VALUES (?1, ?2)
             ON CONFLICT (secret_hash) DO UPDATE SET expires_at = excluded.expires_at",
        )?
        .execute(params![secret, expires_at.0])?;
    Ok(())
}

pub(crate) fn add(work: &mut Work, new: &NewLink) -> Outcome<Link> {
    if let Some(secret) = new.invite {
        use_invite(work, secret, new.at)?;
    }
    let mut find = work
        .connection
        .prepare_cached("SELECT id, standing, root FROM link WHERE own_name = ?1")?;
    let found = find.query_row([new.own_name.as_str()], |row| {
        let is_removed = row.text(1)? == standing(Standing::Removed);
        Ok((LinkId(row.get(0)?), is_removed, row.get::<[u8; 32]>(2)? == new.root))
    });
    let there = found.optional()?;
    drop(find);
    if there.is_some_and(|(_, is_removed, _)| !is_removed) {
        return Err(Refusal::RealmTaken.into());
    }
    let is_another = there.is_some_and(|(.., is_the_same)| !is_the_same);
    let there = there.map(|(id, ..)| id);
    is_free(work, there, &new.name, &new.own_name)?;
    let mut count =
        work.connection.prepare_cached("SELECT COUNT(*) FROM link WHERE standing <> 'removed'")?;
    let links: i64 = count.query_row((), |row| row.get(0))?;
    drop(count);
    if usize::try_from(links).is_ok_and(|links| links >= LINKS_MAX) {
        return Err(Refusal::TooMany(Field::Realm).into());
    }
    if is_another || (there.is_none() && are_others(work, &new.own_name)?) {
        rename_people(work, &new.own_name, there, new.at)?;
    }
    let id = match there {
        Some(id) => begin_anew(work, id, new)?,
        None => insert(work, new)?,
    };
    work.known.forget_routes();
    if there.is_some() {
        go_on_anew(work, id)?;
    }
    found_link(work, id)
}

/// Uses an invite up. Refuses `InvitationUnknown` unless it is good.
fn use_invite(work: &Work, secret: [u8; 32], at: Timestamp) -> Outcome<()> {
    let connection = &work.connection;
    connection.prepare_cached("DELETE FROM link_invite WHERE expires_at <= ?1")?.execute([at.0])?;
    let used = connection
        .prepare_cached("DELETE FROM link_invite WHERE secret_hash = ?1")?
        .execute([secret])?;
    if used == 1 { Ok(()) } else { Err(Refusal::InvitationUnknown.into()) }
}

/// Refuses `RealmTaken` when one of these names is ours, or one of another link's.
fn is_free(
    work: &Work,
    except: Option<LinkId>,
    name: &RealmName,
    own_name: &RealmName,
) -> Outcome<()> {
    let own = routes::own_name(work)?;
    if own.is_some_and(|own| own == *name || own == *own_name) {
        return Err(Refusal::RealmTaken.into());
    }
    let mut taken = work.connection.prepare_cached(
        "SELECT 1 FROM link WHERE standing <> 'removed' AND id IS DISTINCT FROM ?1
             AND (name IN (?2, ?3) OR own_name IN (?2, ?3)) LIMIT 1",
    )?;
    let names = params![except.map(|id| id.0), name.as_str(), own_name.as_str()];
    if taken.exists(names)? { Err(Refusal::RealmTaken.into()) } else { Ok(()) }
}

fn insert(work: &Work, new: &NewLink) -> Outcome<LinkId> {
    let (host, port, private) = columns(new.reach.as_ref());
    let mut insert = work.connection.prepare_cached(
        "INSERT INTO link (name, own_name, host, port, private, root, keys, standing, made_at, epoch,
                           acknowledged_uid)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)",
    )?;
    Ok(LinkId(insert.insert(params![
        new.name.as_str(),
        new.own_name.as_str(),
        host,
        port,
        private,
        new.root,
        new.keys,
        standing(new.standing),
        new.at.0,
        NO_UID,
    ])?))
}

/// Takes a link up again that was removed. What it was to send is gone, and it expects the peer's first item.
fn begin_anew(work: &mut Work, id: LinkId, new: &NewLink) -> Outcome<LinkId> {
    let (host, port, private) = columns(new.reach.as_ref());
    work.connection
        .prepare_cached(
            "UPDATE link SET name = ?2, host = ?3, port = ?4, private = ?5, root = ?6, keys = ?7,
                 standing = ?8, made_at = ?9, last_contact_at = NULL, failures = 0,
                 failing_since = NULL, next_try_at = NULL, error = NULL, clock_ahead = 0,
                 epoch = CASE WHEN epoch < ?9 THEN ?9 ELSE epoch + 1 END,
                 peer_epoch = 0, received = 0, recent = ?10
             WHERE id = ?1",
        )?
        .execute(params![
            id.0,
            new.name.as_str(),
            host,
            port,
            private,
            new.root,
            new.keys,
            standing(new.standing),
            new.at.0,
            [0_u8; 0],
        ])?;
    work.connection
        .prepare_cached("DELETE FROM link_refusal WHERE link_id = ?1")?
        .execute([id.0])?;
    Ok(id)
}

fn columns(reach: Option<&Reach>) -> (Option<&str>, Option<u16>, bool) {
    match reach {
        Some(reach) => (Some(&reach.host), Some(reach.port), reach.private),
        None => (None, None, false),
    }
}

fn found_link(work: &Work, id: LinkId) -> Outcome<Link> {
    Ok(by_number(&work.connection, id)?.ok_or(Refusal::RealmUnknown)?)
}

pub(crate) fn change(work: &mut Work, id: LinkId, change: LinkChange) -> Outcome<Link> {
    let link = found_link(work, id)?;
    match change {
        LinkChange::Standing(to) => stand(work, &link, to)?,
        LinkChange::StandingFrom { from, to } if link.standing == from => stand(work, &link, to)?,
        LinkChange::StandingFrom { .. } => {}
        LinkChange::Name(name) => {
            is_free(work, Some(id), &name, &link.own_name)?;
            work.connection
                .prepare_cached("UPDATE link SET name = ?2 WHERE id = ?1")?
                .execute(params![id.0, name.as_str()])?;
            work.known.forget_routes();
        }
        LinkChange::Reach(reach) => {
            let (host, port, private) = columns(reach.as_ref());
            work.connection
                .prepare_cached("UPDATE link SET host = ?2, port = ?3, private = ?4 WHERE id = ?1")?
                .execute(params![id.0, host, port, private])?;
        }
        LinkChange::Keys(keys) => {
            work.connection
                .prepare_cached("UPDATE link SET keys = ?2 WHERE id = ?1")?
                .execute(params![id.0, keys])?;
        }
        LinkChange::Contact(contact) => note_contact(work, id, &contact)?,
    }
    found_link(work, id)
}

fn stand(work: &mut Work, link: &Link, to: Standing) -> Outcome<()> {
    if link.standing == Standing::Removed && to == Standing::Blocked {
        return Err(Refusal::RealmUnknown.into());
    }
    if link.standing == Standing::Removed && to != Standing::Removed {
        is_free(work, Some(link.id), &link.name, &link.own_name)?;
    }
    work.connection
        .prepare_cached("UPDATE link SET standing = ?2 WHERE id = ?1")?
        .execute(params![link.id.0, standing(to)])?;
    work.known.forget_routes();
    let was_still =
        matches!(link.standing, Standing::Blocked | Standing::Changed | Standing::Removed);
    match to {
        Standing::Blocked | Standing::Removed => give_up(work, link.id),
        // What it was not told meanwhile it is told now.
        Standing::Asked | Standing::Waiting | Standing::Linked if was_still => {
            go_on_anew(work, link.id)
        }
        Standing::Asked | Standing::Waiting | Standing::Linked | Standing::Changed => Ok(()),
    }
}

fn note_contact(work: &Work, id: LinkId, contact: &Contact) -> Outcome<()> {
    let time = |time: Option<Timestamp>| time.map(|time| time.0);
    work.connection
        .prepare_cached(
            "UPDATE link SET last_contact_at = ?2, failures = ?3, failing_since = ?4,
                 next_try_at = ?5, error = ?6, clock_ahead = ?7
             WHERE id = ?1",
        )?
        .execute(params![
            id.0,
            time(contact.last_at),
            contact.failures,
            time(contact.failing_since),
            time(contact.next_at),
            contact.error,
            contact.clock_ahead,
        ])?;
    Ok(())
}
