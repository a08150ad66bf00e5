//! How two realms come to be linked, and how they show each other new keys.

use std::net::IpAddr;

use bytes::Bytes;
use kabar_engine::store::links::{Link, LinkChange, NewLink, Reach, Standing};
use kabar_engine::{Accept, Error, Result};
use kabar_model::{RealmName, Refusal, Timestamp};
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use super::answer::{No, Said, json};
use super::ask::{NoAnswer, PATIENCE, What, Whom, stated_keys};
use super::{Links, Sent, Turn, Unreached};
use crate::address::{AddressClass, Endpoint, classify};
use crate::base64url;
use crate::keys::{KeyStatement, PublicKey};
use crate::wire::{self, Hello, Identity, JSON, Welcome};

/// When the newest of these keys began.
fn newest(keys: &[KeyStatement]) -> Option<Timestamp> {
    keys.iter().map(|stated| stated.from).max()
}

/// Realms that wait for an administrator; with more, others must be let in first.
const WAITING_MAX: usize = 100;

/// What an administrator here asked for: the realm that answered there, under this name.
struct Wanted {
    name: RealmName,
    who: Identity,
    reach: Reach,
}

impl Links {
    /// Links a realm that is reached there. With an invite it must be the realm that gave that.
    pub(super) async fn link_up(
        &self,
        name: Option<RealmName>,
        reach: Reach,
        invited: Option<(RealmName, PublicKey, [u8; 16])>,
    ) -> Result<Link> {
        let who = match self.who(&reach).await {
            Ok(who) => who,
            Err(no) => {
                info!(
                    host = reach.host,
                    port = reach.port,
                    error = no.code(),
                    "a realm is not reached"
                );
                return Err(Refusal::RealmUnreachable.into());
            }
        };
        if who.realm == *self.us() {
            return Err(Refusal::RealmTaken.into());
        }
        if let Some((realm, root, _)) = &invited
            && (who.realm != *realm || who.root != *root)
        {
            return Err(Refusal::RealmChanged.into());
        }
        let wanted = Wanted { name: name.unwrap_or_else(|| who.realm.clone()), who, reach };
        let Wanted { name, who, reach } = &wanted;
        let links = self.engine.links().await?;
        let known = links.iter().find(|link| link.own_name == who.realm);
        let is_taken = |taken: &RealmName| {
            let others = links.iter().filter(|link| link.own_name != who.realm);
            others.into_iter().any(|link| link.name == *taken || link.own_name == *taken)
        };
        if name == self.us() || is_taken(name) || is_taken(&who.realm) {
            return Err(Refusal::RealmTaken.into());
        }
        if let Some(known) = known {
            return self.agree(known, &wanted).await;
        }
        let hello = self.hello(invited.as_ref().map(|(_, _, secret)| *secret));
        let keys = who.keys.iter().map(|stated| stated.key).collect();
        let whom = Whom { reach, realm: &who.realm, keys, clock_ahead: 0 };
        let answer = self.ask_whom(&whom, What::post(wire::HELLO, &hello)?).await?;
        let welcome: Welcome = match answer {
            Ok(believed) => serde_json::from_slice(&believed.body)
                .map_err(|_| Error::Refused(Refusal::RealmUnreachable))?,
            Err(NoAnswer::Refused(code)) if code == "invite" => {
                return Err(Refusal::InvitationUnknown.into());
            }
            Err(NoAnswer::Refused(_)) => return Err(Refusal::NotAllowed.into()),
            Err(_) => return Err(Refusal::RealmUnreachable.into()),
        };
        if let Some(link) = self.met(&wanted).await? {
            return Ok(link);
        }
        let standing = if welcome.linked { Standing::Linked } else { Standing::Asked };
        let new = NewLink {
            name: name.clone(),
            own_name: who.realm.clone(),
            reach: Some(reach.clone()),
            root: *who.root.as_bytes(),
            keys: serde_json::to_string(&who.keys).map_err(Error::failed)?,
            standing,
            invite: None,
            at: self.clock.now(),
        };
        let link = match self.kept()?.add_link(new).await {
            Err(Error::Refused(Refusal::RealmTaken)) => {
                let met = self.met(&wanted).await?;
                return met.ok_or(Refusal::RealmTaken.into());
            }
            added => added?,
        };
        info!(realm = %link.own_name, linked = welcome.linked, "a realm was added");
        self.changed.notify_one();
        Ok(link)
    }

    /// The realm has said hello itself, while ours was under way: the link that came of it is the wanted one.
    async fn met(&self, wanted: &Wanted) -> Result<Option<Link>> {
        let links = self.engine.links().await?;
        let Some(known) = links.iter().find(|link| link.own_name == wanted.who.realm) else {
            return Ok(None);
        };
        if known.standing != Standing::Linked || known.root != *wanted.who.root.as_bytes() {
            return self.agree(known, wanted).await.map(Some);
        }
        self.named(known, wanted).await.map(Some)
    }

