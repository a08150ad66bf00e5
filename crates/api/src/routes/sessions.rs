//! Signing in, and the sessions one has.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kabar_model::{Password, Refusal, Username};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::accounts::{SignedInAs, signed_in};
use crate::api::Api;
use crate::caller::{self, From, SignedIn};
use crate::extract::{Json, Path};
use crate::ids::{self, SessionKey};
use crate::objects::time;
use crate::problem::{Answer, Problem};

/// Who wants to sign in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    /// The name of the account.
    username: String,
    /// Its password.
    password: String,
    /// Whether the token is only set as a cookie.
    #[serde(default)]
    cookie: bool,
}

/// One's own sessions.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sessions {
    /// The most recently used first.
    sessions: Vec<Session>,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    /// Its id.
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// When it began.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last used.
    #[schema(format = DateTime)]
    used_at: String,
}

/// The token of a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct Token {
    /// It is shown once and kept nowhere else.
    token: String,
}

/// Sign in
#[utoipa::path(post, path = "/sessions", tag = "sessions", security(()),
    responses((status = 201, body = SignedInAs)))]
pub(crate) async fn sign_in(
    State(api): State<Api>,
    from: From,
    Json(Credentials { username, password, cookie }): Json<Credentials>,
) -> Answer<Response> {
    let unknown = || Problem::from(Refusal::UserUnknown).status(StatusCode::UNAUTHORIZED);
    // What cannot be a name is nobody's.
    let username = Username::parse(username.trim()).map_err(|_| unknown())?;
    let password = Password::parse(&password)?;
    let login = api.engine.login(from.origin(), &username, password).await;
    let login = login.map_err(|error| match error.refusal() {
        Some(Refusal::UserUnknown) => unknown(),
        _ => error.into(),
    })?;
    signed_in(&api, &from, login, cookie).await
}

/// One's own sessions
#[utoipa::path(get, path = "/sessions", tag = "sessions", responses((status = 200, body = Sessions)))]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
) -> Answer<Json<Sessions>> {
    let own = api.engine.own_sessions(&caller).await?;
    let sessions = own.into_iter().map(|session| Session {
        id: ids::of_session(session.id),
        current: session.current,
        created_at: time(session.created_at),
        used_at: time(session.used_at),
    });
    Ok(Json(Sessions { sessions: sessions.collect() }))
}

/// Sign out
#[utoipa::path(delete, path = "/sessions/current", tag = "sessions", responses((status = 204)))]
pub(crate) async fn end_current(
    State(api): State<Api>,
    from: From,
    SignedIn(caller): SignedIn,
) -> Answer<Response> {
    api.engine.logout(&caller).await?;
    Ok((StatusCode::NO_CONTENT, caller::set_cookie(None, from.0)).into_response())
}

/// Sign out everywhere
#[utoipa::path(delete, path = "/sessions", tag = "sessions", responses((status = 204)))]
pub(crate) async fn end_all(
    State(api): State<Api>,
    from: From,
    SignedIn(caller): SignedIn,
) -> Answer<Response> {
    api.engine.end_own_sessions(&caller).await?;
    Ok((StatusCode::NO_CONTENT, caller::set_cookie(None, from.0)).into_response())
}

/// End one of one's own sessions
#[utoipa::path(delete, path = "/sessions/{id}", tag = "sessions", responses((status = 204)))]
pub(crate) async fn end(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<SessionKey>,
) -> Answer<StatusCode> {
    match api.engine.end_own_session(&caller, id.id()?).await {
        Err(error) if error.refusal() == Some(&Refusal::SessionUnknown) => {
            Err(Problem::not_found())
        }
        ended => Ok(ended.map(|()| StatusCode::NO_CONTENT)?),
    }
}

/// Begin one more session, for use elsewhere
#[utoipa::path(post, path = "/sessions/token", tag = "sessions", responses((status = 201, body = Token)))]
pub(crate) async fn further(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
) -> Answer<(StatusCode, Json<Token>)> {
    let login = api.engine.further_session(&caller).await?;
    Ok((StatusCode::CREATED, Json(Token { token: login.token.reveal() })))
}
