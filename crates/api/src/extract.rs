//! What a request says: its body, its query and the parts of its path, with problems instead of axum's own words.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::{Answer, Code, Problem};
use crate::text::Text;

/// The longest body that is not a file's contents.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;
/// How long it may take to come, in seconds.
const BODY_SECS_MAX: u64 = 30;

/// JSON, in a request or an answer.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Answer<Self> {
        if !is_json(request.headers()) {
            return Err(Problem::new(Code::NotJson, Text::NotJson)
                .status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        parse(&whole(request.into_body()).await?).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response(),
            Err(error) => Problem::from(kabar_engine::Error::failed(error)).into_response(),
        }
    }
}

pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

/// A body that is short and comes in time.
pub(crate) async fn whole(body: Body) -> Answer<Bytes> {
    let read = to_bytes(body, BODY_BYTES_MAX);
    match tokio::time::timeout(Duration::from_secs(BODY_SECS_MAX), read).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // What else breaks the reading of a body breaks the connection, too.
        Ok(Err(_)) => Err(Problem::too_large(BODY_BYTES_MAX as u64)),
        Err(_) => Err(slow()),
    }
}

/// The body did not come in time.
pub(crate) fn slow() -> Problem {
    Problem::new(Code::BadRequest, Text::Slow).status(StatusCode::REQUEST_TIMEOUT)
}

pub(crate) fn parse<T: DeserializeOwned>(json: &[u8]) -> Answer<T> {
    let read = &mut serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut *read).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "body" } else { path.as_str() };
        let inner = error.inner();
        if !inner.is_data() {
            return Problem::new(Code::NotJson, Text::NotJson);
        }
        match missing(&inner.to_string()) {
            Some(name) => Problem::missing(name),
            None => Problem::invalid(field),
        }
    })?;
    read.end().map_err(|_| Problem::new(Code::NotJson, Text::NotJson))?;
    Ok(value)
}

/// The field that serde misses, of which it says "missing field `name`".
fn missing(said: &str) -> Option<&str> {
    said.strip_prefix("missing field `")?.split('`').next()
}

/// What follows the question mark.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        let query = axum::extract::Query::try_from_uri(&parts.uri);
        query.map(|axum::extract::Query(query)| Self(query)).map_err(|error| {
            // "Failed to deserialize query string: limit: invalid digit found in string"
            let said = std::error::Error::source(&error).map(ToString::to_string);
            let said = said.unwrap_or_default();
            match missing(&said) {
                Some(field) => Problem::missing(field),
                None => Problem::invalid(said.split(':').next().unwrap_or("query")),
            }
        })
    }
}

/// The parts of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        let path = path.map_err(|_: PathRejection| Problem::not_found())?;
        Ok(Self(path.0))
    }
}
