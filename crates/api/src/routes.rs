//! The table of routes: what is under `/api/v1`, a file a family.

mod accounts;
mod admin;
mod contacts;
mod conversations;
mod files;
mod groups;
mod hooks;
mod invitations;
mod me;
mod members;
mod messages;
mod people;
mod realm;
mod realms;
mod rooms;
mod search;
mod sessions;
mod tokens;
mod uploads;

use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::Api;
use crate::events;

/// The routes, and what they say of themselves.
pub(crate) fn all(about: OpenApi) -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(about)
        .routes(routes!(realm::realm))
        .routes(routes!(accounts::register))
        .routes(routes!(accounts::set_up))
        .routes(routes!(sessions::sign_in, sessions::list, sessions::end_all))
        .routes(routes!(sessions::end_current))
        .routes(routes!(sessions::further))
        .routes(routes!(sessions::end))
        .routes(routes!(me::me, me::change))
        .routes(routes!(me::password))
        .routes(routes!(people::find))
        .routes(routes!(people::person))
        .routes(routes!(conversations::list, conversations::open))
        .routes(routes!(conversations::one, conversations::change))
        .routes(routes!(conversations::read))
        .routes(routes!(conversations::typing))
        .routes(routes!(messages::page, messages::post))
        .routes(routes!(messages::edit, messages::delete))
        .routes(routes!(messages::react, messages::unreact))
        .routes(routes!(messages::waiting))
        .routes(routes!(messages::forget))
        .routes(routes!(members::list, members::add))
        .routes(routes!(members::change, members::remove))
        .routes(routes!(invitations::list, invitations::create))
        .routes(routes!(invitations::revoke))
        .routes(routes!(invitations::look, invitations::join))
        .routes(routes!(hooks::list, hooks::create))
        .routes(routes!(hooks::remove))
        .routes(routes!(hooks::post))
        .routes(routes!(groups::list, groups::create))
        .routes(routes!(groups::join))
        .routes(routes!(rooms::list))
        .routes(routes!(rooms::people))
        .routes(routes!(uploads::begin))
        .routes(routes!(uploads::stands, uploads::send, uploads::give_up))
        .routes(routes!(files::contents))
        .routes(routes!(files::contents_by_name))
        .routes(routes!(contacts::list))
        .routes(routes!(contacts::add, contacts::remove))
        .routes(routes!(search::search))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::dismiss))
        .routes(routes!(realms::list, realms::add))
        .routes(routes!(realms::invite))
        .routes(routes!(realms::remove))
        .routes(routes!(realms::accept))
        .routes(routes!(realms::block))
        .routes(routes!(realms::checks))
        .routes(routes!(admin::overview::overview))
        .routes(routes!(admin::list, admin::create))
        .routes(routes!(admin::change))
        .routes(routes!(admin::password))
        .routes(routes!(admin::end_sessions))
        .routes(routes!(events::events))
}
