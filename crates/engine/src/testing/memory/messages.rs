//! Messages and read positions.

use kabar_model::{ConversationId, GroupRole, Refusal, Seq, UserId};

use super::{Member, Realm, Talk};
use crate::error::Result;
use crate::store::{Conversation, Message, NewMessage, Place, Target, Unread};

impl Realm {
    pub(super) fn post(&mut self, post: &NewMessage) -> Result<Vec<Place>> {
        for target in &post.targets {
            match target {
                Target::Group(id) if !self.is_group_member(*id, post.author) => {
                    return Err(Refusal::NotMember.into());
                }
                Target::Direct(user) if !self.accounts.contains_key(user) => {
                    return Err(Refusal::UserUnknown.into());
                }
                Target::Group(_) | Target::Direct(_) => {}
            }
        }
        Ok(post.targets.iter().map(|target| self.post_to(*target, post)).collect())
    }

    fn is_group_member(&self, id: ConversationId, user: UserId) -> bool {
        let group = self.conversations.get(&id).filter(|talk| talk.group.is_some());
        group.is_some_and(|talk| talk.member(user).is_some())
    }

    fn post_to(&mut self, target: Target, post: &NewMessage) -> Place {
        let conversation = match target {
            Target::Group(id) => id,
            Target::Direct(other) => self.direct(post.author, other),
        };
        self.arrivals += 1;
        let talk = self.conversations.get_mut(&conversation).expect("checked or made just now");
        let place = Place { conversation, seq: talk.last().next() };
        let body = post.body.as_str().to_owned();
        let message = Message { place, author: post.author, body, at: post.at };
        talk.messages.push((self.arrivals, message));
        place
    }

    /// The conversation of two people, made if they have none.
    fn direct(&mut self, one: UserId, other: UserId) -> ConversationId {
        let pair = (one.min(other), one.max(other));
        if let Some(id) = self.directs.get(&pair) {
            return *id;
        }
        let mut people = vec![pair.0, pair.1];
        people.dedup();
        let member = |user| Member { user, role: GroupRole::Member, read: Seq::NONE };
        let members = people.into_iter().map(member).collect();
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

    pub(super) fn unread(&self, user: UserId, messages_max: usize, bytes_max: usize) -> Unread {
        let mut all: Vec<&(u64, Message)> = Vec::new();
        for talk in self.conversations.values() {
            let Some(member) = talk.member(user) else { continue };
            let past = talk.messages.iter().filter(|(_, m)| m.place.seq > member.read);
            all.extend(past.filter(|(_, m)| talk.is_note() || m.author != user));
        }
        all.sort_by_key(|(arrival, _)| *arrival);

        let mut unread = Unread::default();
        let mut bytes = 0;
        for (_, message) in all.into_iter().take(messages_max) {
            bytes += message.body.len();
            if bytes > bytes_max && !unread.messages.is_empty() {
                break;
            }
            let place = message.place;
            unread.positions.retain(|earlier| earlier.conversation != place.conversation);
            unread.positions.push(place);
            unread.messages.push(message.clone());
        }
        unread
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
            .map(|(id, talk)| match &talk.group {
                Some(group) => Conversation::Group(group.clone()),
                None => Conversation::Direct(id),
            })
            .collect()
    }
}
