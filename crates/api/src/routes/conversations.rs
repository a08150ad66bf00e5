//! Conversations: which there are, and how far one has read.

use axum::extract::State;
use axum::http::StatusCode;
use kabar_engine::store::{GroupChange, Place};
use kabar_model::{Address, GroupName, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Json, Path};
use crate::ids::{self, ConversationKey};
use crate::objects::{Conversation, VisibilityName};
use crate::problem::{Answer, Problem};

/// One's conversations.
#[derive(Serialize, ToSchema)]
pub(crate) struct Conversations {
    /// That with the latest message first; at most 1,000.
    conversations: Vec<Conversation>,
}

/// Whom to talk to.
#[derive(Deserialize, ToSchema)]
pub(crate) struct With {
    /// The person, `user` or `user@realm`; oneself: a note.
    with: String,
}

/// What is to be another in a group. What is absent stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ConversationChange {
    /// Its name.
    name: Option<String>,
    /// Who can find it.
    visibility: Option<VisibilityName>,
}

/// How far one has read.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ReadUpTo {
    /// The last number that was read.
    seq: i64,
}

/// One's direct conversations and groups, and the room that the session is in
#[utoipa::path(get, path = "/conversations", tag = "conversations", responses((status = 200, body = Conversations)))]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
) -> Answer<Json<Conversations>> {
    let mut conversations = Vec::new();
    for shown in api.engine.conversations(&caller).await? {
        conversations.push(api.shown_conversation(&caller, shown).await);
    }
    Ok(Json(Conversations { conversations }))
}

/// The direct conversation with a person, made if there is none
#[utoipa::path(post, path = "/conversations", tag = "conversations", responses((status = 200, body = Conversation)))]
pub(crate) async fn open(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(With { with }): Json<With>,
) -> Answer<Json<Conversation>> {
    let with = Address::parse(&with).map_err(|_| Refusal::UserUnknown)?;
    let id = api.engine.open_direct(&caller, &with).await?;
    api.conversation(&caller, id).await.map(Json)
}

/// One conversation
#[utoipa::path(get, path = "/conversations/{id}", tag = "conversations", responses((status = 200, body = Conversation)))]
pub(crate) async fn one(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
) -> Answer<Json<Conversation>> {
    api.conversation(&caller, id.id()?).await.map(Json)
}

/// Rename a group, or say who can find it; admins only
#[utoipa::path(patch, path = "/conversations/{id}", tag = "groups", responses((status = 200, body = Conversation)))]
pub(crate) async fn change(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
    Json(ConversationChange { name, visibility }): Json<ConversationChange>,
) -> Answer<Json<Conversation>> {
    let id = id.id()?;
    let name = name.map(|name| GroupName::parse(&name).map_err(|_| Problem::invalid("name")));
    let change = GroupChange { name: name.transpose()?, visibility: visibility.map(Into::into) };
    if change != GroupChange::default() {
        api.engine.change_group(&caller, id, change).await?;
    }
    api.conversation(&caller, id).await.map(Json)
}

/// How far one has read, and what that leaves.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReadSoFar {
    /// The last number that was read.
    seq: i64,
    /// Messages behind it.
    unread: u64,
    /// Those among them that name one.
    mentions: u64,
}

/// Move one's read position forward
#[utoipa::path(put, path = "/conversations/{id}/read", tag = "conversations",
    responses((status = 200, body = ReadSoFar)))]
pub(crate) async fn read(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
    Json(ReadUpTo { seq }): Json<ReadUpTo>,
) -> Answer<Json<ReadSoFar>> {
    let id = id.id()?;
    api.engine.read_up_to(&caller, Place { conversation: id, seq: ids::seq(seq) }).await?;
    let now = api.conversation(&caller, id).await?;
    Ok(Json(ReadSoFar { seq: now.read_seq, unread: now.unread, mentions: now.mentions }))
}

/// Say that one is writing
#[utoipa::path(post, path = "/conversations/{id}/typing", tag = "conversations", responses((status = 204)))]
pub(crate) async fn typing(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
) -> Answer<StatusCode> {
    api.engine.typing(&caller, id.id()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
