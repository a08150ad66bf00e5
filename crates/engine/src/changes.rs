//! Writing into a conversation that one is in, by its number; and changing what was written.

use kabar_model::{
    Arrival, Body, ClientKey, ConversationId, Emoji, Field, FileName, Refusal, Seq, Timestamp,
};

use crate::deliveries::ShownOutgoing;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::files::{Destination, Upload};
use crate::history::Shown;
use crate::sessions::Caller;
use crate::store::{Content, Conversation, Message, NewMessage, Place, Posted, Target, Window};

/// What is to be written.
#[derive(Default)]
pub struct NewPost {
    /// The text, or what is said beside the file.
    pub text: Option<Body>,
    /// The file, all of which has been uploaded, and its name.
    pub upload: Option<(Upload, FileName)>,
    /// The message that it answers.
    pub reply_to: Option<Seq>,
    /// What the client calls it: sent again, it is the same message.
    pub key: Option<ClientKey>,
}

/// A message that was accepted.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// It stands in its conversation.
    Stored {
        /// The message as it stands now; of a change, the message that was changed.
        shown: Shown,
        /// Whether it is new; if not, it had been sent before with the same key.
        is_new: bool,
    },
    /// It is on its way to the home of its conversation, which is another realm.
    Outgoing(ShownOutgoing),
}

impl Accepted {
    /// The message, if it stands in its conversation.
    pub fn stored(self) -> Option<Shown> {
        match self {
            Self::Stored { shown, .. } => Some(shown),
            Self::Outgoing(_) => None,
        }
    }
}

impl Engine {
    /// Writes into one's own conversation, or into the room that the session is in; it is accepted when this
    /// returns, also when it has another realm to go to first. Refuses an `Invalid` body when there is neither text nor file, `NotMember`, `NotInRoom`,
    /// `MessageUnknown` when what it answers is no message that the caller may read, an `Invalid` key that stands
    /// for another message, and what [`Engine::send_file`] refuses.
    pub async fn post_in(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        mut post: NewPost,
    ) -> Result<Accepted> {
        let accepted = self.try_post_in(caller, conversation, &mut post).await;
        if post.upload.take().is_some() {
            self.sweep_refused().await;
        }
        accepted
    }

    /// As [`Engine::post_in`]. After a refusal the upload is there as it was, and may be sent again while it
    /// [`is_of_use`](Upload::is_of_use).
    pub async fn try_post_in(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        post: &mut NewPost,
    ) -> Result<Accepted> {
        caller.may_write()?;
        let target = self.target_in(caller, conversation).await?;
        let (reply_to, key) = (post.reply_to, post.key.take());
        if let Some(seq) = reply_to {
            let answered = Place { conversation, seq };
            let answered = self.store.shown(caller.user(), answered).await?;
            if answered.is_none_or(|message| message.change.is_some()) {
                return Err(Refusal::MessageUnknown.into());
            }
        }
        let at = self.clock.now();
        let (posted, text, file) = match (&mut post.upload, post.text.take()) {
            (Some((upload, name)), caption) => {
                // Refused before all of it is made durable for nothing.
                self.store.history(caller.user(), conversation, Window::Last, 1).await?;
                let to = Destination::of_own(target);
                let (file, answer) = ((name.clone(), upload), (reply_to, key.clone()));
                let said = caption.clone();
                let sent = self.send_upload(caller, &to, file, caption, false, answer).await?;
                (sent.1, said, Some(sent.0))
            }
            (None, Some(text)) => {
                let content = Content::Text(text.clone());
                let new = NewMessage::new(caller.user(), vec![target], content, at);
                let session = Some(caller.session());
                let new = NewMessage { session, reply_to, key: key.clone(), ..new };
                (only(&self.store.post(new).await?.await?)?, Some(text), None)
            }
            (None, None) => return Err(Refusal::Invalid(Field::Body).into()),
        };
        let as_sent = Message {
            body: text.map_or_else(String::new, |text| text.as_str().to_owned()),
            file,
            reply_to,
            key,
            ..on_its_way(caller, conversation, at)
        };
        if let Some(outgoing) = self.taken(caller, posted, as_sent).await? {
            return Ok(Accepted::Outgoing(outgoing));
        }
        let shown = self.message(caller, posted.place).await?;
        Ok(Accepted::Stored { shown, is_new: posted.arrival.is_some() })
    }