    /// Somebody here adds a realm that is known already: it waits for this, or it is linked.
    async fn agree(&self, known: &Link, wanted: &Wanted) -> Result<Link> {
        if known.root != *wanted.who.root.as_bytes() {
            return Err(Refusal::RealmChanged.into());
        }
        if known.standing != Standing::Waiting {
            return Err(Refusal::RealmTaken.into());
        }
        self.named(known, wanted).await?;
        let linked = LinkChange::StandingFrom { from: known.standing, to: Standing::Linked };
        let link = self.kept()?.change_link(known.id, linked).await?;
        if link.standing != Standing::Linked {
            // Another administrator decided otherwise meanwhile.
            return Err(Refusal::RealmTaken.into());
        }
        self.changed.notify_one();
        let _ = self.introduce(&link).await?;
        Ok(link)
    }

    /// It is called as it was here, and reached where it was here.
    async fn named(&self, known: &Link, wanted: &Wanted) -> Result<Link> {
        let changes =
            [LinkChange::Name(wanted.name.clone()), LinkChange::Reach(Some(wanted.reach.clone()))];
        let mut link = known.clone();
        for change in changes {
            link = self.kept()?.change_link(known.id, change).await?;
        }
        self.changed.notify_one();
        Ok(link)
    }

    /// Who is there? Not signed, so worth no more than the signed answers that follow.
    pub(super) async fn who(&self, reach: &Reach) -> std::result::Result<Identity, Unreached> {
        let sent = Sent {
            method: "GET",
            path: wire::WHO,
            query: String::new(),
            headers: vec![("content-type", JSON.to_owned())],
            body: Bytes::new(),
            patience: PATIENCE,
        };
        let came = self.wire.send(reach, sent).await?;
        let who = (came.status == 200).then(|| serde_json::from_slice::<Identity>(&came.body).ok());
        let who = who.flatten().filter(Identity::holds);
        who.ok_or_else(|| Unreached::Broken("no realm answers there".to_owned()))
    }

    fn hello(&self, secret: Option<[u8; 16]>) -> Hello {
        Hello {
            who: self.me.lock().identity(),
            host: self.settings.host.clone(),
            port: self.settings.port,
            invite: secret.map(|secret| base64url::encode(&secret)),
        }
    }

    /// Says hello to a realm that is known, and takes in what it answers: new keys, and whether both agree.
    pub(super) async fn introduce(
        &self,
        link: &Link,
    ) -> Result<std::result::Result<Welcome, NoAnswer>> {
        let Some(reach) = &link.reach else {
            return Ok(Err(NoAnswer::Unreached(Unreached::Host(String::new()))));
        };
        let who = match self.who(reach).await {
            Ok(who) => who,
            Err(unreached) => return Ok(Err(NoAnswer::Unreached(unreached))),
        };
        if who.realm != link.own_name || *who.root.as_bytes() != link.root {
            warn!(realm = %link.own_name, "another realm answers where this one was: the link stops");
            let changed = LinkChange::StandingFrom { from: link.standing, to: Standing::Changed };
            self.kept()?.change_link(link.id, changed).await?;
            return Ok(Err(NoAnswer::Refused("realm_changed".to_owned())));
        }
        let keys = who.keys.iter().map(|stated| stated.key).collect();
        let clock_ahead = link.contact.clock_ahead;
        let whom = Whom { reach, realm: &link.own_name, keys, clock_ahead };
        let answer = self.ask_whom(&whom, What::post(wire::HELLO, &self.hello(None))?).await?;
        let welcome: Welcome = match answer {
            Ok(believed) => match serde_json::from_slice(&believed.body) {
                Ok(welcome) => welcome,
                Err(_) => return Ok(Err(NoAnswer::Unreadable)),
            },
            Err(no) => return Ok(Err(no)),
        };
        let keys = serde_json::to_string(&who.keys).map_err(Error::failed)?;
        let is_older = newest(&who.keys) < newest(&stated_keys(&link.keys, self.clock.now()));
        if keys != link.keys && !is_older {
            self.kept()?.change_link(link.id, LinkChange::Keys(keys)).await?;
        }
        if welcome.linked && link.standing == Standing::Asked && self.linked(link).await? {
            info!(realm = %link.own_name, "a realm agreed to the link");
        }
        Ok(Ok(welcome))
    }

    /// Both agree by now, unless an administrator here has ended what was asked for; says which.
    pub(super) async fn linked(&self, link: &Link) -> Result<bool> {
        let linked = LinkChange::StandingFrom { from: Standing::Asked, to: Standing::Linked };
        Ok(self.kept()?.change_link(link.id, linked).await?.standing == Standing::Linked)
    }

    /// The other realm has not agreed yet: does it now?
    pub(super) async fn ask_again(&self, link: &Link) -> Result<Turn> {
        match self.introduce(link).await? {
            Ok(welcome) => {
                self.heard_of(link).await?;
                Ok(if welcome.linked { Turn::More } else { Turn::Idle })
            }
            Err(no) => self.failed(link, &no).await,
        }
    }

