//! Messages: reading, writing, and changing what was written.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use kabar_engine::store::{Place, Window};
use kabar_engine::{Accepted, Caller, Error, NewPost, Shown, Upload};
use kabar_model::{Body, ClientKey, ConversationId, Emoji, Field, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Json, Path, Query};
use crate::ids::{self, ConversationKey};
use crate::objects::Message;
use crate::problem::{Answer, Code, Problem};
use crate::text::Text;
use crate::uploads::State as UploadState;

/// The messages on a page unless more are asked for.
const MESSAGES_DEFAULT: usize = 50;

#[derive(Deserialize, IntoParams)]
pub(crate) struct Wanted {
    /// The last ones before this number.
    before: Option<i64>,
    /// The first ones after this number.
    after: Option<i64>,
    /// This one, with those before and after it.
    around: Option<i64>,
    /// At most so many (50 unless said, 200 at most).
    limit: Option<usize>,
}

/// A page of a conversation.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "so it is called in the answer")]
pub(crate) struct Messages {
    /// In order.
    messages: Vec<Message>,
    /// The first number that one may read.
    first_seq: i64,
    /// The last number that was given.
    last_seq: i64,
}

/// What is to be written: a text, a file, or a file with a text beside it.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewMessage {
    /// The text.
    text: Option<String>,
    /// The id of an upload, all of which has come.
    upload: Option<String>,
    /// The message that it answers.
    reply_to: Option<i64>,
    /// What the client calls it, 1–64 printable ASCII characters, no other of one's messages by the same: sent
    /// again, it is the same message.
    key: Option<String>,
}

/// Another text for a message.
#[derive(Deserialize, ToSchema)]
pub(crate) struct MessageChange {
    /// The text.
    text: String,
}

/// A page of a conversation; the last messages unless others are asked for
#[utoipa::path(get, path = "/conversations/{id}/messages", tag = "messages", params(Wanted),
    responses((status = 200, body = Messages)))]
pub(crate) async fn page(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
    Query(wanted): Query<Wanted>,
) -> Answer<Json<Messages>> {
    let window = match (wanted.before, wanted.after, wanted.around) {
        (None, None, None) => Window::Last,
        (Some(seq), None, None) => Window::Before(ids::seq(seq)),
        (None, Some(seq), None) => Window::After(ids::seq(seq)),
        (None, None, Some(seq)) => Window::Around(ids::seq(seq)),
        // One of them at most.
        (_, _, Some(_)) => return Err(Problem::invalid("around")),
        (_, _, None) => return Err(Problem::invalid("after")),
    };
    let limit = wanted.limit.unwrap_or(MESSAGES_DEFAULT);
    let page = api.engine.history(&caller, id.id()?, window, limit).await?;
    let messages = api.messages(&caller, &page.messages).await;
    Ok(Json(Messages { messages, first_seq: page.first.0, last_seq: page.last.0 }))
}

/// Write; it is kept once this answers. With the key of an earlier message that says the same, that one (200)
#[utoipa::path(post, path = "/conversations/{id}/messages", tag = "messages",
    responses((status = 201, body = Message), (status = 200, body = Message)))]
pub(crate) async fn post(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
    Json(NewMessage { text, upload, reply_to, key }): Json<NewMessage>,
) -> Answer<(StatusCode, Json<Message>)> {
    let id = id.id()?;
    // Beside a file no text is fine.
    let text = text.filter(|text| upload.is_none() || !text.trim().is_empty());
    if text.is_none() && upload.is_none() {
        return Err(Problem::missing("text"));
    }
    if reply_to.is_some_and(|seq| seq < 1) {
        return Err(Problem::invalid("reply_to"));
    }
    let post = NewPost {
        text: text.map(|text| Body::parse(&text)).transpose()?,
        upload: None,
        reply_to: reply_to.map(ids::seq),
        key: key.map(|key| ClientKey::parse(&key)).transpose()?,
    };
    let Accepted { shown, is_new } = match upload {
        Some(upload) => post_upload(&api, &caller, id, &upload, post).await?,
        None => api.engine.post_in(&caller, id, post).await.map_err(refused)?,
    };
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(api.message(&caller, &shown).await)))
}

