//! Groups: finding, making, joining.

use axum::extract::State;
use axum::http::StatusCode;
use kabar_model::{GroupName, Visibility};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::Json;
use crate::ids;
use crate::objects::{Conversation, VisibilityName};
use crate::problem::Answer;

/// Groups that one is in or can find.
#[derive(Serialize, ToSchema)]
pub(crate) struct Groups {
    /// One's own first.
    groups: Vec<Group>,
}

/// A group in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Group {
    /// Its name.
    name: String,
    /// Its code, for those in it.
    #[schema(required)]
    code: Option<String>,
    /// How many are in it.
    members: u64,
    /// Whether one is in it.
    joined: bool,
    /// Who can find it.
    visibility: VisibilityName,
    /// The conversation, for those in it.
    #[schema(required)]
    id: Option<String>,
}

/// A group that is to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewGroup {
    /// Its name.
    name: String,
    /// Who can find it; anyone unless said otherwise.
    visibility: Option<VisibilityName>,
}

/// A group that one wants to join.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Join {
    /// Its name or its code; a private one by code only. Of another realm `name@realm` or `code@realm`.
    group: String,
}

/// One's own groups and the public ones
#[utoipa::path(get, path = "/groups", tag = "groups", responses((status = 200, body = Groups)))]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
) -> Answer<Json<Groups>> {
    let listed = api.engine.visible_groups(&caller).await?;
    let groups = listed.into_iter().map(|listed| Group {
        name: listed.group.name.as_str().to_owned(),
        code: listed.joined.then(|| listed.group.code.to_string()),
        members: listed.members,
        joined: listed.joined,
        visibility: listed.group.visibility.into(),
        id: listed.joined.then(|| ids::of_conversation(listed.group.id)),
    });
    Ok(Json(Groups { groups: groups.collect() }))
}

/// Make a group; one is its first admin
#[utoipa::path(post, path = "/groups", tag = "groups", responses((status = 201, body = Conversation)))]
pub(crate) async fn create(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(NewGroup { name, visibility }): Json<NewGroup>,
) -> Answer<(StatusCode, Json<Conversation>)> {
    let name = GroupName::parse(&name).map_err(|_| crate::problem::Problem::invalid("name"))?;
    let visibility = visibility.map_or(Visibility::Public, Visibility::from);
    let group = api.engine.create_group(&caller, name, visibility).await?;
    Ok((StatusCode::CREATED, Json(api.conversation(&caller, group.id).await?)))
}

/// Join a group
#[utoipa::path(post, path = "/groups/join", tag = "groups", responses((status = 200, body = Conversation)))]
pub(crate) async fn join(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(Join { group }): Json<Join>,
) -> Answer<Json<Conversation>> {
    let group = api.engine.join_group(&caller, &group).await?;
    api.conversation(&caller, group.id).await.map(Json)
}
