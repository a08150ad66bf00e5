//! Events over a WebSocket (RFC 6455): what happens, from where a client left off.

mod frame;
mod missed;
mod stream;
mod streams;

use axum::Extension;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{State, WebSocketUpgrade};
use axum::response::Response;
use kabar_model::Arrival;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::Query;
use crate::problem::{Answer, Code, Problem};
use crate::site::Held;
use crate::text::Text;

pub(crate) use frame::{Asked, Frame};
pub(crate) use streams::Streams;

/// The longest frame that a client may send.
const FRAME_BYTES_MAX: usize = 16 * 1024;
/// What each stream reads into: it is held for as long as the stream lasts.
const BUFFER_BYTES: usize = 2 * 1024;

#[derive(Deserialize, IntoParams)]
pub(crate) struct Wanted {
    /// The last position that was told: what came after it is told first.
    since: Option<String>,
}

/// Hear what happens, over a WebSocket
#[utoipa::path(get, path = "/events", tag = "events", params(Wanted),
    responses((status = 101, description = "Text frames of JSON from here on: `Event` from the server, `EventRequest` from the client.")))]
pub(crate) async fn events(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(Wanted { since }): Query<Wanted>,
    held: Option<Extension<Held>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Answer<Response> {
    let upgrade = upgrade.map_err(|_| Problem::new(Code::BadRequest, Text::BadRequest))?;
    let counted = api.streams.count(caller.user())?;
    // What is no position of ours is too far behind.
    let since = since.filter(|since| !since.is_empty());
    let since = since.map(|since| position(&since).unwrap_or(Arrival(i64::MAX)));
    let upgrade = upgrade.max_message_size(FRAME_BYTES_MAX).max_frame_size(FRAME_BYTES_MAX);
    // Clients say little, and what is said to them leaves at once.
    let upgrade = upgrade.read_buffer_size(BUFFER_BYTES).write_buffer_size(0);
    // The stop of the server waits for it.
    let running = api.site.tasks.token();
    Ok(upgrade.on_upgrade(async move |socket| {
        stream::serve(api, caller, since, socket).await;
        drop((running, held, counted));
    }))
}

fn position(text: &str) -> Option<Arrival> {
    let number: i64 = text.strip_prefix('p')?.parse().ok()?;
    (number >= 0).then_some(Arrival(number))
}
