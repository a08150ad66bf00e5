//! Who speaks, and of whom.

use kabar_model::{
    ConversationId, DisplayName, LinkId, RealmName, Refusal, Timestamp, UserId, Username,
};

use super::super::{own_name, stand_in};
use crate::error::Outcome;
use crate::sql::OptionalExtension;
use crate::writer::Work;

/// The realm whose word this is.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) link: LinkId,
    pub(super) realm: RealmName,
    /// What this realm calls itself.
    own: Option<RealmName>,
}

/// The two of a direct conversation, as [`Where`] names them.
pub(super) struct Pair<'a> {
    pub(super) theirs: &'a Username,
    pub(super) ours: &'a Username,
    pub(super) home_is_here: bool,
}

impl Peer {
    /// The realm of a link that both sides have agreed to. Refuses `RealmUnknown` for any other.
    pub(super) fn of(work: &Work, link: LinkId) -> Outcome<Self> {
        let mut find = work
            .connection
            .prepare_cached("SELECT own_name FROM link WHERE id = ?1 AND standing = 'linked'")?;
        let found = find.query_row([link.0], |row| row.get::<String>(0)).optional()?;
        let realm = RealmName::parse(&found.ok_or(Refusal::RealmUnknown)?)?;
        Ok(Self { link, realm, own: own_name(work)? })
    }

    /// Refuses `NotAllowed` unless that is one of its own people, for whom alone it speaks.
    pub(super) fn speaks_for(&self, user: &Username) -> Outcome<()> {
        let is_theirs = user.realm().as_ref() == Some(&self.realm);
        if is_theirs { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
    }

    /// Whether that is one of this realm's people.
    pub(super) fn is_ours(&self, user: &Username) -> bool {
        user.realm().is_none_or(|realm| self.own.as_ref() == Some(&realm))
    }

    /// The two of a direct conversation. Refuses `NotAllowed` unless one is of its realm and the other of this one.
    pub(super) fn pair<'a>(&self, one: &'a Username, other: &'a Username) -> Outcome<Pair<'a>> {
        if self.speaks_for(one).is_ok() && self.is_ours(other) {
            Ok(Pair { theirs: one, ours: other, home_is_here: false })
        } else if self.speaks_for(other).is_ok() && self.is_ours(one) {
            Ok(Pair { theirs: other, ours: one, home_is_here: true })
        } else {
            Err(Refusal::NotAllowed.into())
        }
    }

    /// Somebody of its own, who does something here. Refuses `UserUnknown` when that account is disabled here.
    pub(super) fn actor(
        &self,
        work: &mut Work,
        user: &Username,
        name: &DisplayName,
        at: Timestamp,
    ) -> Outcome<UserId> {
        self.speaks_for(user)?;
        let id = stand_in(work, user, Some(name), at)?;
        if is_disabled(work, id)? { Err(Refusal::UserUnknown.into()) } else { Ok(id) }
    }

    /// Anybody whom a home names: one of this realm if there is one of that name, or who stands for somebody of
    /// another. A home does not say what a third realm's people are called, once that is known.
    pub(super) fn somebody(
        &self,
        work: &mut Work,
        user: &Username,
        name: &DisplayName,
        at: Timestamp,
    ) -> Outcome<Option<UserId>> {
        if self.is_ours(user) {
            return Ok(person_here(work, user)?.map(|(id, _)| id));
        }
        let is_said = self.speaks_for(user).is_ok() || known(work, user)?.is_none();
        stand_in(work, user, is_said.then_some(name), at).map(Some)
    }

    /// As [`somebody`](Self::somebody), but a third realm's people are only those who are known here: of these a home
    /// could invent as many as it likes, in as many realms.
    pub(super) fn member(
        &self,
        work: &mut Work,
        user: &Username,
        name: &DisplayName,
        at: Timestamp,
    ) -> Outcome<Option<UserId>> {
        if self.is_ours(user) || self.speaks_for(user).is_ok() {
            self.somebody(work, user, name, at)
        } else {
            known(work, user)
        }
    }
}

/// The account of somebody of this realm, and whether it is disabled.
pub(super) fn person_here(work: &Work, user: &Username) -> Outcome<Option<(UserId, bool)>> {
    let mut find = work
        .connection
        .prepare_cached("SELECT id, disabled FROM account WHERE username = ?1 AND realm IS NULL")?;
    let found = find.query_row([user.bare()], |row| Ok((UserId(row.get(0)?), row.get(1)?)));
    Ok(found.optional()?)
}

/// Somebody of this realm who can be written to. Refuses `UserUnknown`.
pub(super) fn receiver(work: &Work, user: &Username) -> Outcome<UserId> {
    match person_here(work, user)? {
        Some((id, false)) => Ok(id),
        Some((_, true)) | None => Err(Refusal::UserUnknown.into()),
    }
}

/// The account that stands for somebody of another realm, if there is one.
pub(super) fn known(work: &Work, user: &Username) -> Outcome<Option<UserId>> {
    let mut find = work
        .connection
        .prepare_cached("SELECT id FROM account WHERE username = ?1 AND realm IS NOT NULL")?;
    Ok(find.query_row([user.as_str()], |row| row.get(0).map(UserId)).optional()?)
}

fn is_disabled(work: &Work, id: UserId) -> Outcome<bool> {
    let mut find =
        work.connection.prepare_cached("SELECT 1 FROM account WHERE id = ?1 AND disabled = 1")?;
    Ok(find.exists([id.0])?)
}

/// Whether somebody is in a conversation, and the last number that they may not see.
pub(super) fn joined(
    work: &Work,
    conversation: ConversationId,
    user: UserId,
) -> Outcome<Option<i64>> {
    let mut find = work.connection.prepare_cached(
        "SELECT joined_seq FROM member WHERE conversation_id = ?1 AND user_id = ?2",
    )?;
    Ok(find.query_row([conversation.0, user.0], |row| row.get(0)).optional()?)
}