    /// Gives a message of one's own another text. Refuses `MessageUnknown`, `NotAllowed`, `NotMember`,
    /// `NotInRoom`.
    pub async fn edit(&self, caller: &Caller, place: Place, text: Body) -> Result<Accepted> {
        let content = Content::Edit { of: place.seq, text };
        if let Some(outgoing) = self.change(caller, place.conversation, content).await? {
            return Ok(Accepted::Outgoing(outgoing));
        }
        Ok(Accepted::Stored { shown: self.message(caller, place).await?, is_new: true })
    }

    /// Takes away a message of one's own, or any in a group that one is an admin of. Its number stays. Where the
    /// conversation's home is another realm, says what is on its way there. Refuses as [`Engine::edit`] does.
    pub async fn delete(&self, caller: &Caller, place: Place) -> Result<Option<ShownOutgoing>> {
        self.change(caller, place.conversation, Content::Deletion { of: place.seq }).await
    }

    /// Adds a reaction to a message, or takes it back; doing so again changes nothing. Says what is on its way, as
    /// [`Engine::delete`] does. Refuses `MessageUnknown`, `TooMany` emoji, `NotMember`, `NotInRoom`.
    pub async fn react(
        &self,
        caller: &Caller,
        place: Place,
        emoji: Emoji,
        on: bool,
    ) -> Result<Option<ShownOutgoing>> {
        let content = Content::Reaction { of: place.seq, emoji, on };
        self.change(caller, place.conversation, content).await
    }

    async fn change(
        &self,
        caller: &Caller,
        id: ConversationId,
        content: Content,
    ) -> Result<Option<ShownOutgoing>> {
        caller.may_write()?;
        let target = self.target_in(caller, id).await?;
        let at = self.clock.now();
        let as_sent = Message {
            body: content.text().to_owned(),
            change: content.change(),
            ..on_its_way(caller, id, at)
        };
        let new = NewMessage::new(caller.user(), vec![target], content, at);
        let new = NewMessage { session: Some(caller.session()), ..new };
        let posted = only(&self.store.post(new).await?.await?)?;
        self.taken(caller, posted, as_sent).await
    }

    /// A conversation as the target of a message. Whether the caller is in it is the store's to say, but who
    /// is in a room is known here.
    pub(crate) async fn target_in(&self, caller: &Caller, id: ConversationId) -> Result<Target> {
        let mut found = self.directory.conversations(&[id]).await?;
        match found.remove(&id).as_deref() {
            None => Err(Refusal::NotMember.into()),
            Some(Conversation::Direct(_) | Conversation::Group(_)) => Ok(Target::Own(id)),
            Some(Conversation::Room(..)) if self.is_in_room(caller, id).await? => {
                Ok(Target::Room(id))
            }
            Some(Conversation::Room(..)) => Err(Refusal::NotInRoom.into()),
        }
    }
}

/// What is the same in all that somebody has on its way to a conversation's home.
fn on_its_way(caller: &Caller, conversation: ConversationId, at: Timestamp) -> Message {
    Message {
        place: Place { conversation, seq: Seq::NONE },
        author: caller.user(),
        body: String::new(),
        file: None,
        at,
        arrival: Arrival::NONE,
        change: None,
        reply_to: None,
        edited_at: None,
        deleted: false,
        key: None,
    }
}

/// What became of a message to one target.
pub(crate) fn only(posted: &[Posted]) -> Result<Posted> {
    posted.first().copied().ok_or_else(|| Error::failed("a message without a place"))
}
