//! Messages and read positions.

use kabar_model::{Arrival, ConversationId, Field, GroupRole, Refusal, Seq, UserId};

use super::{Member, Realm, Talk};
use crate::error::Result;
use crate::store::{Conversation, Message, NewMessage, PartMax, Place, Posted, Target, Unread};

impl Realm {
    pub(super) fn post(&mut self, post: &NewMessage) -> Result<Vec<Posted>> {
        if let Some(key) = &post.key {
            let [target] = post.targets[..] else {
                return Err(Refusal::TooMany(Field::Recipients).into());
            };
            if let Some((place, _)) = self.keys.get(&(post.author, key.clone())) {
                if !self.is_at(*place, target, post) {
                    return Err(Refusal::Invalid(Field::Key).into());
                }
                return Ok(vec![Posted { place: *place, arrival: None, outgoing: None }]);
            }
        }
        for target in &post.targets {
            match target {
                Target::Group(id) if !self.is_group_member(*id, post.author) => {
                    return Err(Refusal::NotMember.into());
                }
                Target::Direct(user) if !self.accounts.contains_key(user) => {
                    return Err(Refusal::UserUnknown.into());
                }
                Target::Room(id) if !self.is_room(*id) => {
                    return Err(Refusal::NotInRoom.into());
                }
                Target::Own(id) => drop(self.seen_by(post.author, *id)?),
                Target::Group(_) | Target::Direct(_) | Target::Room(_) => {}
            }
        }
        self.may_send(post)?;
        if let Some(stands) = self.change(post)? {
            return Ok(vec![Posted { place: stands, arrival: None, outgoing: None }]);
        }
        let posted: Vec<_> =
            post.targets.iter().map(|target| self.post_to(*target, post)).collect();
        if let (Some(key), [only]) = (&post.key, &posted[..]) {
            self.keys.insert((post.author, key.clone()), (only.place, post.at));
        }
        Ok(posted)
    }

    /// Whether the message at this place is the one that is to be posted.
    fn is_at(&self, place: Place, target: Target, post: &NewMessage) -> bool {
        let goes_to = match target {
            Target::Group(id) | Target::Room(id) | Target::Own(id) => Some(id),
            Target::Direct(other) => self.direct(post.author, other),
        };
        let talk = self.conversations.get(&place.conversation);
        let messages = talk.into_iter().flat_map(|talk| &talk.messages);
        let stands = messages.map(|(_, message)| message).find(|message| message.place == place);
        goes_to == Some(place.conversation)
            && stands.is_some_and(|stands| post.says_the_same_as(stands))
    }

    fn is_group_member(&self, id: ConversationId, user: UserId) -> bool {
        let group = self.conversations.get(&id).filter(|talk| talk.group.is_some());
        group.is_some_and(|talk| talk.member(user).is_some())
    }

    fn post_to(&mut self, target: Target, post: &NewMessage) -> Posted {
        let conversation = match target {
            Target::Group(id) | Target::Room(id) | Target::Own(id) => id,
            Target::Direct(other) => {
                let found = self.direct(post.author, other);
                found.unwrap_or_else(|| self.make_direct(post.author, other))
            }
        };
        self.arrivals += 1;
        let talk = self.conversations.get_mut(&conversation).expect("checked or made just now");
        let place = Place { conversation, seq: talk.last().next() };
        let (body, file) = (post.content.text().to_owned(), post.content.file().cloned());
        let arrival = Arrival(i64::try_from(self.arrivals).expect("memory ends before"));
        let message = Message {
            place,
            author: post.author,
            body,
            file,
            at: post.at,
            arrival,
            change: post.content.change(),
            reply_to: post.reply_to,
            edited_at: None,
            deleted: false,
            key: None,
        };
        talk.messages.push((self.arrivals, message));
        Posted { place, arrival: Some(arrival), outgoing: None }
    }

    pub(super) fn direct(&self, one: UserId, other: UserId) -> Option<ConversationId> {
        self.directs.get(&(one.min(other), one.max(other))).copied()
    }

