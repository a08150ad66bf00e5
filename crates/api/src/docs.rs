//! What the API says of itself: an `OpenAPI` 3.1 document, and a page that people read.

mod page;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bytes::Bytes;
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, ResponseBuilder};

use crate::events::{Asked, Frame};
use crate::problem::Shown;

#[derive(OpenApi)]
#[openapi(
    info(title = "kabar", description = "The HTTP API of a kabar server.\n\nTimes are RFC 3339 in UTC, sizes in bytes, ids opaque. Numbers of messages count 1, 2, 3, … in each conversation."),
    components(schemas(Frame, Asked, Shown)),
    tags(
        (name = "realm", description = "The realm"),
        (name = "accounts", description = "Accounts"),
        (name = "sessions", description = "Sessions"),
        (name = "me", description = "Oneself"),
        (name = "people", description = "People"),
        (name = "conversations", description = "Conversations"),
        (name = "messages", description = "Messages"),
        (name = "files", description = "Files"),
        (name = "groups", description = "Groups"),
        (name = "rooms", description = "Rooms"),
        (name = "contacts", description = "Contacts"),
        (name = "search", description = "Searching"),
        (name = "realms", description = "Links to other realms"),
        (name = "programs", description = "Programs"),
        (name = "events", description = "Events"),
        (name = "admin", description = "Administration"),
    ),
    security(("bearer" = []), ("cookie" = [])),
    servers((url = "/api/v1")),
)]
struct About;

/// The document, before the routes are in it.
pub(crate) fn about() -> Document {
    let mut about = About::openapi();
    let components = about.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
        "kabar_session",
        "Over HTTPS `__Host-kabar_session`. With it, whatever is not GET or HEAD, and the WebSocket, bears an Origin whose host is that of Host.",
    ));
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    about
}

/// Where the description is read.
pub(crate) fn routes(mut about: Document) -> Router {
    for item in about.paths.paths.values_mut() {
        for operation in operations(item) {
            let schema = Ref::from_schema_name("Problem");
            let content = ContentBuilder::new().schema(Some(schema)).build();
            let refused = ResponseBuilder::new()
                .description("It is not granted.")
                .content("application/json", content)
                .build();
            operation.responses.responses.insert("default".to_owned(), RefOr::T(refused));
        }
    }
    let json = Bytes::from(about.to_json().unwrap_or_default());
    let html = Bytes::from(page::html(&about));
    let as_html = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    Router::new()
        .route(
            "/openapi.json",
            get(async move || ([(CONTENT_TYPE, "application/json; charset=utf-8")], json.clone())),
        )
        .route("/docs", get(async move || (as_html, html.clone())))
        .route(
            "/docs.css",
            get(async || ([(CONTENT_TYPE, "text/css; charset=utf-8")], page::STYLE)),
        )
}

fn operations(item: &mut utoipa::openapi::PathItem) -> impl Iterator<Item = &mut Operation> {
    let utoipa::openapi::PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}
