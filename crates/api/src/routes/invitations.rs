//! Invitations to groups.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use kabar_model::limits::INVITATION_SECS_MAX;
use kabar_model::{InvitationCode, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::{Here, SignedIn};
use crate::extract::{Json, Path};
use crate::ids::ConversationKey;
use crate::objects::{Conversation, time};
use crate::problem::{Answer, Problem};

/// How long an invitation is good unless said otherwise, in seconds.
const EXPIRES_IN_DEFAULT: u64 = 24 * 60 * 60;
/// How many may join with it unless said otherwise.
const USES_DEFAULT: u32 = 10;

/// An invitation that is to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewInvitation {
    /// How long it is good, in seconds: a day unless said, 30 days at most.
    expires_in: Option<u64>,
    /// How many may join with it: 10 unless said, 1,000 at most.
    uses: Option<u32>,
}

/// An invitation that is good still.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invitation {
    /// What who is invited shows.
    code: String,
    /// The page that they open.
    url: String,
    /// From when on it is no longer good.
    #[schema(format = DateTime)]
    expires_at: String,
    /// How many may join with it yet.
    uses_left: u32,
}

/// The invitations to a group.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invitations {
    /// The newest first.
    invitations: Vec<Invitation>,
}

/// What an invitation leads to.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invited {
    /// The group's name.
    group: String,
    /// The realm.
    realm: String,
}

fn shown(invitation: &kabar_engine::store::Invitation, here: &Here) -> Invitation {
    let code = invitation.code.reveal().to_owned();
    Invitation {
        url: format!("{}/app/i/{code}", here.0),
        code,
        expires_at: time(invitation.expires_at),
        uses_left: invitation.uses_left,
    }
}

/// Which of the two limits was not kept.
fn wrong_in(good_for: Duration) -> &'static str {
    let secs = good_for.as_secs();
    if (1..=INVITATION_SECS_MAX).contains(&secs) { "uses" } else { "expires_in" }
}

/// The invitations to a group that are good still; admins only
#[utoipa::path(get, path = "/conversations/{id}/invitations", tag = "groups", responses((status = 200, body = Invitations)))]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
    here: Here,
) -> Answer<Json<Invitations>> {
    let invitations = api.engine.invitations(&caller, id.id()?).await?;
    let invitations = invitations.iter().map(|invitation| shown(invitation, &here)).collect();
    Ok(Json(Invitations { invitations }))
}

/// Make an invitation to a group; admins only
#[utoipa::path(post, path = "/conversations/{id}/invitations", tag = "groups", responses((status = 201, body = Invitation)))]
pub(crate) async fn create(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<ConversationKey>,
    here: Here,
    Json(NewInvitation { expires_in, uses }): Json<NewInvitation>,
) -> Answer<(StatusCode, Json<Invitation>)> {
    let good_for = Duration::from_secs(expires_in.unwrap_or(EXPIRES_IN_DEFAULT));
    let uses = uses.unwrap_or(USES_DEFAULT);
    let made = api.engine.create_invitation(&caller, id.id()?, good_for, uses).await;
    let made = made.map_err(|error| match error.refusal() {
        Some(Refusal::Invalid(_)) => Problem::invalid(wrong_in(good_for)),
        _ => error.into(),
    })?;
    Ok((StatusCode::CREATED, Json(shown(&made, &here))))
}

/// Take an invitation back; admins only
#[utoipa::path(delete, path = "/conversations/{id}/invitations/{code}", tag = "groups", responses((status = 204)))]
pub(crate) async fn revoke(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((id, code)): Path<(ConversationKey, String)>,
) -> Answer<StatusCode> {
    let code = InvitationCode::parse(&code).ok_or_else(Problem::not_found)?;
    if api.engine.revoke_invitation(&caller, id.id()?, &code).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

/// Where an invitation leads to
#[utoipa::path(get, path = "/invitations/{code}", tag = "groups", security(()), responses((status = 200, body = Invited)))]
pub(crate) async fn look(
    State(api): State<Api>,
    Path(code): Path<String>,
) -> Answer<Json<Invited>> {
    let code = InvitationCode::parse(&code).ok_or(Refusal::InvitationUnknown)?;
    let group = api.engine.invitation(&code).await?;
    let realm = api.engine.settings().realm.to_string();
    Ok(Json(Invited { group: group.name.as_str().to_owned(), realm }))
}

/// Join a group by an invitation
#[utoipa::path(post, path = "/invitations/{code}", tag = "groups", responses((status = 200, body = Conversation)))]
pub(crate) async fn join(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(code): Path<String>,
) -> Answer<Json<Conversation>> {
    let code = InvitationCode::parse(&code).ok_or(Refusal::InvitationUnknown)?;
    let group = api.engine.redeem(&caller, &code).await?;
    api.conversation(&caller, group.id).await.map(Json)
}
