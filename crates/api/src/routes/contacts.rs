//! Contacts.

use axum::extract::State;
use axum::http::StatusCode;
use kabar_model::{Address, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Json, Path};
use crate::objects::User;
use crate::problem::Answer;

/// One's contacts.
#[derive(Serialize, ToSchema)]
pub(crate) struct Contacts {
    /// In the order of adding.
    contacts: Vec<Contact>,
}

/// A contact.
#[derive(Serialize, ToSchema)]
pub(crate) struct Contact {
    /// `user`, or `user@realm`.
    address: String,
    /// The person, if known here.
    #[schema(required)]
    user: Option<User>,
}

/// One's contacts
#[utoipa::path(get, path = "/contacts", tag = "contacts", responses((status = 200, body = Contacts)))]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
) -> Answer<Json<Contacts>> {
    let mut contacts = Vec::new();
    for address in api.engine.contacts(&caller).await? {
        let username = api.engine.kept_as(&address).await?;
        let user = api.engine.person(&caller, &username).await.ok();
        let user = user.map(|user| api.user(&user));
        contacts.push(Contact { address: address.to_string(), user });
    }
    Ok(Json(Contacts { contacts }))
}

/// Add a contact
#[utoipa::path(put, path = "/contacts/{address}", tag = "contacts", responses((status = 204)))]
pub(crate) async fn add(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(address): Path<String>,
) -> Answer<StatusCode> {
    let address = Address::parse(&address).map_err(|_| Refusal::UserUnknown)?;
    api.engine.person_at(&caller, &address).await?;
    api.engine.add_contacts(&caller, &[address]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a contact out
#[utoipa::path(delete, path = "/contacts/{address}", tag = "contacts", responses((status = 204)))]
pub(crate) async fn remove(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(address): Path<String>,
) -> Answer<StatusCode> {
    let address = Address::parse(&address).map_err(|_| Refusal::UserUnknown)?;
    // However its realm is called.
    let address = Address::kept(&api.engine.kept_as(&address).await?);
    api.engine.remove_contacts(&caller, &[address]).await?;
    Ok(StatusCode::NO_CONTENT)
}
