//! Answering other realms. Sizes are looked at first, then the signature, then what is said.

use std::collections::HashMap;
use std::net::IpAddr;

use bytes::Bytes;
use kabar_engine::store::links::{Link, Standing};
use kabar_engine::{Error, Result};
use kabar_model::{GroupCode, RealmName, Seq, Username, Visibility};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::{debug, warn};

use super::Links;
use super::ask::stated_keys;
use crate::keys::SignatureBytes;
use crate::random;
use crate::signature::{
    FROM_HEADER, Fault, NONCES_MAX, ReceivedHeaders, ReceivedRequest, ReplayGuard, ResponseParts,
    Verified, sign_response, verify_request,
};
use crate::wire::{self, BYTES, Batch, Found, Hello, JSON, LookUp, Problem, Pull, Read, ReadOn};

/// The longest body of a request that is read: a batch of one item that is as long as can be, and its frame.
pub const REQUEST_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The longest hello, which is read before it can be believed.
const HELLO_BYTES_MAX: usize = 16 * 1024;

/// Messages in one answer to who reads on.
const READ_ON_MESSAGES: usize = 100;

/// A request as it came. A header that came twice is one text with a comma.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path, as it came.
    pub path: String,
    /// What followed the `?`, as it came.
    pub query: String,
    /// The headers, their names in lower case.
    pub headers: HashMap<String, String>,
    /// The body, all of it.
    pub body: Bytes,
    /// Where it came from.
    pub from: IpAddr,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The headers beside that.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
}