    pub(super) fn make_direct(&mut self, one: UserId, other: UserId) -> ConversationId {
        let pair = (one.min(other), one.max(other));
        let mut people = vec![pair.0, pair.1];
        people.dedup();
        let mut members = Vec::new();
        for user in people {
            members.push(self.new_member(user, GroupRole::Member, Seq::NONE));
        }
        let id = self.add(Talk { members, ..Talk::default() });
        self.directs.insert(pair, id);
        id
    }

    /// Adds a conversation under the next number.
    pub(super) fn add(&mut self, talk: Talk) -> ConversationId {
        let last = self.conversations.last_key_value().map_or(0, |(last, _)| last.0);
        let id = ConversationId(last + 1);
        self.conversations.insert(id, talk);
        id
    }

    pub(super) fn unread(&self, user: UserId, max: PartMax) -> Unread {
        let all = self.conversations.values().flat_map(|talk| talk.unread(user));
        part(all.collect(), max)
    }

    pub(super) fn unread_in(
        &self,
        user: UserId,
        conversation: ConversationId,
        max: PartMax,
    ) -> Result<Unread> {
        let (talk, _) = self.seen_by(user, conversation)?;
        Ok(part(talk.unread(user), max))
    }

    pub(super) fn recent(
        &self,
        user: UserId,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let (talk, member) = self.seen_by(user, conversation)?;
        let seen = talk.messages.iter().filter(|(_, m)| m.place.seq > member.joined && !m.deleted);
        let mut last: Vec<_> = seen.rev().take(limit).map(|(_, m)| m.clone()).collect();
        last.reverse();
        Ok(last)
    }

    pub(super) fn seen_by(
        &self,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<(&Talk, &Member)> {
        let talk = self.conversations.get(&conversation);
        let seen = talk.and_then(|talk| Some((talk, talk.member(user)?)));
        seen.ok_or_else(|| Refusal::NotMember.into())
    }

    pub(super) fn mark_read(&mut self, user: UserId, positions: &[Place]) {
        for Place { conversation, seq } in positions {
            let Some(talk) = self.conversations.get_mut(conversation) else { continue };
            let last = talk.last();
            if let Some(member) = talk.members.iter_mut().find(|member| member.user == user) {
                member.read = member.read.max(last.min(*seq));
            }
        }
    }

    pub(super) fn messages(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: usize,
    ) -> Vec<Message> {
        let Some(talk) = self.conversations.get(&conversation) else { return Vec::new() };
        let past = talk.messages.iter().filter(|(_, message)| message.place.seq > after);
        past.take(limit).map(|(_, message)| message.clone()).collect()
    }

    pub(super) fn conversations(&self, ids: &[ConversationId]) -> Vec<Conversation> {
        let known = ids.iter().filter_map(|id| Some((*id, self.conversations.get(id)?)));
        known
            .map(|(id, talk)| match (&talk.group, &talk.room) {
                (Some(group), _) => Conversation::Group(group.clone()),
                (None, Some(room)) => Conversation::Room(id, room.clone()),
                (None, None) => Conversation::Direct(id),
            })
            .collect()
    }
}

impl Talk {
    /// What somebody has not read here, each with its number in the order of arrival.
    fn unread(&self, user: UserId) -> Vec<&(u64, Message)> {
        let Some(member) = self.member(user) else { return Vec::new() };
        let past = self.messages.iter().filter(|(_, m)| m.place.seq > member.read);
        past.filter(|(_, m)| !m.deleted && (self.is_note() || m.author != user)).collect()
    }
}

/// As many of these as one part holds, the oldest first.
fn part(mut all: Vec<&(u64, Message)>, max: PartMax) -> Unread {
    all.sort_by_key(|(arrival, _)| *arrival);
    let mut unread = Unread::default();
    let mut bytes = 0;
    for (_, message) in all.into_iter().take(max.messages) {
        bytes += message.said_bytes(max.file_bytes);
        if bytes > max.bytes && !unread.messages.is_empty() {
            break;
        }
        let place = message.place;
        unread.positions.retain(|earlier| earlier.conversation != place.conversation);
        unread.positions.push(place);
        unread.messages.push(message.clone());
    }
    unread
}
