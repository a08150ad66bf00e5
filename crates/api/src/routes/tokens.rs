//! Programs that act for a person, each with a token of its own.

use axum::extract::State;
use axum::http::StatusCode;
use kabar_model::{Label, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Json, Path};
use crate::ids::{self, SessionKey};
use crate::objects::time;
use crate::problem::{Answer, Problem};

/// What a program may do.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    /// Read.
    Read,
    /// Change.
    Write,
}

/// A program that is to be let in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewToken {
    /// What it is called.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
}

/// A program that was let in.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    /// Its id.
    id: String,
    /// What it shows. It is shown here once.
    token: String,
}

/// The programs that act for one.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// The most recently used first.
    tokens: Vec<TokenShown>,
}

/// A program that acts for one.
#[derive(Serialize, ToSchema)]
#[schema(as = ProgramToken)]
pub(crate) struct TokenShown {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// When it was let in.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last did something.
    #[schema(format = DateTime)]
    used_at: String,
}

/// The programs that act for one
#[utoipa::path(get, path = "/tokens", tag = "programs", responses((status = 200, body = Tokens)))]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
) -> Answer<Json<Tokens>> {
    let programs = api.engine.programs(&caller).await?;
    let tokens = programs.into_iter().map(|program| TokenShown {
        id: ids::of_session(program.id),
        name: program.name.to_string(),
        scopes: if program.writes { vec![Scope::Read, Scope::Write] } else { vec![Scope::Read] },
        created_at: time(program.created_at),
        used_at: time(program.used_at),
    });
    Ok(Json(Tokens { tokens: tokens.collect() }))
}

/// Let a program act for one
#[utoipa::path(post, path = "/tokens", tag = "programs", responses((status = 201, body = MadeToken)))]
pub(crate) async fn create(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(NewToken { name, scopes }): Json<NewToken>,
) -> Answer<(StatusCode, Json<MadeToken>)> {
    let name = Label::parse(&name)?;
    if scopes.is_empty() {
        return Err(Problem::missing("scopes"));
    }
    let writes = scopes.contains(&Scope::Write);
    let (id, token) = api.engine.admit_program(&caller, name, writes).await?;
    Ok((StatusCode::CREATED, Json(MadeToken { id: ids::of_session(id), token: token.reveal() })))
}

/// Let a program do nothing any more
#[utoipa::path(delete, path = "/tokens/{id}", tag = "programs", responses((status = 204)))]
pub(crate) async fn dismiss(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<SessionKey>,
) -> Answer<StatusCode> {
    match api.engine.dismiss_program(&caller, id.id()?).await {
        Err(error) if error.refusal() == Some(&Refusal::SessionUnknown) => {
            Err(Problem::not_found())
        }
        done => Ok(done.map(|()| StatusCode::NO_CONTENT)?),
    }
}
