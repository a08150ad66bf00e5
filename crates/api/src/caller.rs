//! Who asks: the owner of a token, shown as bearer or in a cookie.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE, SET_COOKIE, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::AppendHeaders;
use kabar_catalogue::Lang;
use kabar_engine::{Caller, Origin};
use kabar_model::{Refusal, SessionToken};
use percent_encoding::percent_decode_str;

use crate::api::Api;
use crate::host;
use crate::language;
use crate::problem::{Answer, Problem};
use crate::site::Peer;

/// The cookie with the token of the web app's session.
const COOKIE_NAME: &str = "kabar_session";
/// The same where the connection is encrypted: no other host, and nobody on the way, can set it for ours (RFC
/// 6265bis, cookie name prefixes).
const COOKIE_NAME_HTTPS: &str = "__Host-kabar_session";
/// Whom the client takes itself for, percent-encoded (RFC 3986). Pages share a cookie: when another person signs in
/// on one, the others must do nothing in their name.
const MEANT: HeaderName = HeaderName::from_static("kabar-user");
/// How long a browser keeps it, in seconds: as long as browsers keep any. The session may end before.
const COOKIE_SECS: u64 = 400 * 24 * 60 * 60;

/// Somebody who is signed in.
pub(crate) struct SignedIn(pub(crate) Reader);

/// Somebody who is shown something, and in which words.
#[derive(Clone)]
pub(crate) struct Reader {
    caller: Caller,
    pub(crate) lang: Lang,
}

impl Deref for Reader {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl FromRequestParts<Api> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Answer<Self> {
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        let token = if let Some(token) = bearer(&parts.headers) {
            token
        } else {
            let peer: Peer = parts.extensions.get().copied().unwrap_or_default();
            let token = session_cookie(&parts.headers, peer).ok_or_else(Problem::unauthorized)?;
            if !reads || parts.headers.contains_key(UPGRADE) {
                host::same_origin(parts, peer)?;
            }
            token
        };
        let token = SessionToken::parse(token).ok_or_else(Problem::unauthorized)?;
        let caller = api.engine.resume(token).await?;
        if let Some(meant) = parts.headers.get(&MEANT) {
            let meant =
                meant.to_str().ok().map(|name| percent_decode_str(name).decode_utf8_lossy());
            if meant.as_deref() != Some(caller.username().as_str()) {
                return Err(Problem::unauthorized());
            }
        }
        if !reads && !caller.writes() {
            return Err(Refusal::NotAllowed.into());
        }
        let lang = language::of(parts.headers.get(ACCEPT_LANGUAGE));
        Ok(Self(Reader { caller, lang }))
    }
}

/// Where a request comes from.
pub(crate) struct From(pub(crate) Peer);

impl From {
    pub(crate) fn origin(&self) -> Origin {
        Origin { address: self.0.address }
    }
}

impl<S: Sync> FromRequestParts<S> for From {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get().copied().unwrap_or_default()))
    }
}

/// The address at which the visitor sees this server, `http://host:port`.
pub(crate) struct Here(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for Here {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let peer: Peer = parts.extensions.get().copied().unwrap_or_default();
        let scheme = if peer.is_https { "https" } else { "http" };
        let host = host::asked_for(&parts.uri, &parts.headers).unwrap_or("localhost");
        Ok(Self(format!("{scheme}://{host}")))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let mut pairs =
        all.flat_map(|header| header.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
}

/// The token in the cookie. Over an encrypted connection the plain one does not count: another host could have set
/// it.
fn session_cookie(headers: &HeaderMap, peer: Peer) -> Option<&str> {
    cookie(headers, if peer.is_https { COOKIE_NAME_HTTPS } else { COOKIE_NAME })
}

/// The headers that give a browser the token, or take it away; the other cookie goes in any case.
pub(crate) fn set_cookie(
    token: Option<&str>,
    peer: Peer,
) -> AppendHeaders<Vec<(HeaderName, HeaderValue)>> {
    let (value, age) = token.map_or(("", 0), |token| (token, COOKIE_SECS));
    let cookies = if peer.is_https {
        vec![set(COOKIE_NAME_HTTPS, value, age, "; Secure"), set(COOKIE_NAME, "", 0, "; Secure")]
    } else {
        vec![set(COOKIE_NAME, value, age, ""), set(COOKIE_NAME_HTTPS, "", 0, "; Secure")]
    };
    AppendHeaders(cookies)
}

fn set(name: &str, value: &str, age: u64, secure: &str) -> (HeaderName, HeaderValue) {
    let cookie =
        format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={age}{secure}");
    (SET_COOKIE, HeaderValue::from_str(&cookie).expect("a token is plain ASCII"))
}
