//! What `kabar doctor` asks of the server, and what it answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use kabar_catalogue::Lang;
use kabar_engine::store::links::Link;
use kabar_engine::{Check, Engine, Operator, Realms, Result};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::machine::files;
use crate::config::Listen;
use crate::control::Asked;
use crate::realms::{Linked, linked};
use crate::text::Text;

/// Links that are looked into at a time.
pub(super) const LINKS_AT_ONCE: usize = 16;
/// How long looking into one may take.
const LINK_SECS_MAX: u64 = 60;

/// What the doctor wants to know.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "doctor", rename_all = "kebab-case")]
pub(crate) enum Request {
    Server,
    Names,
    Links { names: Vec<String> },
}

/// What it is told.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    Server(ServerFound),
    Names(Vec<String>),
    Links(Vec<LinkFound>),
    Failed { reason: String },
}

impl Answer {
    /// What is said of an answer that is not the one.
    pub(super) fn failure(&self, lang: Lang) -> String {
        let reason = match self {
            Self::Failed { reason } => reason.as_str(),
            Self::Server(_) | Self::Names(_) | Self::Links(_) => "an answer to another question",
        };
        Text::Refused.say(lang, &[("reason", reason)])
    }
}

/// What the server says of itself.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct ServerFound {
    pub(super) version: String,
    pub(super) realm: String,
    /// How many files it may open.
    pub(super) files: u64,
    /// Why the database does not answer, if it does not.
    pub(super) database: Option<String>,
    pub(super) listeners: Vec<Listen>,
}

/// What it found in a link.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct LinkFound {
    pub(super) link: Linked,
    pub(super) checks: Vec<Step>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Step {
    pub(super) what: String,
    pub(super) is_well: Option<bool>,
    pub(super) code: String,
    pub(super) values: BTreeMap<String, String>,
}

/// What only the server's process knows.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) listeners: Vec<Listen>,
}

/// Answers the doctor.
pub(crate) async fn carry_out(asked: &Asked, request: Request) -> impl Serialize + use<> {
    match try_carry_out(asked, request).await {
        Ok(answer) => answer,
        Err(error) => {
            warn!(%error, "the doctor's question failed");
            Answer::Failed { reason: error.to_string() }
        }
    }
}

async fn try_carry_out(asked: &Asked, request: Request) -> Result<Answer> {
    let engine = &asked.engine;
    Ok(match request {
        Request::Server => Answer::Server(ServerFound {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            realm: engine.settings().realm.to_string(),
            files: files(),
            database: engine.check().await.err().map(|error| error.to_string()),
            listeners: asked.server.listeners.clone(),
        }),
        Request::Names => {
            let links = engine.links().await?.into_iter();
            Answer::Names(links.map(|link| link.name.to_string()).collect())
        }
        Request::Links { names } => Answer::Links(look_into(engine, &names).await?),
    })
}

async fn look_into(engine: &Engine, names: &[String]) -> Result<Vec<LinkFound>> {
    let realms = engine.realms(Operator::vouched())?;
    let mut links = engine.links().await?;
    links.retain(|link| {
        names.iter().any(|name| name == link.name.as_str() || name == link.own_name.as_str())
    });
    let looks = links.into_iter().map(|link| one(Arc::clone(&realms), link));
    let looked: Vec<_> = stream::iter(looks).buffered(LINKS_AT_ONCE).collect().await;
    looked.into_iter().collect()
}

async fn one(realms: Arc<dyn Realms>, link: Link) -> Result<LinkFound> {
    let patience = Duration::from_secs(LINK_SECS_MAX);
    let checks = match tokio::time::timeout(patience, realms.look_into(&link)).await {
        Ok(checks) => checks?.into_iter().map(step).collect(),
        Err(_) => vec![Step {
            what: "handshake".to_owned(),
            is_well: Some(false),
            code: "no_answer".to_owned(),
            values: BTreeMap::new(),
        }],
    };
    let fingerprint = realms.fingerprint(&link).await?;
    Ok(LinkFound { link: linked(&link, fingerprint), checks })
}

fn step(check: Check) -> Step {
    let (code, values) = check.found;
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value));
    Step {
        what: check.step.to_owned(),
        is_well: check.is_well,
        code: code.to_owned(),
        values: values.collect(),
    }
}
