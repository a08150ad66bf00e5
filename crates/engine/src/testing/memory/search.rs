//! Searching.

use std::cmp::Reverse;

use kabar_model::UserId;

use super::Realm;
use crate::store::{Message, SearchQuery};

impl Realm {
    pub(super) fn search(&self, user: UserId, query: &SearchQuery, limit: usize) -> Vec<Message> {
        let own = self.conversations.values().filter_map(|talk| Some((talk, talk.member(user)?)));
        let seen = own.flat_map(|(talk, member)| {
            let all = talk.messages.iter().map(|(_, message)| message);
            all.filter(|message| message.place.seq > member.joined)
        });
        let mut found: Vec<&Message> = seen.filter(|message| query.matches(message)).collect();
        found.sort_by_key(|message| Reverse(message.arrival));
        found.truncate(limit);
        found.into_iter().cloned().collect()
    }
}
