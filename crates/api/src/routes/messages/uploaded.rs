//! Sending what was uploaded.

use std::sync::Arc;

use kabar_engine::store::Message;
use kabar_engine::{Accepted, Caller, Error, NewPost, Upload};
use kabar_model::{Body, ConversationId, Refusal};

use super::refused;
use crate::api::Api;
use crate::caller::Reader;
use crate::problem::{Answer, Code, Problem};
use crate::text::Text;
use crate::uploads::{SentAs, State};

/// Sends what was uploaded. Who did not hear the answer may ask again: it is sent once. After a refusal it may be
/// sent again, too.
pub(super) async fn post(
    api: &Api,
    caller: &Reader,
    conversation: ConversationId,
    upload: &str,
    post: NewPost,
) -> Answer<Accepted> {
    let entry = api.uploads.find(caller.user(), upload)?;
    let mut state = Arc::clone(&entry.state).lock_owned().await;
    if let State::Sent(sent) = *state {
        return sent_before(api, caller, conversation, sent, &post).await;
    }
    let (offset, size) = (entry.offset(), entry.size);
    if offset != size {
        let problem = Problem::new(Code::Conflict, Text::UploadUnfinished);
        return Err(problem.with("offset", offset).with("size", size));
    }
    let State::Open(contents) = std::mem::replace(&mut *state, State::Over) else {
        return Err(Problem::new(Code::FileUnknown, Text::UploadUnknown));
    };
    let mut post = NewPost { upload: Some((*contents, entry.name.clone())), ..post };
    let (engine, uploads) = (Arc::clone(&api.engine), Arc::clone(&api.uploads));
    let (caller, upload) = (caller.clone(), upload.to_owned());
    // To its end, even when who asks has gone: what became of it must be known when they ask again.
    let posting = api.site.tasks.spawn(async move {
        let accepted = engine.try_post_in(&caller, conversation, &mut post).await;
        let left = post.upload.take().map(|(left, _)| left).filter(Upload::is_of_use);
        match (&accepted, left) {
            (Ok(accepted), _) => *state = State::Sent(sent_as(conversation, accepted)),
            (Err(_), Some(left)) => *state = State::Open(Box::new(left)),
            (Err(_), None) => uploads.give_up(&upload),
        }
        entry.touch();
        accepted
    });
    posting.await.map_err(Error::failed)?.map_err(refused)
}

fn sent_as(conversation: ConversationId, accepted: &Accepted) -> SentAs {
    match accepted {
        Accepted::Stored { shown, .. } => SentAs::Message(shown.message.place),
        Accepted::Outgoing(outgoing) => {
            let file = outgoing.message.file.as_ref().map(|file| file.code);
            SentAs::Outgoing { conversation, id: outgoing.id, file }
        }
    }
}

/// The message that an upload was sent with, if that is the one that is to be written.
async fn sent_before(
    api: &Api,
    caller: &Caller,
    conversation: ConversationId,
    sent: SentAs,
    post: &NewPost,
) -> Answer<Accepted> {
    let other = || Problem::new(Code::Conflict, Text::UploadSent).field("upload");
    let goes_to = match sent {
        SentAs::Message(place) => place.conversation,
        SentAs::Outgoing { conversation, .. } => conversation,
    };
    if goes_to != conversation {
        return Err(other());
    }
    let place = match sent {
        SentAs::Message(place) => place,
        SentAs::Outgoing { id, file, .. } => {
            if let Some(found) = api.engine.waiting_at(caller, conversation, id).await? {
                let is_that = is_said_in(post, &found.message);
                return if is_that { Ok(Accepted::Outgoing(found)) } else { Err(other()) };
            }
            // It has got there, or it failed and was forgotten.
            let file = file.ok_or(Refusal::MessageUnknown)?;
            api.engine.place_of_file(caller, file).await?
        }
    };
    let shown = api.engine.message(caller, place).await?;
    if is_said_in(post, &shown.message) {
        Ok(Accepted::Stored { shown, is_new: false })
    } else {
        Err(other())
    }
}

fn is_said_in(post: &NewPost, stands: &Message) -> bool {
    // What it said before it was changed is not known any more.
    let is_changed = stands.edited_at.is_some() || stands.deleted;
    let text = post.text.as_ref().map_or("", Body::as_str);
    is_changed || (text, post.reply_to) == (&stands.body[..], stands.reply_to)
}
