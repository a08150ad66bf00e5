//! Pages of a conversation, and messages as they stand now: with who wrote them and what others make of them.

use std::collections::HashMap;
use std::sync::Arc;

use kabar_model::limits::PAGE_MESSAGES_MAX;
use kabar_model::{ConversationId, Emoji, Refusal, Seq, User, UserId};

use crate::deliveries::Delivery;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::sessions::Caller;
use crate::store::{Message, Place, StoredReaction, Window};

/// Numbers between two messages whose reactions are still read together.
const RANGE_GAP: i64 = 50;

/// A message as a person is shown it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The message.
    pub message: Message,
    /// Who wrote it.
    pub author: Arc<User>,
    /// What others make of it, in the order in which each emoji first came.
    pub reactions: Vec<Reaction>,
    /// How far it has come: of the reader's own messages, where other realms take part.
    pub delivery: Option<Delivery>,
}

/// An emoji, and whose it is.
#[derive(Clone, Debug)]
pub struct Reaction {
    /// The emoji.
    pub emoji: Emoji,
    /// Whose it is, in the order of coming.
    pub users: Vec<Arc<User>>,
}

/// A page of a conversation.
#[derive(Clone, Debug)]
pub struct Page {
    /// The messages, in order, without changes.
    pub messages: Vec<Shown>,
    /// The first number that the reader may see.
    pub first: Seq,
    /// The last number that was given.
    pub last: Seq,
}

impl Engine {
    /// A page of one's own conversation or of any room, with at most
    /// [`limits::PAGE_MESSAGES_MAX`](kabar_model::limits::PAGE_MESSAGES_MAX) messages. Refuses `NotMember`.
    pub async fn history(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        window: Window,
        limit: usize,
    ) -> Result<Page> {
        let limit = limit.min(PAGE_MESSAGES_MAX);
        let page = self.store.history(caller.user(), conversation, window, limit).await?;
        let messages = self.shown(caller, page.messages).await?;
        Ok(Page { messages, first: page.first, last: page.last })
    }

    /// A message as it stands now; a change, too. Refuses `MessageUnknown`.
    pub async fn message(&self, caller: &Caller, place: Place) -> Result<Shown> {
        let message = self.store.shown(caller.user(), place).await?;
        let message = message.ok_or(Refusal::MessageUnknown)?;
        let shown = self.shown(caller, vec![message]).await?.pop();
        shown.ok_or_else(|| Error::failed("one message, shown as none"))
    }

    /// Messages with their authors and reactions, and how far the reader's own have come. They come from few conversations, in order in each.
    pub(crate) async fn shown(
        &self,
        reader: &Caller,
        messages: Vec<Message>,
    ) -> Result<Vec<Shown>> {
        let unchanged = messages.iter().filter(|message| message.change.is_none());
        let ranges = ranges(unchanged.map(|message| message.place).collect());
        let mut standing: HashMap<Place, Vec<StoredReaction>> = HashMap::new();
        for (conversation, from, to) in ranges {
            for reaction in self.store.reactions(conversation, from, to).await? {
                let place = Place { conversation, seq: reaction.of };
                standing.entry(place).or_default().push(reaction);
            }
        }
        let mut people: Vec<UserId> = messages.iter().map(|message| message.author).collect();
        people.extend(standing.values().flatten().map(|reaction| reaction.user));
        people.sort_unstable();
        people.dedup();
        let people = self.directory.users(&people).await?;
        let shown = messages.into_iter().map(|message| {
            let author = person(&people, message.author)?;
            let reactions = standing.remove(&message.place).unwrap_or_default();
            let reactions = by_emoji(reactions, &people)?;
            Ok(Shown { author, reactions, message, delivery: None })
        });
        let mut shown = shown.collect::<Result<Vec<_>>>()?;
        self.add_deliveries(reader, &mut shown).await?;
        Ok(shown)
    }
}

/// The places as few ranges. Far from each other, they are ranges of their own: what is between two that a search
/// found may be a year.
pub(crate) fn ranges(mut places: Vec<Place>) -> Vec<(ConversationId, Seq, Seq)> {
    places.sort_unstable_by_key(|place| (place.conversation.0, place.seq.0));
    let mut ranges: Vec<(ConversationId, Seq, Seq)> = Vec::new();
    for Place { conversation, seq } in places {
        match ranges.last_mut() {
            Some((known, _, to)) if *known == conversation && seq.0 - to.0 <= RANGE_GAP => {
                *to = seq;
            }
            _ => ranges.push((conversation, seq, seq)),
        }
    }
    ranges
}

fn person(people: &HashMap<UserId, Arc<User>>, id: UserId) -> Result<Arc<User>> {
    people.get(&id).cloned().ok_or_else(|| Error::failed("a number without an account"))
}

fn by_emoji(
    standing: Vec<StoredReaction>,
    people: &HashMap<UserId, Arc<User>>,
) -> Result<Vec<Reaction>> {
    let mut reactions: Vec<Reaction> = Vec::new();
    for StoredReaction { user, emoji, .. } in standing {
        let user = person(people, user)?;
        match reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
            Some(reaction) => reaction.users.push(user),
            None => reactions.push(Reaction { emoji, users: vec![user] }),
        }
    }
    Ok(reactions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_apart_is_not_read_with_all_that_lies_between() {
        let at =
            |conversation, seq| Place { conversation: ConversationId(conversation), seq: Seq(seq) };
        let found = vec![at(1, 900_000), at(2, 7), at(1, 5), at(1, 8), at(1, 5 + RANGE_GAP)];
        let (one, two) = (ConversationId(1), ConversationId(2));
        let near = (one, Seq(5), Seq(5 + RANGE_GAP));
        let far = (one, Seq(900_000), Seq(900_000));
        assert_eq!(ranges(found), [near, far, (two, Seq(7), Seq(7))]);
        assert_eq!(ranges(vec![]), []);
    }
}
