//! What this realm proves itself with: a root key, and the keys that it signs with.

use std::collections::BTreeMap;
use std::time::Duration;

use kabar_engine::store::LinkStore;
use kabar_engine::{Error, Result};
use kabar_model::{RealmName, Timestamp};
use serde::{Deserialize, Serialize};

use crate::base64url;
use crate::keys::{KeyStatement, PublicKey, SecretKey};
use crate::wire::{Identity, VERSION};

/// Realms without a link whose keys are remembered.
const PINS_MAX: usize = 10_000;

/// How long a key is still shown after another took its place.
pub(super) const KEYS_OVERLAP: Duration = Duration::from_hours(7 * 24);

/// How a realm is known to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What it calls itself in its keys.
    pub realm: RealmName,
    /// Its root key.
    pub root: PublicKey,
}

/// How the realm of this store is known to others; `None`: it has no keys yet.
pub async fn known(store: &dyn LinkStore) -> Result<Option<Known>> {
    let Some(text) = store.identity().await? else { return Ok(None) };
    let me = Me::read(&text).ok_or_else(damaged)?;
    Ok(Some(Known { root: me.root(), realm: me.realm }))
}

pub(super) fn damaged() -> Error {
    Error::failed("the realm's keys are damaged")
}

/// This realm's own keys, and those of realms that it only hears of through others.
pub(super) struct Me {
    realm: RealmName,
    root: SecretKey,
    /// The newest last.
    keys: Vec<(SecretKey, KeyStatement)>,
    pins: BTreeMap<String, PublicKey>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    realm: String,
    root: String,
    keys: Vec<KeptKey>,
    #[serde(default)]
    pins: BTreeMap<String, PublicKey>,
}

#[derive(Serialize, Deserialize)]
struct KeptKey {
    secret: String,
    stated: KeyStatement,
}

impl Me {
    /// The keys that were kept; made and kept when there are none.
    pub(super) async fn open(
        store: &dyn LinkStore,
        realm: &RealmName,
        now: Timestamp,
    ) -> Result<Self> {
        if let Some(me) = Self::kept(store, realm, now).await? {
            return Ok(me);
        }
        let root = SecretKey::generate().map_err(Error::failed)?;
        let mut me =
            Self { realm: realm.clone(), root, keys: Vec::new(), pins: BTreeMap::default() };
        me.rotate(now)?;
        if store.replace_identity(None, me.text()?, realm.clone()).await? {
            return Ok(me);
        }
        // Another node was first.
        Self::kept(store, realm, now).await?.ok_or_else(damaged)
    }

