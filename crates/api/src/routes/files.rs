//! Contents of files, whole or in part (RFC 9110 §14).

use std::ops::Range;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use kabar_engine::Caller;
use kabar_model::{File, FileCode, Refusal};
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Path, Query};
use crate::objects::EXCEPT_UNRESERVED;
use crate::problem::{Answer, Problem};

/// What a file may do in a browser: be seen and heard, nothing else.
const FILE_POLICY: &str = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// Who may no longer read a file must not have it from here; asking whether it changed is cheap.
const KEPT: &str = "private, no-cache";

/// Pictures that cannot run anything.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

#[derive(Deserialize, IntoParams)]
pub(crate) struct Wanted {
    /// `1`: to be shown rather than saved, if it is a picture, a sound or a film.
    inline: Option<String>,
}

/// The contents of a file
#[utoipa::path(get, path = "/files/{code}", tag = "files", params(Wanted),
    responses((status = 200, content_type = "*/*"), (status = 206, content_type = "*/*"), (status = 304), (status = 416)))]
pub(crate) async fn contents(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path(code): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Answer<Response> {
    answer(&api, &caller, &code, &wanted, &headers).await
}

/// The contents of a file; the name is for people alone
#[utoipa::path(get, path = "/files/{code}/{name}", tag = "files", params(Wanted),
    responses((status = 200, content_type = "*/*"), (status = 206, content_type = "*/*"), (status = 304), (status = 416)))]
pub(crate) async fn contents_by_name(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Path((code, _name)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Answer<Response> {
    answer(&api, &caller, &code, &wanted, &headers).await
}

async fn answer(
    api: &Api,
    caller: &Caller,
    code: &str,
    wanted: &Wanted,
    headers: &HeaderMap,
) -> Answer<Response> {
    let code = FileCode::parse(code).ok_or(Refusal::FileUnknown)?;
    let written = code.to_string();
    let file = match api.engine.file(caller, &written).await {
        Err(error) if error.refusal() == Some(&Refusal::FileUnknown) => {
            match api.engine.file_in_room(caller, &written).await {
                Err(error) if error.refusal().is_some() => return Err(Refusal::FileUnknown.into()),
                found => found?,
            }
        }
        found => found?,
    };
    // People may give a name in place of a code; an address may not.
    if file.code != code {
        return Err(Refusal::FileUnknown.into());
    }
    let tag = format!("\"{}\"", file.hash);
    if asks_for(headers, &IF_NONE_MATCH, &tag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        insert(response.headers_mut(), ETAG, &tag);
        insert(response.headers_mut(), CACHE_CONTROL, KEPT);
        return Ok(response);
    }
    let is_same = !headers.contains_key(IF_RANGE) || asks_for(headers, &IF_RANGE, &tag);
    let range = headers.get(RANGE).filter(|_| is_same).and_then(|range| range.to_str().ok());
    let part = match range.map(|range| part(range, file.size)) {
        None | Some(Part::Whole) => None,
        Some(Part::Of(range)) => Some(range),
        Some(Part::None) => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            insert(response.headers_mut(), CONTENT_RANGE, &format!("bytes */{}", file.size));
            return Ok(response);
        }
    };
    let bytes = part.clone().unwrap_or(0..file.size);
    let contents = api.engine.contents_come(caller, &file, bytes.clone()).await?;
    let contents = contents.ok_or_else(Problem::not_yet)?;
    let mut response = Body::from_stream(contents).into_response();
    let inline = wanted.inline.as_deref() == Some("1") && may_be_shown(&file.media_type);
    let headers = response.headers_mut();
    insert(headers, CONTENT_LENGTH, &(bytes.end - bytes.start).to_string());
    insert(headers, CONTENT_TYPE, &content_type(&file));
    insert(headers, CONTENT_DISPOSITION, &disposition(&file, inline));
    insert(headers, ETAG, &tag);
    for (name, value) in
        [(ACCEPT_RANGES, "bytes"), (CACHE_CONTROL, KEPT), (CONTENT_SECURITY_POLICY, FILE_POLICY)]
    {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(Range { start, end }) = part {
        insert(headers, CONTENT_RANGE, &format!("bytes {start}-{}/{}", end - 1, file.size));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    headers.insert(name, HeaderValue::from_str(value).expect("it is made of visible ASCII"));
}

fn asks_for(headers: &HeaderMap, name: &HeaderName, tag: &str) -> bool {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(',').any(|known| matches!(known.trim(), "*") || known.trim() == tag)
}

fn may_be_shown(media_type: &str) -> bool {
    let is_sound_or_film = media_type.starts_with("audio/") || media_type.starts_with("video/");
    is_sound_or_film || PICTURES.contains(&media_type)
}

fn content_type(file: &File) -> String {
    match &*file.media_type {
        "text/plain" => "text/plain; charset=utf-8".to_owned(),
        media_type if HeaderValue::from_str(media_type).is_ok() => media_type.to_owned(),
        _ => "application/octet-stream".to_owned(),
    }
}

/// How it is to be taken, and under which name (RFC 6266).
fn disposition(file: &File, inline: bool) -> String {
    let how = if inline { "inline" } else { "attachment" };
    let name = file.name.as_str();
    let plain: String = name
        .chars()
        .map(|c| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%') { c } else { '_' })
        .collect();
    format!(
        "{how}; filename=\"{plain}\"; filename*=UTF-8''{}",
        utf8_percent_encode(name, EXCEPT_UNRESERVED)
    )
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// All of it: nothing else was asked for, or something that is not understood.
    Whole,
    Of(Range<u64>),
    /// There is nothing there.
    None,
}

/// One range of bytes; who asks for several gets all of it.
fn part(range: &str, size: u64) -> Part {
    let Some((from, to)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'))
    else {
        return Part::Whole;
    };
    let (from, to) = (from.trim(), to.trim());
    let range = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to => from..to.saturating_add(1).min(size),
        (Ok(from), Err(_)) if to.is_empty() => from..size,
        (Err(_), Ok(last)) if from.is_empty() => size.saturating_sub(last)..size,
        _ => return Part::Whole,
    };
    if range.start < range.end { Part::Of(range) } else { Part::None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood_and_anything_else_is_all_of_it() {
        for (range, expected) in [
            ("bytes=0-0", Part::Of(0..1)),
            ("bytes=2-", Part::Of(2..10)),
            ("bytes=2-99", Part::Of(2..10)),
            ("bytes=-3", Part::Of(7..10)),
            ("bytes=-99", Part::Of(0..10)),
            ("bytes=10-", Part::None),
            ("bytes=99-100", Part::None),
            ("bytes=-0", Part::None),
            ("bytes=5-2", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=-", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("bytes=18446744073709551615-18446744073709551615", Part::None),
        ] {
            assert_eq!(part(range, 10), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Part::None);
    }

    #[test]
    fn what_could_run_is_never_shown() {
        for shown in ["image/png", "image/webp", "audio/mpeg", "video/mp4"] {
            assert!(may_be_shown(shown), "{shown}");
        }
        for saved in ["text/html", "image/svg+xml", "application/pdf", "text/plain", "text/xml"] {
            assert!(!may_be_shown(saved), "{saved}");
        }
    }
}
