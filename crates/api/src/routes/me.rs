//! Oneself.

use axum::extract::State;
use axum::http::StatusCode;
use kabar_model::limits::SETTINGS_BYTES_MAX;
use kabar_model::{Country, DisplayName, Field, Password, Refusal};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::{From, SignedIn};
use crate::extract::Json;
use crate::objects::Me;
use crate::problem::{Answer, Problem};

/// What is to be another. What is absent stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct MeChange {
    /// What one is shown as.
    name: Option<String>,
    /// Where one is from; `null`: nowhere.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    country: Option<Given>,
    /// What one's clients keep, at most 16 KiB; it takes the place of what was there.
    #[schema(value_type = Option<Object>)]
    settings: Option<Map<String, Value>>,
}

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PasswordChange {
    /// The password so far.
    old: String,
    /// The password from now on.
    new: String,
}

/// A value that was given, be it `null`.
#[derive(Deserialize)]
struct Given(Option<String>);

/// Tells `null` from what is absent.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Given>, D::Error> {
    Given::deserialize(value).map(Some)
}

/// Oneself
#[utoipa::path(get, path = "/me", tag = "me", responses((status = 200, body = Me)))]
pub(crate) async fn me(State(api): State<Api>, SignedIn(caller): SignedIn) -> Answer<Json<Me>> {
    api.me(&caller).await.map(Json)
}

/// Change one's name, country or settings
#[utoipa::path(patch, path = "/me", tag = "me", responses((status = 200, body = Me)))]
pub(crate) async fn change(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(MeChange { name, country, settings }): Json<MeChange>,
) -> Answer<Json<Me>> {
    // All of it is read before anything is changed.
    let name = name.map(|name| DisplayName::parse(&name)).transpose()?;
    let country = country.map(|Given(country)| {
        let filled = country.filter(|country| !country.trim().is_empty());
        filled.map(|country| Country::parse(&country)).transpose()
    });
    let country = country.transpose()?;
    let settings = settings.map(|settings| Value::Object(settings).to_string());
    if settings.as_ref().is_some_and(|settings| settings.len() > SETTINGS_BYTES_MAX) {
        return Err(Refusal::TooLong(Field::Settings).into());
    }
    if let Some(name) = name {
        api.engine.change_name(&caller, name).await?;
    }
    if let Some(country) = country {
        api.engine.change_country(&caller, country).await?;
    }
    if let Some(settings) = settings {
        api.engine.change_own_settings(&caller, settings).await?;
    }
    api.me(&caller).await.map(Json)
}

/// Change one's password; all other sessions end
#[utoipa::path(post, path = "/me/password", tag = "me", responses((status = 204)))]
pub(crate) async fn password(
    State(api): State<Api>,
    from: From,
    SignedIn(caller): SignedIn,
    Json(PasswordChange { old, new }): Json<PasswordChange>,
) -> Answer<StatusCode> {
    let old = Password::parse(&old).map_err(|_| Problem::from(Refusal::WrongPassword))?;
    let new = Password::parse(&new).map_err(|error| Problem::from(error).field("new"))?;
    let changed = api.engine.change_password(&caller, from.origin(), old, new).await;
    changed.map_err(|error| match error.refusal() {
        Some(Refusal::PasswordTooShort { .. }) => Problem::from(error).field("new"),
        _ => error.into(),
    })?;
    Ok(StatusCode::NO_CONTENT)
}