    /// The answer to a hello, which has been verified with its own keys.
    pub(super) async fn welcome(&self, hello: &Hello, from: IpAddr) -> Result<Said> {
        let who = &hello.who;
        if who.realm == *self.us() {
            return Ok(Err(No(409, "name_taken")));
        }
        let keys = serde_json::to_string(&who.keys).map_err(Error::failed)?;
        let links = self.kept()?.links().await?;
        let known = links.iter().find(|link| link.own_name == who.realm);
        let removed = known.filter(|link| link.standing == Standing::Removed);
        if removed.is_some_and(|link| link.root != *who.root.as_bytes()) {
            warn!(realm = %who.realm, %from, "a hello in the name of a realm that was removed, with another key");
            return Ok(Err(No(403, "realm_changed")));
        }
        let known = known.filter(|link| link.standing != Standing::Removed);
        if let Some(link) = known {
            if link.root != *who.root.as_bytes() {
                // Perhaps somebody else under its name: that is no reason to stop the link that there is.
                warn!(realm = %who.realm, %from, "a hello in the name of a linked realm, with another key");
                return Ok(Err(No(403, "realm_changed")));
            }
            if matches!(link.standing, Standing::Blocked | Standing::Changed) {
                return Ok(Err(No(403, "blocked")));
            }
            // A key that was replaced, and perhaps stolen, must not come back.
            if newest(&who.keys) < newest(&stated_keys(&link.keys, self.clock.now())) {
                return Ok(Err(No(403, "realm_changed")));
            }
            if keys != link.keys {
                self.kept()?.change_link(link.id, LinkChange::Keys(keys)).await?;
            }
            if link.reach.is_none() {
                let reach = self.reach_back(hello, from);
                self.kept()?.change_link(link.id, LinkChange::Reach(reach)).await?;
            }
            if link.standing == Standing::Asked && self.settings.accept != Accept::Invite {
                // It was asked, and comes of its own: but so does one that only asks again. What it wants is told by
                // its own answer to us, which comes with our next hello.
                self.calls(link.id).heard.notify_one();
            }
            self.heard_of(link).await?;
            self.changed.notify_one();
            let linked = matches!(link.standing, Standing::Linked | Standing::Asked);
            return json(&Welcome { who: self.me.lock().identity(), linked });
        }
        let secret = match hello.invite.as_deref().map(base64url::decode::<16>) {
            None => None,
            Some(Some(secret)) => Some(Sha256::digest(secret).into()),
            Some(None) => return Ok(Err(No(403, "invite"))),
        };
        let wait = links.iter().filter(|link| link.standing == Standing::Waiting).count();
        if secret.is_none() && self.settings.accept == Accept::Ask && wait >= WAITING_MAX {
            return Ok(Err(No(429, "too_many")));
        }
        let standing = match (secret.is_some(), self.settings.accept) {
            (false, Accept::Invite) => return Ok(Err(No(403, "invite_only"))),
            (false, Accept::Ask) => Standing::Waiting,
            // An administrator ended it, and an administrator takes it up again.
            (false, Accept::Open) if removed.is_some() => Standing::Waiting,
            (true, _) | (false, Accept::Open) => Standing::Linked,
        };
        let new = NewLink {
            name: who.realm.clone(),
            own_name: who.realm.clone(),
            reach: self.reach_back(hello, from),
            root: *who.root.as_bytes(),
            keys,
            standing,
            invite: secret,
            at: self.clock.now(),
        };
        let link = match self.kept()?.add_link(new).await {
            Ok(link) => link,
            Err(Error::Refused(Refusal::InvitationUnknown)) => return Ok(Err(No(403, "invite"))),
            Err(Error::Refused(Refusal::RealmTaken)) => return Ok(Err(No(409, "name_taken"))),
            Err(Error::Refused(_)) => return Ok(Err(No(429, "too_many"))),
            Err(error) => return Err(error),
        };
        info!(realm = %link.own_name, standing = ?link.standing, %from, "a realm said hello");
        self.changed.notify_one();
        let linked = link.standing == Standing::Linked;
        json(&Welcome { who: self.me.lock().identity(), linked })
    }

    /// Where who says hello is reached. An address that it does not come from must be a public one.
    fn reach_back(&self, hello: &Hello, from: IpAddr) -> Option<Reach> {
        let from = from.to_canonical();
        let host = hello.host.clone().unwrap_or_else(|| from.to_string());
        let endpoint = Endpoint::new(&host, hello.port?).ok()?;
        let is_its_own = endpoint.ip() == Some(from);
        let is_near = matches!(classify(from), AddressClass::Loopback | AddressClass::Private);
        let private = self.settings.private || (is_its_own && is_near);
        Some(Reach { host: endpoint.host().to_owned(), port: endpoint.port(), private })
    }
}
