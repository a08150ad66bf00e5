//! What the engine asks of who keeps the links going.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt};
use kabar_engine::store::links::{Link, LinkChange, Reach, Standing};
use kabar_engine::{Check, Error, Realms, Result, ShownLink};
use kabar_model::{DisplayName, Field, GroupName, LinkId, RealmName, Refusal, Username};
use sha2::{Digest, Sha256};

use super::Links;
use super::ask::{NoAnswer, What};
use crate::address::Endpoint;
use crate::fingerprint::{fingerprint, fingerprint_of};
use crate::invite::Invite;
use crate::keys::PublicKey;
use crate::random;
use crate::wire::{self, Found, LookUp};

/// How long somebody waits to hear whether there is such a person or group.
const LOOK_UP_PATIENCE: Duration = Duration::from_secs(2);
/// How long it is believed that there is.
const KNOWN_FOR: Duration = Duration::from_mins(10);
/// People of whom that is remembered.
const KNOWN_MAX: usize = 10_000;
/// How long an invite is good.
const INVITE_GOOD_FOR: Duration = Duration::from_hours(24);
/// How long a new key waits for one realm to take it.
const ROTATE_PATIENCE: Duration = Duration::from_secs(10);
/// Realms that are told of a new key at a time.
const TOLD_AT_ONCE: usize = 16;

#[async_trait]
impl Realms for Links {
    async fn add(&self, name: RealmName, reach: Reach) -> Result<ShownLink> {
        let endpoint = Endpoint::new(&reach.host, reach.port)
            .map_err(|_| Refusal::Invalid(Field::RealmAddress))?;
        let reach = Reach { host: endpoint.host().to_owned(), ..reach };
        let link = self.link_up(Some(name), reach, None).await?;
        self.shown(link)
    }

    async fn add_by_invite(&self, invite: &str) -> Result<ShownLink> {
        let invite: Invite = invite.trim().parse().map_err(|_| Refusal::InvitationUnknown)?;
        let (host, port) = (invite.endpoint.host().to_owned(), invite.endpoint.port());
        let invited = (invite.realm, invite.root, invite.secret);
        // Who has the machine takes an invite, so its address may be a private one.
        let link = self.link_up(None, Reach { host, port, private: true }, Some(invited)).await?;
        self.shown(link)
    }

    async fn invite(&self) -> Result<String> {
        let secret: [u8; 16] = random::bytes().map_err(Error::failed)?;
        let (host, port) = (self.settings.invite_host.as_deref(), self.settings.port);
        let (Some(host), Some(port)) = (host, port) else {
            return Err(Refusal::Invalid(Field::RealmAddress).into());
        };
        let endpoint =
            Endpoint::new(host, port).map_err(|_| Refusal::Invalid(Field::RealmAddress))?;
        let hash = Sha256::digest(secret).into();
        let expires_at = self.clock.now().after(INVITE_GOOD_FOR);
        self.kept()?.add_link_invite(hash, expires_at).await?;
        let (realm, root) = (self.us().clone(), self.me.lock().root());
        Ok(Invite { realm, endpoint, root, secret }.to_string())
    }

    async fn accept(&self, id: LinkId) -> Result<()> {
        let mut link = self.link(id).await?.ok_or(Refusal::RealmUnknown)?;
        if link.standing == Standing::Linked {
            return Ok(());
        }
        // Again when somebody changes it at the same moment.
        while link.standing != Standing::Linked {
            let from = match link.standing {
                Standing::Linked | Standing::Asked => return Ok(()),
                Standing::Removed => return Err(Refusal::RealmUnknown.into()),
                from @ (Standing::Waiting | Standing::Blocked | Standing::Changed) => from,
            };
            let linked = LinkChange::StandingFrom { from, to: Standing::Linked };
            link = self.kept()?.change_link(id, linked).await?;
        }
        self.changed.notify_one();
        // It learns of it at once, if it is there.
        let _ = self.introduce(&link).await?;
        Ok(())
    }

    async fn stop(&self, id: LinkId, standing: Standing) -> Result<()> {
        self.kept()?.change_link(id, LinkChange::Standing(standing)).await?;
        self.changed.notify_one();
        self.calls(id).heard.notify_one();
        Ok(())
    }

    async fn fingerprint(&self, link: &Link) -> Result<String> {
        self.words(link)
    }

    async fn look_into(&self, link: &Link) -> Result<Vec<Check>> {
        self.checks(link).await
    }

    async fn own_fingerprint(&self) -> Result<String> {
        Ok(fingerprint_of(&self.me.lock().root()).to_string())
    }

    async fn rotate(&self) -> Result<Vec<(RealmName, bool)>> {
        self.keep_me(true).await?;
        let links = self.engine.links().await?.into_iter();
        let told = links.filter(|link| link.standing == Standing::Linked && link.reach.is_some());
        let told = stream::iter(told).map(async |link| {
            let told = tokio::time::timeout(ROTATE_PATIENCE, self.introduce(&link)).await;
            (link.name.clone(), matches!(told, Ok(Ok(Ok(_)))))
        });
        let mut told: Vec<_> = told.buffer_unordered(TOLD_AT_ONCE).collect().await;
        told.sort_unstable();
        Ok(told)
    }

    async fn has_user(&self, link: &Link, user: &Username) -> Option<Option<DisplayName>> {
        let (known_as, now) = (user.at(&link.own_name), self.clock.elapsed());
        let known = self.known.lock().get(&known_as).cloned();
        if let Some((name, _)) = known.filter(|(_, until)| *until > now) {
            return Some(Some(name));
        }
        let found = self.found(link, &LookUp::User(user.as_str().to_owned())).await?;
        let name = found.and_then(|name| DisplayName::parse(&name).ok());
        if let Some(name) = &name {
            let mut known = self.known.lock();
            if known.len() >= KNOWN_MAX {
                known.clear();
            }
            known.insert(known_as, (name.clone(), now + KNOWN_FOR));
        }
        Some(name)
    }

    async fn has_group(&self, link: &Link, group: &str) -> Option<Option<GroupName>> {
        let found = self.found(link, &LookUp::Group(group.to_owned())).await?;
        Some(found.and_then(|name| GroupName::parse(&name).ok()))
    }

    fn wake(&self, link: LinkId) {
        self.call(link);
    }
}

impl Links {
    fn shown(&self, link: Link) -> Result<ShownLink> {
        let fingerprint = self.words(&link)?;
        Ok(ShownLink { link, fingerprint })
    }

    fn words(&self, link: &Link) -> Result<String> {
        let theirs = PublicKey::from_bytes(link.root).map_err(Error::failed)?;
        Ok(fingerprint(&self.me.lock().root(), &theirs).to_string())
    }

    /// What it is called; `None`: it did not say in time.
    async fn found(&self, link: &Link, wish: &LookUp) -> Option<Option<String>> {
        // One that has not answered lately is not waited for.
        if link.standing != Standing::Linked || link.contact.failures > 0 {
            return None;
        }
        let what = What { patience: LOOK_UP_PATIENCE, ..What::post(wire::LOOK_UP, wish).ok()? };
        let asked = self.ask_for::<Found>(link, what);
        match tokio::time::timeout(LOOK_UP_PATIENCE, asked).await {
            // What has no name is called as it was asked for.
            Ok(Ok(Ok(Found { found, name }))) => {
                Some(found.then(|| name.unwrap_or_else(|| wish.asked().to_owned())))
            }
            Ok(Ok(Err(NoAnswer::Refused(code)))) if code == "invalid" => Some(None),
            _ => None,
        }
    }
}
