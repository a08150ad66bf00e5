//! The realm, for everybody.

use axum::extract::State;
use kabar_engine::RegistrationPolicy;
use kabar_model::limits::BODY_BYTES_MAX;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::extract::Json;

/// The realm.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "so it is called in the answer")]
pub(crate) struct Realm {
    /// Its name.
    realm: String,
    /// The version of the server.
    version: &'static str,
    /// Who may make an account.
    registration: RegistrationName,
    /// What is not taken when it is more.
    limits: Limits,
    /// Whether it waits for its first administrator.
    setup: bool,
    /// Accounts that everybody may use, in a demo; else `null`.
    #[schema(required)]
    demo: Option<DemoAccounts>,
}

/// The accounts of a demo.
#[derive(Serialize, ToSchema)]
pub(crate) struct DemoAccounts {
    /// Their usernames.
    people: Vec<String>,
    /// The password of them all.
    password: String,
}

/// Who may make an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Registration)]
pub(crate) enum RegistrationName {
    /// Anyone.
    Open,
    /// Who has an invitation to a group.
    Invite,
    /// Nobody but the operator.
    Closed,
}

/// Limits.
#[derive(Serialize, ToSchema)]
pub(crate) struct Limits {
    /// The text of a message.
    text_bytes: usize,
    /// A file.
    file_bytes: u64,
}

/// The realm, its limits, and who may make an account
#[utoipa::path(get, path = "/realm", tag = "realm", security(()), responses((status = 200, body = Realm)))]
pub(crate) async fn realm(State(api): State<Api>) -> Json<Realm> {
    let settings = api.engine.settings();
    Json(Realm {
        realm: settings.realm.to_string(),
        version: env!("CARGO_PKG_VERSION"),
        registration: match settings.registration {
            RegistrationPolicy::Open => RegistrationName::Open,
            RegistrationPolicy::Invite => RegistrationName::Invite,
            RegistrationPolicy::Closed => RegistrationName::Closed,
        },
        limits: Limits { text_bytes: BODY_BYTES_MAX, file_bytes: settings.file_bytes_max },
        setup: api.engine.awaits_set_up(),
        demo: api
            .site
            .place
            .demo
            .clone()
            .map(|demo| DemoAccounts { people: demo.people, password: demo.password }),
    })
}