fn refused(error: Error) -> Problem {
    match error.refusal() {
        // One that is no key is refused before.
        Some(Refusal::Invalid(Field::Key)) => {
            Problem::new(Code::Conflict, Text::KeyUsed).field("key")
        }
        _ => error.into(),
    }
}

/// Sends what was uploaded. Who did not hear the answer may ask again: it is sent once. After a refusal it may be
/// sent again, too.
async fn post_upload(
    api: &Api,
    caller: &Caller,
    conversation: ConversationId,
    upload: &str,
    post: NewPost,
) -> Answer<Accepted> {
    let entry = api.uploads.find(caller.user(), upload)?;
    let mut state = Arc::clone(&entry.state).lock_owned().await;
    if let UploadState::Sent(place) = *state {
        return sent_before(api, caller, conversation, place, &post).await;
    }
    let (offset, size) = (entry.offset(), entry.size);
    if offset != size {
        let problem = Problem::new(Code::Conflict, Text::UploadUnfinished);
        return Err(problem.with("offset", offset).with("size", size));
    }
    let UploadState::Open(contents) = std::mem::replace(&mut *state, UploadState::Over) else {
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
            (Ok(Accepted { shown, .. }), _) => *state = UploadState::Sent(shown.message.place),
            (Err(_), Some(left)) => *state = UploadState::Open(Box::new(left)),
            (Err(_), None) => uploads.give_up(&upload),
        }
        entry.touch();
        accepted
    });
    posting.await.map_err(Error::failed)?.map_err(refused)
}

/// The message that an upload was sent with, if that is the one that is to be written.
async fn sent_before(
    api: &Api,
    caller: &Caller,
    conversation: ConversationId,
    place: Place,
    post: &NewPost,
) -> Answer<Accepted> {
    let other = || Problem::new(Code::Conflict, Text::UploadSent).field("upload");
    if place.conversation != conversation {
        return Err(other());
    }
    let shown = api.engine.message(caller, place).await?;
    let stands = &shown.message;
    // What it said before it was changed is not known any more.
    let is_changed = stands.edited_at.is_some() || stands.deleted;
    let text = post.text.as_ref().map_or("", Body::as_str);
    if !is_changed && (text, post.reply_to) != (&stands.body[..], stands.reply_to) {
        return Err(other());
    }
    Ok(Accepted { shown, is_new: false })
}

fn place((id, seq): (ConversationKey, i64)) -> Answer<Place> {
    Ok(Place { conversation: id.id()?, seq: ids::seq(seq) })
}

/// Give a message of one's own another text
#[utoipa::path(patch, path = "/conversations/{id}/messages/{seq}", tag = "messages",
    responses((status = 200, body = Message)))]
pub(crate) async fn edit(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, seq)): Path<(ConversationKey, i64)>,
    Json(MessageChange { text }): Json<MessageChange>,
) -> Answer<Json<Message>> {
    let text = Body::parse(&text)?;
    let shown: Shown = api.engine.edit(&caller, place((id, seq))?, text).await?;
    Ok(Json(api.message(&caller, &shown).await))
}

/// Take away a message of one's own, or any in a group that one is an admin of
#[utoipa::path(delete, path = "/conversations/{id}/messages/{seq}", tag = "messages", responses((status = 204)))]
pub(crate) async fn delete(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, seq)): Path<(ConversationKey, i64)>,
) -> Answer<StatusCode> {
    api.engine.delete(&caller, place((id, seq))?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// React to a message
#[utoipa::path(put, path = "/conversations/{id}/messages/{seq}/reactions/{emoji}", tag = "messages",
    responses((status = 204)))]
pub(crate) async fn react(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, seq, emoji)): Path<(ConversationKey, i64, String)>,
) -> Answer<StatusCode> {
    let emoji = Emoji::parse(&emoji)?;
    api.engine.react(&caller, place((id, seq))?, emoji, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a reaction back
#[utoipa::path(delete, path = "/conversations/{id}/messages/{seq}/reactions/{emoji}", tag = "messages",
    responses((status = 204)))]
pub(crate) async fn unreact(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, seq, emoji)): Path<(ConversationKey, i64, String)>,
) -> Answer<StatusCode> {
    let emoji = Emoji::parse(&emoji)?;
    api.engine.react(&caller, place((id, seq))?, emoji, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
