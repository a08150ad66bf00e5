//! Finding people.

use axum::extract::State;
use kabar_model::{Address, Refusal, Username};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Json, Path, Query};
use crate::objects::User;
use crate::problem::{Answer, Problem};

/// The people on a page unless more are asked for.
const PEOPLE_DEFAULT: usize = 50;

#[derive(Deserialize, IntoParams)]
pub(crate) struct Wanted {
    /// How the username, or a word of the name, begins.
    #[serde(default)]
    q: String,
    /// The last username of the page before.
    after: Option<String>,
    /// At most so many (50 unless said, 200 at most).
    limit: Option<usize>,
}

/// A page of people.
#[derive(Serialize, ToSchema)]
pub(crate) struct People {
    /// In the order of their usernames.
    people: Vec<User>,
    /// Whether there are more after the last of them.
    more: bool,
}

/// Find people
#[utoipa::path(get, path = "/people", tag = "people", params(Wanted), responses((status = 200, body = People)))]
pub(crate) async fn find(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(Wanted { q, after, limit }): Query<Wanted>,
) -> Answer<Json<People>> {
    let after =
        after.map(|after| Username::parse_kept(&after).map_err(|_| Problem::invalid("after")));
    let after = after.transpose()?;
    let limit = limit.unwrap_or(PEOPLE_DEFAULT);
    let found = api.engine.find_people(&caller, q.trim(), after.as_ref(), limit).await?;
    let people = found.people.iter().map(|user| api.user(user)).collect();
    Ok(Json(People { people, more: found.more }))
}

/// One person, `user` or `user@realm`. Somebody of another realm is looked for there
#[utoipa::path(get, path = "/people/{username}", tag = "people", responses((status = 200, body = User)))]
pub(crate) async fn person(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(username): Path<String>,
) -> Answer<Json<User>> {
    let address = Address::parse(&username).map_err(|_| Refusal::UserUnknown)?;
    Ok(Json(api.user(&*api.engine.person_at(&caller, &address).await?)))
}
