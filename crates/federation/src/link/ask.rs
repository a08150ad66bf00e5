//! Asking another realm: a signed request, and an answer that must be signed for it.

use std::time::Duration;

use bytes::Bytes;
use kabar_engine::store::links::{Link, LinkChange, Reach};
use kabar_engine::{Error, Result};
use kabar_model::{RealmName, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::me::KEYS_OVERLAP;
use super::{CameBack, Links, Sent, Unreached};
use crate::keys::{KeyStatement, PublicKey};
use crate::random;
use crate::signature::{
    Asked, Fault, ReceivedHeaders, ReceivedResponse, RequestParts, sign_request, verify_response,
};
use crate::wire::{JSON, Problem};

/// How long an answer may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no answer that counts.
#[derive(Clone, Debug)]
pub(super) enum NoAnswer {
    /// Nothing came.
    Unreached(Unreached),
    /// What came is not to be believed.
    NotBelieved(Fault),
    /// The other realm says no.
    Refused(String),
    /// What came cannot be read.
    Unreadable,
}

impl NoAnswer {
    /// What it is called where it is kept.
    pub(super) fn code(&self) -> String {
        match self {
            Self::Unreached(unreached) => unreached.code().to_owned(),
            Self::NotBelieved(_) => "not_believed".to_owned(),
            Self::Refused(code) => code.clone(),
            Self::Unreadable => "unreadable".to_owned(),
        }
    }
}

/// Whom is asked.
pub(super) struct Whom<'a> {
    pub(super) reach: &'a Reach,
    pub(super) realm: &'a RealmName,
    /// The keys that it may sign with.
    pub(super) keys: Vec<PublicKey>,
    /// How far its clock is ahead of ours, in seconds.
    pub(super) clock_ahead: i64,
}

/// What is asked.
pub(super) struct What {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) query: String,
    pub(super) body: Bytes,
    pub(super) patience: Duration,
}

impl What {
    pub(super) fn post(path: &'static str, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(Error::failed)?.into();
        Ok(Self { method: "POST", path, query: String::new(), body, patience: PATIENCE })
    }
}

/// An answer that is to be believed.
pub(super) struct Believed {
    pub(super) body: Bytes,
    /// How far its clock is ahead of ours.
    pub(super) clock_ahead: i64,
}

impl Links {
    /// Asks a realm that there is a link to. A wrong clock, on whichever side, is noted and made up for.
    pub(super) async fn ask(
        &self,
        link: &Link,
        what: What,
    ) -> Result<std::result::Result<Bytes, NoAnswer>> {
        let Some(reach) = &link.reach else {
            return Ok(Err(NoAnswer::Unreached(Unreached::Host(String::new()))));
        };
        let stated = stated_keys(&link.keys, self.clock.now());
        let whom = Whom {
            reach,
            realm: &link.own_name,
            keys: stated.iter().map(|stated| stated.key).collect(),
            clock_ahead: link.contact.clock_ahead,
        };
        let answer = self.ask_whom(&whom, what).await?;
        Ok(match answer {
            Ok(believed) => {
                if believed.clock_ahead != link.contact.clock_ahead {
                    let mut contact = link.contact.clone();
                    contact.clock_ahead = believed.clock_ahead;
                    self.kept()?.change_link(link.id, LinkChange::Contact(contact)).await?;
                }
                Ok(believed.body)
            }
            Err(no) => Err(no),
        })
    }

    /// The same, and reads what was answered.
    pub(super) async fn ask_for<T: DeserializeOwned>(
        &self,
        link: &Link,
        what: What,
    ) -> Result<std::result::Result<T, NoAnswer>> {
        let answer = self.ask(link, what).await?;
        Ok(answer.and_then(|body| serde_json::from_slice(&body).map_err(|_| NoAnswer::Unreadable)))
    }

    /// Asks whoever is there. A second time when the clocks are apart.
    pub(super) async fn ask_whom(
        &self,
        whom: &Whom<'_>,
        what: What,
    ) -> Result<std::result::Result<Believed, NoAnswer>> {
        let first = self.ask_once(whom, &what, whom.clock_ahead).await?;
        match first {
            Err((NoAnswer::Refused(code), ahead))
                if code == "clock" && ahead != whom.clock_ahead =>
            {
                Ok(self.ask_once(whom, &what, ahead).await?.map_err(|(no, _)| no))
            }
            other => Ok(other.map_err(|(no, _)| no)),
        }
    }

    async fn ask_once(
        &self,
        whom: &Whom<'_>,
        what: &What,
        clock_ahead: i64,
    ) -> Result<std::result::Result<Believed, (NoAnswer, i64)>> {
        let (secret, _) = self.me.lock().key()?;
        let us = self.us();
        let parts = RequestParts {
            method: what.method,
            path: what.path,
            query: &what.query,
            content_type: JSON,
            body: &what.body,
            from: us,
            to: whom.realm,
        };
        let now = self.now_secs() + clock_ahead;
        let nonce = random::bytes().map_err(Error::failed)?;
        let signed = sign_request(&secret, &parts, now, nonce);
        let signature_bytes = signed.signature_bytes;
        let mut headers = vec![("content-type", JSON.to_owned())];
        headers.extend(signed.named(us, whom.realm));
        let sent = Sent {
            method: what.method,
            path: what.path,
            query: what.query.clone(),
            headers,
            body: what.body.clone(),
            patience: what.patience,
        };
        let came = match self.wire.send(whom.reach, sent).await {
            Ok(came) => came,
            Err(unreached) => return Ok(Err((NoAnswer::Unreached(unreached), clock_ahead))),
        };
        let asked = Asked { from: us, to: whom.realm, signature_bytes: &signature_bytes };
        let key = |_: &RealmName, id: &_| whom.keys.iter().find(|key| key.id() == *id).copied();
        // The answer is bound to this very request, so it is new, whatever its clock says.
        let now = self.now_secs();
        let ahead = match verify_response(&received(&came), &asked, key, now) {
            Ok(verified) => verified.created - now,
            Err(Fault::Clock { off_secs, .. }) => off_secs,
            Err(fault) => return Ok(Err((NoAnswer::NotBelieved(fault), clock_ahead))),
        };
        // Within what everybody allows, a difference is not worth a note.
        let ahead = if ahead.abs() < 60 { 0 } else { ahead };
        Ok(if came.status == 200 {
            Ok(Believed { body: came.body, clock_ahead: ahead })
        } else {
            let problem: Option<Problem> = serde_json::from_slice(&came.body).ok();
            let no =
                problem.map_or(NoAnswer::Unreadable, |problem| NoAnswer::Refused(problem.error));
            Err((no, ahead))
        })
    }
}

fn received(came: &CameBack) -> ReceivedResponse<'_> {
    ReceivedResponse {
        status: came.status,
        headers: ReceivedHeaders::among(&came.headers),
        body: &came.body,
    }
}

/// The keys of a link, as they are kept; without those that were replaced a while ago.
pub(super) fn stated_keys(text: &str, now: Timestamp) -> Vec<KeyStatement> {
    let mut keys: Vec<KeyStatement> = serde_json::from_str(text).unwrap_or_default();
    let before = now.before(KEYS_OVERLAP);
    while keys.get(1).is_some_and(|next| next.from < before) {
        keys.remove(0);
    }
    keys
}
