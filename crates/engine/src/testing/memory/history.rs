//! Reading as a person sees it: pages, overviews, and what arrived.

use std::cmp::Reverse;

use kabar_model::limits::UNREAD_COUNTED_MAX;
use kabar_model::{Arrival, ConversationId, Refusal, Seq, Timestamp, UserId};

use super::{Realm, Talk};
use crate::error::Result;
use crate::store::{History, Message, Overview, Place, StoredReaction, Window, names};

impl Realm {
    /// A conversation that somebody may read, and the last message in it that they may not see.
    fn readable(&self, user: UserId, id: ConversationId) -> Result<(&Talk, Seq)> {
        match self.conversations.get(&id) {
            Some(talk) if talk.room.is_some() => Ok((talk, Seq::NONE)),
            _ => self.seen_by(user, id).map(|(talk, member)| (talk, member.joined)),
        }
    }

    pub(super) fn history(
        &self,
        user: UserId,
        conversation: ConversationId,
        window: Window,
        limit: usize,
    ) -> Result<History> {
        let (talk, joined) = self.readable(user, conversation)?;
        let seen = talk.messages.iter().map(|(_, message)| message);
        let seen = seen.filter(|m| m.place.seq > joined && m.change.is_none());
        let seen: Vec<&Message> = seen.collect();
        let past = |seq| seen.partition_point(|message| message.place.seq <= seq);
        let before = |seq: Seq| past(Seq(seq.0 - 1));
        let range = match window {
            Window::Last => seen.len().saturating_sub(limit)..seen.len(),
            Window::Before(seq) => before(seq).saturating_sub(limit)..before(seq),
            Window::After(seq) => past(seq)..seen.len().min(past(seq).saturating_add(limit)),
            Window::Around(seq) => {
                let ahead = seen.len() - before(seq);
                let back = (limit / 2).max(limit.saturating_sub(ahead)).min(before(seq));
                let start = before(seq) - back;
                start..seen.len().min(start.saturating_add(limit))
            }
        };
        let messages = seen[range].iter().map(|message| self.with_key(user, message)).collect();
        Ok(History { messages, first: joined.next(), last: talk.last() })
    }

    /// A message with what its author's client calls it, for that author.
    fn with_key(&self, reader: UserId, message: &Message) -> Message {
        let mut own = self.keys.iter().filter(|((author, _), _)| *author == reader);
        let key = own.find(|(_, (place, _))| *place == message.place);
        Message { key: key.map(|((_, key), _)| key.clone()), ..message.clone() }
    }

    pub(super) fn shown(&self, user: UserId, place: Place) -> Option<Message> {
        let (talk, joined) = self.readable(user, place.conversation).ok()?;
        let mut seen = talk.messages.iter().filter(|(_, m)| m.place.seq > joined);
        let found = seen.find(|(_, message)| message.place == place)?;
        Some(self.with_key(user, &found.1))
    }

    pub(super) fn reactions(
        &self,
        conversation: ConversationId,
        from: Seq,
        to: Seq,
    ) -> Vec<StoredReaction> {
        let talk = self.conversations.get(&conversation);
        let all = talk.into_iter().flat_map(|talk| &talk.reactions);
        all.filter(|reaction| (from..=to).contains(&reaction.of)).cloned().collect()
    }

    pub(super) fn overviews(&self, user: UserId, limit: usize) -> Vec<Overview> {
        let own = self.conversations.iter().filter(|(_, talk)| talk.member(user).is_some());
        let mut all: Vec<Overview> =
            own.filter_map(|(id, _)| self.overview(user, *id).ok()).collect();
        all.sort_by_key(|overview| {
            let latest = overview.latest.as_ref().map(|message| message.arrival);
            Reverse((latest, overview.conversation.id()))
        });
        all.truncate(limit);
        all
    }

    pub(super) fn overview(&self, user: UserId, id: ConversationId) -> Result<Overview> {
        let (talk, joined) = self.readable(user, id)?;
        let conversation = self.conversations(&[id]).remove(0);
        let said = talk.messages.iter().map(|(_, message)| message);
        let said = said.filter(|m| m.place.seq > joined && m.change.is_none());
        let latest = said.clone().next_back().map(|message| self.with_key(user, message));
        let (first, last) = (joined.next(), talk.last());
        let Some(member) = talk.member(user) else {
            let (members, unread, mentions) = (0, 0, 0);
            let (with, role, read) = (None, None, last);
            return Ok(Overview {
                conversation,
                with,
                members,
                role,
                first,
                last,
                read,
                unread,
                mentions,
                latest,
            });
        };
        let is_note = talk.is_note();
        let of_others = |m: &&Message| is_note || m.author != user;
        let unread = said.filter(|m| m.place.seq > member.read && !m.deleted).filter(of_others);
        let unread: Vec<&Message> = unread.take(UNREAD_COUNTED_MAX).collect();
        let username = &self.accounts[&user].user.username;
        let mentions = unread.iter().filter(|m| names(&m.body, username)).count() as u64;
        let mut others = talk.members.iter().map(|member| member.user).filter(|id| *id != user);
        let is_group = talk.group.is_some();
        Ok(Overview {
            conversation,
            with: (!is_group).then(|| others.next().unwrap_or(user)),
            members: talk.members.len() as u64,
            role: is_group.then_some(member.role),
            first,
            last,
            read: member.read,
            unread: unread.len() as u64,
            mentions,
            latest,
        })
    }

    pub(super) fn last_arrival(&self) -> Arrival {
        Arrival(i64::try_from(self.arrivals).expect("memory ends before"))
    }

    pub(super) fn arrivals(
        &self,
        user: UserId,
        after: Arrival,
        limit: usize,
        scan_max: usize,
    ) -> Option<Vec<Message>> {
        let since = self.last_arrival().0.saturating_sub(after.0);
        if usize::try_from(since).is_ok_and(|since| since > scan_max) || since < 0 {
            return None;
        }
        let own = self.conversations.values().filter_map(|talk| Some((talk, talk.member(user)?)));
        let seen = own.flat_map(|(talk, member)| {
            let all = talk.messages.iter().map(|(_, message)| message);
            all.filter(|message| message.place.seq > member.joined)
        });
        let mut found: Vec<&Message> = seen.filter(|message| message.arrival > after).collect();
        found.sort_by_key(|message| message.arrival);
        found.truncate(limit);
        Some(found.into_iter().map(|message| self.with_key(user, message)).collect())
    }

    pub(super) fn open_direct(&mut self, one: UserId, other: UserId) -> Result<ConversationId> {
        if ![one, other].iter().all(|user| self.accounts.contains_key(user)) {
            return Err(Refusal::UserUnknown.into());
        }
        let found = self.direct(one, other);
        Ok(found.unwrap_or_else(|| self.make_direct(one, other)))
    }

    pub(super) fn peers(&self, user: UserId, limit: usize) -> Vec<UserId> {
        let own = self.conversations.values().filter(|talk| talk.member(user).is_some());
        let others = own.flat_map(|talk| talk.members.iter().map(|member| member.user));
        let mut peers: Vec<UserId> = others.filter(|other| *other != user).collect();
        peers.sort_unstable();
        peers.dedup();
        peers.truncate(limit);
        peers
    }

    pub(super) fn forget_keys(&mut self, before: Timestamp) -> u64 {
        let kept = self.keys.len();
        self.keys.retain(|_, (_, at)| *at >= before);
        (kept - self.keys.len()) as u64
    }
}