    async fn kept(
        store: &dyn LinkStore,
        realm: &RealmName,
        now: Timestamp,
    ) -> Result<Option<Self>> {
        let Some(text) = store.identity().await? else { return Ok(None) };
        let mut me = Self::read(&text).ok_or_else(damaged)?;
        if me.realm != *realm {
            return Err(Error::failed(format!(
                "this realm is called {} in its keys, and {realm} in its settings; other realms know it as {}",
                me.realm, me.realm
            )));
        }
        me.forget_replaced(now);
        Ok(Some(me))
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text).ok()?;
        let secret = |text: &str| base64url::decode(text).map(|seed| SecretKey::from_bytes(&seed));
        let keys = kept.keys.iter().map(|key| Some((secret(&key.secret)?, key.stated.clone())));
        let keys: Vec<_> = keys.collect::<Option<_>>()?;
        let realm = RealmName::parse(&kept.realm).ok()?;
        (!keys.is_empty()).then_some(())?;
        Some(Self { realm, root: secret(&kept.root)?, keys, pins: kept.pins })
    }

    /// As it is kept.
    pub(super) fn text(&self) -> Result<String> {
        let secret = |key: &SecretKey| base64url::encode(&key.to_bytes());
        let keys = self.keys.iter();
        let kept = Kept {
            realm: self.realm.to_string(),
            root: secret(&self.root),
            keys: keys
                .map(|(key, stated)| KeptKey { secret: secret(key), stated: stated.clone() })
                .collect(),
            pins: self.pins.clone(),
        };
        serde_json::to_string(&kept).map_err(Error::failed)
    }

    /// The same with a new key to sign with, for [`Me::take_keys`] once it is kept.
    pub(super) fn rotated(&self, now: Timestamp) -> Result<Self> {
        let keys = self.keys.clone();
        // A clock that went back must not make the new key look older than the one before.
        let now = keys.last().map_or(now, |(_, stated)| now.max(stated.from));
        let (realm, root, pins) = (self.realm.clone(), self.root.clone(), self.pins.clone());
        let mut me = Self { realm, root, keys, pins };
        me.rotate(now)?;
        Ok(me)
    }

    /// Signs with the keys that were kept from now on, unless they were read before newer ones were kept. A realm is
    /// known by the key that it was first kept with.
    pub(super) fn take(&mut self, kept: Self) {
        let newest = |me: &Self| me.keys.last().map(|(_, stated)| stated.from);
        if newest(&kept) >= newest(self) {
            self.keys = kept.keys;
        }
        self.pins.extend(kept.pins);
    }

    /// A new key to sign with; those that were replaced a while ago go.
    fn rotate(&mut self, now: Timestamp) -> Result<()> {
        let key = SecretKey::generate().map_err(Error::failed)?;
        let stated = KeyStatement::sign(&self.root, self.realm.clone(), key.public(), now);
        self.forget_replaced(now);
        while self.keys.len() >= crate::wire::KEYS_MAX {
            self.keys.remove(0);
        }
        self.keys.push((key, stated));
        Ok(())
    }

    /// Those that were replaced a while ago are not shown any more.
    pub(super) fn forget_replaced(&mut self, now: Timestamp) {
        let before = now.before(KEYS_OVERLAP);
        while self.keys.len() > 1 && self.keys[1].1.from < before {
            self.keys.remove(0);
        }
    }

    /// Who this realm is.
    pub(super) fn identity(&self) -> Identity {
        Identity {
            versions: vec![VERSION],
            realm: self.realm.clone(),
            root: self.root.public(),
            keys: self.keys.iter().map(|(_, stated)| stated.clone()).collect(),
        }
    }

    pub(super) fn root(&self) -> PublicKey {
        self.root.public()
    }

    /// The key to sign with.
    pub(super) fn key(&self) -> Result<(SecretKey, KeyStatement)> {
        self.keys.last().cloned().ok_or_else(|| Error::failed("the realm has no key"))
    }

    /// The root key of a realm that there is no link to: the one it was first seen with. Says whether it is a new one.
    pub(super) fn pinned(
        &mut self,
        realm: &RealmName,
        shown: PublicKey,
    ) -> (Option<PublicKey>, bool) {
        match self.pins.get(realm.as_str()) {
            Some(root) => (Some(*root), false),
            None if self.pins.len() < PINS_MAX => {
                self.pins.insert(realm.to_string(), shown);
                (Some(shown), true)
            }
            None => (None, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

    fn me(at: i64) -> Me {
        let realm = RealmName::parse("kampus").unwrap();
        let root = SecretKey::generate().unwrap();
        let mut me = Me { realm, root, keys: Vec::new(), pins: BTreeMap::default() };
        me.rotate(Timestamp(at)).unwrap();
        me
    }

    #[test]
    fn a_replaced_key_is_shown_for_seven_days_and_the_newest_signs() {
        let old = me(0);
        let first = old.key().unwrap().1.key;
        let mut me = Me::read(&old.text().unwrap()).unwrap();
        me.take(old.rotated(Timestamp(DAY_MICROS)).unwrap());
        let second = me.key().unwrap().1.key;
        let shown = |me: &Me| me.identity().keys.iter().map(|k| k.key).collect::<Vec<_>>();
        assert_eq!(shown(&me), [first, second]);
        assert!(me.identity().holds() && me.root() == old.root(), "the root stays");

        let week = me.rotated(Timestamp(8 * DAY_MICROS)).unwrap();
        assert_eq!(shown(&week)[..2], [first, second], "replaced seven days ago and not longer");
        let later = me.rotated(Timestamp(8 * DAY_MICROS + 1)).unwrap();
        assert_eq!((shown(&later).len(), shown(&later)[0]), (2, second));

        me.take(Me::read(&old.text().unwrap()).unwrap());
        assert_eq!(me.key().unwrap().1.key, second, "what was read too early changes nothing");
    }

    #[test]
    fn a_clock_that_went_back_and_many_rotations_leave_an_identity_that_holds() {
        let mut me = me(DAY_MICROS);
        for at in 0..10 {
            me = me.rotated(Timestamp(at)).unwrap();
            let froms: Vec<_> = me.identity().keys.iter().map(|key| key.from).collect();
            assert!(me.identity().holds() && froms.is_sorted(), "{froms:?}");
        }
    }
}
