//! Hooks: a program that knows a secret address writes into one conversation.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use kabar_model::{Body, Label, SessionToken};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::{Here, SignedIn};
use crate::extract::{self, Json, Path};
use crate::ids::{self, ConversationKey, HookKey};
use crate::problem::{Answer, Code, Problem};
use crate::text::Text;

/// A hook that is to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewHook {
    /// What it is called.
    name: String,
}

/// A hook that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeHook {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// Where the program posts. It is shown once.
    url: String,
}

/// The hooks of a conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hooks {
    /// In the order of their making.
    hooks: Vec<Hook>,
}

/// A hook.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hook {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
}

/// What a program says.
#[derive(Deserialize, ToSchema)]
pub(crate) struct HookText {
    /// The text.
    text: String,
}

/// Where it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct HookPosted {
    /// The number of the message.
    seq: i64,
}

/// The hooks of a conversation: one's own, an admin's all
#[utoipa::path(get, path = "/conversations/{id}/hooks", tag = "programs", responses((status = 200, body = Hooks)))]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
) -> Answer<Json<Hooks>> {
    let hooks = api.engine.hooks(&caller, id.id()?).await?;
    let shown = |hook: kabar_engine::store::Hook| Hook {
        id: ids::of_hook(hook.id),
        name: hook.name.to_string(),
    };
    Ok(Json(Hooks { hooks: hooks.into_iter().map(shown).collect() }))
}

/// Make a hook; in a group admins only
#[utoipa::path(post, path = "/conversations/{id}/hooks", tag = "programs", responses((status = 201, body = MadeHook)))]
pub(crate) async fn create(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
    here: Here,
    Json(NewHook { name }): Json<NewHook>,
) -> Answer<(StatusCode, Json<MadeHook>)> {
    let name = Label::parse(&name)?;
    let (hook, secret) = api.engine.create_hook(&caller, id.id()?, name.clone()).await?;
    let url = format!("{}/api/v1/hooks/{}", here.0, secret.reveal());
    Ok((
        StatusCode::CREATED,
        Json(MadeHook { id: ids::of_hook(hook), name: name.to_string(), url }),
    ))
}

/// Take a hook away: who made it, or an admin
#[utoipa::path(delete, path = "/conversations/{id}/hooks/{hook}", tag = "programs", responses((status = 204)))]
pub(crate) async fn remove(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, hook)): Path<(ConversationKey, HookKey)>,
) -> Answer<StatusCode> {
    if api.engine.remove_hook(&caller, id.id()?, hook.id()?).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

/// Write by a hook: plain text, or JSON
#[utoipa::path(post, path = "/hooks/{secret}", tag = "programs", security(()),
    request_body(content((HookText = "application/json"), (String = "text/plain"))),
    responses((status = 201, body = HookPosted)))]
pub(crate) async fn post(
    State(api): State<Api>,
    Path(secret): Path<String>,
    request: Request,
) -> Answer<(StatusCode, Json<HookPosted>)> {
    let is_json = extract::is_json(request.headers());
    let body = extract::whole(request.into_body()).await?;
    let text = if is_json {
        extract::parse::<HookText>(&body)?.text
    } else {
        let text = String::from_utf8(body.into());
        text.map_err(|_| Problem::new(Code::BadRequest, Text::BadRequest))?
    };
    let secret = SessionToken::parse(&secret).ok_or_else(Problem::not_found)?;
    let place = api.engine.post_by_hook(secret, &Body::parse(&text)?).await?;
    let place = place.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::CREATED, Json(HookPosted { seq: place.seq.0 })))
}
