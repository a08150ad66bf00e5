//! What administrators of the realm do: accounts, and how the realm is.

pub(super) mod overview;

use axum::extract::State;
use axum::http::StatusCode;
use kabar_engine::store::ListedAccount;
use kabar_engine::{AccountChange, Registration};
use kabar_model::{Country, DisplayName, Refusal, Role, Username};
use serde::{Deserialize, Serialize};
use tracing::info;
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Json, Path, Query};
use crate::objects::{RoleName, time};
use crate::problem::{Answer, Code, Problem};
use crate::text::Text;

/// The accounts on a page unless more are asked for.
const ACCOUNTS_DEFAULT: usize = 50;

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

/// A page of accounts.
#[derive(Serialize, ToSchema)]
pub(crate) struct Accounts {
    /// In the order of their usernames.
    users: Vec<Account>,
    /// Whether there are more after the last of them.
    more: bool,
}

/// An account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Account {
    /// Its name.
    username: String,
    /// What it is shown as.
    name: String,
    /// Where its owner is from.
    #[schema(required)]
    country: Option<String>,
    /// What it may do in the realm.
    role: RoleName,
    /// Whether it is disabled: nobody signs in with it, and what it wrote stays.
    disabled: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// Whether its owner is active.
    active: bool,
    /// How many sessions it has, those of programs among them.
    sessions: u64,
}

/// What is to be another about an account.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Change {
    /// What it may do in the realm.
    role: Option<RoleName>,
    /// Whether it is disabled; disabling ends its sessions.
    disabled: Option<bool>,
}

/// An account that is to be made.
#[derive(Deserialize, ToSchema)]
#[schema(as = AccountWanted)]
pub(crate) struct NewAccount {
    /// Its name.
    username: String,
    /// What it is to be shown as; absent: its username.
    name: Option<String>,
    /// Where its owner is from.
    country: Option<String>,
    /// What it may do in the realm; absent: what a user may.
    role: Option<RoleName>,
}

/// An account that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeAccount {
    /// Its name.
    username: String,
    /// Its password. It is shown here once and kept nowhere.
    password: String,
}

/// A password that was made up.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadePassword {
    /// It is shown here once and kept nowhere.
    password: String,
}

/// The accounts, for an administrator of the realm
#[utoipa::path(get, path = "/admin/users", tag = "admin", params(Wanted),
    responses((status = 200, body = Accounts)))]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(Wanted { q, after, limit }): Query<Wanted>,
) -> Answer<Json<Accounts>> {
    let by = api.engine.administer(&caller).await?;
    let after = after.map(|after| Username::parse_kept(&after)).transpose()?;
    let limit = limit.unwrap_or(ACCOUNTS_DEFAULT);
    let found = api.engine.list_accounts(by, q.trim(), after.as_ref(), limit).await?;
    let users = found.accounts.iter().map(|account| shown(&api, account)).collect();
    Ok(Json(Accounts { users, more: found.more }))
}

fn shown(api: &Api, ListedAccount { user, created_at, sessions }: &ListedAccount) -> Account {
    Account {
        username: user.username.to_string(),
        name: user.name.as_str().to_owned(),
        country: user.country.as_ref().map(|country| country.as_str().to_owned()),
        role: user.role.into(),
        disabled: user.disabled,
        created_at: time(*created_at),
        active: api.active().contains(&user.id),
        sessions: *sessions,
    }
}

/// Make an account, whether registration is open or not
#[utoipa::path(post, path = "/admin/users", tag = "admin", responses((status = 201, body = MadeAccount)))]
pub(crate) async fn create(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(NewAccount { username, name, country, role }): Json<NewAccount>,
) -> Answer<(StatusCode, Json<MadeAccount>)> {
    let by = api.engine.administer(&caller).await?;
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let password = api.engine.invented_password()?;
    let wish = Registration {
        username: Username::parse(username.trim())?,
        password: password.clone(),
        name: filled(name).map(|name| DisplayName::parse(&name)).transpose()?,
        country: filled(country).map(|country| Country::parse(&country)).transpose()?,
        invitation: None,
    };
    let role = role.map_or(Role::User, Role::from);
    let user = api.engine.add_user(by, wish, role).await?;
    info!(user = %user.username, by = %caller.username(), ?role, "account added");
    let (username, password) = (user.username.to_string(), password.expose().to_owned());
    Ok((StatusCode::CREATED, Json(MadeAccount { username, password })))
}

/// Change what an account may do, disable it, or enable it again
#[utoipa::path(patch, path = "/admin/users/{username}", tag = "admin", responses((status = 204)))]
pub(crate) async fn change(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(username): Path<String>,
    Json(Change { role, disabled }): Json<Change>,
) -> Answer<StatusCode> {
    // Asked first, so that who is no administrator is told just that.
    api.engine.administer(&caller).await?;
    let username = named(&username)?;
    let change = AccountChange { role: role.map(Role::from), disabled };
    let changed = api.engine.change_account(&caller, &username, change).await;
    changed.map_err(|error| match error.refusal() {
        Some(Refusal::NotAllowed) if disabled == Some(true) && username == *caller.username() => {
            Problem::new(Code::NotAllowed, Text::NotOneself)
        }
        Some(Refusal::NotAllowed) => Problem::new(Code::NotAllowed, Text::LastAdministrator),
        _ => error.into(),
    })?;
    info!(user = %username, by = %caller.username(), role = ?change.role, ?disabled, "account changed");
    Ok(StatusCode::NO_CONTENT)
}

/// Give an account a password that is made up; its sessions end
#[utoipa::path(post, path = "/admin/users/{username}/password", tag = "admin",
    responses((status = 200, body = MadePassword)))]
pub(crate) async fn password(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(username): Path<String>,
) -> Answer<Json<MadePassword>> {
    let by = api.engine.administer(&caller).await?;
    let username = named(&username)?;
    let password = api.engine.invented_password()?;
    api.engine.reset_password(by, &username, password.clone()).await?;
    info!(user = %username, by = %caller.username(), "password reset");
    Ok(Json(MadePassword { password: password.expose().to_owned() }))
}

/// End all sessions of an account, those of programs, too
#[utoipa::path(delete, path = "/admin/users/{username}/sessions", tag = "admin",
    responses((status = 204)))]
pub(crate) async fn end_sessions(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(username): Path<String>,
) -> Answer<StatusCode> {
    let by = api.engine.administer(&caller).await?;
    let username = named(&username)?;
    api.engine.end_sessions(by, &username).await?;
    info!(user = %username, by = %caller.username(), "sessions ended");
    Ok(StatusCode::NO_CONTENT)
}

/// What cannot be a name is nobody's.
fn named(username: &str) -> Answer<Username> {
    Ok(Username::parse(username).map_err(|_| Refusal::UserUnknown)?)
}