/// A no, and its status.
pub(super) struct No(pub(super) u16, pub(super) &'static str);

/// What is said, before it is signed.
pub(super) type Said = std::result::Result<(&'static str, Bytes), No>;

pub(super) fn json(body: &impl Serialize) -> Result<Said> {
    Ok(Ok((JSON, serde_json::to_vec(body).map_err(Error::failed)?.into())))
}

impl Links {
    /// Answers a request under `/realm/v1/`.
    pub async fn answer(&self, request: &Request) -> Answer {
        match self.try_answer(request).await {
            Ok(answer) => answer,
            Err(error) => {
                warn!(%error, path = request.path, "a realm's request failed");
                unsigned(500, "failed", None)
            }
        }
    }

    async fn try_answer(&self, request: &Request) -> Result<Answer> {
        if request.body.len() > REQUEST_BYTES_MAX {
            return Ok(unsigned(413, "too_large", None));
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", wire::WHO) => {
                let who = serde_json::to_vec(&self.me.lock().identity()).map_err(Error::failed)?;
                let (status, content_type, headers) = (200, JSON, Vec::new());
                Ok(Answer { status, content_type, headers, body: who.into() })
            }
            ("POST", wire::HELLO) => self.answer_hello(request).await,
            ("POST", wire::ITEMS | wire::PULL | wire::LOOK_UP | wire::READ_ON | wire::ECHO)
            | ("GET", wire::FILE) => self.answer_signed(request).await,
            _ => Ok(unsigned(404, "not_found", None)),
        }
    }

    async fn answer_signed(&self, request: &Request) -> Result<Answer> {
        let links = self.kept()?.links().await?;
        let key = |realm: &RealmName, id: &_| {
            let link = links.iter().find(|link| link.own_name == *realm)?;
            let stated = stated_keys(&link.keys, self.clock.now());
            stated.iter().map(|stated| stated.key).find(|key| key.id() == *id)
        };
        let verified = verify_request(&received(request), self.us(), key, self.now_secs());
        let verified = match verified {
            Ok(verified) => verified,
            Err(fault) => return self.not_believed(request, fault),
        };
        let Some(link) = links.iter().find(|link| link.own_name == verified.from) else {
            return Ok(unsigned(401, "key", None));
        };
        let said = if let Err(no) = self.admit(link, &verified) {
            Err(no)
        } else {
            self.heard_of(link).await?;
            if matches!(request.path.as_str(), wire::ITEMS | wire::PULL) {
                self.agreed(link).await?;
            }
            match self.say(link, request).await {
                // The link was ended meanwhile.
                Err(Error::Refused(_)) => Err(No(403, "removed")),
                said => said?,
            }
        };
        self.signed(said, &verified.from, &verified.signature_bytes)
    }

    /// A request that is not believed. Only to who has signed it well with a wrong clock is it worth to sign an answer.
    pub(super) fn not_believed(&self, request: &Request, fault: Fault) -> Result<Answer> {
        debug!(path = request.path, from = %request.from, %fault, "a request that is not believed");
        let from = request.headers.get(FROM_HEADER).and_then(|name| RealmName::parse(name).ok());
        match (fault, from) {
            (Fault::Clock { signature_bytes, .. }, Some(from)) => {
                self.signed(Err(No(401, "clock")), &from, &signature_bytes)
            }
            (fault, _) => Ok(unsigned(401, fault.code(), None)),
        }
    }

    /// Whether this came before, and whether the link may say anything.
    fn admit(&self, link: &Link, verified: &Verified) -> std::result::Result<(), No> {
        let mut replays = self.replays.lock();
        let guard = replays.entry(link.id).or_insert_with(|| ReplayGuard::new(NONCES_MAX));
        match guard.admit(verified, self.now_secs()) {
            Ok(()) => {}
            Err(Fault::Busy) => return Err(No(429, "busy")),
            Err(_) => return Err(No(401, "replayed")),
        }
        match link.standing {
            Standing::Linked | Standing::Asked => Ok(()),
            Standing::Waiting => Err(No(403, "waiting")),
            Standing::Blocked | Standing::Changed => Err(No(403, "blocked")),
            Standing::Removed => Err(No(403, "removed")),
        }
    }

    /// A realm that was asked and comes with items has agreed.
    async fn agreed(&self, link: &Link) -> Result<()> {
        if link.standing == Standing::Asked && self.linked(link).await? {
            self.changed.notify_one();
        }
        Ok(())
    }

    async fn say(&self, link: &Link, request: &Request) -> Result<Said> {
        const INVALID: Said = Err(No(400, "invalid"));
        match request.path.as_str() {
            wire::ITEMS => {
                let Some(batch) = body::<Batch>(request) else { return Ok(INVALID) };
                match self.take(link, batch).await? {
                    Ok(ack) => json(&ack),
                    Err(no) => Ok(Err(no)),
                }
            }
            wire::PULL => match body::<Pull>(request) {
                Some(pull) => json(&self.pulled(link, &pull).await?),
                None => Ok(INVALID),
            },
            wire::LOOK_UP => match body::<LookUp>(request) {
                Some(LookUp::Group(_)) if !self.may_ask_for_a_group(link) => {
                    Ok(Err(No(429, "busy")))
                }
                Some(wish) => json(&self.look_up(&wish).await?),
                None => Ok(INVALID),
            },
            wire::READ_ON => match body(request) {
                Some(wish) => self.say_on(link, &wish).await,
                None => Ok(INVALID),
            },
            wire::FILE => Ok(match self.part(link, &request.query).await? {
                Ok(part) => Ok((BYTES, part)),
                Err("not_yet") => Err(No(503, "not_yet")),
                Err("invalid") => Err(No(400, "invalid")),
                Err(code) => Err(No(404, code)),
            }),
            _ => Ok(Ok((JSON, Bytes::from_static(b"{}")))),
        }
    }

    fn may_ask_for_a_group(&self, link: &Link) -> bool {
        self.paces.lock().admit_groups(link.id, 1, self.clock.elapsed())
    }

    async fn look_up(&self, wish: &LookUp) -> Result<Found> {
        let name = match wish {
            LookUp::User(name) => match Username::parse(name) {
                Ok(name) => {
                    let account = self.store.account(&name).await?;
                    let user = account.map(|account| account.user).filter(|user| !user.disabled);
                    user.map(|user| user.name.as_str().to_owned())
                }
                Err(_) => None,
            },
            LookUp::Group(name) => {
                let group = self.store.group(name.trim()).await?;
                let group = group.filter(|group| {
                    let by_code = GroupCode::parse(name.trim()) == Some(group.code);
                    let is_of_home = !group.name.as_str().contains('@');
                    is_of_home && (by_code || group.visibility == Visibility::Public)
                });
                group.map(|group| group.name.as_str().to_owned())
            }
        };
        Ok(Found { found: name.is_some(), name })
    }

    async fn say_on(&self, link: &Link, wish: &ReadOn) -> Result<Said> {
        let Ok(conversation) = wish.to.read() else { return Ok(Err(No(400, "invalid"))) };
        let (after, kept) = (Seq(wish.after.max(0)), self.kept()?);
        let carried = match kept.read_on(link.id, &conversation, after, READ_ON_MESSAGES).await {
            Ok(carried) => carried,
            Err(Error::Refused(_)) => return Ok(Err(No(403, "not_member"))),
            Err(error) => return Err(error),
        };
        let (mut items, mut bytes) = (Vec::new(), 0);
        for carried in &carried {
            let item = self.message(carried);
            let item = serde_json::value::to_raw_value(&item).map_err(Error::failed)?;
            bytes += item.get().len();
            if bytes > kabar_model::limits::BATCH_BYTES_MAX && !items.is_empty() {
                break;
            }
            items.push(item);
        }
        let whole = carried.len() < READ_ON_MESSAGES && items.len() == carried.len();
        json(&Read { items, whole })
    }

    /// Signs an answer for who asked.
    pub(super) fn signed(
        &self,
        said: Said,
        to: &RealmName,
        request_signature: &SignatureBytes,
    ) -> Result<Answer> {
        let (status, content_type, body) = match said {
            Ok((content_type, body)) => (200, content_type, body),
            Err(No(status, error)) => {
                let problem = Problem { error: error.to_owned(), now: Some(self.now_secs()) };
                (status, JSON, serde_json::to_vec(&problem).map_err(Error::failed)?.into())
            }
        };
        let (secret, _) = self.me.lock().key()?;
        let from = self.us();
        let parts = ResponseParts { status, content_type, body: &body, from, to };
        let nonce = random::bytes().map_err(Error::failed)?;
        let signed = sign_response(&secret, &parts, request_signature, self.now_secs(), nonce);
        let headers = signed.named(from, to).into();
        Ok(Answer { status, content_type, headers, body })
    }

    /// A hello brings the keys that it is signed with.
    async fn answer_hello(&self, request: &Request) -> Result<Answer> {
        if request.body.len() > HELLO_BYTES_MAX {
            return Ok(unsigned(413, "too_large", None));
        }
        let Ok(hello) = serde_json::from_slice::<Hello>(&request.body) else {
            return Ok(unsigned(400, "invalid", None));
        };
        if !hello.who.holds() {
            return Ok(unsigned(401, "key", None));
        }
        let key = |realm: &RealmName, id: &_| {
            let stated = hello.who.keys.iter().filter(|stated| stated.realm == *realm);
            stated.map(|stated| stated.key).find(|key| key.id() == *id)
        };
        let verified = verify_request(&received(request), self.us(), key, self.now_secs());
        let verified = match verified {
            Ok(verified) => verified,
            Err(fault) => return self.not_believed(request, fault),
        };
        let said = self.welcome(&hello, request.from).await?;
        self.signed(said, &verified.from, &verified.signature_bytes)
    }
}

fn body<T: DeserializeOwned>(request: &Request) -> Option<T> {
    serde_json::from_slice(&request.body).ok()
}

fn received(request: &Request) -> ReceivedRequest<'_> {
    ReceivedRequest {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: ReceivedHeaders::among(&request.headers),
        body: &request.body,
    }
}

fn unsigned(status: u16, error: &str, now: Option<i64>) -> Answer {
    let problem = Problem { error: error.to_owned(), now };
    let body = serde_json::to_vec(&problem).unwrap_or_default().into();
    Answer { status, content_type: JSON, headers: Vec::new(), body }
}
