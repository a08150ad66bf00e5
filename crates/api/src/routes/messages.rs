//! Messages: reading, writing, and changing what was written.

mod uploaded;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kabar_engine::store::{Place, Window};
use kabar_engine::{Accepted, Error, NewPost, ShownOutgoing};
use kabar_model::{Body, ClientKey, Emoji, Field, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::caller::{Reader, SignedIn};
use crate::extract::{Json, Path, Query};
use crate::ids::{self, ConversationKey, OutgoingKey};
use crate::objects::{Message, Outgoing};
use crate::problem::{Answer, Code, Problem};
use crate::text::Text;

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

/// What became of a message or a change.
pub(crate) enum Written {
    /// It stands in its conversation.
    Stored(StatusCode, Box<Message>),
    /// It is on its way there.
    Outgoing(Box<Outgoing>),
    /// It is done, and there is nothing to show.
    Done,
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        match self {
            Self::Stored(status, message) => (status, Json(message)).into_response(),
            Self::Outgoing(outgoing) => (StatusCode::ACCEPTED, Json(outgoing)).into_response(),
            Self::Done => StatusCode::NO_CONTENT.into_response(),
        }
    }
}

impl Written {
    async fn accepted(api: &Api, reader: &Reader, accepted: Accepted) -> Self {
        match accepted {
            Accepted::Stored { shown, is_new } => {
                let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
                Self::Stored(status, Box::new(api.message(reader, &shown).await))
            }
            Accepted::Outgoing(outgoing) => {
                Self::Outgoing(Box::new(api.outgoing(reader, &outgoing).await))
            }
        }
    }

    async fn changed(api: &Api, reader: &Reader, outgoing: Option<ShownOutgoing>) -> Self {
        match outgoing {
            Some(outgoing) => Self::Outgoing(Box::new(api.outgoing(reader, &outgoing).await)),
            None => Self::Done,
        }
    }
}

/// Write; it is kept once this answers. With the key of an earlier message that says the same, that one (200). Where
/// the conversation's home is another realm the message has no number yet (202)
#[utoipa::path(post, path = "/conversations/{id}/messages", tag = "messages",
    responses((status = 201, body = Message), (status = 200, body = Message), (status = 202, body = Outgoing)))]
pub(crate) async fn post(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
    Json(NewMessage { text, upload, reply_to, key }): Json<NewMessage>,
) -> Answer<Written> {
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
    let accepted = match upload {
        Some(upload) => uploaded::post(&api, &caller, id, &upload, post).await?,
        None => api.engine.post_in(&caller, id, post).await.map_err(refused)?,
    };
    Ok(Written::accepted(&api, &caller, accepted).await)
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

fn place((id, seq): (ConversationKey, i64)) -> Answer<Place> {
    Ok(Place { conversation: id.id()?, seq: ids::seq(seq) })
}

/// Give a message of one's own another text. Where the conversation's home is another realm, that is on its way (202)
#[utoipa::path(patch, path = "/conversations/{id}/messages/{seq}", tag = "messages",
    responses((status = 200, body = Message), (status = 202, body = Outgoing)))]
pub(crate) async fn edit(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, seq)): Path<(ConversationKey, i64)>,
    Json(MessageChange { text }): Json<MessageChange>,
) -> Answer<Written> {
    let text = Body::parse(&text)?;
    let edited = api.engine.edit(&caller, place((id, seq))?, text).await?;
    Ok(match Written::accepted(&api, &caller, edited).await {
        Written::Stored(_, message) => Written::Stored(StatusCode::OK, message),
        outgoing => outgoing,
    })
}

/// Take away a message of one's own, or any in a group that one is an admin of; 202 as for another text
#[utoipa::path(delete, path = "/conversations/{id}/messages/{seq}", tag = "messages",
    responses((status = 204), (status = 202, body = Outgoing)))]
pub(crate) async fn delete(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, seq)): Path<(ConversationKey, i64)>,
) -> Answer<Written> {
    let outgoing = api.engine.delete(&caller, place((id, seq))?).await?;
    Ok(Written::changed(&api, &caller, outgoing).await)
}

/// React to a message; 202 as for another text
#[utoipa::path(put, path = "/conversations/{id}/messages/{seq}/reactions/{emoji}", tag = "messages",
    responses((status = 204), (status = 202, body = Outgoing)))]
pub(crate) async fn react(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, seq, emoji)): Path<(ConversationKey, i64, String)>,
) -> Answer<Written> {
    let emoji = Emoji::parse(&emoji)?;
    let outgoing = api.engine.react(&caller, place((id, seq))?, emoji, true).await?;
    Ok(Written::changed(&api, &caller, outgoing).await)
}

/// Take a reaction back; 202 as for another text
#[utoipa::path(delete, path = "/conversations/{id}/messages/{seq}/reactions/{emoji}", tag = "messages",
    responses((status = 204), (status = 202, body = Outgoing)))]
pub(crate) async fn unreact(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, seq, emoji)): Path<(ConversationKey, i64, String)>,
) -> Answer<Written> {
    let emoji = Emoji::parse(&emoji)?;
    let outgoing = api.engine.react(&caller, place((id, seq))?, emoji, false).await?;
    Ok(Written::changed(&api, &caller, outgoing).await)
}

/// Messages on their way.
#[derive(Serialize, ToSchema)]
pub(crate) struct Waiting {
    /// The oldest first; at most 1,000.
    messages: Vec<Outgoing>,
}

/// One's own messages that the conversation's home, another realm, has not numbered: those on their way and those that
/// failed
#[utoipa::path(get, path = "/conversations/{id}/waiting", tag = "messages", responses((status = 200, body = Waiting)))]
pub(crate) async fn waiting(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
) -> Answer<Json<Waiting>> {
    let mut messages = Vec::new();
    for shown in api.engine.waiting(&caller, id.id()?).await? {
        messages.push(api.outgoing(&caller, &shown).await);
    }
    Ok(Json(Waiting { messages }))
}

/// Forget one of these that failed
#[utoipa::path(delete, path = "/conversations/{id}/waiting/{outgoing}", tag = "messages", responses((status = 204)))]
pub(crate) async fn forget(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, outgoing)): Path<(ConversationKey, OutgoingKey)>,
) -> Answer<StatusCode> {
    api.engine.forget_waiting(&caller, id.id()?, outgoing.id()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
