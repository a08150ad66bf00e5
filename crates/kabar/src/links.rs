//! Links to other realms: their requests come in with all other HTTP, ours go out over a client of their own.

mod client;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::any;
use kabar_catalogue::Lang;
use kabar_engine::{Engine, Realms, Store, SystemClock};
use kabar_federation::link::{self, Answer, LinkSettings, Links, REQUEST_BYTES_MAX};
use kabar_federation::wire;

use crate::config::{Config, Dialect};
use crate::net::Bound;
use crate::realm;
use crate::text::Text;
use client::Client;

const SECS_A_DAY: u64 = 24 * 60 * 60;

/// Refuses a realm whose keys are of another name: all that it says would be refused elsewhere.
pub(crate) async fn is_ours(store: &dyn Store, config: &Config, lang: Lang) -> Result<()> {
    let Some(kept) = store.links() else { return Ok(()) };
    match link::known(kept).await? {
        Some(known) if known.realm != config.realm() => {
            let (kept, set) = (known.realm.to_string(), config.realm().to_string());
            bail!(Text::RealmClash.say(lang, &[("kept", &kept), ("set", &set)]))
        }
        Some(_) | None => Ok(()),
    }
}

/// The links of this realm, known to the engine.
pub(crate) async fn open(
    config: &Config,
    bound: &[Bound],
    engine: &Arc<Engine>,
    store: &Arc<dyn Store>,
) -> Result<Arc<Links>> {
    let told = config.realms.endpoint()?;
    let here = bound.iter().map(|bound| bound.listen);
    let here = here.into_iter().find(|l| matches!(l.dialect, Dialect::Auto | Dialect::Http));
    let listens = here.map(|listen| listen.address);
    let host = told.as_ref().map(|endpoint| endpoint.host().to_owned());
    let listens_at = listens.filter(|address| !address.ip().is_unspecified());
    let settings = LinkSettings {
        realm: config.realm(),
        accept: realm::accept(config),
        private: config.realms.private,
        invite_host: host.clone().or(listens_at.map(|address| address.ip().to_string())),
        host,
        port: told.map(|endpoint| endpoint.port()).or(listens.map(|address| address.port())),
        expires: Duration::from_secs(u64::from(config.realms.expire_days) * SECS_A_DAY),
        presence: config.realms.presence,
    };
    let clock = Arc::new(SystemClock::default());
    let links = Links::open(
        Arc::clone(engine),
        Arc::clone(store),
        Arc::new(Client::new()?),
        clock,
        settings,
    );
    let links = links.await.context("cannot open the links to other realms")?;
    engine.link_by(&(Arc::clone(&links) as Arc<dyn Realms>));
    Ok(links)
}

/// What other realms ask.
pub(crate) fn routes(links: &Arc<Links>) -> Router {
    let path = format!("{}{{*rest}}", wire::ROOT);
    Router::new().route(&path, any(answer)).with_state(Arc::clone(links))
}

async fn answer(
    State(links): State<Arc<Links>>,
    Extension(peer): Extension<kabar_api::Peer>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, REQUEST_BYTES_MAX).await else {
        return said(StatusCode::PAYLOAD_TOO_LARGE, Body::empty());
    };
    let asked = link::Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: joined(&head.headers),
        body,
        from: peer.address,
    };
    let Answer { status, content_type, headers, body } = links.answer(&asked).await;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = said(status, body.into());
    let all = headers.into_iter().chain([("content-type", content_type.to_owned())]);
    for (name, value) in all {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn said(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// Headers as text; one that came twice is one text with a comma, and what is no text is left out.
fn joined(headers: &HeaderMap) -> HashMap<String, String> {
    let mut all: HashMap<String, String> = HashMap::new();
    for (name, value) in headers {
        let Ok(value) = value.to_str() else { continue };
        all.entry(name.as_str().to_owned())
            .and_modify(|known| {
                known.push_str(", ");
                known.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
    }
    all
}
