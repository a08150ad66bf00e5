//! Links to other realms.

use axum::extract::State;
use axum::http::StatusCode;
use kabar_engine::store::links::Standing;
use kabar_engine::{Caller, Operator};
use kabar_model::{Field, RealmName, Refusal};
use serde::{Deserialize, Serialize};
use tracing::info;
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Json, Path};
use crate::objects::{Check, Link};
use crate::problem::{Answer, Code, Problem};
use crate::text::Text;

/// The links.
#[derive(Serialize, ToSchema)]
pub(crate) struct Links {
    /// In the order of their names.
    realms: Vec<Link>,
    /// Whether one may add a realm by its address.
    may_add: bool,
}

/// A realm that is to be linked: where it is, or the invite that it gave.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewLink {
    /// What it is to be called here.
    name: Option<String>,
    /// Its host's name, or an IP address.
    host: Option<String>,
    /// A port of it that speaks HTTP.
    port: Option<u16>,
    /// In place of these: an invite of its administrator's.
    invite: Option<String>,
}

/// An invite for another realm's administrator.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invite {
    /// One text. It is shown here once, and good once and for a day.
    invite: String,
}

/// What was found when a link was looked into.
#[derive(Serialize, ToSchema)]
pub(crate) struct Checks {
    /// The steps, in order, as far as they were come to.
    checks: Vec<Check>,
}

/// The realms that are linked, or are to be
#[utoipa::path(get, path = "/realms", tag = "realms", responses((status = 200, body = Links)))]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
) -> Answer<Json<Links>> {
    let links = api.engine.shown_links(&caller).await?;
    let realms = links.iter().map(|shown| Link::of(shown, caller.lang)).collect();
    Ok(Json(Links { realms, may_add: api.engine.may_add_realm(&caller).await? }))
}

/// Add a realm: by its address who may, by its invite an administrator. It may have to be accepted there
#[utoipa::path(post, path = "/realms", tag = "realms", responses((status = 201, body = Link)))]
pub(crate) async fn add(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(NewLink { name, host, port, invite }): Json<NewLink>,
) -> Answer<(StatusCode, Json<Link>)> {
    let shown = if let Some(invite) = invite {
        if name.is_some() || host.is_some() || port.is_some() {
            return Err(Problem::invalid("invite"));
        }
        let by = api.engine.administer(&caller).await?;
        api.engine.realms(by)?.add_by_invite(&invite).await?
    } else {
        let name = RealmName::parse(name.ok_or_else(|| Problem::missing("name"))?.trim());
        let name = name.map_err(|_| Problem::invalid("name"))?;
        let host = host.ok_or_else(|| Problem::missing("host"))?;
        let port = port.ok_or_else(|| Problem::missing("port"))?;
        api.engine.add_realm(&caller, name, host.trim(), port).await?
    };
    info!(realm = %shown.link.own_name, by = %caller.username(), "a realm was added");
    Ok((StatusCode::CREATED, Json(Link::of(&shown, caller.lang))))
}

/// Make an invite for another realm; administrators only
#[utoipa::path(post, path = "/realms/invite", tag = "realms", responses((status = 201, body = Invite)))]
pub(crate) async fn invite(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
) -> Answer<(StatusCode, Json<Invite>)> {
    let by = api.engine.administer(&caller).await?;
    let made = api.engine.realms(by)?.invite().await;
    let invite = made.map_err(|error| match error.refusal() {
        Some(Refusal::Invalid(Field::RealmAddress)) => {
            Problem::new(Code::Conflict, Text::RealmAddressless)
        }
        _ => error.into(),
    })?;
    info!(by = %caller.username(), "an invite for another realm was made");
    Ok((StatusCode::CREATED, Json(Invite { invite })))
}

/// Agree to a link that waits, or take up one again that was blocked or whose key has changed; administrators only
#[utoipa::path(post, path = "/realms/{name}/accept", tag = "realms", responses((status = 200, body = Link)))]
pub(crate) async fn accept(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(name): Path<String>,
) -> Answer<Json<Link>> {
    let by = api.engine.administer(&caller).await?;
    let name = realm(&name)?;
    let id = api.engine.link_named(&name).await?.id;
    api.engine.realms(by)?.accept(id).await?;
    info!(realm = %name, by = %caller.username(), "a link was accepted");
    now(&api, &caller, &name, caller.lang).await
}

/// Stop a link: what waits for it fails, and nothing comes or goes until it is accepted; administrators only
#[utoipa::path(post, path = "/realms/{name}/block", tag = "realms", responses((status = 200, body = Link)))]
pub(crate) async fn block(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(name): Path<String>,
) -> Answer<Json<Link>> {
    let by = api.engine.administer(&caller).await?;
    let name = realm(&name)?;
    stop(&api, by, &name, Standing::Blocked).await?;
    info!(realm = %name, by = %caller.username(), "a link was blocked");
    now(&api, &caller, &name, caller.lang).await
}

/// End a link; administrators only. Its name is free then, and what was said stays
#[utoipa::path(delete, path = "/realms/{name}", tag = "realms", responses((status = 204)))]
pub(crate) async fn remove(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    let by = api.engine.administer(&caller).await?;
    let name = realm(&name)?;
    stop(&api, by, &name, Standing::Removed).await?;
    info!(realm = %name, by = %caller.username(), "a link was removed");
    Ok(StatusCode::NO_CONTENT)
}

/// Look into a link, step by step; administrators only
#[utoipa::path(get, path = "/realms/{name}/checks", tag = "realms", responses((status = 200, body = Checks)))]
pub(crate) async fn checks(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(name): Path<String>,
) -> Answer<Json<Checks>> {
    let by = api.engine.administer(&caller).await?;
    let link = api.engine.link_named(&realm(&name)?).await?;
    let found = api.engine.realms(by)?.look_into(&link).await?;
    Ok(Json(Checks {
        checks: found.into_iter().map(|check| Check::of(check, caller.lang)).collect(),
    }))
}

fn realm(name: &str) -> Answer<RealmName> {
    Ok(RealmName::parse(name).map_err(|_| Refusal::RealmUnknown)?)
}

async fn stop(api: &Api, by: Operator, name: &RealmName, standing: Standing) -> Answer<()> {
    let id = api.engine.link_named(name).await?.id;
    Ok(api.engine.realms(by)?.stop(id, standing).await?)
}

/// The link as it stands now.
async fn now(
    api: &Api,
    caller: &Caller,
    name: &RealmName,
    lang: kabar_catalogue::Lang,
) -> Answer<Json<Link>> {
    let id = api.engine.link_named(name).await?.id;
    let links = api.engine.shown_links(caller).await?;
    let link = links.iter().find(|shown| shown.link.id == id).ok_or(Refusal::RealmUnknown)?;
    Ok(Json(Link::of(link, lang)))
}
