//! Making an account.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kabar_engine::Registration;
use kabar_model::{Country, DisplayName, InvitationCode, Password, Refusal, Username};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::{self, From};
use crate::extract::Json;
use crate::objects::Me;
use crate::problem::{Answer, Code, Problem};
use crate::text::Text;

/// An account that somebody wishes for.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewAccount {
    /// Its name.
    username: String,
    /// Its password.
    password: String,
    /// What it is to be shown as; absent: its username.
    name: Option<String>,
    /// Where its owner is from.
    country: Option<String>,
    /// Whether the token is only set as a cookie.
    #[serde(default)]
    cookie: bool,
    /// The code of an invitation to a group, which it joins at once.
    invitation: Option<String>,
}

/// The first administrator.
#[derive(Deserialize, ToSchema)]
pub(crate) struct FirstAccount {
    /// What the set-up link ends with.
    secret: String,
    /// The account.
    #[serde(flatten)]
    account: NewAccount,
}

/// A session that has just begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedInAs {
    /// Who one is now.
    user: Me,
    /// The token to show with other requests; `null` when it was set as a cookie.
    #[schema(required)]
    token: Option<String>,
}

/// Make an account and sign in
#[utoipa::path(post, path = "/accounts", tag = "accounts", security(()),
    responses((status = 201, body = SignedInAs)))]
pub(crate) async fn register(
    State(api): State<Api>,
    from: From,
    Json(new): Json<NewAccount>,
) -> Answer<Response> {
    let cookie = new.cookie;
    let login = api.engine.register(from.origin(), wish(new)?).await?;
    signed_in(&api, &from, login, cookie).await
}

/// Make the first administrator, with the secret of the set-up link
#[utoipa::path(post, path = "/setup", tag = "accounts", security(()),
    responses((status = 201, body = SignedInAs)))]
pub(crate) async fn set_up(
    State(api): State<Api>,
    from: From,
    Json(FirstAccount { secret, account }): Json<FirstAccount>,
) -> Answer<Response> {
    let cookie = account.cookie;
    let login = api.engine.set_up(&secret, wish(account)?).await.map_err(|error| {
        match error.refusal() {
            Some(Refusal::NotAllowed) => Problem::new(Code::Gone, Text::SetupGone),
            _ => error.into(),
        }
    })?;
    signed_in(&api, &from, login, cookie).await
}

fn wish(new: NewAccount) -> Answer<Registration> {
    let NewAccount { username, password, name, country, invitation, cookie: _ } = new;
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let code = |code: String| InvitationCode::parse(&code).ok_or(Refusal::InvitationUnknown);
    Ok(Registration {
        username: Username::parse(username.trim())?,
        password: Password::parse(&password)?,
        name: filled(name).map(|name| DisplayName::parse(&name)).transpose()?,
        country: filled(country).map(|country| Country::parse(&country)).transpose()?,
        invitation: invitation.map(code).transpose()?,
    })
}

/// The answer to who has just signed in.
pub(super) async fn signed_in(
    api: &Api,
    from: &From,
    login: kabar_engine::Login,
    cookie: bool,
) -> Answer<Response> {
    let user = api.me(&login.caller).await?;
    let token = login.token.reveal();
    if cookie {
        let header = caller::set_cookie(Some(&token), from.0);
        let body = Json(SignedInAs { user, token: None });
        return Ok((StatusCode::CREATED, header, body).into_response());
    }
    Ok((StatusCode::CREATED, Json(SignedInAs { user, token: Some(token) })).into_response())
}
