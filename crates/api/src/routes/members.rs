//! Who is in a conversation.

use axum::extract::State;
use axum::http::StatusCode;
use kabar_model::{Address, Refusal, Username};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Json, Path};
use crate::ids::ConversationKey;
use crate::objects::MemberRole;
use crate::problem::Answer;

/// Who is in a conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct Members {
    /// The longest-standing first.
    members: Vec<Member>,
}

/// Somebody in a conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct Member {
    /// The name of the account; of somebody of another realm `user@realm`.
    username: String,
    /// The other realm, if they are of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<String>,
    /// What the person is shown as.
    name: String,
    /// Where they say they are from.
    #[schema(required)]
    country: Option<String>,
    /// Whether they are active.
    active: bool,
    /// What they are in the group; in a direct conversation all are members.
    role: MemberRole,
}

/// People who are to join.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Guests {
    /// `user` or `user@realm`; at most 100.
    usernames: Vec<String>,
}

/// Who joined.
#[derive(Serialize, ToSchema)]
pub(crate) struct Joined {
    /// Those who joined now.
    joined: Vec<String>,
    /// Those who did not: unknown, there already, or in as many groups as one may be.
    failed: Vec<String>,
}

/// What a member is to be.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RoleChange {
    /// The role.
    role: MemberRole,
}

/// Who is in a conversation
#[utoipa::path(get, path = "/conversations/{id}/members", tag = "groups", responses((status = 200, body = Members)))]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
) -> Answer<Json<Members>> {
    let members = api.engine.members(&caller, id.id()?).await?;
    let members = members.into_iter().map(|member| {
        let user = api.user(&member.user);
        Member {
            username: user.username,
            realm: user.realm,
            name: user.name,
            country: user.country,
            active: user.active,
            role: member.role.into(),
        }
    });
    Ok(Json(Members { members: members.collect() }))
}

/// Add people to a group; admins only
#[utoipa::path(post, path = "/conversations/{id}/members", tag = "groups", responses((status = 200, body = Joined)))]
pub(crate) async fn add(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
    Json(Guests { usernames }): Json<Guests>,
) -> Answer<Json<Joined>> {
    let outcome = api.engine.add_members(&caller, id.id()?, &usernames).await?;
    let mut answer = Joined { joined: Vec::new(), failed: Vec::new() };
    for (username, joined) in usernames.into_iter().zip(outcome) {
        if joined { answer.joined.push(username) } else { answer.failed.push(username) }
    }
    Ok(Json(answer))
}

async fn named(api: &Api, username: &str) -> Answer<Username> {
    let address = Address::parse(username).map_err(|_| Refusal::UserUnknown)?;
    Ok(api.engine.kept_as(&address).await?)
}

/// Give a member another role; admins only
#[utoipa::path(patch, path = "/conversations/{id}/members/{username}", tag = "groups", responses((status = 204)))]
pub(crate) async fn change(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, username)): Path<(ConversationKey, String)>,
    Json(RoleChange { role }): Json<RoleChange>,
) -> Answer<StatusCode> {
    let member = named(&api, &username).await?;
    api.engine.set_member_role(&caller, id.id()?, &member, role.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a member out, or leave
#[utoipa::path(delete, path = "/conversations/{id}/members/{username}", tag = "groups", responses((status = 204)))]
pub(crate) async fn remove(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, username)): Path<(ConversationKey, String)>,
) -> Answer<StatusCode> {
    let member = named(&api, &username).await?;
    api.engine.remove_member(&caller, id.id()?, &member).await?;
    Ok(StatusCode::NO_CONTENT)
}
