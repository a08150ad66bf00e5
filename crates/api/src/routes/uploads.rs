//! Uploads: contents on their way in, in as many requests as it takes.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use futures_util::StreamExt;
use kabar_model::{FileName, Refusal};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Json, Path, slow};
use crate::problem::{Answer, Code, Problem, UPLOAD_OFFSET};
use crate::text::Text;
use crate::uploads::Sending;

/// How long the next piece of a body may take.
const PIECE_SECS_MAX: u64 = 60;

/// A file that is to come.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewUpload {
    /// Its name.
    name: String,
    /// How many bytes it has.
    size: u64,
}

/// An upload that has begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct Begun {
    /// Its id.
    id: String,
    /// How far it is: 0.
    offset: u64,
}

/// How far an upload is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Offset {
    /// In bytes.
    offset: u64,
}

/// An upload.
#[derive(Serialize, ToSchema)]
pub(crate) struct Upload {
    /// Its id.
    id: String,
    /// How far it is.
    offset: u64,
    /// How many bytes it is to have.
    size: u64,
}

/// Begin to upload a file
#[utoipa::path(post, path = "/uploads", tag = "files", responses((status = 201, body = Begun)))]
pub(crate) async fn begin(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(NewUpload { name, size }): Json<NewUpload>,
) -> Answer<(StatusCode, Json<Begun>)> {
    let bytes_max = api.engine.settings().file_bytes_max;
    if size > bytes_max {
        return Err(Problem::too_large(bytes_max));
    }
    let name = FileName::clean(&name)?;
    let upload = api.engine.upload(Some(&caller));
    let id = api.uploads.begin(caller.user(), (name, size), upload, &api)?;
    Ok((StatusCode::CREATED, Json(Begun { id: id.to_string(), offset: 0 })))
}

/// How far an upload is
#[utoipa::path(get, path = "/uploads/{id}", tag = "files", responses((status = 200, body = Upload)))]
pub(crate) async fn stands(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Answer<Json<Upload>> {
    let entry = api.uploads.find(caller.user(), &id)?;
    Ok(Json(Upload { id, offset: entry.offset(), size: entry.size }))
}

/// Send the next bytes of an upload, from where it stands; what came is kept when the connection breaks
#[utoipa::path(patch, path = "/uploads/{id}", tag = "files",
    params(("Upload-Offset" = u64, Header, description = "Where the body begins in the file.")),
    request_body(content_type = "application/octet-stream", content = Vec<u8>),
    responses((status = 200, body = Offset)))]
pub(crate) async fn send(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Json<Offset>> {
    let entry = api.uploads.find(caller.user(), &id)?;
    let offset: Option<u64> = headers
        .get(&UPLOAD_OFFSET)
        .and_then(|offset| offset.to_str().ok())
        .and_then(|offset| offset.parse().ok());
    let offset = offset.ok_or_else(|| Problem::missing("Upload-Offset"))?;
    // Of two requests the newer one is meant: the other's connection may be dead without knowing.
    entry.newer.notify_waiters();
    let newer = entry.newer.notified();
    tokio::pin!(newer);
    newer.as_mut().enable();
    let sending = Sending::to(&entry).await;
    let unknown = || Problem::new(Code::FileUnknown, Text::UploadUnknown);
    if entry.is_given_up() {
        return Err(unknown());
    }
    let mut size = sending.size().ok_or_else(unknown)?;
    if offset != size {
        return Err(Problem::upload_stands_at(size));
    }
    // Refused by what the head says of it, before any of it is read.
    if body.size_hint().lower() > entry.size - size {
        return Err(Problem::too_large(entry.size));
    }
    // A task of its own: a piece that has come is written to its end, whether somebody waits or not.
    let (queue, queued) = mpsc::channel(1);
    let writing = api.site.tasks.spawn(sending.take(queued));
    let came = tokio::select! {
        biased;
        () = newer => Ok(false),
        came = pass_on(body, entry.size - size, queue) => came.map(|()| true),
    };
    let written = writing.await.map_err(kabar_engine::Error::failed)?;
    if let Err(error) = written {
        if error.refusal() != Some(&Refusal::Busy) {
            api.uploads.give_up(&id);
        }
        return Err(error.into());
    }
    size = entry.offset();
    match came {
        Ok(true) => Ok(Json(Offset { offset: size })),
        Ok(false) if entry.is_given_up() => Err(unknown()),
        Ok(false) => Err(Problem::upload_stands_at(size)),
        Err(Stopped::TooLarge) => Err(Problem::too_large(entry.size)),
        Err(Stopped::Slow) => Err(slow()),
        // The client asks how far it got and goes on.
        Err(Stopped::Broken) => Err(Problem::new(Code::BadRequest, Text::BadRequest)),
    }
}

/// Why no more of a body is taken.
enum Stopped {
    TooLarge,
    Slow,
    /// The connection broke.
    Broken,
}

/// Passes a body on while somebody takes it, of no more than so many bytes.
async fn pass_on(body: Body, mut room: u64, queue: mpsc::Sender<Bytes>) -> Result<(), Stopped> {
    let mut pieces = body.into_data_stream();
    loop {
        let next = tokio::time::timeout(Duration::from_secs(PIECE_SECS_MAX), pieces.next());
        let Some(piece) = next.await.map_err(|_| Stopped::Slow)? else { return Ok(()) };
        let piece = piece.map_err(|_| Stopped::Broken)?;
        room = room.checked_sub(piece.len() as u64).ok_or(Stopped::TooLarge)?;
        if queue.send(piece).await.is_err() {
            return Ok(());
        }
    }
}

/// Give an upload up
#[utoipa::path(delete, path = "/uploads/{id}", tag = "files", responses((status = 204)))]
pub(crate) async fn give_up(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    api.uploads.find(caller.user(), &id)?;
    api.uploads.give_up(&id);
    api.engine.sweep_refused().await;
    Ok(StatusCode::NO_CONTENT)
}
