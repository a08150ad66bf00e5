//! How the realm is, and which limits hold.

use axum::extract::State;
use kabar_engine::{RegistrationPolicy, Settings};
use kabar_model::limits::BODY_BYTES_MAX;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::Json;
use crate::problem::Answer;
use crate::uploads::UPLOADS_EACH_MAX;

const DAY_SECS: u64 = 24 * 60 * 60;

/// How the realm is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Overview {
    /// The version of the server.
    version: &'static str,
    /// How long it has been running, in seconds.
    uptime_s: u64,
    /// Accounts, those that are disabled among them.
    users: u64,
    /// Those who are active.
    active: usize,
    /// Clients that hear events.
    streams: usize,
    /// Messages that were ever stored, edits and the like among them.
    messages: u64,
    /// What holds.
    limits: Vec<Limit>,
}

/// A limit or a rule that holds.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LimitInForce)]
pub(crate) struct Limit {
    /// What it is called.
    name: &'static str,
    /// Its value.
    value: Value,
    /// What it is counted in.
    #[schema(required)]
    unit: Option<&'static str>,
    /// The setting that changes it; `null` where none does.
    #[schema(required)]
    setting: Option<&'static str>,
}

/// The value of a limit.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = LimitValue)]
pub(crate) enum Value {
    /// A number.
    Number(u64),
    /// A word.
    Word(&'static str),
}

/// How the realm is, for an administrator of it
#[utoipa::path(get, path = "/admin/overview", tag = "admin", responses((status = 200, body = Overview)))]
pub(crate) async fn overview(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
) -> Answer<Json<Overview>> {
    let by = api.engine.administer(&caller).await?;
    let totals = api.engine.totals(by).await?;
    Ok(Json(Overview {
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: totals.uptime.as_secs(),
        users: totals.users,
        active: totals.active,
        streams: totals.streams,
        messages: totals.messages,
        limits: limits(api.engine.settings()),
    }))
}

fn limits(settings: &Settings) -> Vec<Limit> {
    let number = |name, value, unit, setting| {
        let (value, unit, setting) = (Value::Number(value), Some(unit), setting);
        Limit { name, value, unit, setting }
    };
    let registration = match settings.registration {
        RegistrationPolicy::Open => "open",
        RegistrationPolicy::Invite => "invite",
        RegistrationPolicy::Closed => "closed",
    };
    let chars_min = settings.password_chars_min as u64;
    let idle_days = settings.session_idle.as_secs() / DAY_SECS;
    let active_minutes = settings.active.as_secs() / 60;
    vec![
        Limit {
            name: "registration",
            value: Value::Word(registration),
            unit: None,
            setting: Some("accounts.registration"),
        },
        number("password_min", chars_min, "characters", Some("accounts.min_password_length")),
        number("session_idle", idle_days, "days", Some("sessions.idle_days")),
        number("active", active_minutes, "minutes", Some("sessions.active_minutes")),
        number("file", settings.file_bytes_max, "bytes", Some("files.max_size")),
        number("file_inline", settings.file_inline_bytes_max, "bytes", Some("files.inline_max")),
        number("uploads_each", UPLOADS_EACH_MAX as u64, "uploads", None),
        number("text", BODY_BYTES_MAX as u64, "bytes", None),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_that_is_named_is_one() {
        let page = include_str!("../../../../../docs/operating.md");
        let settings = Settings::new(kabar_model::RealmName::parse("kampus").unwrap());
        let named = limits(&settings).into_iter().filter_map(|limit| limit.setting);
        let named: Vec<&str> = named.collect();
        assert!(named.len() >= 6);
        for setting in named {
            assert!(page.contains(&format!("\n| `{setting}` | ")), "{setting}");
        }
    }
}
