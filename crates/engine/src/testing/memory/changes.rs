//! What a change does to the message that it is about.

use kabar_model::limits::REACTIONS_EACH_MAX;
use kabar_model::{Change, ConversationId, Emoji, Field, GroupRole, Refusal, Seq, UserId};

use super::{Realm, Talk};
use crate::error::Result;
use crate::store::{Content, Message, NewMessage, Place, StoredReaction, Target};

impl Realm {
    /// Changes what `post` is to change, if it is a change at all. Returns the place of a message that is
    /// already as it is to be: then there is nothing to post.
    pub(super) fn change(&mut self, post: &NewMessage) -> Result<Option<Place>> {
        let Some(change) = post.content.change() else { return Ok(None) };
        let [target] = post.targets[..] else {
            return Err(Refusal::TooMany(Field::Recipients).into());
        };
        let conversation = match target {
            Target::Group(id) | Target::Room(id) | Target::Own(id) => id,
            Target::Direct(other) => {
                self.direct(post.author, other).ok_or(Refusal::MessageUnknown)?
            }
        };
        let place = Place { conversation, seq: change.of() };
        let (author, is_admin) = self.may_see(post.author, place)?;
        let talk = self.conversations.get_mut(&conversation).expect("seen just now");
        match &post.content {
            Content::Text(_) | Content::File(_) => {}
            Content::Edit { of, text } => {
                if author != post.author {
                    return Err(Refusal::NotAllowed.into());
                }
                let message = talk.message_mut(*of);
                text.as_str().clone_into(&mut message.body);
                message.edited_at = Some(post.at);
            }
            Content::Deletion { of } => {
                if author != post.author && !is_admin {
                    return Err(Refusal::NotAllowed.into());
                }
                talk.delete(*of);
            }
            Content::Reaction { of, emoji, on } => {
                if !talk.react(post.author, *of, emoji, *on)? {
                    return Ok(Some(place));
                }
            }
        }
        Ok(None)
    }

    /// Who wrote a message that can be changed, and whether `user`, who may see it, is an admin there.
    fn may_see(&self, user: UserId, place: Place) -> Result<(UserId, bool)> {
        let message = self.shown(user, place).ok_or(Refusal::MessageUnknown)?;
        if message.deleted || message.change.is_some() {
            return Err(Refusal::MessageUnknown.into());
        }
        Ok((message.author, self.is_admin(place.conversation, user)))
    }

    fn is_admin(&self, conversation: ConversationId, user: UserId) -> bool {
        let member = self.conversations.get(&conversation).and_then(|talk| talk.member(user));
        member.is_some_and(|member| member.role == GroupRole::Admin)
    }
}

impl Talk {
    fn message_mut(&mut self, seq: Seq) -> &mut Message {
        let found = self.messages.iter_mut().find(|(_, message)| message.place.seq == seq);
        &mut found.expect("it was found before").1
    }

    /// Takes away what a message says, and what its edits said; and its reactions.
    fn delete(&mut self, of: Seq) {
        for (_, message) in &mut self.messages {
            if message.place.seq == of || message.change == Some(Change::Edit(of)) {
                message.body.clear();
                message.file = None;
                message.deleted = true;
            }
        }
        self.reactions.retain(|reaction| reaction.of != of);
    }

    /// Adds or takes away a reaction; `false` when there is nothing to do.
    fn react(&mut self, user: UserId, of: Seq, emoji: &Emoji, on: bool) -> Result<bool> {
        let new = StoredReaction { of, user, emoji: emoji.clone() };
        if self.reactions.contains(&new) == on {
            return Ok(false);
        }
        if !on {
            self.reactions.retain(|reaction| *reaction != new);
            return Ok(true);
        }
        let own = self.reactions.iter().filter(|r| r.of == of && r.user == user).count();
        if own >= REACTIONS_EACH_MAX {
            return Err(Refusal::TooMany(Field::Emoji).into());
        }
        self.reactions.push(new);
        Ok(true)
    }
}
