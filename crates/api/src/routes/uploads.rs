//! Uploads: contents on their way in, in as many requests as it takes.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use futures_util::StreamExt;
use kabar_model::FileName;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Json, Path, slow};
use crate::problem::{Answer, Code, Problem, UPLOAD_OFFSET};
use crate::text::Text;
use crate::uploads::State as UploadState;

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
    let id = api.uploads.begin(caller.user(), (name, size), upload, &api.site)?;
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
    let mut state = entry.state.lock().await;
    let UploadState::Open(upload) = &mut *state else {
        return Err(Problem::new(Code::FileUnknown, Text::UploadUnknown));
    };
    if offset != upload.size() {
        return Err(Problem::upload_stands_at(upload.size()));
    }
    let mut pieces = body.into_data_stream();
    loop {
        let next = tokio::time::timeout(Duration::from_secs(PIECE_SECS_MAX), pieces.next());
        let piece = tokio::select! {
            biased;
            () = newer.as_mut() => return Err(Problem::upload_stands_at(upload.size())),
            piece = next => piece.map_err(|_| slow())?,
        };
        let Some(piece) = piece else { break };
        // The connection broke; the client asks how far it got and goes on.
        let piece = piece.map_err(|_| Problem::new(Code::BadRequest, Text::BadRequest))?;
        if upload.size() + piece.len() as u64 > entry.size {
            return Err(Problem::too_large(entry.size));
        }
        if let Err(error) = upload.write(piece).await {
            *state = UploadState::Over;
            api.uploads.give_up(&id);
            return Err(error.into());
        }
        entry.stands_at(upload.size());
    }
    Ok(Json(Offset { offset: upload.size() }))
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
    Ok(StatusCode::NO_CONTENT)
}
